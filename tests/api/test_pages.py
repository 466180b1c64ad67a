"""Pages: the same addresses and answers for people, escaped, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from covergraph.api.pages.render import FOLDER
from covergraph.api.pages.routes import FORM
from tests.api.conftest import EXAMPLES

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
LOOKUP = "/coverage?code=64635&date=2024-06-10"
COMPARISON = "/compare?procedure=facet-joint-denervation&region=lumbar"
EDITION = "/policies/nia/cg-301/2024-01-01"
PAGES = {
    "/": "Is it covered",
    "/?q=nerve+burn": "/procedures/facet-joint-denervation",
    "/?q=64635": "/coverage?code=64635",
    "/coverage": "Date of service",
    LOOKUP: "Conditions",
    f"{LOOKUP}&payer=nia&diagnosis=M47.816": "M47.816",
    "/policies": "Payers and policies",
    "/payers": "Payers and policies",
    "/policies/wa-hca": "Plans",
    "/policies/nia/cg-301": "Clause by clause",
    EDITION: "Clause by clause",
    "/procedures": "/procedures/facet-joint-denervation",
    "/procedures/facet-joint-denervation": "64635",
    "/codes": "ICD-10-CM",
    "/codes/cpt/64635": "Look up its conditions",
    "/codes/icd-10-cm/M47.816": "M47.816",
    "/vocabulary": "counts as no",
    "/compare": "Choose one",
    COMPARISON: "Concern",
    "/requests/new": "paste a request",
    "/requests/new?code=64635": "Earlier procedures",
    "/requests/new?code=medial-branch-block&payer=nhs-gm": "Date of service",
    "/requests/new?code=facet-joint-denervation&payer=nhs-gm": "Not addressed",
}
LARGEST_PAGE = 400_000
PLANTED = "<script>alert(1)</script>"


class Outline(HTMLParser):
    """What the checks of a page look at: its tags, and the controls without a label."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.labelled: set[str] = set()
        self.loose: list[str] = []
        self.inside = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self.tags.append((tag, given))
        self.inside += tag == "label"
        if tag == "label" and "for" in given:
            self.labelled.add(given["for"])
        asks = tag in ("input", "select", "textarea") and given.get("type") != "hidden"
        if asks and not self.inside and "aria-label" not in given:
            self.loose.append(given.get("id", given.get("name", "?")))

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "label"

    def all(self, *names: str) -> list[dict[str, str]]:
        return [given for tag, given in self.tags if tag in names]


def shown(client: httpx.Client, path: str) -> str:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200, answer.text[:2000]
    assert answer.headers["content-type"] == "text/html;charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    return answer.text


def posted(client: httpx.Client, form: dict[str, str | list[str]], to: str = "/decisions") -> str:
    answer = sent(client, form, to)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


def sent(
    client: httpx.Client, form: dict[str, str | list[str]], to: str = "/decisions"
) -> httpx.Response:
    headers = {**BROWSER, "Content-Type": FORM}
    return client.post(to, content=urlencode(form, doseq=True), headers=headers)


@pytest.mark.parametrize("path", PAGES)
def test_page_shows_what_it_is_for(client: httpx.Client, path: str) -> None:
    text = shown(client, path)
    assert PAGES[path] in text
    assert len(text) < LARGEST_PAGE


@pytest.mark.parametrize("path", PAGES)
def test_page_is_safe_and_names_no_other_host(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    page = Outline(answer.text)
    assert all(s.get("src", "").startswith("/pages/") for s in page.all("script"))
    assert not page.all("style", "iframe", "object", "base")
    for tag, given in page.tags:
        assert not [name for name in given if name.startswith("on") or name == "style"], tag
        for name in ("href", "src", "action", "formaction"):
            assert re.match(r"[/#?]|$", given.get(name, "")), given
            assert not given.get(name, "").startswith("//")


@pytest.mark.parametrize("path", PAGES)
def test_page_can_be_used_by_everybody(client: httpx.Client, path: str) -> None:
    """Labels, headings, landmarks, a language, a title, and no id twice."""
    text = shown(client, path)
    page = Outline(text)
    assert page.all("html")[0]["lang"] == "en"
    assert re.search(r"<title>[^<]{5,}</title>", text)
    assert len(page.all("main")) == len(page.all("h1")) == 1
    assert page.all("header") and page.all("footer") and page.all("nav")
    assert not set(page.loose) - page.labelled
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
    named = {v for _, g in page.tags for k, v in g.items() if k in ("aria-labelledby",)}
    described = {v for _, g in page.tags for k, v in g.items() if k == "aria-describedby"}
    assert named | described | page.labelled <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels)), levels


