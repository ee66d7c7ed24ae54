"""What hostile bytes may reach, each as a function of bytes that raises only what is not foreseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bot.slack.gate import refusal
from bot.slack.grammar import parse
from bot.slack.text import escape
from evaluators.judge.verdict import read_verdict
from traces import wire
from traces.errors import HarkError
from traces.ingest import offer
from traces.model import Span
from traces.normalise import conversation_id_of, conversation_of, mapping
from traces.redact import redact
from traces.sources.langfuse_ingestion import read_batch

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_KINDS = ("application/x-protobuf", "application/json")
_ENCODINGS = ("", "gzip", "deflate", "zstd")
_SIGNALS, _KEYS = ("volume", "refusal", "latency"), ("model", "scenario")
_MAIL = "jane.doe@example.org"
_LIVE = frozenset("<>")
_LIMIT = 3_000
_KIND = "gen_ai.operation.name"


def _words(held: object) -> set[str]:
    """The names that a table knows, however deep they stand."""
    if isinstance(held, str):
        return {held}
    if isinstance(held, Mapping):
        return _words(list(held)) | _words(list(held.values()))
    return set().union(*map(_words, held)) if isinstance(held, list | tuple | frozenset | set) else set()


_NAMES = sorted(set().union(*(_words(held) for name, held in vars(mapping).items() if not name.startswith("__"))))
_VALUES: tuple[Any, ...] = (
    [], {}, [[]], [{}], {"role": []}, {"a": {"b": []}}, None, True, 0, -1.5, 2**63, "", "x", "[]", "{}", "[{}]",
    '{"role": []}', '[{"role": {}}]', '[{"type": []}]', '[{"type": "text", "text": []}]', '[{"content": [{"type": {}}]}]',
    '{"messages": [{"role": "user", "content": {}}]}', "chat", "LLM", "tool", "AGENT", "generation", "llm", [1, "a"],
)  # fmt: skip


def conversation_of_spans(data: bytes) -> None:
    """Spans whose attributes hold what nobody means by them: three bytes are a name and a value, 0xFF begins a span."""
    spans: list[Span] = []
    for number, part in enumerate(data.split(b"\xff")[:6]):
        triples = [part[at : at + 3] for at in range(0, len(part) - 2, 3)]
        held = {_NAMES[(a << 8 | b) % len(_NAMES)]: _VALUES[c % len(_VALUES)] for a, b, c in triples}
        if len(part) % 3:
            held[_KIND] = _VALUES[part[-1] % len(_VALUES)]
        spans.append(
            Span(
                trace_id=f"{1:032x}",
                span_id=f"{number + 1:016x}",
                parent_id=f"{number:016x}" if number else None,
                name="span",
                started_at=NOW,
                ended_at=NOW,
                attributes=held,
            )
        )
    conversation_id_of(spans)
    conversation_of("c", spans)


def wire_decode(data: bytes) -> None:
    """An export of spans or log records: the first byte chooses kind and encoding."""
    chosen, body = (data[:1] or b"\0")[0], data[1:]
    read = wire.read_logs if chosen & 8 else wire.read_export
    with suppress(HarkError):
        read(body, _KINDS[chosen & 1], _ENCODINGS[chosen >> 1 & 3])


def sources(data: bytes) -> None:
    """A conversation in Hark's format, and a batch as Langfuse's SDKs send it."""
    with suppress(HarkError):
        sent = wire.read_json(data)
        with suppress(HarkError):
            offer(sent, NOW)
        read_batch(sent, NOW)


def slack_gate(data: bytes) -> None:
    """A request in Slack's name that Slack did not sign: the first line is a header, the rest the body."""
    head, _, body = data.partition(b"\n")
    signature, _, timestamp = head.decode("latin-1").partition(" ")
    headers = {"x-slack-signature": signature, "x-slack-request-timestamp": timestamp}
    assert refusal(body, headers, "a secret that nobody knows", NOW) is not None


def judge_parser(data: bytes) -> None:
    """What a judge said."""
    with suppress(HarkError):
        read_verdict(data.decode(errors="surrogateescape"))


def redaction(data: bytes) -> None:
    """Whatever stands around it, an address of mail is hidden."""
    text = data.decode(errors="replace")
    assert _MAIL not in redact(f"{text} {_MAIL} {text}").text


def query_grammar(data: bytes) -> None:
    """The words after ``/hark``."""
    with suppress(HarkError):
        parse(data.decode(errors="replace"), signals=_SIGNALS, segment_keys=_KEYS)


def slack_text(data: bytes) -> None:
    """Text that is shown in Slack holds nothing that Slack takes for a mention or a link."""
    assert not _LIVE & set(escape(data.decode(errors="replace"), _LIMIT))


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        wire_decode,
        conversation_of_spans,
        sources,
        slack_gate,
        judge_parser,
        redaction,
        query_grammar,
        slack_text,
    )
}

_SAID = {"id": "c", "messages": [{"role": "user", "content": "call +49 30 123456 or mail a@b.org"}]}
_SPAN = {"traceId": "1" * 32, "spanId": "2" * 16, "name": "chat", "startTimeUnixNano": "1"}
_EXPORT: dict[str, Any] = {"resourceSpans": [{"scopeSpans": [{"spans": [_SPAN]}]}]}
SEEDS: Mapping[str, Sequence[bytes]] = {
    "wire_decode": (b"\1" + json.dumps(_EXPORT).encode(), b"\0\x0a\x02\x12\x00", b"\3\x1f\x8b\x08\0", b"\x09{}"),
    "conversation_of_spans": (b"\0\1\x16\0\2\0\xff\0\3\x17\0", bytes(range(255)), b""),
    "sources": (json.dumps(_SAID).encode(), b'{"batch": [{"id": "e", "type": "trace-create", "body": {"id": "t"}}]}'),
    "slack_gate": (b"v0=" + b"a" * 64 + b" 1795262400\npayload=%7B%7D", b"v1=\xff 1e9\n{}"),
    "judge_parser": (b'{"verdict": "yes", "reason": "so"}', b'```json\n{"verdict": "no"}\n```', b"verdict: yes"),
    "redaction": (b"a@b.org 4111 1111 1111 1111 DE89370400440532013000 sk-abcdefghijklmnopqrstuvwx 10.0.0.1",),
    "query_grammar": (b"metrics refusal 7d by model where scenario=checkout", b"mute volume 2h", b'ask "why?"'),
    "slack_text": (b"<!channel> <@U1> <http://x|y> &amp; ```",),
}
"""By target what it is begun with."""
