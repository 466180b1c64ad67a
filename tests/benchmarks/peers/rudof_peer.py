"""pyrudof, kept warm: runs where pyrudof is installed and is asked by lines of JSON.

What is timed is timed in here. ``merge=False`` is what keeps one patient's triples from the
next one's verdicts.
"""

import json
import sys
import time
from importlib.metadata import version

from pyrudof import RDFFormat, Rudof, RudofConfig, ShaclFormat, ShaclValidationReport


def main() -> None:
    sessions: dict[str, Rudof] = {}
    requests: dict[str, str] = {}

    def report(shapes: str, request: str) -> ShaclValidationReport:
        session = sessions[shapes]
        session.read_data(requests[request], RDFFormat.Turtle, merge=False)
        return session.validate_shacl()

    for line in sys.stdin:
        asked, *given = json.loads(line)
        answer: object = None
        if asked == "version":
            answer = version("pyrudof")
        elif asked == "shapes":
            sessions[given[0]] = Rudof(RudofConfig())
            sessions[given[0]].read_shacl(given[1], ShaclFormat.Turtle)
        elif asked == "request":
            requests[given[0]] = given[1]
        elif asked == "report":
            answer = sorted({str(entry.source_shape) for entry in report(*given)})
        elif asked == "time":
            timings: list[tuple[float, float]] = []
            for _ in range(given[2]):
                worked, began = time.thread_time(), time.perf_counter()
                report(*given[:2])
                timings.append((time.perf_counter() - began, time.thread_time() - worked))
            answer = timings
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
