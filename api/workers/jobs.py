"""Pages, lookups and decisions: what a worker does for one caller with the reasoner."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from covergraph.authoring.vocabulary import vocabulary
from covergraph.days import day_written
from covergraph.engine import Answer, Reasoner
from covergraph.errors import InputError
from covergraph.facts.prepared import Prepared
from covergraph.fhir.drafts import Left
from covergraph.fhir.reader import FhirReader
from covergraph.fhir.resources import is_fhir
from covergraph.fhir.shown import not_used
from covergraph.knowledge.base import Knowledge
from covergraph.knowledge.codes import is_untabled, plain
from covergraph.lookup import stating_only, turning_days
from covergraph.namespaces import CODE
from covergraph.render.data import Recorder
from covergraph.render.forms import as_json, listed
from covergraph.render.graph import decision_graph, validation_report, written
from covergraph.request.context import shipped_context
from covergraph.request.horizon import horizon, refuse_beyond
from covergraph.triples import Triples

from ..negotiation import JSON, JSON_LD, MARKDOWN, RESOURCE, SHACL_PROFILE
from ..pages.jobs import Pages
from ..problems import Problem
from ..representation import represented
from ..views import policies, terms
from ..views.coverage import coverage
from ..views.documents import Documents
from ..views.procedures import ProcedureViews
from ..views.reports import report_view
from .base import Arguments, Done, Jobs, negotiated, preferred
from .limits import Limits


class ReasonerJobs(Jobs):
    """Everything that pages, lookups and decisions need, loaded and warm."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.reasoner = Reasoner(knowledge)
        self.knowledge = knowledge
        self.fhir = FhirReader(self.reasoner)
        self.recorder = Recorder(self.knowledge, self.reasoner.reads)
        self.documents = Documents(self.knowledge)
        self.procedures = ProcedureViews(self.reasoner)
        self.context = {"@context": shipped_context(self.knowledge)}
        self.jobs = {
            "view": self.view,
            "coverage": self.coverage,
            "shelf": self.shelf,
            "turning days": self.turning_days,
            "document": self.document,
            "shapes": self.shapes,
            "vocabulary": self.vocabulary,
            "context": self.pinned_context,
            "decide": self.decide,
            "validate": self.validate,
        }
        pages = Pages(self)
        self.jobs["page"] = pages.page
        self._warm()
        pages.warm()

    def view(self, job: Arguments, _: bytes, __: Limits) -> Done:
        """Answer with a list, a payer, a policy, a procedure or a code."""
        media_type = negotiated(job)
        name, at = job["name"], job.get("at", [])
        views: dict[str, Callable[..., policies.View]] = {
            "payers": lambda: policies.payers(self.reasoner),
            "policies": lambda: policies.policies(self.reasoner),
            "policy": lambda payer, policy: policies.policy(self.reasoner, f"{payer}/{policy}"),
            "procedures": self.procedures.listed,
            "procedure": self.procedures.procedure,
            "codes": self.procedures.systems,
            "code": self.procedures.code,
        }
        return Done(200, media_type, represented(views[name](*at), media_type))

    def document(self, job: Arguments, _: bytes, __: Limits) -> Done:
        """Answer with a document of the graph; as JSON, a typed view where there is one."""
        media_type = negotiated(job)
        path = job["path"]
        if media_type == JSON and (view := self._typed(path)):
            return Done(200, media_type, represented(view, media_type))
        return Done(200, media_type, self.documents.document(path, media_type))

    def _typed(self, path: str) -> policies.View | None:
        match path.split("/"):
            case ["codes"]:
                return self.procedures.systems()
            case ["policies", payer]:
                return policies.payer(self.reasoner, payer)
            case ["policies", payer, policy, edition]:
                return policies.edition(self.reasoner, f"{payer}/{policy}", edition)
        return None

    def shapes(self, job: Arguments, _: bytes, __: Limits) -> Done:
        """Answer with a file of shapes, or the list of them."""
        media_type = negotiated(job)
        if path := job["path"]:
            return Done(200, media_type, self.documents.shape_file(path, media_type))
        return Done(200, media_type, self.documents.shape_files(media_type))

    def vocabulary(self, job: Arguments, _: bytes, __: Limits) -> Done:
        """Answer with everything a request may state."""
        media_type = negotiated(job, (*RESOURCE, MARKDOWN))
        editions = [p for found in self.reasoner.catalogue.editions.values() for p in found]
        if media_type == MARKDOWN:
            return Done(200, MARKDOWN, vocabulary(self.knowledge, editions).encode())
        view = terms.vocabulary_view(self.knowledge, editions)
        return Done(200, media_type, represented(view, media_type))

    def pinned_context(self, job: Arguments, _: bytes, __: Limits) -> Done:
        """Answer with the pinned JSON-LD context."""
        media_type = negotiated(job, (JSON_LD, JSON))
        return Done(200, media_type, json.dumps(self.context, indent=1).encode())

    def coverage(self, job: Arguments, _: bytes, __: Limits) -> Done:
        """Answer a lookup."""
        media_type = negotiated(job)
        self._refuse_unknown(job)
        view = coverage(
            self.reasoner,
            self.procedures,
            job["code"],
            day_of(job["date"]),
            job.get("payer"),
            job.get("diagnosis"),
        )
        return Done(200, media_type, represented(view, media_type))

    def shelf(self, job: Arguments, body: bytes, limits: Limits) -> Done:
        """Answer with the lookups of every code on one day, one after the other.

        Most of what one page takes is the worker that writes it; this one writes them all.
        """
        pages = {}
        for code in map(plain, self.procedures.codes):
            done = self.do({**job, "do": "coverage", "code": code}, body, limits)
            if not done.problem:
                pages[code] = done.body
        return Done(200, negotiated(job), shelved(pages))

    def turning_days(self, _: Arguments, __: bytes, ___: Limits) -> Done:
        """Answer with the days on which lookups may change, and the payers there are."""
        days = [day.isoformat() for day in turning_days(self.reasoner)]
        found = {"days": days, "payers": sorted(self.reasoner.catalogue.payers)}
        return Done(200, JSON, json.dumps(found).encode())

    def decide(self, job: Arguments, body: bytes, _: Limits) -> Done:
        """Decide a request; as JSON the way ``covergraph decide --format json`` prints it."""
        media_type, profile = preferred(job, RESOURCE)
        if profile == SHACL_PROFILE:
            return self.validate(job, body, _)
        answers, left = self._answered(job, body)
        kept = self._kept(answers, job)
        if media_type == JSON:
            told = [self._told(a, left.get(a.request.name, ())) for a in answers]
            return Done(200, JSON, listed(told).encode(), answers=kept)
        graph = Triples()
        for answer in answers:
            graph.update(decision_graph(answer, self.recorder))
        return Done(200, media_type, written(graph, media_type).encode(), answers=kept)

    def _kept(self, answers: list[Answer], job: Arguments) -> list[dict[str, Any]]:
        """Return the answers for the server: all of each where it keeps them, else the names."""
        if job.get("keep"):
            return [self.recorder.answer(answer) for answer in answers]
        return [{"policy": a.selection.key, "decision": a.decision.value} for a in answers]

    def validate(self, job: Arguments, body: bytes, _: Limits) -> Done:
        """Answer with the conformance reports alone."""
        media_type, profile = preferred(job, RESOURCE)
        answers, _left = self._answered(job, body)
        kept = self._kept(answers, job)
        if media_type == JSON:
            view = {"reports": [report_view(a) for a in answers]}
            return Done(200, JSON, json.dumps(view, ensure_ascii=False).encode(), answers=kept)
        graph = Triples()
        for answer in answers:
            graph.update(validation_report(answer))
        told = f'{media_type};profile="{SHACL_PROFILE}"' if profile else media_type
        return Done(200, told, written(graph, media_type).encode(), answers=kept)

    def _told(self, answer: Answer, left: tuple[Left, ...]) -> str:
        """Return an answer as JSON, with what of a bundle was not used where it came from one."""
        text = self.recorder.text(answer)
        return f'{text[:-1]}, "notUsed": {as_json(not_used(left))}}}' if left else text

    def _answered(
        self, job: Arguments, body: bytes
    ) -> tuple[list[Answer], dict[str, tuple[Left, ...]]]:
        """Return the answers, and what was not used by the name of the request."""
        on = day_of(job["date"]) if job.get("date") else None
        self._refuse_unknown(job)
        if sum(bool(job.get(k)) for k in ("policy", "payer", "plan", "all")) > 1:
            raise InputError("policy, payer, plan and all exclude each other")
        media_type = job["media_type"]
        try:
            if not is_fhir(body, media_type):
                prepared = self.reasoner.read(body, media_type=media_type, on=on)
                return self._decided(prepared, job), {}
            found = self.fhir.read(body, on=on, order=job.get("order"))
            left = {m.prepared.request.name: m.left for m in found}
            return [a for mapped in found for a in self._decided(mapped.prepared, job)], left
        except InputError as error:
            raise discreet(error) from None

    def _decided(self, prepared: Prepared, job: Arguments) -> list[Answer]:
        refuse_beyond(prepared.request.date, horizon(date.today()))
        decide_all = self.reasoner.decide_all
        if several := job.get("payers"):
            return [a for key in several for a in decide_all(prepared, payer=key)]
        who = {k: job.get(k) for k in ("policy", "payer", "plan")}
        return decide_all(prepared, **who, every=bool(job.get("all")))

    def _refuse_unknown(self, job: Arguments) -> None:
        """Refuse the key of a policy, a payer or a plan that there is none of."""
        catalogue = self.reasoner.catalogue
        among: dict[str, dict[str, Any]] = {
            "policy": dict(catalogue.editions),
            "payer": dict(catalogue.payers),
            "plan": dict(catalogue.plans),
        }
        for what, known in among.items():
            if asked := job.get(what):
                policies.existing(asked.partition("@")[0], known, what, status=400)
        for asked in job.get("payers", ()):
            policies.existing(asked, among["payer"], "payer", status=400)

    def _warm(self) -> None:
        """Do once what would be done for the first time in every worker."""
        is_untabled(CODE["-"], self.knowledge)
        assert self.fhir.tables and self.fhir.payers
        editions = [p for found in self.reasoner.catalogue.editions.values() for p in found]
        day = max(p.effective_from for p in editions)
        prepared = stating_only(self.reasoner, self.procedures.codes[0], day)
        for policy in editions:
            self.reasoner.judge(policy, self.reasoner.seen_by(policy, prepared))
        answer = self.reasoner.answer(prepared, editions[0].key)
        self.recorder.text(answer)
        written(decision_graph(answer, self.recorder))
        for media_type in RESOURCE:
            represented(policies.payers(self.reasoner), media_type)


def shelved(pages: dict[str, bytes]) -> bytes:
    """Return pages in one: a line with the length of each by its code, and then the pages."""
    lengths = {code: len(page) for code, page in pages.items()}
    return json.dumps(lengths).encode() + b"\n" + b"".join(pages.values())


def discreet(error: InputError) -> Problem:
    """Return a problem with a request that names no record and no value of it.

    The program's own messages call a record by its IRI and repeat a name that is unknown.
    On a desk that helps; over a network an IRI may be a patient's number.
    """
    return Problem.of(error.discreet())


def day_of(text: str) -> date:
    try:
        return day_written(text)
    except ValueError:
        raise InputError("not a day of the calendar", "date", "write YYYY-MM-DD") from None
