"""Another checkout of this program, kept warm and asked by lines of JSON.

Runs with the other checkout's own Python, so that before and after take turns in one run.
Before it could be installed under its own name, the package was called ``reasoner``; and what
was read was prepared in a step of its own.
"""

import gc
import json
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from typing import Any

NAME = "covergraph" if find_spec("covergraph") else "reasoner"
# Where answers become plain data: now, and before there were wings.
RENDERS = (f"{NAME}.render.data", f"{NAME}.receipt")


def main(collected_after: int) -> None:
    gc.set_threshold(collected_after)
    reasoner: Any = import_module(f"{NAME}.engine").Reasoner()
    recorder: Any = first_of(RENDERS).Recorder(reasoner.knowledge)

    def answer(key: str, data: bytes, media_type: str | None) -> Any:
        found = reasoner.read(data, media_type=media_type)
        prepared = reasoner.prepare(found) if hasattr(reasoner, "prepare") else found
        return reasoner.answer(prepared, key)

    def act(what: str, key: str, data: bytes, media_type: str | None) -> object:
        found = answer(key, data, media_type)
        if what == "trace":
            return reasoner.trace(found)
        if hasattr(recorder, "text"):
            return recorder.text(found)
        return json.dumps(recorder.answer(found), ensure_ascii=False)

    for line in sys.stdin:
        what, key, text, media_type, times = json.loads(line)
        data = text.encode()
        timings: list[tuple[float, float]] = []
        for _ in range(times):
            worked, began = time.thread_time(), time.perf_counter()
            act(what, key, data, media_type)
            timings.append((time.perf_counter() - began, time.thread_time() - worked))
        print(json.dumps(timings), flush=True)


def first_of(names: tuple[str, ...]) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    raise ModuleNotFoundError(names[0])


if __name__ == "__main__":
    main(int(sys.argv[1]))