def test_links_within_the_pages_lead_somewhere(client: httpx.Client) -> None:
    led: set[str] = set()
    for path in ("/", LOOKUP, EDITION, "/procedures/facet-joint-denervation", COMPARISON):
        led |= {a["href"] for a in Outline(shown(client, path)).all("a")}
    addresses: dict[str, set[str]] = {}
    for link in led:
        address, _, fragment = link.partition("#")
        if address and not address.startswith("/docs"):
            addresses.setdefault(address, set()).add(fragment)
    for address, fragments in addresses.items():
        ids = {g.get("id") for _, g in Outline(shown(client, address)).tags}
        assert fragments - {""} <= ids, address


# --- Colour ------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart(scheme: str) -> None:
    """4.5 to 1 for text on all that it stands on, 3 to 1 for the edges of controls."""
    style = (FOLDER / "style.css").read_text()
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    named = dict(re.findall(r"--([\w-]+): (#\w+)", roots[0]))
    if scheme == "dark":
        named |= dict(re.findall(r"--([\w-]+): (#\w+)", roots[1]))

    def contrast(one: str, other: str) -> float:
        a, b = sorted((luminance(named[one]), luminance(named[other])), reverse=True)
        return (a + 0.05) / (b + 0.05)

    for ground in ("paper", "card", "wash", "open-wash"):
        for ink in ("ink", "quiet", "link"):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
        assert contrast("edge", ground) >= 3, ground
    for tone in ("yes", "no", "open", "person"):
        for ground in ("paper", "card", f"{tone}-wash"):
            assert contrast(tone, ground) >= 4.5, (tone, ground)
    assert contrast("on-accent", "accent") >= 4.5


# --- Data stay as they were ----------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/turtle, text/html;q=0.5"])
@pytest.mark.parametrize("path", ["/policies", LOOKUP, COMPARISON])
def test_everybody_else_gets_data(client: httpx.Client, path: str, accept: str) -> None:
    given = client.get(path, headers={"Accept": accept}).headers["content-type"]
    assert given.partition(";")[0] == ("text/turtle" if "turtle" in accept else "application/json")


def test_page_and_data_of_a_lookup_are_remembered_apart(client: httpx.Client) -> None:
    for _ in range(2):
        assert "<h1>" in shown(client, LOOKUP)
        assert client.get(LOOKUP).json()["code"] == "64635"


def test_refusals_are_pages_too(client: httpx.Client) -> None:
    for path in ("/nowhere", "/policies/nobody", "/codes/cpt/00000", f"{EDITION}9"):
        answer = client.get(path, headers=BROWSER)
        assert answer.status_code == 404
        assert "<h1>There is no such page</h1>" in answer.text
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_an_unknown_code_is_told_in_the_form(client: httpx.Client) -> None:
    text = shown(client, "/coverage?code=99999&date=2024-06-10")
    assert 'role="alert"' in text and 'value="99999"' in text


# --- Decisions -----------------------------------------------------------------------------------

FILLED: dict[str, str | list[str]] = {
    "code": "64635",
    "payer": "centene",
    "dateOfService": "2024-04-15",
    "procedure-0-hasProcedureCode": "64636",
    "procedure-0-treatsLevel": ["L4-L5", "L5-S1"],
    "procedure-0-usesTechnique": "ConventionalRadiofrequency",
    "procedure-0-performedBy": "Physician",
    "patient-0-hasDiagnosis": "M47.816",
    "earlier-0-hasProcedureCode": "64635",
    "earlier-0-usesTechnique": "ConventionalRadiofrequency",
    "earlier-0-performedOn": "2023-11-13",
    "earlier-0-reliefPercent": "70",
    "earlier-0-reliefLastedUntil": "2024-04-02",
    "earlier-0-fact-FunctionalImprovement": "yes",
}


def verdicts(decision: dict[str, object]) -> object:
    receipt = decision["receipt"]
    assert isinstance(receipt, dict)
    return decision["decision"], decision["earliest"], receipt["verdicts"]


def test_form_comes_to_the_decision_of_the_same_request_elsewhere(client: httpx.Client) -> None:
    """The example of an early second neurotomy, once as Turtle and once typed into the form."""
    turtle = (EXAMPLES / "repeat-neurotomy-too-early.ttl").read_bytes()
    (told,) = client.post(
        "/decisions", content=turtle, headers={"Content-Type": "text/turtle"}
    ).json()
    (typed,) = json.loads(posted(client, {**FILLED, "as": "json"}))
    assert verdicts(typed) == verdicts(told)
    page = posted(client, FILLED)
    assert "Not covered" in page and "13 May 2024" in page
    for criterion in told["deciding"]:
        assert criterion["citations"][0]["section"] in page


def test_day_may_be_known_to_the_month(client: httpx.Client) -> None:
    form = {**FILLED, "earlier-0-performedOn": "2023-11", "earlier-0-reliefLastedUntil": "2024-04"}
    (told,) = json.loads(posted(client, {**form, "as": "json"}))
    assert told["decision"] == "not-covered"


