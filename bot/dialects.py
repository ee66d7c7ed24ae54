"""How clients that post to a path send, and in which words they read what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

_PROTOCOLS: Final = (
    ("/v1/private/", "opik sdk"),
    ("/api/v1/private/", "opik sdk"),
    ("/api/public/", "langfuse sdk"),
    ("/otel/v1/", "langsmith sdk"),
    ("/api/v1/runs", "langsmith sdk"),
    ("/api/v1/feedback", "langsmith sdk"),
    ("/runs", "langsmith sdk"),
    ("/feedback", "langsmith sdk"),
    ("/v1/traces", "otlp"),
    ("/v1/logs", "otlp logs"),
    ("/v1/metrics", "otlp"),
    ("/v1/conversations", "conversations"),
    ("/v1/feedback", "feedback"),
    ("/v1/changes", "changes"),
)
_HOOKS: Final = "/hooks/"
_RPC_CODES: Final = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3, 429: 8, 500: 13, 503: 14}
_INTERNAL: Final = 13


def protocol_of(path: str) -> str | None:
    """How clients that post to a path send, such as ``otlp`` or ``langfuse sdk``; ``None`` where nothing is taken."""
    if path.startswith(_HOOKS):
        return path.removeprefix(_HOOKS).partition("/")[0] or None
    return next((name for prefix, name in _PROTOCOLS if path.startswith(prefix)), None)


def refusal_of(path: str, status: int, reason: str) -> dict[str, Any]:
    """The JSON that tells a client in one line why it was refused: under ``error``, and under the names of its dialect."""
    line = reason.splitlines()[0][:500] if reason else ""
    word = "otlp" if "/otel/v1/" in path else (protocol_of(path) or "").partition(" ")[0]
    beside = _BESIDE.get(word)
    return {"error": line} | ({} if beside is None else beside(status, line))


_BESIDE: Final[Mapping[str, Callable[[int, str], dict[str, Any]]]] = {
    # google.rpc.Status, as the specification of OTLP asks for.
    "otlp": lambda status, line: {"code": _RPC_CODES.get(status, _INTERNAL), "message": line},
    "langfuse": lambda _status, line: {"message": line},
    "langsmith": lambda _status, line: {"detail": line},
    "opik": lambda status, line: {"code": status, "message": line, "errors": [line]},
}
