"""Large bodies: what exporters really send is taken, and never more of it at once than there is memory for."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from made import NOW, span, talk
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from test_http_receiver import JSON, PROTOBUF, Edge, edge, reason_in  # noqa: F401 - a fixture

from bot.http.room import Room
from traces import limits
from traces.errors import Busy

MIB = 2**20


def export_of_long_prompts(mib: int) -> bytes:
    """512 model calls of which each has a long prompt, as the Python exporter sends them: not compressed."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(1, 513):
        made, sent = span(number), scope.spans.add()
        sent.trace_id, sent.span_id = bytes.fromhex(made.trace_id), bytes.fromhex(made.span_id)
        sent.start_time_unix_nano = sent.end_time_unix_nano = int(NOW.timestamp()) * 10**9
        sent.attributes.add(key="gen_ai.conversation.id").value.string_value = "c-1"
        sent.attributes.add(key="input.value").value.string_value = "x" * (mib * MIB // 512)
    return request.SerializeToString()


def test_a_batch_of_512_spans_with_long_prompts_is_stored_as_the_exporter_sends_it(edge):  # noqa: F811
    assert edge.post("/v1/traces", export_of_long_prompts(12), PROTOBUF).status_code == 200
    assert edge.stored() == ["c-1"]


@contextmanager
def an_edge_with(room, path):
    with closing(Edge(path, room=room)) as made:
        yield made


@contextmanager
def kept_from_storing(edge):  # noqa: F811
    """A database that another process holds, so that what was taken stays in memory."""
    held, release = threading.Event(), threading.Event()

    def keep() -> None:
        with edge.hark.store.begin():
            held.set()
            release.wait(30)

    other = threading.Thread(target=keep)
    other.start()
    held.wait(10)
    try:
        yield
    finally:
        release.set()
        other.join()


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_beyond_what_there_is_memory_for_a_large_body_is_told_to_come_again_and_small_ones_pass(tmp_path, encoding):
    large = json.dumps(talk("large", "x" * MIB)).encode()
    with an_edge_with(Room(reading=MIB * 4, working=int(MIB * 1.5), patience_s=0.1), tmp_path / "hark.db") as edge:  # noqa: F811

        def post(number):
            body = large.replace(b'"large"', b'"large-%d"' % number)
            sent = gzip.compress(body) if encoding == "gzip" else body
            return edge.post("/v1/conversations", sent, content_encoding=encoding)

        with ThreadPoolExecutor(4) as pool, kept_from_storing(edge):
            answers = [pool.submit(post, number) for number in range(3)]
            refused = [answer for answer in map(_soon, answers) if answer is not None]
            small = pool.submit(edge.post, "/v1/conversations", talk("small"))
        assert {a.status_code for a in refused} == {503}
        assert len(refused) == 2
        assert int(refused[0].headers["retry-after"]) > 0
        assert "large" in reason_in(refused[0])
        assert small.result().status_code == 200
        assert len(edge.stored()) == 2
        assert [post(number).status_code for number in range(3)] == [200] * 3
        assert len(edge.stored()) == 4


def _soon(answer):
    """An answer, or nothing while it waits for the database."""
    try:
        return answer.result(1.5)
    except TimeoutError:
        return None


def test_room_is_given_back_whatever_became_of_a_body(tmp_path):
    with an_edge_with(Room(reading=MIB * 2, working=MIB * 2, patience_s=0.1), tmp_path / "hark.db") as edge:  # noqa: F811
        for _ in range(4):
            assert edge.post("/v1/traces", b"x" * (MIB + 5), PROTOBUF).status_code == 400
            assert (
                edge.post("/v1/traces", gzip.compress(bytes(MIB + 5)), JSON, content_encoding="gzip").status_code == 400
            )
            assert edge.post("/v1/traces", b"x" * (limits.WIRE_BYTES + 1), PROTOBUF).status_code == 413
            assert edge.post("/v1/metrics", b"x" * (3 * MIB), PROTOBUF).status_code == 200
        assert edge.post("/v1/conversations", talk("c-1", "x" * MIB)).status_code == 200


def test_a_body_without_a_length_is_read_no_further_than_the_limit(tmp_path):
    read, said = itertools.count(), []

    async def endless():
        next(read)
        return {"type": "http.request", "body": bytes(MIB), "more_body": True}

    async def send(message):
        said.append(message)

    with an_edge_with(Room(), tmp_path / "hark.db") as edge:  # noqa: F811
        app = edge.hark.receiver(edge.writer).app()
        headers = [(b"content-type", PROTOBUF.encode())]
        scope = {"type": "http", "method": "POST", "path": "/v1/traces", "query_string": b"", "headers": headers}
        asyncio.run(asyncio.wait_for(app(scope, endless, send), 20))
    assert said[0]["status"] == 413
    assert next(read) == limits.WIRE_BYTES // MIB + 1


def test_bodies_wait_for_room_in_the_order_they_came():
    order = []

    async def scene():
        room = Room(reading=10 * MIB, working=3 * MIB, patience_s=5)
        first = room.place()
        await first.to_work(2 * MIB)

        async def body(name, size):
            place = room.place()
            await place.to_work(size)
            order.append(name)
            place.leave()

        waiting = [asyncio.create_task(body(name, size)) for name, size in (("a", 3 * MIB), ("b", MIB), ("c", MIB))]
        await asyncio.sleep(0)
        assert order == []
        first.leave()
        await asyncio.gather(*waiting)

    asyncio.run(scene())
    assert order == ["a", "b", "c"]


def test_who_waits_too_long_is_told_and_holds_up_nobody():
    async def scene():
        room = Room(reading=MIB, working=2 * MIB, patience_s=0.01)
        holder, waiter, later = room.place(), room.place(), room.place()
        await holder.to_work(2 * MIB)
        with pytest.raises(Busy, match="large bodies"):
            await waiter.to_work(MIB)
        waiter.leave()
        holder.leave()
        await later.to_work(2 * MIB)

    asyncio.run(scene())


def test_a_body_that_trickles_in_is_given_up(tmp_path):
    def trickle():
        yield b" " * MIB
        threading.Event().wait(1)
        yield b" "

    with an_edge_with(Room(read_within_s=0.2), tmp_path / "hark.db") as edge:  # noqa: F811
        answer = edge.client.post("/v1/conversations", content=trickle(), headers={"content-type": JSON})
        assert answer.status_code == 503
        assert "did not arrive within" in reason_in(answer)
