"""How much memory a running Hark takes for the largest bodies, several at once, and what it answers.

Usage: python -m benchmarks.ingest_bodies [--at-once 4] [--rounds 3] [--only NAME]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.ingest import Server
from traces import limits

_SPANS: Final = 512
_SLACK: Final = 64 * 1024
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_WORDS: Final = "order delivery refund invoice account parcel customer address status tomorrow warehouse".split()  # noqa: SIM905


def prompts(size: int, number: int, word: str = "") -> bytes:
    """512 model calls with prompts as long as fit; with a ``word``, of nothing else."""
    rng = random.Random(number)
    long = (size - _SPANS * 400) // _SPANS
    request = ExportTraceServiceRequest()
    scoped = request.resource_spans.add().scope_spans.add()
    for place in range(_SPANS):
        made = scoped.spans.add(trace_id=rng.randbytes(16), span_id=rng.randbytes(8), name="chat")
        made.start_time_unix_nano = time.time_ns() - 3_600_000_000_000
        made.end_time_unix_nano = made.start_time_unix_nano + 10**9
        text = _text(rng, long, word)
        for key, value in {
            "gen_ai.operation.name": "chat",
            "gen_ai.conversation.id": f"c-{number}-{place // 4}",
            "gen_ai.input.messages": json.dumps([{"role": "user", "content": text}], ensure_ascii=False),
            "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": "It is on its way."}]),
        }.items():
            made.attributes.add(key=key).value.string_value = value
    return request.SerializeToString()


def _text(rng: random.Random, long: int, word: str) -> str:
    if word:
        return word * (long // len(word.encode()))
    piece = " ".join(rng.choices(_WORDS, k=200))
    return (f"{rng.random()} {piece} " * (long // len(piece) + 1))[:long]


def attributes(size: int, number: int) -> bytes:
    """As many short attributes as fit, in spans of a thousand."""
    rng = random.Random(number)
    request = ExportTraceServiceRequest()
    scoped = request.resource_spans.add().scope_spans.add()
    held = 0
    while held < min(size, 20 * 600_000):
        made = scoped.spans.add(trace_id=rng.randbytes(16), span_id=rng.randbytes(8), name="chat")
        made.start_time_unix_nano = made.end_time_unix_nano = time.time_ns() - 3_600_000_000_000
        for place in range(1_000):
            made.attributes.add(key=f"key.{place}").value.string_value = f"{rng.random():.6f}"
        held += 25_000
    return request.SerializeToString()


def otlp_json(size: int, number: int) -> bytes:
    """The same calls as JSON."""
    rng = random.Random(number)
    started, spans = time.time_ns() - 3_600_000_000_000, []
    for place in range(_SPANS):
        said = [{"role": "user", "content": _text(rng, (size - _SPANS * 700) // _SPANS, "")}]
        named = {"gen_ai.operation.name": "chat", "gen_ai.conversation.id": f"j-{number}-{place // 4}"}
        named["gen_ai.input.messages"] = json.dumps(said)
        spans.append(
            {
                "traceId": rng.randbytes(16).hex(),
                "spanId": rng.randbytes(8).hex(),
                "startTimeUnixNano": str(started),
                "endTimeUnixNano": str(started + 10**9),
                "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in named.items()],
            }
        )
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def conversations(size: int, number: int) -> bytes:
    """A list of conversations with long messages."""
    rng = random.Random(number)
    long = size // 500 - 200
    return json.dumps(
        [{"id": f"o-{number}-{n}", "messages": [{"role": "user", "content": _text(rng, long, "")}]} for n in range(500)]
    ).encode()


def values(size: int, number: int) -> bytes:
    """As many values as JSON may hold."""
    rows = ",".join(["[1,2,3]"] * (min(size // 8, limits.JSON_CONTAINERS - 10)))
    return f'{{"id": "v-{number}", "messages": [], "x": [{rows}]}}'.encode()


_Case = tuple[str, str, Callable[[int, int], bytes], bool]
CASES: Final[Mapping[str, _Case]] = {
    "prompts": ("/v1/traces", _PROTOBUF, prompts, False),
    "prompts, gzip": ("/v1/traces", _PROTOBUF, prompts, True),
    "prompts in Greek": ("/v1/traces", _PROTOBUF, lambda size, n: prompts(size, n, "καλημέρα "), False),
    "prompts of emoji, gzip": ("/v1/traces", _PROTOBUF, lambda size, n: prompts(size, n, "order 🧾 "), True),
    "attributes": ("/v1/traces", _PROTOBUF, attributes, False),
    "JSON": ("/v1/traces", _JSON, otlp_json, False),
    "JSON, gzip": ("/v1/traces", _JSON, otlp_json, True),
    "conversations": ("/v1/conversations", _JSON, conversations, False),
    "values, gzip": ("/v1/conversations", _JSON, values, True),
    "bomb": ("/v1/traces", _PROTOBUF, lambda size, _: bytes(3 * size), True),
}


def send(port: int, case: _Case, bodies: list[bytes]) -> tuple[Counter[int], float]:
    """All bodies at the same time; how often each status was answered, and the longest answer in seconds."""
    where, kind, _, packed = case
    statuses: Counter[int] = Counter()
    took: list[float] = []

    def post(body: bytes) -> None:
        began = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request(
            "POST", where, body, {"Content-Type": kind} | ({"Content-Encoding": "gzip"} if packed else {})
        )
        answer = connection.getresponse()
        answer.read()
        statuses[answer.status] += 1
        took.append(time.perf_counter() - began)
        connection.close()

    threads = [threading.Thread(target=post, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, max(took)


def _bodies(case: _Case, at_once: int, rounds: int) -> Iterator[list[bytes]]:
    most = (limits.INFLATED_BYTES if case[3] else limits.WIRE_BYTES) - _SLACK
    for turn in range(rounds):
        made = [case[2](most, turn * at_once + place) for place in range(at_once)]
        yield [gzip.compress(body, 6, mtime=0) if case[3] else body for body in made]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=tuple(CASES))
    arguments = parser.parse_args()
    print(f"{'':24} {'MiB':>6} {'at once':>8} {'peak MB':>8} {'longest s':>10}  answers")
    for name, case in CASES.items():
        if arguments.only in (None, name):
            print(_line(name, case, arguments.at_once, arguments.rounds), flush=True)


def _line(name: str, case: _Case, at_once: int, rounds: int) -> str:
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        server = Server(directory, f"sqlite:///{directory / 'hark.db'}")
        statuses: Counter[int] = Counter()
        longest, size = 0.0, 0
        try:
            for bodies in _bodies(case, at_once, rounds):
                said, took = send(server.port, case, bodies)
                statuses += said
                longest, size = max(longest, took), len(bodies[0])
            peak = server.peak_mb
        finally:
            server.kill()
    told = re.sub(r"[{}]", "", str(dict(statuses)))
    return f"{name:24} {size / 2**20:6.1f} {at_once:8} {peak:8.0f} {longest:10.1f}  {told}"


if __name__ == "__main__":
    main()
