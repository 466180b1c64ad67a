"""The addresses of the service, each a few words to a worker and its answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from covergraph.version import engine_version

from . import models
from .bodies import body_of, essence
from .keys import HOLDER
from .negotiation import FHIR, JSON, JSON_LD, MARKDOWN, N_TRIPLES, RESOURCE, TURTLE, chosen
from .openapi import BODY, body_of_request, offering
from .outcomes import Outcome
from .problems import Problem
from .service import Service, tag_of
from .sparql_protocol import sparql_routes
from .views import glossary

REQUEST_TYPES = (TURTLE, N_TRIPLES, JSON_LD, JSON, FHIR)
Segment = Annotated[str, Path(pattern=r"^[A-Za-z0-9.-]{1,64}$")]
None_ = Annotated[models.Nothing, Query()]


def single(request: Request) -> None:
    """Refuse a duplicate parameter: one of the two would not be read."""
    names = [name for name, _ in request.query_params.multi_items()]
    if len(names) != len(set(names)):
        raise Problem(400, "duplicate parameter", "query")


def holder_of(request: Request) -> str:
    """Return whose key a request came with; empty where no key is needed."""
    return str(request.scope.get("state", {}).get(HOLDER, ""))


def router(service: Service) -> APIRouter:
    """Return every route, answered by a service."""
    api = APIRouter(dependencies=[Depends(single)])
    _policies(api, service)
    _procedures(api, service)
    _decisions(api, service)
    sparql_routes(api, service)
    _graph(api, service)
    return api


def _policies(api: APIRouter, service: Service) -> None:
    @api.get("/payers", tags=["policies"], responses=offering(models.Payers, 400, 406))
    async def payers(request: Request, _: None_) -> Response:
        """List the payers with their plans and policies."""
        return await service.page(request, "view", name="payers")

    @api.get("/policies", tags=["policies"], responses=offering(models.Policies, 400, 406))
    async def policies(request: Request, _: None_) -> Response:
        """List every edition of every policy."""
        return await service.page(request, "view", name="policies")

    @api.get(
        "/policies/{payer}",
        tags=["policies"],
        responses=offering(models.Payer, 400, 404, 406),
    )
    async def payer_document(request: Request, payer: Segment, _: None_) -> Response:
        """Show one payer with its plans and policies."""
        return await service.page(request, "document", path=f"policies/{payer}")

    @api.get(
        "/policies/{payer}/{policy}",
        tags=["policies"],
        responses=offering(models.Policy, 400, 404, 406),
    )
    async def policy(request: Request, payer: Segment, policy: Segment, _: None_) -> Response:
        """Show one policy with its editions."""
        return await service.page(request, "view", name="policy", at=[payer, policy])

    @api.get(
        "/policies/{payer}/{policy}/{edition}",
        tags=["policies"],
        responses=offering(models.Edition | models.Document, 400, 404, 406),
    )
    async def edition(
        request: Request, payer: Segment, policy: Segment, edition: Segment, _: None_
    ) -> Response:
        """Show one edition: criteria, citations, dates. Its Turtle is the file that decides."""
        path = f"policies/{payer}/{policy}/{edition}"
        return await service.page(request, "document", path=path)

    @api.get(
        "/sources/{payer}/{policy}",
        tags=["policies"],
        responses=offering(models.Document, 400, 404, 406),
    )
    async def source(request: Request, payer: Segment, policy: Segment, _: None_) -> Response:
        """Show the clauses of a payer's document, in our words."""
        return await service.page(request, "document", path=f"sources/{payer}/{policy}")


def _procedures(api: APIRouter, service: Service) -> None:
    @api.get("/procedures", tags=["procedures"], responses=offering(models.Procedures, 400, 406))
    async def procedures(request: Request, _: None_) -> Response:
        """List the classes of procedures."""
        return await service.page(request, "view", name="procedures")

    @api.get(
        "/procedures/{name}",
        tags=["procedures"],
        responses=offering(models.Procedure, 400, 404, 406),
    )
    async def procedure(
        request: Request,
        name: Annotated[Segment, Path(examples=["facet-joint-denervation"])],
        _: None_,
    ) -> Response:
        """Show one class of procedures: its codes, and the policies that speak of it."""
        return await service.page(request, "view", name="procedure", at=[name])

    @api.get("/codes", tags=["procedures"], responses=offering(models.Codes, 400, 406))
    async def codes(request: Request, _: None_) -> Response:
        """List the codes that policies speak of, by system. As Turtle, the code tables."""
        return await service.page(request, "document", path="codes")

    @api.get(
        "/codes/{system}/{code}",
        tags=["procedures"],
        responses=offering(models.ProcedureCode | models.DiagnosisCode, 400, 404, 406),
    )
    async def code(
        request: Request,
        system: Annotated[Segment, Path(examples=["cpt"])],
        code: Annotated[Segment, Path(examples=["64493"])],
        _: None_,
    ) -> Response:
        """Show one code: its class, region, add-ons, and the policies that speak of it."""
        return await service.page(request, "view", name="code", at=[system, code])

    @api.get("/coverage", tags=["procedures"], responses=offering(models.Coverage, 400, 406))
    async def coverage(request: Request, asked: Annotated[models.LookupQuery, Query()]) -> Response:
        """Look up whether payers cover a code, and under what conditions.

        Nobody's record is read, so the answer is never "covered": a policy refuses the code,
        leaves it to a person, does not address it, or covers it under conditions.
        """
        return await service.lookup(request, asked)

    @api.get("/compare", tags=["procedures"], responses=offering(models.Comparison, 400, 406))
    async def compare(request: Request, asked: Annotated[models.CompareQuery, Query()]) -> Response:
        """Compare what payers ask for a procedure, by concern, with section numbers."""
        words = asked.model_dump(exclude_none=True)
        return await service.page(request, "compare", "comparison", **words)


