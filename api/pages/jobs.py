"""What a worker does for a page: the same views and decisions as for data, and a template."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

from pyoxigraph import NamedNode

from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.knowledge.codes import plain
from covergraph.namespaces import CODE, COV, PREFIXES

from ..negotiation import HTML, JSON, SHACL_PROFILE, TURTLE
from ..problems import Problem
from ..views import policies, terms
from ..views.procedures import ProcedureViews
from ..workers.base import Arguments, Done
from ..workers.limits import Limits
from . import forms, render
from .finding import Index

Values = dict[str, Any]
CSV = "text/csv"
# How a decision is taken along: the form in which the service answers, and the file's name.
FILES = {
    "json": (JSON, "decisions.json"),
    "turtle": (TURTLE, "decisions.ttl"),
    "report": (f'{TURTLE};profile="{SHACL_PROFILE}"', "report.ttl"),
}
PASTED = {"turtle": TURTLE, "json": JSON}


class Judging(Protocol):
    """What pages need of the jobs for data."""

    reasoner: Reasoner
    procedures: ProcedureViews

    def do(self, job: Arguments, body: bytes, limits: Limits) -> Done: ...


class Pages:
    """Every page that is made of what is known; templates are compiled before the first caller."""

    def __init__(self, jobs: Judging) -> None:
        self.jobs, self.reasoner, self.procedures = jobs, jobs.reasoner, jobs.procedures
        self.knowledge = jobs.reasoner.knowledge
        self.index = Index(self.reasoner, self.procedures)
        self.pages: dict[str, Callable[[Arguments], Values]] = {
            "home": self.home,
            "coverage": self.coverage,
            "policies": self.policies,
            "payer": lambda job: (
                {"payer": policies.payer(self.reasoner, job["at"][0])} | self._editions()
            ),
            "edition": self.edition,
            "procedures": lambda job: self.procedures.listed(),
            "procedure": lambda job: {"found": self.procedures.procedure(*job["at"])},
            "codes": lambda job: self.procedures.systems(),
            "code": lambda job: {"found": self.procedures.code(*job["at"])},
            "vocabulary": self.vocabulary,
            "compare": self.comparing,
            "request": lambda job: self.asking(forms.Answers(job["words"])),
        }
        render.labelling(self.label)
        render.environment()
        _ = self.choices

    @cached_property
    def choices(self) -> Values:
        """Return what forms let choose from: payers, and procedures by code or kind."""
        t, knowledge = self.knowledge.triples, self.knowledge
        kinds = sorted(knowledge.instances_of(COV.ProcedureKind), key=knowledge.label)
        return {
            "payers": [
                (key, knowledge.label(iri)) for key, iri in self.reasoner.catalogue.payers.items()
            ],
            "codes": [
                (plain(c), knowledge.label(c))
                for c in self.procedures.codes
                if not t.objects(c, COV.addOnTo)
            ],
            "kinds": [(plain(k), knowledge.label(k)) for k in kinds],
            "procedures": [(p["name"], p["label"]) for p in self.procedures.listed()["procedures"]],
            "regions": [
                (r.value.rsplit("#")[-1].removesuffix("Region").lower(), knowledge.label(r))
                for r in knowledge.instances_of(COV.SpinalRegion)
            ],
        }

    def label(self, name: str) -> str:
        """Return what a term is called, by its IRI or its short form; a value as it is."""
        prefix, _, local = name.partition(":")
        iri = f"{PREFIXES[prefix]}{local}" if prefix in PREFIXES else name
        if not iri.startswith("http"):
            return name
        node = NamedNode(iri)
        called = self.knowledge.label(node)
        return f"{plain(node)} {called}" if iri.startswith(CODE) and called != local else called

    def page(self, job: Arguments, body: bytes, limits: Limits) -> Done:
        """Answer with a page, or what it lets take along."""
        name = job["page"]
        if name == "decision":
            return self.decision(job, body, limits)
        if name == "matrix":
            return self.matrix(job, body)
        if name == "asking":
            return Done(200, HTML, render.page("request", self.asking(forms.Answers.read(body))))
        return Done(200, HTML, render.page(name, self.pages[name](job)))

    def _editions(self) -> Values:
        return {"editions": policies.policies(self.reasoner)["policies"]}

    def home(self, job: Arguments) -> Values:
        asked = job.get("q", "")
        found = self.index.found(asked) if asked else {}
        return {
            "asked": asked,
            "found": found,
            **policies.payers(self.reasoner),
            **self._editions(),
        }

    def policies(self, _: Arguments) -> Values:
        return {**policies.payers(self.reasoner), **self._editions()}

    def coverage(self, job: Arguments) -> Values:
        """Return a lookup, if one is asked for; a code that is unknown is told in the form."""
        words = {k: job["words"].get(k, "").strip() for k in ("code", "date", "payer", "diagnosis")}
        values: Values = {"asked": words, "found": None, "problem": None, **self.choices}
        if words["code"] and words["date"]:
            asked = {k: v for k, v in words.items() if v}
            done = self.jobs.do({**asked, "do": "coverage", "accept": JSON}, b"", Limits())
            if done.problem:
                values["problem"] = Problem(**done.problem)
            else:
                body = done.body.replace(b"0000-00-00", words["date"].encode())
                values["found"] = json.loads(body)
        return values

    def edition(self, job: Arguments) -> Values:
        """Return an edition with its clauses, each beside the criteria that cite it.

        Raises
        ------
        Problem
            404 when there is no such edition.
        """
        key, day = "/".join(job["at"][:2]), job["at"][2] if len(job["at"]) > 2 else ""
        listed = policies.policy(self.reasoner, key)["editions"]
        found = policies.edition(self.reasoner, key, day or listed[-1]["edition"])
        if found is None:
            raise Problem(404, "no such edition", hint=f"{listed[-1]['edition']} is the latest")
        criteria: dict[str, Values] = {}
        roots = [*found["exclusions"], *filter(None, [found["appliesWhen"]]), found["criteria"]]
        for node in roots:
            by_name(node, criteria)
        readings = {r["reading"]: r for c in criteria.values() for r in c["readings"]}
        return {"found": found, "editions": listed, "by_name": criteria} | {
            "readings_followed": readings
        }

    def warm(self) -> None:
        """Make one decision and its page, so that no worker runs a template as the first."""
        words = {"code": self.choices["codes"][0][0], "dateOfService": "2024-06-10"}
        self.decision({}, urlencode(words).encode(), Limits())

    def vocabulary(self, _: Arguments) -> Values:
        every = [p for found in self.reasoner.catalogue.editions.values() for p in found]
        view = terms.vocabulary_view(self.knowledge, every)
        groups: dict[str, list[Values]] = {}
        for fact in view["facts"]:
            heading = forms.heading_of(NamedNode(fact["id"]), self.knowledge)
            groups.setdefault(heading, []).append(fact)
        return {"properties": view["properties"], "groups": dict(sorted(groups.items()))}

    def comparing(self, job: Arguments) -> Values:
        return {"asked": job["words"], "found": None, "problem": None, **self.choices}

    def matrix(self, job: Arguments, body: bytes) -> Done:
        """Answer with a comparison that was made already, as a page or as a table to take along."""
        found = json.loads(body)
        rows = [
            {**row, "differs": len({asked_in(c) for c in row["cells"]}) > 1}
            for row in found["rows"]
        ]
        if job.get("as") == "csv":
            return Done(200, CSV, table(found))
        values = {"asked": job["words"], "found": found | {"rows": rows}, "problem": None}
        return Done(200, HTML, render.page("compare", values | self.choices))

    def asking(self, answers: forms.Answers, problem: Problem | None = None) -> Values:
        """Return the form of a request: first the procedure and payers, then what they ask."""
        if gone := answers.one("drop"):
            answers = answers.without(gone)
        code, payers = answers.one("code"), answers.all("payer")
        asked: list[forms.Group] = []
        if code and not answers.one("request"):
            try:
                read = forms.in_play(self.reasoner, code, payers)
                asked = forms.groups(read, code, self.knowledge)
            except InputError as error:
                problem = problem or Problem.of(error)
        labels = dict(self.choices["codes"] + self.choices["kinds"])
        return {
            "answers": answers,
            "groups": asked,
            "problem": problem,
            "called": labels.get(code.upper() if code[:1].isdigit() else code, ""),
            **self.choices,
        }

    def decision(self, job: Arguments, body: bytes, limits: Limits) -> Done:
        """Decide what a form states or holds, by the job that decides for everybody.

        Answers with the page, or with the very answer of the service to take along.
        """
        answers = forms.Answers.read(body)
        pasted = answers.one("request")
        media_type = PASTED.get(answers.one("format"), TURTLE) if pasted else JSON
        stated = pasted or json.dumps(
            forms.request_of(answers, self.knowledge), ensure_ascii=False, indent=1
        )
        payers = answers.all("payer")
        asked: Arguments = {"do": "decide", "media_type": media_type, "accept": JSON}
        asked |= {"payers": payers} if payers else {"all": "true"}
        as_file = FILES.get(answers.one("as"))
        if as_file:
            return self.jobs.do({**asked, "accept": as_file[0]}, stated.encode(), limits)
        done = self.jobs.do(asked, stated.encode(), limits)
        brief = answers.one("part") == "summary"
        if done.problem:
            problem = Problem(**done.problem)
            name = "summary" if brief else "request"
            values = {"problem": problem} if brief else self.asking(answers, problem)
            status = 200 if brief else problem.status
            return Done(status, HTML, render.page(name, {"found": [], **values}))
        found = json.loads(done.body)
        for decided in found:
            turning = {c["criterion"] for c in decided["deciding"]}
            for node in decided["criteria"]:
                marked(node, turning)
        values = {
            "found": [d for d in found if d["edition"]],
            "silent": [d for d in found if not d["edition"]],
            "names": {k: e[-1].label for k, e in self.reasoner.catalogue.editions.items()},
            "request": stated,
            "format": "turtle" if media_type == TURTLE else "json",
            "payers": payers,
            "answers": answers,
            "pasted": bool(pasted),
            "problem": None,
        }
        return Done(200, HTML, render.page("summary" if brief else "decision", values))


def by_name(node: Values, found: dict[str, Values]) -> None:
    """Add a criterion and all it is made of, by local names."""
    name = node["criterion"].rsplit("#")[-1]
    # What several criteria share is shown once, and led to from everywhere else.
    node["first"] = found.setdefault(name, node) is node
    inner = [*node.get("members", []), node.get("appliesWhen")]
    inner.append((node.get("reviewRoute") or {}).get("grounds"))
    for member in filter(None, inner):
        by_name(member, found)


def asked_in(cell: Values) -> tuple[Any, ...]:
    """Return what a cell asks, wherever its document says so."""
    entries = {(e["kind"], tuple(e["phases"]), e["text"]) for e in cell["entries"]}
    return cell["kind"], *sorted(entries)


def marked(node: Values, turning: set[str]) -> bool:
    """Mark what the decision turns on, and whatever holds it; return whether this does."""
    inner = [*node.get("members", [])]
    grounds = (node.get("route") or {}).get("grounds")
    inner += [grounds] if grounds else []
    within = [marked(member, turning) for member in inner]
    node["decides"] = node["criterion"] in turning
    node["turns"] = node["decides"] or any(within)
    return bool(node["turns"])


def table(found: Values) -> bytes:
    """Return a comparison as CSV; what a spreadsheet would take for a formula is quoted."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["concern", *(safe(c["label"]) for c in found["columns"])])
    for row in found["rows"]:
        rows.writerow([safe(row["label"]), *(safe(c["text"]) for c in row["cells"])])
    return written.getvalue().encode()


def safe(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "@") or (text[:1] == "-" and text != "-") else text
