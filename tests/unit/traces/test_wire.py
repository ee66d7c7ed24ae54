from __future__ import annotations

import base64
import contextlib
import gzip
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from traces import limits
from traces.errors import BadInput, HarkError, TooLarge, Unsupported
from traces.wire import JSON, PROTOBUF, inflate, read_export, read_json, read_logs

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured"
TRACE_ID, SPAN_ID, PARENT_ID = bytes(range(1, 17)), bytes(range(1, 9)), bytes(range(2, 10))
START_NS = 1_795_213_986_138_149_672


def export(spans: int = 1, **fields: Any) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value="shop")))
    scoped = group.scope_spans.add()
    scoped.scope.name = "tests"
    for number in range(spans):
        known = {
            "trace_id": TRACE_ID,
            "span_id": (number + 1).to_bytes(8, "big"),
            "start_time_unix_nano": START_NS,
            "end_time_unix_nano": START_NS + 10**9,
            "name": "chat",
        }
        scoped.spans.add(**known | fields)
    return request


def json_export(span: dict[str, Any]) -> bytes:
    return orjson.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"spans": [span]}]}]})


JSON_SPAN = {
    "traceId": TRACE_ID.hex(),
    "spanId": SPAN_ID.hex(),
    "name": "chat",
    "startTimeUnixNano": str(START_NS),
    "endTimeUnixNano": START_NS + 10**9,
}


# --- compression -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("", bytes),
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
        ("gzip", lambda body: gzip.compress(body[:3]) + gzip.compress(body[3:])),
    ],
)
def test_a_body_is_read_in_the_encodings_that_exporters_use(encoding: str, compress: Any) -> None:
    assert inflate(compress(b"hello wire"), encoding) == b"hello wire"


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_compression_bomb_is_refused_before_it_is_inflated(encoding: str, compress: Any) -> None:
    bomb = compress(bytes(limits.INFLATED_BYTES + 1))
    with pytest.raises(TooLarge, match="inflates to more than"):
        inflate(bomb, encoding)


def test_a_zstd_body_that_claims_a_window_of_64_mib_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=26, write_content_size=False)
    packing = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    body = packing.compress(b"{}") + packing.flush()
    with pytest.raises(BadInput, match="not valid zstd"):
        inflate(body, "zstd")


def test_a_bomb_in_many_members_is_refused() -> None:
    with pytest.raises(TooLarge):
        inflate(gzip.compress(bytes(600)) * 2, "gzip", most=1000)


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, gzip"])
def test_other_encodings_are_named_as_not_read(encoding: str) -> None:
    with pytest.raises(Unsupported, match="is not read; send gzip"):
        inflate(b"x", encoding)


def test_a_body_cut_short_is_refused() -> None:
    with pytest.raises(BadInput, match="cut short"):
        inflate(gzip.compress(b"hello wire" * 50)[:-9], "gzip")


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_either_inflate_or_are_bad_input(body: bytes, encoding: str) -> None:
    with contextlib.suppress(BadInput):
        inflate(body, encoding)


# --- JSON --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'{"a": Infinity}', b'"\xff"', b'"\\ud800"', b"[" * 100_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="not valid JSON"):
        read_json(body)


def test_json_is_read_to_a_depth_and_no_deeper() -> None:
    at_limit = b"[" * limits.JSON_DEPTH + b"]" * limits.JSON_DEPTH
    assert read_json(at_limit)
    with pytest.raises(TooLarge, match="nested more than 64 levels"):
        read_json(b"[" + at_limit + b"]")


# --- OTLP --------------------------------------------------------------------------------------------------