def test_what_is_taken_along_is_the_answer_of_the_service(client: httpx.Client) -> None:
    turtle = (EXAMPLES / "block-with-gaps.ttl").read_text()
    for name, accept in (
        ("json", "application/json"),
        ("turtle", "text/turtle"),
        ("report", 'text/turtle;profile="http://www.w3.org/ns/shacl#"'),
    ):
        form: dict[str, str | list[str]] = {"request": turtle, "payer": "centene", "as": name}
        taken = sent(client, form)
        told = client.post(
            "/decisions?payer=centene",
            content=turtle,
            headers={"Content-Type": "text/turtle", "Accept": accept},
        )
        assert taken.content == told.content
        assert taken.headers["content-disposition"].startswith("attachment")
        assert taken.headers["cache-control"] == "no-store"


def test_pasted_request_is_shown_with_what_is_missing(client: httpx.Client) -> None:
    turtle = (EXAMPLES / "block-with-gaps.ttl").read_text()
    page = posted(client, {"request": turtle, "payer": "centene"})
    assert "Needs information" in page and "What would settle it" in page
    assert "Imaging shows no other cause" in page or "imaging shows no other cause" in page
    assert "chiropractic" in page, "each leaf shows the facts that it read"


def test_every_payer_is_asked_where_none_is_chosen(client: httpx.Client) -> None:
    form = {k: v for k, v in FILLED.items() if k != "payer"}
    (posted_all, asked_all) = json.loads(posted(client, {**form, "as": "json"})), FILLED
    assert len(posted_all) > 6
    several = json.loads(
        posted(client, {**asked_all, "payer": ["centene", "wa-hca"], "as": "json"})
    )
    assert {d["policy"].split("/")[0] for d in several} == {"centene", "wa-hca"}


def test_another_record_can_be_added_and_taken_out(client: httpx.Client) -> None:
    """By plain buttons: what was typed stays."""
    page = posted(client, {**FILLED, "add": "earlier"}, "/requests/new")
    assert 'name="earlier-1-performedOn"' in page and 'value="2023-11-13"' in page
    page = posted(client, {**FILLED, "drop": "earlier-0"}, "/requests/new")
    assert 'value="2023-11-13"' not in page and 'name="earlier-0-performedOn"' in page


def test_only_what_the_chosen_payers_read_is_asked(client: httpx.Client) -> None:
    one, every = (
        len(Outline(shown(client, f"/requests/new?code=64635{payer}")).all("input"))
        for payer in ("&payer=centene", "")
    )
    assert 20 < one < every


@pytest.mark.parametrize(
    "form",
    [
        {**FILLED, "code": PLANTED},
        {**FILLED, "patient-0-hasDiagnosis": PLANTED},
        {**FILLED, "payer": PLANTED},
        {**FILLED, f"patient-0-fact-{PLANTED}": "yes"},
        {**FILLED, "dateOfService": PLANTED},
        {"request": PLANTED},
        {"request": (EXAMPLES / "block-with-gaps.ttl").read_text() + f"# {PLANTED}"},
    ],
)
def test_what_is_typed_comes_out_escaped(
    client: httpx.Client, form: dict[str, str | list[str]]
) -> None:
    for to in ("/decisions", "/requests/new"):
        answer = sent(client, form, to)
        assert answer.status_code in (200, 400)
        assert PLANTED not in answer.text


def test_form_reads_nothing_of_a_chart_from_an_address(client: httpx.Client) -> None:
    page = shown(client, "/requests/new?code=64635&patient-0-hasDiagnosis=M47.816")
    assert 'name="patient-0-hasDiagnosis"' in page and "M47.816" not in page


@pytest.mark.parametrize("path", ["/?q=", "/coverage?date=2024-06-10&code=", "/requests/new?code="])
def test_words_of_an_address_come_out_escaped(client: httpx.Client, path: str) -> None:
    assert PLANTED not in client.get(path + PLANTED, headers=BROWSER).text


def test_form_is_read_within_the_limits_of_the_service(client: httpx.Client) -> None:
    assert sent(client, {"request": "x" * 1_000_001}).status_code == 413
    many: dict[str, str | list[str]] = {f"pain-0-fact-X{n}": "yes" for n in range(3001)}
    assert sent(client, many).status_code == 400
    answer = client.post("/decisions", content=b"{}", headers={**BROWSER, "Content-Type": "a/b"})
    assert answer.status_code == 415


def test_table_of_a_comparison_is_taken_along(client: httpx.Client) -> None:
    answer = client.get(f"{COMPARISON}&as=csv", headers=BROWSER)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.startswith("concern,")


def test_a_differing_row_alone_is_shown(client: httpx.Client) -> None:
    some, every = shown(client, COMPARISON), shown(client, f"{COMPARISON}&rows=all")
    assert 5 < some.count('scope="row"') <= every.count('scope="row"')


def test_templates_escape_everything() -> None:
    for path in Path(FOLDER, "templates").glob("*.html"):
        text = path.read_text()
        assert "|safe" not in text and "autoescape" not in text and "Markup" not in text, path
