"""From bytes to resources: what came in, where each stands, and what refers to what.

A Bundle of any type, Parameters, a CDS Hooks call with its prefetch, lines of resources or one
resource alone. What is not R4, or cannot be told apart, is refused with its place as FHIRPath;
no value is repeated, for it may be a patient's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError

Body = dict[str, Any]

LARGEST = 20_000_000
# Bundles stand in prefetches and parameters, and in those no further ones.
MOST_NESTED = 4
_TYPE = re.compile(r"[A-Z][A-Za-z]{2,63}\Z")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
_HISTORY = re.compile(r"/_history/[A-Za-z0-9.-]{1,64}\Z")
_TAIL = re.compile(r"(?:\A|/)([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})\Z")


@dataclass(frozen=True)
class Resource:
    """One resource, with the place that it stands at and the names that it goes by.

    Parameters
    ----------
    name : str
        What it is called in answers, such as ``Procedure/b1``.
    place : str
        Where it stands, as FHIRPath.
    url : str
        The full URL of its entry; may be empty.
    """

    body: Body = field(repr=False)
    kind: str
    name: str
    place: str
    url: str = ""
    container: Body | None = field(default=None, repr=False)

    def __hash__(self) -> int:
        return id(self.body)


@dataclass
class Bundle:
    """Everything that came in with one call.

    Parameters
    ----------
    modified : bool
        Whether anything carries an extension that changes the meaning.
    notes : list of (str, str)
        What came in that is no resource, and why it is not read: a name or place, a reason.
    """

    resources: list[Resource] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    hook: Body = field(default_factory=dict)
    modified: bool = False
    by_name: dict[str, Resource | None] = field(default_factory=dict)
    by_url: dict[str, Resource] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[Resource]:
        return [r for r in self.resources if r.kind in kinds]

    def referred(self, reference: object, by: Resource) -> Resource | None:
        """Return what a reference leads to, or None where that is not here."""
        text = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(text, str):
            return None
        if text.startswith("#"):
            return self._contained(text[1:], by)
        text = _HISTORY.sub("", text)
        if text in self.by_url:
            return self.by_url[text]
        found = self.by_name.get(text)
        if found is None and (tail := _TAIL.search(text)):
            # An absolute reference to what came without an address of its own.
            found = self.by_name.get(tail.group(1))
            found = None if found and found.url else found
        return found

    def _contained(self, name: str, by: Resource) -> Resource | None:
        container = by.container or by.body
        for inner in container.get("contained", ()):
            if isinstance(inner, dict) and inner.get("id") == name:
                kind = inner.get("resourceType")
                if isinstance(kind, str):
                    return Resource(inner, kind, f"{by.name}#{name}", by.place, "", container)
        return None


def is_fhir(data: bytes, media_type: str | None = None, name: str = "") -> bool:
    """Return whether bytes are FHIR rather than a request in JSON-LD or RDF."""
    if media_type:
        essence = media_type.partition(";")[0].strip().lower()
        if essence in ("application/fhir+json", "application/fhir+ndjson"):
            return True
        if essence not in ("application/json", "application/octet-stream"):
            return False
    if not data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return False
    return b'"resourceType"' in data or (b'"hookInstance"' in data and b'"context"' in data)


def read_bundle(data: bytes | Mapping[str, bytes]) -> Bundle:
    """Return the resources of a document, or of all files of a folder.

    Raises
    ------
    InputError
        When it is not JSON, no FHIR, or two different resources go by one name.
    """
    files = {"": data} if isinstance(data, bytes) else data
    if sum(map(len, files.values())) > LARGEST:
        raise InputError(f"the input is larger than {LARGEST} bytes")
    bundle = Bundle()
    for name, content in files.items():
        bundle.modified |= b"modifierExtension" in content
        try:
            _read_file(content, bundle)
        except InputError as error:
            where = ": ".join(part for part in (name, error.where) if part)
            raise InputError(error.what, where, error.hint) from None
    return bundle


def _read_file(data: bytes, bundle: Bundle) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("the input is not UTF-8", f"byte {error.start}") from None
    for place, document in _documents(text):
        if not isinstance(document, dict):
            raise InputError("not a resource of FHIR", place)
        if "hook" in document and "resourceType" not in document:
            bundle.hook = document
            _of_hook(document, bundle)
        else:
            _add(document, "", place, bundle, 0)


def _documents(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the one document, or each of several on lines of their own, with a place."""
    try:
        document = _parsed(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or error.lineno != 2 or not lines[0].rstrip().endswith("}"):
            where = f"line {error.lineno}, column {error.colno}"
            raise InputError(f"not valid JSON: {error.msg}", where) from None
    else:
        yield _root(document), document
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield f"line {number}", _parsed(line)
            except json.JSONDecodeError as error:
                raise InputError(f"not valid JSON: {error.msg}", f"line {number}") from None


def _root(document: object) -> str:
    kind = document.get("resourceType") if isinstance(document, dict) else ""
    return kind if isinstance(kind, str) and _TYPE.match(kind) else ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError:
        raise InputError("nested too deep") from None


def _unique(pairs: list[tuple[str, Any]]) -> Body:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InputError("an object has the same key twice")
    return found


def _no_number(written: str) -> float:
    raise InputError(f"{written} is not a number")


def _of_hook(call: Body, bundle: Bundle) -> None:
    context, prefetch = call.get("context"), call.get("prefetch", {})
    if not isinstance(context, dict):
        raise InputError("a hook has a context", "context")
    if not isinstance(prefetch, dict):
        raise InputError("not an object", "prefetch")
    for key in ("draftOrders", "appointments"):
        if isinstance(context.get(key), dict):
            _add(context[key], "", f"context.{key}", bundle, 0)
    for number, (_, value) in enumerate(prefetch.items()):
        place = f"prefetch[{number}]"
        if value is None:
            bundle.notes.append((place, "it was not sent; what it would hold is not known"))
        elif isinstance(value, dict):
            _add(value, "", place, bundle, 0)
        else:
            raise InputError("not a resource of FHIR", place)


def _add(body: Body, url: str, place: str, bundle: Bundle, depth: int) -> None:
    """Add a resource, or everything that stands in it where it is a container."""
    kind = body.get("resourceType")
    if not isinstance(kind, str) or not _TYPE.match(kind):
        raise InputError("not a resource of FHIR: it has no resourceType", place)
    if depth > MOST_NESTED:
        raise InputError("bundles stand in each other too deep", place)
    if kind == "Bundle":
        _entries(body, place, bundle, depth)
    elif kind == "Parameters":
        _parameters(body, "parameter", place, bundle, depth)
    else:
        _resource(body, kind, url, place, bundle)


def _entries(body: Body, place: str, bundle: Bundle, depth: int) -> None:
    for number, entry in enumerate(_listed(body, "entry", place)):
        at = f"{place}.entry[{number}]"
        request = entry.get("request")
        if isinstance(request, dict) and request.get("method") == "DELETE":
            bundle.notes.append((at, "it says that something was deleted"))
            continue
        inner, url = entry.get("resource"), entry.get("fullUrl", "")
        if not isinstance(url, str):
            raise InputError("not a URL", f"{at}.fullUrl")
        if inner is None:
            bundle.notes.append((at, "it holds no resource"))
        elif isinstance(inner, dict):
            _add(inner, _HISTORY.sub("", url), f"{at}.resource", bundle, depth + 1)
        else:
            raise InputError("not a resource of FHIR", f"{at}.resource")


def _parameters(body: Body, key: str, place: str, bundle: Bundle, depth: int) -> None:
    for number, parameter in enumerate(_listed(body, key, place)):
        at = f"{place}.{key}[{number}]"
        if isinstance(parameter.get("resource"), dict):
            _add(parameter["resource"], "", f"{at}.resource", bundle, depth + 1)
        if "part" in parameter:
            if depth > MOST_NESTED:
                raise InputError("parameters stand in each other too deep", at)
            _parameters(parameter, "part", at, bundle, depth + 1)


def _listed(body: Body, key: str, place: str) -> list[Body]:
    found = body.get(key, [])
    if not isinstance(found, list) or any(not isinstance(e, dict) for e in found):
        raise InputError("not a list of objects", f"{place}.{key}")
    return found


def _resource(body: Body, kind: str, url: str, place: str, bundle: Bundle) -> None:
    identity = body.get("id", "")
    if not isinstance(identity, str) or (identity and not _ID.match(identity)):
        raise InputError("not an id of FHIR", f"{place}.id")
    if any(isinstance(c, dict) and "contained" in c for c in _listed(body, "contained", place)):
        raise InputError("contained resources contain others", f"{place}.contained")
    name = f"{kind}/{identity}" if identity else place
    resource = Resource(body, kind, name, place, url)
    there = bundle.by_url.get(url) if url else bundle.by_name.get(name)
    if there is not None:
        if there.body == body:
            return
        raise InputError("two different resources go by one name", place, "send the one that holds")
    if identity and name in bundle.by_name:
        # Of two servers; a relative reference to it leads nowhere.
        other = bundle.by_name[name]
        if other is not None and other.body == body:
            return
        bundle.by_name[name] = None
    elif identity:
        bundle.by_name[name] = resource
    if url:
        bundle.by_url[url] = resource
    bundle.resources.append(resource)