def test_a_protobuf_span_is_read_whole() -> None:
    nested = AnyValue(
        kvlist_value=KeyValueList(
            values=[
                KeyValue(
                    key="a",
                    value=AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue(bool_value=True)])),
                )
            ]
        )
    )
    attributes = [
        KeyValue(key="text", value=AnyValue(string_value="hi")),
        KeyValue(key="empty", value=AnyValue(string_value="")),
        KeyValue(key="whole", value=AnyValue(int_value=-7)),
        KeyValue(key="part", value=AnyValue(double_value=0.5)),
        KeyValue(key="nan", value=AnyValue(double_value=float("nan"))),
        KeyValue(key="flag", value=AnyValue(bool_value=False)),
        KeyValue(key="bytes", value=AnyValue(bytes_value=b"\x00\x01")),
        KeyValue(key="nested", value=nested),
        KeyValue(key="unset"),
    ]
    request = export(parent_span_id=PARENT_ID, attributes=attributes)
    raw = request.resource_spans[0].scope_spans[0].spans[0]
    raw.status.code, raw.status.message = 2, "broke"
    raw.events.add(name="exception", time_unix_nano=START_NS, attributes=attributes[:1])
    (span,) = read_export(request.SerializeToString()).spans
    assert span.attributes == {
        "text": "hi", "empty": "", "whole": -7, "part": 0.5, "nan": None, "flag": False, "bytes": "AAE=",
        "nested": {"a": [1, True]}, "unset": None,
    }  # fmt: skip
    assert (span.trace_id, span.parent_id, span.name, span.scope) == (TRACE_ID.hex(), PARENT_ID.hex(), "chat", "tests")
    assert (span.status_code, span.status_message, span.resource) == (2, "broke", {"service.name": "shop"})
    assert span.started_at == datetime(2026, 11, 20, 22, 33, 6, 138149, tzinfo=UTC)
    assert (span.ended_at - span.started_at).total_seconds() == 1
    assert span.events == (("exception", span.started_at, {"text": "hi"}),)


def test_otlp_json_says_the_same_as_protobuf_in_every_dialect() -> None:
    request = export(
        parent_span_id=PARENT_ID,
        attributes=[
            KeyValue(key="n", value=AnyValue(int_value=3)),
            KeyValue(key="d", value=AnyValue(double_value=0.5)),
        ],
    )
    expected = read_export(request.SerializeToString()).spans
    camel = json_format.MessageToJson(request)
    snake = json_format.MessageToJson(request, preserving_proto_field_name=True)
    assert read_export(camel.encode(), JSON).spans == expected
    assert read_export(snake.encode(), f"{JSON}; charset=utf-8").spans == expected


@pytest.mark.parametrize("number", [7, "7", 7.0])
def test_integers_in_json_may_be_numbers_or_text(number: Any) -> None:
    body = json_export(JSON_SPAN | {"attributes": [{"key": "n", "value": {"intValue": number}}]})
    assert read_export(body, JSON).spans[0].attributes == {"n": 7}


@pytest.mark.parametrize("number", [1e300, -1e300, "9" * 20, "-" + "9" * 19, "--7", "-", "٧x", True, [7]])
def test_what_is_no_64_bit_integer_in_json_is_0(number: Any) -> None:
    body = json_export(JSON_SPAN | {"attributes": [{"key": "n", "value": {"intValue": number}}]})
    assert read_export(body, JSON).spans[0].attributes in ({"n": 0}, {})


def test_ids_in_json_may_be_hex_or_base64() -> None:
    body = json_export(
        JSON_SPAN | {"traceId": base64.b64encode(TRACE_ID).decode(), "spanId": base64.b64encode(SPAN_ID).decode()}
    )
    (span,) = read_export(body, JSON).spans
    assert (span.trace_id, span.span_id) == (TRACE_ID.hex(), SPAN_ID.hex())


def test_explicit_nulls_count_as_absent() -> None:
    nulls: dict[str, Any] = {"parent_span_id": None, "events": None, "status": None, "links": None}
    value = {"string_value": None, "int_value": 5, "array_value": None}
    body = json_export(JSON_SPAN | nulls | {"attributes": [{"key": "n", "value": value}]})
    (span,) = read_export(body, JSON).spans
    assert (span.parent_id, span.events, span.attributes) == (None, (), {"n": 5})


def test_spans_with_wrong_ids_are_rejected_and_the_others_taken() -> None:
    request = export(2)
    request.resource_spans[0].scope_spans[0].spans[0].trace_id = b"gen_"
    taken = read_export(request.SerializeToString())
    assert (len(taken.spans), taken.rejected, taken.reason) == (1, 1, "trace id must be 16 bytes, not all zero")


@pytest.mark.parametrize(
    "fields",
    [
        {"trace_id": b"gen_"},
        {"trace_id": bytes(16)},
        {"span_id": b"toolongforaspan"},
        {"span_id": b""},
        {"start_time_unix_nano": 0},
    ],
)
def test_an_export_without_one_good_span_is_bad_input(fields: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="no span could be read"):
        read_export(export(**fields).SerializeToString())


def test_an_empty_export_is_fine() -> None:
    assert read_export(b"").spans == []
    assert read_export(b"{}", JSON).rejected == 0


def test_an_end_before_the_start_counts_as_the_start() -> None:
    (span,) = read_export(export(end_time_unix_nano=0).SerializeToString()).spans
    assert span.ended_at == span.started_at


