"""One of several SHACL engines with a Python API, kept warm and asked by lines of JSON.

Runs where the engine is installed; its name is the argument. Each is called as its own
documentation does for many requests under the same shapes, and answers whether the data
conform and which shapes they fail.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

SOURCE = "http://www.w3.org/ns/shacl#sourceShape"
# Deep enough for a policy as one shape; pySHACL's own limit is 15.
DEPTH = 40
Report = tuple[bool, set[str]]
# What reads shapes, and what judges a request by them.
Engine = tuple[Callable[[str], Any], Callable[[Any, str], Report]]


def pyshacl_turbo() -> Engine:
    import pyshacl_turbo
    from rdflib import URIRef

    def report(shapes: Any, data: str) -> Report:
        conforms, graph, _ = shapes.validate(
            data, data_graph_format="turtle", max_validation_depth=DEPTH
        )
        return conforms, set(map(str, graph.objects(None, URIRef(SOURCE))))

    return lambda t: pyshacl_turbo.compile_shapes(t, shacl_graph_format="turtle"), report


def shacl() -> Engine:
    import shacl

    def report(shapes: Any, data: str) -> Report:
        found = shapes.validate_turtle(data)
        return found.conforms, {bare(r.source_shape) for r in found.results}

    return shacl.Shapes.from_turtle, report


def pyshifty() -> Engine:
    import shifty
    from rdflib import URIRef

    def report(shapes: Any, data: str) -> Report:
        conforms, graph, _ = shapes.validate(data, infer=False)
        return conforms, set(map(str, graph.objects(None, URIRef(SOURCE))))

    return shifty.PreparedValidator, report


def shacl_rust() -> Engine:
    import shacl_rust

    def report(shapes: str, data: str) -> Report:
        found = shacl_rust.validate(data, shapes)
        return found["conforms"], {bare(r["sourceShape"]) for r in found["results"]}

    return lambda text: text, report


def bare(term: str | None) -> str:
    """Return a term of N-Triples without its angle brackets."""
    return (term or "").strip("<>")


def main(name: str) -> None:
    read, report = globals()[name.replace("-", "_")]()
    shapes: dict[str, Any] = {}
    requests: dict[str, str] = {}
    for line in sys.stdin:
        asked, *given = json.loads(line)
        answer: object = None
        try:
            if asked == "version":
                answer = version(name)
            elif asked == "shapes":
                shapes[given[0]] = read(given[1])
            elif asked == "request":
                requests[given[0]] = given[1]
            elif asked == "report":
                conforms, failing = report(shapes[given[0]], requests[given[1]])
                answer = [conforms, sorted(failing)]
            elif asked == "time":
                timings: list[tuple[float, float]] = []
                for _ in range(given[2]):
                    worked, began = time.thread_time(), time.perf_counter()
                    report(shapes[given[0]], requests[given[1]])
                    timings.append((time.perf_counter() - began, time.thread_time() - worked))
                answer = timings
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
