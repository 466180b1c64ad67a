"""Imports point one way, and there is no circle: a step knows those before it and none after.

What is imported inside a function or for types alone counts as well. It is a dependency all
the same, and a circle that an import at the top would show is only hidden by it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
# From the ground up. Wings on one line know nothing of each other, except on the ground.
ORDER = (
    ("errors", "namespaces", "days", "triples", "plain", "formats", "version", "collector"),
    ("knowledge",),
    ("policies",),
    ("request",),
    ("facts",),
    ("quick",),
    ("judge",),
    ("decision",),
    ("engine",),
    ("lookup", "comparison", "sparql", "owl", "authoring", "prove"),
    ("render",),
    ("fhir",),
    # The public face: `reasoner/__init__.py` itself.
    ("batch", "kept", "covergraph"),
    ("commands",),
    ("cli",),
    ("api",),
)
LEVEL = {wing: level for level, wings in enumerate(ORDER) for wing in wings}
# What points upward still: from a module to a wing.
KNOWN: set[tuple[str, str]] = set()


def modules() -> dict[str, Path]:
    """Return every module of the program by its name in an installed wheel."""
    found = {}
    for folder, package in (("reasoner", "covergraph"), ("api", "covergraph.api")):
        for path in sorted((CHECKOUT / folder).rglob("*.py")):
            parts = path.relative_to(CHECKOUT / folder).with_suffix("").parts
            # In the checkout `reasoner/api` is a link to `api`.
            if folder == "reasoner" and parts[0] == "api":
                continue
            name = ".".join([package, *parts]).removesuffix(".__init__")
            found[name] = path
    return found


MODULES = modules()


def wing(module: str) -> str:
    """Return the part of the program that a module belongs to."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] or package


def imported(module: str) -> Iterator[str]:
    """Yield the full names that a module imports, wherever in it."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:
                name = f"{start}.{alias.name}"
                yield name if name in MODULES else start


def ours(module: str) -> set[str]:
    """Return the modules of the program that a module imports."""
    return {name for name in imported(module) if name in MODULES and name != module}


def test_every_wing_has_its_place() -> None:
    assert {wing(module) for module in MODULES} == LEVEL.keys()
    assert len(MODULES) > 100


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    here = wing(module)
    upward = {
        name
        for name in ours(module)
        if wing(name) != here
        and (LEVEL[wing(name)] > LEVEL[here] or (LEVEL[wing(name)] == LEVEL[here] != 0))
        and (module, wing(name)) not in KNOWN
    }
    assert not upward


def test_what_is_known_to_point_upward_still_does() -> None:
    still = {(m, wing(name)) for m in MODULES for name in ours(m)}
    assert still >= KNOWN, "an exception is out of date: take it out"


def test_there_is_no_circle() -> None:
    graph = {m: {n for n in ours(m) if (m, wing(n)) not in KNOWN} for m in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1][::-1]))


def test_the_face_is_for_others() -> None:
    """Inside, a name is imported from where it lies."""
    assert not [m for m in MODULES if "covergraph" in ours(m)]


def test_no_module_goes_by_the_name_of_its_folder() -> None:
    """`reasoner` and `api` are folders of the checkout; no installed package is called so."""
    for module in MODULES:
        assert not {n.split(".")[0] for n in imported(module)} & {"reasoner", "api"}, module


def test_only_the_command_that_serves_names_the_service() -> None:
    naming = {
        module
        for module, path in MODULES.items()
        if wing(module) != "api" and "covergraph.api" in path.read_text()
    }
    assert naming == {"covergraph.commands.serve"}