def test_too_many_spans_are_refused_as_a_whole() -> None:
    with pytest.raises(TooLarge, match="more than 10000 spans"):
        read_export(export(limits.SPANS + 1).SerializeToString())


def test_text_that_no_database_can_hold_is_made_harmless() -> None:
    attributes = [KeyValue(key="a\x00", value=AnyValue(string_value="b\x00c"))]
    (span,) = read_export(export(attributes=attributes, name="n\x00").SerializeToString()).spans
    assert "\x00" not in repr(span)
    assert span.attributes == {"a\N{REPLACEMENT CHARACTER}": "b\N{REPLACEMENT CHARACTER}c"}


@pytest.mark.parametrize(
    ("body", "content_type", "error", "said"),
    [
        (b"\xff\xff\xff", PROTOBUF, BadInput, "not an OTLP trace export in protobuf"),
        (b"[]", JSON, BadInput, "an OTLP export must be an object, not a list"),
        (b'{"resourceSpans": 3}', JSON, BadInput, "resourceSpans: must be a list, not a number"),
        (b'{"resourceSpans": [3]}', JSON, BadInput, "resourceSpans: must hold objects, not a number"),
        (b"x", "text/plain", Unsupported, "content type 'text/plain' is not read"),
        (b"x", "", Unsupported, "content type '' is not read"),
    ],
)
def test_bodies_that_are_no_export_are_refused_in_one_line(
    body: bytes, content_type: str, error: type[HarkError], said: str
) -> None:
    with pytest.raises(error) as refused:
        read_export(body, content_type)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


# --- logs --------------------------------------------------------------------------------------------------


def logs(*records: dict[str, Any]) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    scoped = request.resource_logs.add().scope_logs.add()
    for record in records:
        known = {
            "trace_id": TRACE_ID,
            "span_id": SPAN_ID,
            "observed_time_unix_nano": START_NS,
            "event_name": "gen_ai.user.message",
        }
        scoped.log_records.add(**known | record)
    return request


BODY = AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="content", value=AnyValue(string_value="hi"))]))


def test_log_records_of_a_span_become_one_span_beneath_it() -> None:
    (span,) = read_logs(
        logs({"body": BODY}, {"body": BODY, "time_unix_nano": START_NS + 10**9}).SerializeToString()
    ).spans
    assert (span.trace_id, span.parent_id) == (TRACE_ID.hex(), SPAN_ID.hex())
    assert [(name, attributes) for name, _, attributes in span.events] == [
        ("gen_ai.user.message", {"content": "hi"})
    ] * 2
    assert (span.ended_at - span.started_at).total_seconds() == 1


def test_log_records_sent_twice_are_the_same_span_and_others_another() -> None:
    first, again, other = (
        read_logs(logs({"body": b}).SerializeToString()).spans[0] for b in (BODY, BODY, AnyValue(string_value="x"))
    )
    assert first == again
    assert other.span_id != first.span_id


def test_logs_say_the_same_in_json() -> None:
    request = logs({"body": BODY, "attributes": [KeyValue(key="gen_ai.system", value=AnyValue(string_value="openai"))]})
    expected = read_logs(request.SerializeToString()).spans
    assert read_logs(json_format.MessageToJson(request).encode(), JSON).spans == expected


def test_ordinary_log_records_are_left_out_and_broken_ones_counted() -> None:
    taken = read_logs(logs({"event_name": "http.request"}, {"event_name": ""}, {"span_id": b""}).SerializeToString())
    assert (taken.spans, taken.rejected) == ([], 1)


def test_a_logs_body_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="not an OTLP logs export"):
        read_logs(b"\xff\xff\xff")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceSpans",
                    "scopeSpans",
                    "spans",
                    "attributes",
                    "key",
                    "value",
                    "intValue",
                    "arrayValue",
                    "values",
                    "traceId",
                    "status",
                    "code",
                    "events",
                    "startTimeUnixNano",
                    "kvlistValue",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(values)
def test_any_json_is_either_an_export_or_bad_input(value: Any) -> None:
    for body in (
        orjson.dumps({"resourceSpans": value}),
        orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": value}]}]}),
        json_export(JSON_SPAN | {"attributes": value, "events": value, "status": value}),
    ):
        with contextlib.suppress(BadInput):
            read_export(body, JSON)


@given(st.data())
def test_a_damaged_protobuf_export_is_either_read_or_bad_input(data: st.DataObject) -> None:
    body = bytearray(
        export(2, attributes=[KeyValue(key="k", value=AnyValue(string_value="v" * 20))]).SerializeToString()
    )
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadInput):
        read_export(bytes(body[: data.draw(st.integers(0, len(body)))]))
