"""Pages, lookups and decisions: what a worker does for one caller with the reasoner."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from covergraph.authoring.vocabulary import vocabulary
from covergraph.engine import Answer, Reasoner
from covergraph.errors import InputError, with_article
from covergraph.knowledge.base import Knowledge
from covergraph.knowledge.codes import is_untabled, plain
from covergraph.lookup import stating_only, turning_days
from covergraph.namespaces import CODE
from covergraph.render.data import Recorder
from covergraph.render.forms import listed
from covergraph.render.graph import decision_graph, validation_report, written
from covergraph.request.context import shipped_context
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

_IRI = re.compile(r"<[^>]*>")
_NAMED = re.compile(r"\A([a-z ]+) <[^>]*>")
_VALUE = re.compile(r"(unknown (?!property)[a-z ]+?) \S+\Z")


class ReasonerJobs(Jobs):
    """Everything that pages, lookups and decisions need, loaded and warm."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.reasoner = Reasoner(knowledge)
        self.knowledge = knowledge
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
        answers = self._answers(job, body)
        if media_type == JSON:
            return Done(200, JSON, listed(self.recorder.text(a) for a in answers).encode())
        graph = Triples()
        for answer in answers:
            graph.update(decision_graph(answer, self.recorder))
        return Done(200, media_type, written(graph, media_type).encode())

    def validate(self, job: Arguments, body: bytes, _: Limits) -> Done:
        """Answer with the conformance reports alone."""
        media_type, profile = preferred(job, RESOURCE)
        answers = self._answers(job, body)
        if media_type == JSON:
            view = {"reports": [report_view(a) for a in answers]}
            return Done(200, JSON, json.dumps(view, ensure_ascii=False).encode())
        graph = Triples()
        for answer in answers:
            graph.update(validation_report(answer))
        told = f'{media_type};profile="{SHACL_PROFILE}"' if profile else media_type
        return Done(200, told, written(graph, media_type).encode())

    def _answers(self, job: Arguments, body: bytes) -> list[Answer]:
        on = day_of(job["date"]) if job.get("date") else None
        self._refuse_unknown(job)
        who = {k: job.get(k) for k in ("policy", "payer", "plan")}
        if sum(map(bool, (*who.values(), job.get("all")))) > 1:
            raise InputError("policy, payer, plan and all exclude each other")
        try:
            prepared = self.reasoner.read(body, media_type=job["media_type"], on=on)
            decided = self.reasoner.decide_all
            if several := job.get("payers"):
                return [a for key in several for a in decided(prepared, payer=key)]
            return decided(prepared, **who, every=bool(job.get("all")))
        except InputError as error:
            raise discreet(error) from None

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

    The program's own messages call a record by its IRI and repeat a code that is unknown.
    On a desk that helps; over a network an IRI may be a patient's number.
    """
    what = _IRI.sub("a name of the request's own", _VALUE.sub(r"\1", error.what))
    where = _NAMED.sub(lambda named: with_article(named[1]), error.where)
    return Problem(400, what, _IRI.sub("a record", where), error.hint)


def day_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("not a day of the calendar", "date", "write YYYY-MM-DD") from None
