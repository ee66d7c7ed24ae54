"""What is small on the wire and much in memory is refused before it is parsed."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from traces import limits
from traces.errors import BadInput, TooLarge
from traces.otlp_density import check_density
from traces.wire import read_export, read_logs


def held_in(inner: bytes, *fields: int) -> bytes:
    """Messages within each other, each in the field of that number of the one around it."""
    for field in reversed(fields):
        size, digits = len(inner), []
        while size > 0x7F:
            digits.append(size & 0x7F | 0x80)
            size >>= 7
        inner = bytes([field << 3 | 2, *digits, size]) + inner
    return inner


def many(field: int) -> bytes:
    return bytes([field << 3 | 2, 0]) * (limits.PROTOBUF_MESSAGES + 100_000)


SPANS, PAIRS, ITEMS = held_in(many(2), 1, 2), held_in(many(9), 1, 2, 2), held_in(many(1), 1, 2, 2, 9, 2, 5)


@pytest.mark.parametrize("body", [many(1), SPANS, PAIRS, ITEMS, held_in(many(11), 1, 2, 2)])
def test_an_export_of_countless_empty_messages_is_refused(body):
    with pytest.raises(TooLarge, match="more than 1000000 messages"):
        read_export(body)


@pytest.mark.parametrize("body", [many(1), held_in(many(2), 1, 2), held_in(many(6), 1, 2, 2)])
def test_logs_of_countless_empty_messages_are_refused(body):
    with pytest.raises(TooLarge, match="more than 1000000 messages"):
        read_logs(body)


@pytest.mark.parametrize("read", [read_export, read_logs])
def test_a_small_body_of_countless_spans_is_refused(read):
    with pytest.raises(TooLarge, match="more than 30000 spans or records"):
        read(held_in(many(2)[: limits.SPARSE_BYTES - 20], 1, 2))


def test_large_texts_are_no_many_messages():
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, start_time_unix_nano=1)
    )
    span.attributes.append(KeyValue(key="input.value", value=AnyValue(string_value="\n" * (limits.SPARSE_BYTES + 1))))
    assert len(read_export(request.SerializeToString()).spans) == 1


values = st.recursive(
    st.builds(lambda text: AnyValue(string_value=text), st.text(max_size=5)) | st.just(AnyValue(int_value=-1)),
    lambda inner: (
        st.builds(lambda held: AnyValue(array_value=ArrayValue(values=held)), st.lists(inner, max_size=3))
        | st.builds(
            lambda held: AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", value=v) for v in held])),
            st.lists(inner, max_size=3),
        )
    ),
    max_leaves=6,
)


def messages_in(value):
    """Every message beneath a protobuf message, by its own description."""
    held = [inner for field, inner in value.ListFields() if field.type == field.TYPE_MESSAGE]
    flat = [one for inner in held for one in ([inner] if hasattr(inner, "ListFields") else inner)]
    return len(flat) + sum(messages_in(one) for one in flat)


def is_too_dense(body, kind, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "SPARSE_BYTES", 0)
        patch.setattr(limits, "PROTOBUF_MESSAGES", most)
        try:
            check_density(body, kind)
        except TooLarge:
            return True
    return False


@given(st.lists(values, max_size=4), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_message_is_counted_once(held, of_logs):
    request = ExportLogsServiceRequest() if of_logs else ExportTraceServiceRequest()
    if of_logs:
        group = request.resource_logs.add()
        group.scope_logs.add().log_records.add(
            body=held[0] if held else None, attributes=[KeyValue(key="k", value=v) for v in held], trace_id=b"t" * 16
        )
    else:
        group = request.resource_spans.add()
        span = group.scope_spans.add().spans.add(name="n" * 200, kind=1, start_time_unix_nano=2**63, flags=1)
        span.attributes.extend(KeyValue(key="k", value=v) for v in held)
        span.events.add(name="e").attributes.extend(KeyValue(key="k", value=v) for v in held)
        span.links.add(trace_id=b"t" * 16)
        span.status.message = "m"
    group.resource.attributes.extend(KeyValue(key="k", value=v) for v in held)
    body, count, kind = request.SerializeToString(), messages_in(request), "logs" if of_logs else "traces"
    assert not is_too_dense(body, kind, count)
    assert is_too_dense(body, kind, count - 1)


@given(st.binary(max_size=200))
def test_garbage_is_left_to_the_parser(body):
    assert not is_too_dense(body, "traces", 1_000)


def test_a_large_body_that_is_no_protobuf_is_refused_as_such():
    with pytest.raises(BadInput, match="not an OTLP trace export"):
        read_export(b"\xff" * (limits.SPARSE_BYTES + 1))