def _decisions(api: APIRouter, service: Service) -> None:
    most = service.settings.largest_body

    async def worked(request: Request, asked: models.DecisionQuery, do: str) -> Response:
        media_type = essence(request, REQUEST_TYPES)
        try:
            return await answered(request, asked, do, media_type)
        except Problem as problem:
            raise (Outcome.told(problem) if media_type == FHIR else problem) from None

    async def answered(
        request: Request, asked: models.DecisionQuery, do: str, media_type: str
    ) -> Response:
        if chosen(request.headers.get("accept", ""), RESOURCE) is None:
            raise Problem(406, "none of the accepted types is offered", hint=", ".join(RESOURCE))
        words = asked.model_dump(exclude_none=True)
        job = {**words, "do": do, "media_type": media_type}
        job["accept"] = request.headers.get("accept", "")
        body = await body_of(request, most)
        return await service.work("decision", job, body, holder_of(request))

    @api.get(
        "/decisions/{id}",
        tags=["decisions"],
        responses=offering(models.KeptDecision, 400, 404, types=(JSON,), unchanging=False),
    )
    async def kept(
        request: Request,
        id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", examples=["0" * 32])],
        _: None_,
    ) -> Response:
        """Show a decision that was kept, with its receipt, to whose key asked for it."""
        return await service.kept(id, holder_of(request))

    @api.post(
        "/decisions",
        tags=["decisions"],
        responses=offering(list[models.Decision], 404, *BODY, unchanging=False, fhir=True),
        openapi_extra=body_of_request("One coverage request.", most),
    )
    async def decisions(
        request: Request, asked: Annotated[models.DecisionQuery, Query()]
    ) -> Response:
        """Decide a coverage request, with every criterion judged and cited.

        Accept `text/turtle;profile="http://www.w3.org/ns/shacl#"` for a SHACL report.
        """
        return await worked(request, asked, "decide")

    @api.post(
        "/validate",
        tags=["decisions"],
        responses=offering(models.Reports, 404, *BODY, unchanging=False, fhir=True),
        openapi_extra=body_of_request("One coverage request.", most),
    )
    async def validate(
        request: Request, asked: Annotated[models.DecisionQuery, Query()]
    ) -> Response:
        """Report only whether a request conforms to the policies: an `sh:ValidationReport`."""
        return await worked(request, asked, "validate")


def _graph(api: APIRouter, service: Service) -> None:
    def document(address: str, summary: str, path: str = "") -> None:
        @api.get(
            f"/{address}",
            tags=["graph"],
            name=address,
            summary=summary,
            responses=offering(models.Document, 400, 406),
        )
        async def whole(request: Request, _: None_) -> Response:
            return await service.page(request, "document", path=path or address)

    document("ontology", "Show the ontology")
    document(f"ontology/{engine_version()}", "Show this version of the ontology", "ontology")
    document("components", "Show the constraint components")
    document("derivations", "Show what follows from what a record shows")
    document("house-rules", "Show the shapes that check the knowledge itself")

    @api.get("/shapes", tags=["graph"], responses=offering(models.ShapeFiles, 400, 406))
    async def shapes(request: Request, _: None_) -> Response:
        """List the files of shapes."""
        return await service.page(request, "shapes", path="")

    @api.get(
        "/shapes/{path:path}",
        tags=["graph"],
        responses=offering(models.Document, 400, 404, 406),
    )
    async def shape_file(
        request: Request,
        path: Annotated[str, Path(max_length=200, examples=["components/minimum-interval"])],
        _: None_,
    ) -> Response:
        """Show one file of shapes; its Turtle is the file itself."""
        return await service.page(request, "shapes", path=path.removesuffix(".ttl"))

    @api.get(
        "/vocabulary",
        tags=["graph"],
        responses=offering(models.Vocabulary, 400, 406, types=(*RESOURCE, MARKDOWN)),
    )
    async def vocabulary(request: Request, _: None_) -> Response:
        """Show everything a request may state, and what silence means."""
        return await service.page(request, "vocabulary")

    @api.get(
        "/context.jsonld",
        tags=["graph"],
        responses=offering(models.Context, 400, 406, types=(JSON_LD, JSON)),
    )
    async def context(request: Request, _: None_) -> Response:
        """Show the JSON-LD context that requests are read under."""
        return await service.page(request, "context")

    @api.get("/api", tags=["graph"], responses=offering(models.Document, 400, 406))
    async def names(request: Request, _: None_) -> Response:
        """Show what the names in the answers mean."""
        found = chosen(request.headers.get("accept", ""), RESOURCE)
        if found is None:
            raise Problem(406, "none of the accepted types is offered", hint=", ".join(RESOURCE))
        body = glossary.written(found[0])
        return service.unchanging(body, found[0], tag_of(body))
