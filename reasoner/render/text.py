"""Answers and policies as a person in prior authorization wants to read them.

The decision comes first, then what it turns on, each with its section of the payer's
document, then what to do: what to document, which way is left, when to ask again.
Lines wrap; nothing is cut off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pyoxigraph import NamedNode
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from ..decision.decide import Decision
from ..decision.reasons import in_play, limiting
from ..decision.select import Catalogue
from ..decision.silences import noun
from ..decision.statements import Statement
from ..engine import Answer
from ..judge.valuation import Verdict
from ..namespaces import COV, SKOS
from ..plain import AFFIRMS, DENIES, HAS_CODE, HAS_KIND
from ..policies.clauses import Clause, uncited
from ..policies.criteria import Citation, Criterion, Kind, Policy, Route
from ..request.gate import Request
from .data import Recorder
from .documenting import Line, blocks
from .words import DECISIONS, ENDS

SECTION_WIDTH = 24


class Renderer:
    """Writes answers in words.

    Parameters
    ----------
    recorder : Recorder
        Gives the facts that a criterion looked at, and the labels of terms.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.knowledge = recorder.knowledge

    def heading(self, request: Request) -> RenderableType:
        """Return the line that opens the answers to one request."""
        day = request.date.isoformat()
        return Group(Text.assemble((request.name, "bold"), f", date of service {day}"), Text())

    def answer(self, answer: Answer) -> RenderableType:
        """Return one answer as a block of text."""
        policy = answer.policy
        title = policy.label if policy else self._policy_label(answer)
        edition = f", edition of {policy.edition}" if policy else ""
        word = DECISIONS[answer.decision]
        head = Text.assemble((title, "bold"), edition)
        verdict = Text.assemble((word.title, word.style), self._qualified(answer))
        parts: list[RenderableType] = [head, verdict, *self._body(answer)]
        return Group(*parts, Text())

    def _policy_label(self, answer: Answer) -> str:
        considered = answer.selection.considered
        return considered[-1].policy.label if considered else answer.selection.key

    def _qualified(self, answer: Answer) -> str:
        """Return what follows the decision on its line."""
        if answer.decision is Decision.COVERED and answer.funding:
            return f", with {self.knowledge.label(answer.funding)}"
        if answer.decision is Decision.NEEDS_INFORMATION and answer.value:
            worst, best = (ENDS[end].text for end in answer.value)
            if worst != best:
                return f": at best {best}, at worst {worst}"
            return f": {best} if the policy applies, which is not documented"
        if answer.decision is Decision.OUT_OF_SCOPE and not answer.deciding:
            return f": {answer.reason}"
        return ""

    def _body(self, answer: Answer) -> Iterable[RenderableType]:
        if answer.decision is Decision.NEEDS_INFORMATION:
            yield from self._missing(answer)
        elif answer.deciding:
            heading = DECISIONS[answer.decision].heading
            if answer.decision is Decision.OUT_OF_SCOPE and self._unmet_scope(answer):
                heading = "Because it is not"
            yield Text(heading)
            show = answer.decision is not Decision.COVERED
            lines = [Line("", c) for c in answer.deciding]
            yield self._listed(lines, answer if show else None, self._folded(answer))
        yield from self._rests_on(answer)
        if answer.decision is Decision.NEEDS_REVIEW:
            for route in self._taken(answer):
                yield self._pair("By way of", f"{route.label} ({sections(route.citations)})")
        if answer.decision in (Decision.NOT_COVERED, Decision.NEEDS_INFORMATION):
            for route in answer.routes:
                yield self._pair("A way out", self._way(route))
        if answer.precedence:
            yield self._pair("Precedence", answer.precedence)
        if answer.earliest:
            day, later = answer.earliest.day.isoformat(), answer.earliest.decision
            yield self._pair("Ask again from", f"{day} (then: {DECISIONS[later].title.lower()})")
        for note in answer.notes:
            yield self._pair("Coding note", note.text)

    def _folded(self, answer: Answer) -> str:
        """Return how many criteria of other sections are in the way too, where some are."""
        policy, valuation = answer.policy, answer.valuation
        if answer.decision is not Decision.NOT_COVERED or policy is None or valuation is None:
            return ""
        others = limiting(policy.root, valuation).difference(answer.deciding)
        word = "criterion" if len(others) == 1 else "criteria"
        return f"and {len(others)} {word} of other sections" if others else ""

    def _rests_on(self, answer: Answer) -> Iterable[RenderableType]:
        """Yield the readings of silence without which the decision would be a question."""
        name, policy, valuation = "Rests on", answer.policy, answer.valuation
        if policy is None or valuation is None or not answer.rests_on:
            return
        # A section that does not apply is not named.
        concerned = in_play(policy, valuation)
        for reading in answer.rests_on:
            leaves = [leaf for leaf in reading.criteria if leaf in concerned]
            where = sections(c for leaf in leaves for c in leaf.citations)
            yield self._pair(name, f"{reading.words} ({where})" if where else reading.words)
            name = ""

    def _unmet_scope(self, answer: Answer) -> bool:
        valuation = answer.valuation
        return valuation is not None and all(
            valuation.verdict(c) is Verdict.NOT_MET for c in answer.deciding
        )

    def _taken(self, answer: Answer) -> list[Route]:
        return list({c.route.iri: c.route for c in answer.deciding if c.route}.values())

    def _way(self, route: Route) -> str:
        needs = f"; it needs {route.grounds.label}" if route.grounds else ""
        return f"{route.label}{needs} ({sections(route.citations)})"

    def _missing(self, answer: Answer) -> Iterable[RenderableType]:
        """Yield what to document: what is needed in any case, then the alternatives."""
        for block in blocks(answer.needed):
            yield Text(block.heading)
            yield self._listed(block.lines, answer)

    def _listed(
        self, lines: Iterable[Line], answer: Answer | None, more: str = ""
    ) -> RenderableType:
        """Return criteria with their sections, and what the record says where asked."""
        table = Table.grid(padding=(0, 2))
        table.add_column(width=SECTION_WIDTH, overflow="fold")
        table.add_column(overflow="fold")
        for joint, criterion in lines:
            if answer is not None and self._excludes(criterion, answer):
                joint += "whether this is so: "
            label = Text(f"{joint}{criterion.label}")
            if answer is not None and (found := self._on_record(criterion, answer)):
                label.append(f"\non record: {found}", style="dim")
            if answer is not None and (lacking := self._not_stated(criterion, answer)):
                label.append(f"\nnot stated: {lacking}", style="yellow")
            if answer is not None:
                for line in self._asked(criterion, answer):
                    label.append(f"\n{line}", style="yellow")
            table.add_row(Text(sections(criterion.citations), style="cyan"), label)
        if more:
            table.add_row(Text(), Text(more, style="dim"))
        return Padding(table, (0, 0, 0, 2))

    def _excludes(self, criterion: Criterion, answer: Answer) -> bool:
        """Return whether a criterion, once met, would take the request out of scope."""
        exclusions = answer.policy.exclusions if answer.policy else ()
        undecided = answer.decision is Decision.NEEDS_INFORMATION
        return undecided and any(criterion in (e, *e.members) for e in exclusions)

    def _on_record(self, criterion: Criterion, answer: Answer) -> str:
        if not criterion.is_leaf:
            return ""
        said: dict[str, list[Statement]] = {}
        declared = [p.value for p in self.knowledge.properties]
        for statement in sorted(
            self.recorder.facts(criterion, answer),
            key=lambda t: (t.property in (AFFIRMS, DENIES), declared.index(t.property)),
        ):
            said.setdefault(statement.record, []).append(statement)
        return "; ".join(self._of_record(found, answer) for found in said.values())

    def _of_record(self, found: list[Statement], answer: Answer) -> str:
        """Return what is said of one record, with the resources that it was made from."""
        told = ", ".join(self._said(statement, answer) for statement in found)
        sources = answer.request.sources
        names = dict.fromkeys(name for said in found for name in sources.get(said, ()))
        return f"{told} [{', '.join(names)}]" if names else told

    def _not_stated(self, criterion: Criterion, answer: Answer) -> str:
        if answer.valuation is None or not criterion.is_leaf:
            return ""
        if answer.valuation.verdict(criterion) is not Verdict.NOT_DOCUMENTED:
            return ""
        return ", ".join(noun(label) for label in self.recorder.silent(criterion, answer))

    def _asked(self, criterion: Criterion, answer: Answer) -> Iterable[str]:
        """Yield what of the record does not count, and what else would settle a question."""
        valuation, facts = answer.valuation, answer.prepared.facts
        if criterion.kind is not Kind.COMPONENT or valuation is None:
            return
        if valuation.verdict(criterion) is Verdict.MET:
            return
        if passed := self.recorder.questions.not_counted(criterion, facts):
            yield f"does not count: {'; '.join(passed)}"
        if valuation.verdict(criterion) is Verdict.NOT_DOCUMENTED:
            asks = self.recorder.questions.asks(criterion, facts)
            # What is not stated of a record stands there already.
            if told := [ask for ask in asks if not ask.startswith("state of the record")]:
                yield f"would settle it: {', '.join(told)}"

    def _said(self, said: Statement, answer: Answer) -> str:
        p = NamedNode(said.property)
        told = f"{noun(self.knowledge.label(p))} {self._value(p, said.value, answer)}"
        if because := self.recorder.because(said, answer):
            return f"{told} (follows from {', '.join(self._term(t) for t in because)})"
        return told

    def _term(self, iri: str) -> str:
        term = NamedNode(iri)
        if self.knowledge.is_a(term, COV.ProcedureCode):
            return f"code {self.knowledge.triples.text(term, SKOS.notation)}"
        return self.knowledge.label(term)

    def _value(self, p: NamedNode, value: str, answer: Answer) -> str:
        told = answer.prepared.facts.stated.get(value, {})
        if named := [str(n) for q in (HAS_CODE, HAS_KIND) for n in told.get(q, ())]:
            return " ".join(self._value(p, n, answer) for n in named)
        declared = self.knowledge.properties.get(p)
        if declared and declared.value_type:
            return f"{value} {declared.unit}".strip()
        concept = NamedNode(value)
        return self.knowledge.triples.text(concept, SKOS.notation) or self.knowledge.label(concept)

    def _pair(self, name: str, text: str) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(width=SECTION_WIDTH + 2)
        table.add_column(overflow="fold")
        table.add_row(Text(name), Text(text))
        return table

    def policies(self, catalogue: Catalogue) -> RenderableType:
        """Return every edition with its payer and its dates."""
        table = Table(box=None, pad_edge=False, padding=(0, 2))
        table.add_column("policy", no_wrap=True)
        for heading in ("payer", "in force", "what it is"):
            table.add_column(heading, overflow="fold")
        for key, editions in catalogue.editions.items():
            for policy in editions:
                last = catalogue.last_day(policy)
                dates = f"{policy.edition} to {last.isoformat() if last else 'now'}"
                table.add_row(key, policy.payer_label, dates, policy.label.split(": ", 1)[-1])
        return table

    def policy(self, policy: Policy) -> RenderableType:
        """Return the criteria of a policy as a tree, with sections and interpretations."""
        tree = Tree(Text.assemble((policy.label, "bold"), f" ({policy.key}, {policy.edition})"))
        asks = self.knowledge.label(policy.target).removesuffix(" request")
        tree.add(Text(f"speaks to: {asks}"))
        for exclusion in policy.exclusions:
            self._branch(tree, exclusion, "out of scope when ")
        if policy.applies_when:
            self._branch(tree, policy.applies_when, "applies when ")
        for member in policy.root.members:
            self._branch(tree, member)
        routes = [c.route for c in policy.criteria.values() if c.route]
        for grounds in dict.fromkeys(r.grounds for r in routes if r.grounds):
            self._branch(tree, grounds, "grounds for a review: ")
        return tree

    def register(self, policy: Policy, clauses: Sequence[Clause], whole: bool) -> RenderableType:
        """Return the fates of a document's clauses: their number, and each where asked."""
        fates = Counter(c.fate or "without a fate" for c in clauses)
        unsettled = [c for c in clauses if not c.settled]
        counts = ", ".join(f"{n} {fate}" for fate, n in sorted(fates.items()))
        head = Text.assemble((policy.key, "bold"), f": {len(clauses)} clauses, {counts}")
        loose = uncited(policy)
        if unsettled or loose:
            names = ", ".join([c.iri.value.rsplit("#", 1)[-1] for c in unsettled] + loose)
            head.append(f"; not accounted for: {names}", style="bold red")
        if not whole:
            return head
        table = Table.grid(padding=(0, 2))
        table.add_column(width=SECTION_WIDTH, overflow="fold")
        table.add_column(overflow="fold")
        for clause in clauses:
            told = Text(clause.summary)
            told.append(f"\n{clause.fate}: ", style="dim")
            told.append(", ".join(clause.cited_by) or clause.note, style="dim")
            table.add_row(Text(clause.section, style="cyan"), told)
        return Group(head, Padding(table, (0, 0, 0, 2)))

    def _branch(self, tree: Tree, criterion: Criterion, lead: str = "") -> None:
        text = Text.assemble(lead, criterion.label)
        if where := sections(criterion.citations):
            text.append(f"  [{where}]", style="cyan")
        if criterion.members:
            text.append("  all of:" if criterion.kind is Kind.AND else "  one of:", style="dim")
        if read_as := read(criterion):
            text.append(f"\nRead as: {read_as}", style="dim italic")
        if criterion.route:
            text.append(f"\nOtherwise: {self._way(criterion.route)}", style="magenta")
        if criterion.funded_by:
            funding = self.knowledge.label(criterion.funded_by)
            text.append(f"\nWhen covered: {funding}", style="green")
        branch = tree.add(text)
        for member in criterion.members:
            self._branch(branch, member)


def read(criterion: Criterion) -> str:
    """Return how a criterion reads its text, and which settled readings it follows."""
    named = "; ".join(f"reading {r.number}: {r.label}" for r in criterion.readings)
    if not (criterion.interpretation and named):
        return criterion.interpretation or named
    return f"{criterion.interpretation} ({named})"


def sections(citations: Iterable[Citation]) -> str:
    """Return the sections of citations, each once."""
    return ", ".join(dict.fromkeys(c.section for c in citations if c.section))


def show(part: RenderableType) -> None:
    """Print to the terminal in colour; elsewhere as plain lines without trailing blanks."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(part)
        return
    with console.capture() as capture:
        console.print(part)
    print("\n".join(line.rstrip() for line in capture.get().splitlines()))
