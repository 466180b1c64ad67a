"""What a caller can make expensive is stopped, and nobody else notices."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Server, at_rest, serving

CLIQUE = " ".join(f"?a (!<urn:no:{n}>)* ?b{n} ." for n in range(6))
CROSS = " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(6))
DOUBLING = (
    "BIND('"
    + "x" * 100
    + "' AS ?v0) "
    + " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(40))
)
HOSTILE = {
    "cross product": f"SELECT (COUNT(*) AS ?n) WHERE {{ {CROSS} }}",
    "path clique": f"SELECT (COUNT(*) AS ?n) WHERE {{ {CLIQUE} }}",
    "sorted cross product": f"SELECT * WHERE {{ {CROSS} }} ORDER BY ?o5 ?o4 LIMIT 1",
    "memory": f"SELECT (STRLEN(?v40) AS ?n) WHERE {{ {DOUBLING} }}",
    "grouped memory": f"SELECT (GROUP_CONCAT(?o0) AS ?n) WHERE {{ {CROSS} }}",
    "distinct memory": f"SELECT DISTINCT ?s0 ?s1 ?s2 WHERE {{ {CROSS} }}",
}
DEEP = {
    "groups": "SELECT * WHERE " + "{" * 2500 + "}" * 2500,
    "parentheses": "SELECT * WHERE { FILTER(" + "(" * 4000 + "1" + ")" * 4000 + ") }",
    "negations": "SELECT * WHERE { FILTER(" + "!" * 7000 + "true) }",
    "sums": "SELECT * WHERE { FILTER(1" + "+1" * 3500 + ") }",
    "unions": "SELECT * WHERE { {}" + "UNION{}" * 1100 + " }",
    "paths": "SELECT * WHERE { ?s " + "(" * 3000 + "a" + ")" * 3000 + " ?o }",
}
LIVELY = 0.1


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE)
def test_expensive_query_is_stopped_with_a_reason(client: httpx.Client, query: str) -> None:
    began = time.monotonic()
    answer = client.post("/sparql", data={"query": query})
    assert answer.status_code == 503, answer.text
    assert answer.json()["detail"] in (
        "this takes longer than 2 seconds and was stopped",
        "this takes more memory than it may have and was stopped",
    )
    assert time.monotonic() - began < 4
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize("query", DEEP.values(), ids=DEEP)
def test_query_that_would_overflow_the_stack_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.post("/sparql", data={"query": query})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(("nested more than", "more than 500 operators"))


def test_answer_larger_than_is_sent_is_refused(client: httpx.Client) -> None:
    query = f"SELECT ('{'x' * 6000}' AS ?x) WHERE {{ ?s ?p ?o }}"
    answer = client.post("/sparql", data={"query": query})
    assert answer.status_code == 400
    assert "larger than" in answer.json()["detail"]


def test_health_answers_at_once_while_forty_hostile_queries_run(server: Server) -> None:
    """The queries are sent together; health is asked all the while, on fresh connections."""

    async def hostile(client: httpx.AsyncClient, query: str) -> int:
        return (await client.post("/sparql", data={"query": query})).status_code

    async def lively(done: asyncio.Event) -> list[float]:
        taken = []
        async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
            while not done.is_set():
                began = time.perf_counter()
                assert (await client.get("/health")).status_code == 200
                taken.append(time.perf_counter() - began)
                await asyncio.sleep(0.02)
        return taken

    async def all_at_once() -> tuple[list[int], list[float]]:
        done = asyncio.Event()
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits) as client:
            health = asyncio.create_task(lively(done))
            queries = [*HOSTILE.values()] * 7
            statuses = await asyncio.gather(*(hostile(client, q) for q in queries[:40]))
            done.set()
            return statuses, await health

    statuses, taken = asyncio.run(all_at_once())
    assert set(statuses) == {503}
    assert len(taken) > 50
    ordered = sorted(taken)
    assert ordered[int(len(ordered) * 0.99)] < LIVELY, f"slowest: {ordered[-3:]}"


def test_nothing_is_left_of_hostile_queries(server: Server, client: httpx.Client) -> None:
    client.post("/sparql", data={"query": HOSTILE["cross product"]})
    time.sleep(0.5)
    pids = at_rest(server)
    assert len(pids) == 3, "the server and its fork servers"
    for fork_server in pids[1:]:
        assert len(os.listdir(f"/proc/{fork_server}/fd")) < 20


@pytest.mark.parametrize("nth", [1, 2])
def test_server_outlives_its_fork_servers(server: Server, client: httpx.Client, nth: int) -> None:
    client.post("/sparql", data={"query": "ASK {}"})
    os.kill(server.pids[nth], 9)
    time.sleep(0.2)
    assert client.get("/health").status_code == 200
    answer = client.post("/sparql", data={"query": "ASK {}"})
    if answer.status_code == 503:
        answer = client.post("/sparql", data={"query": "ASK {}"})
    assert answer.status_code == 200


def test_server_ends_with_its_fork_servers(tmp_path: Path) -> None:
    with serving(tmp_path / "log") as server:
        httpx.get(f"{server.url}/payers", timeout=30)
        pids = server.pids
    assert len(pids) >= 3, "the server, its fork servers, and perhaps a worker that writes ahead"
    deadline = time.monotonic() + 5
    while any(map(runs, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Return whether a process runs; one that has ended may still wait for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_caller_that_hangs_up_harms_nobody(server: Server, client: httpx.Client) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    query = "SELECT+*+WHERE+%7B+?s+?p+?o+%7D+LIMIT+30000"
    for _ in range(5):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(1)
    assert client.get("/health").status_code == 200
    assert client.post("/sparql", data={"query": "ASK {}"}).status_code == 200
