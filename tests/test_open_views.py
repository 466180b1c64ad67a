"""Episodes and merged sides of a history with open days and regions.

A view says what surely is so and what may be. It is held to the views of the full histories
that an open one leaves open: what surely is in an episode, or is one session with another,
is so in all of them, and what may not be is so in none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph.facts.episodes import Episode, members
from covergraph.facts.layout import Facts, Session
from covergraph.facts.merging import Merging, merged_sides
from covergraph.judge.compiled.generate import NOBODY
from covergraph.plain import AFFIRMS, HAS_PAIN, IN_REGION, ON_SIDE, TREATS_LEVEL, TREATS_REGION

DAY = "2024-06-15"
RULE = Episode("block", "P2Y", "surgery", "new pathology")
MERGING = Merging("block", "P1M", "heat")
REGIONS, SIDES = ("neck", "back"), ("left", "right")
# Days around the gap, and around the month, of one another and of the day of service.
DAYS = (
    "2024-06-15",
    "2024-06-01",
    "2024-05-15",
    "2024-05-14",
    "2022-06-16",
    "2022-06-15",
    "2020-06-16",
)
SPANS = (("", DAY), ("2024-06-01", DAY), ("2022-01-01", "2022-12-31"), ("2022-06-01", "2022-06-30"))


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    on = draw(st.sampled_from(DAYS))
    wide = [s for s in SPANS if s[0] <= on <= s[1]]
    earliest, latest = draw(st.sampled_from([(on, on), (on, on), *wide]))
    technique = draw(st.sampled_from(["heat", "heat", "other", None]))
    return Session(
        node="",
        on=on if earliest == latest else "",
        types=(draw(st.sampled_from(["block", "block", "block", "surgery"])),),
        region=draw(st.sampled_from([*REGIONS, None])),
        levels=draw(st.sampled_from([("L4",), ("L4",), ("L5",), ()])),
        sides=draw(st.sampled_from([("left",), ("right",), ("right",), ()])),
        techniques=(technique,) if technique else (),
        intents=(),
        barred={"heat"} if technique == "other" else set(),
        relief=None,
        until=None,
        affirmed=(),
        denied=(),
        earliest=earliest,
        latest=latest,
    )


@st.composite
def histories(draw: st.DrawFn) -> Facts:
    drawn = draw(st.lists(sessions(), min_size=1, max_size=4))
    earlier = [replace(s, node=f"s{i}") for i, s in enumerate(drawn)]
    changed = draw(st.sampled_from([None, None, *REGIONS]))
    pain = {IN_REGION: (changed,), AFFIRMS: ("new pathology",)}
    requested = {ON_SIDE: ("left",), TREATS_LEVEL: ("L4",), TREATS_REGION: ("back",)}
    return replace(
        NOBODY,
        day=DAY,
        procedure_iri="requested",
        region="back",
        procedure={**requested, "https://w3id.org/covergraph/ontology#usesTechnique": ("heat",)},
        patient={HAS_PAIN: ("pain",)} if changed else {},
        records={"pain": pain} if changed else {},
        earlier=earlier,
    )


def full(facts: Facts) -> Iterator[Facts]:
    """Yield the histories that one leaves open."""
    for earlier in product(*[list(filled_in(s)) for s in facts.earlier]):
        yield replace(facts, earlier=list(earlier))


def filled_in(s: Session) -> Iterator[Session]:
    days = [d for d in DAYS if s.earliest <= d <= s.latest] if not s.on else [s.on]
    techniques = [("heat", s.barred)] if "heat" in s.techniques else [("other", {"heat"})]
    if not s.techniques:
        techniques = [("heat", set()), ("other", {"heat"})]
    for day, region, level, side, (technique, barred) in product(
        days,
        [s.region] if s.region else REGIONS,
        s.levels or ("L4", "L5"),
        s.sides or SIDES,
        techniques,
    ):
        yield replace(
            s,
            on=day,
            earliest=day,
            latest=day,
            region=region,
            levels=(level,),
            sides=(side,),
            techniques=(technique,),
            barred=barred,
        )


def narrowed(facts: Facts, keep: tuple[str, ...]) -> Facts:
    """Return a history with only what a view looks at left open, so that few are tried."""
    known = {"levels": ("L4",), "sides": ("left",), "techniques": ("heat",), "barred": set()}
    settled = {k: v for k, v in known.items() if k not in keep}
    return replace(facts, earlier=[replace(s, **settled) for s in facts.earlier])  # type: ignore[arg-type]


@given(histories())
@settings(max_examples=300, deadline=None)
def test_episodes_hold_wherever_days_and_regions_may_lie(drawn: Facts) -> None:
    facts = narrowed(drawn, ())
    sure, possible = members(RULE, facts, DAY)
    assert set(sure) <= set(possible)
    for one in full(facts):
        found, again = members(RULE, one, DAY)
        assert found == again
        assert set(sure) <= set(found) <= set(possible), one.earlier


@given(histories())
@settings(max_examples=300, deadline=None)
def test_sides_are_merged_whatever_is_open(drawn: Facts) -> None:
    merged, perhaps = merged_sides(MERGING, drawn, DAY)
    assert merged.items() <= {**perhaps, **merged}.items()
    for n, one in enumerate(full(drawn)):
        found, again = merged_sides(MERGING, one, DAY)
        assert found == again
        assert merged.items() <= found.items(), one.earlier
        assert ("requested" in found) <= ("requested" in perhaps), one.earlier
        if n > 2000:
            break
