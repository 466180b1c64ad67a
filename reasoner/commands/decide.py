"""``covergraph decide``: requests from files, decided and printed in one of several forms."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from .. import formats
from ..request.horizon import refuse_beyond
from .arguments import (
    Every,
    OnDay,
    OrderName,
    PayerKey,
    PlanKey,
    PolicyKey,
    day_from,
    inputs,
    last_day,
    one_decides,
    read_with_rest,
)

if TYPE_CHECKING:
    from ..facts.prepared import Prepared
    from ..fhir.drafts import Left


class Format(StrEnum):
    """How decisions are printed."""

    TEXT = "text"
    JSON = "json"
    TURTLE = formats.TURTLE.option
    JSONLD = formats.JSON_LD.option
    SHACL = "shacl"


class JudgeName(StrEnum):
    """What judges: the fast judge, or pySHACL, which it is tested against."""

    COMPILED = "compiled"
    REFERENCE = "reference"


def decide(
    requests: Annotated[list[str], typer.Argument(help="Files, or - for standard input.")],
    policy: PolicyKey = None,
    payer: PayerKey = None,
    plan: PlanKey = None,
    every: Every = False,
    on: OnDay = None,
    order: OrderName = None,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
    judge: Annotated[JudgeName, typer.Option(help="What judges.")] = JudgeName.COMPILED,
    # What --judge was called first; scripts may still say it.
    engine: Annotated[JudgeName | None, typer.Option(hidden=True)] = None,
) -> None:
    """Decide whether each requested procedure is covered, and why."""
    from ..engine import Reasoner
    from ..fhir.reader import FhirReader
    from ..fhir.shown import left_behind, not_used
    from ..render.data import Recorder
    from ..render.graph import decision_graph, validation_report, written
    from ..render.text import Renderer, show
    from ..triples import Triples

    one_decides(policy, payer, plan, every)
    day = day_from(on)
    if (engine or judge) is JudgeName.REFERENCE:
        from ..judge.reference import ReferenceJudge
        from ..knowledge.base import knowledge

        reasoner = Reasoner(judge=ReferenceJudge(knowledge()), at_once=False)
    else:
        reasoner = Reasoner(at_once=False)
    recorder = Recorder(reasoner.knowledge, reasoner.reads)
    reader = FhirReader(reasoner)
    read: list[Prepared] = []
    left: dict[str, tuple[Left, ...]] = {}
    # Every file is read before the first decision is printed: nothing half done.
    for name, data in inputs(requests):
        for prepared, rest in read_with_rest(name, data, reader, day, order):
            read.append(prepared)
            if rest is not None:
                left[prepared.request.name] = rest
    for prepared in read:
        refuse_beyond(prepared.request.date, last_day(), prepared.request.name)
    decided = [(p.request, reasoner.decide_all(p, policy, payer, plan, every)) for p in read]
    answers = [a for _, found in decided for a in found]
    if form is Format.TEXT:
        renderer = Renderer(recorder)
        for request, found in decided:
            show(renderer.heading(request))
            if every:
                from ..render.overview import overview

                show(overview(found))
            for answer in found:
                show(renderer.answer(answer))
            for part in left_behind(left.get(request.name, ())):
                show(part)
    elif form is Format.JSON:
        told = []
        for answer in answers:
            told.append(recorder.answer(answer))
            if (name := answer.request.name) in left:
                told[-1]["notUsed"] = not_used(left[name])
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        graph = Triples()
        for answer in answers:
            shacl = form is Format.SHACL
            graph.update(validation_report(answer) if shacl else decision_graph(answer, recorder))
        print(written(graph, formats.GRAPHS.get(form, formats.TURTLE).media_type), end="")
