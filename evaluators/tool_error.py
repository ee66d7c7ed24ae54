"""Whether a tool that the agent ran failed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from evaluators.base import Need, When, excerpt
from traces.model import Conversation, Direction, JsonMap, Message, Score

_HEAD_CHARS: Final = 1_000
_TAIL_CHARS: Final = 2_000
_JSON_CHARS: Final = 100_000

_OPENING: Final = re.compile(
    r"[\s\"'`*#\[({<❌⚠️]{0,12}"
    r"(?:(?:fatal|internal|server|unexpected|unknown|tool|api|execution|runtime|validation|http|mcp|command|request)[ _-]){0,3}"
    r"(?:error|exception|failure)\b\s{0,3}(?:\(?[\w .-]{0,40}\)?\s{0,3})?[:\-\]—}]"
    r"|[\s\"'`*\[(]{0,8}(?:[A-Za-z_]\w{0,60}\.){0,6}[A-Za-z_]\w{0,60}(?:Error|Exception|Timeout|Fault)\b(?:[:(]|\s{0,4}$|\s{1,4}at )"
    r"|\s{0,8}traceback \(most recent call last\)"
    r"|[\s\"'`*\[(]{0,8}(?:failed|failure|unable|could ?n[o']t|could not|cannot|can't) (?:to )?"
    r"(?:find|fetch|get|load|connect|execute|complete|process|retrieve|read|open|parse|create|update|resolve|reach|call|run|access|be)\b"
    r"|[\s\"'`*\[(]{0,8}(?:access denied|permission denied|connection (?:refused|reset|timed out|error)|timed? ?out\b"
    r"|(?:the )?(?:request|operation|call|tool|command) (?:has )?(?:timed out|failed|was (?:denied|rejected|aborted))"
    r"|unauthori[sz]ed\b|forbidden\b|internal server error|bad (?:request|gateway)|service unavailable|gateway time-?out"
    r"|too many requests|rate.?limit(?:ed)? (?:exceeded|reached)?|quota exceeded|invalid (?:argument|parameter|input|request|json|api key)"
    r"|command not found|no such file or directory|method not allowed|unknown tool|tool not found)",
    re.IGNORECASE,
)
_HTTP_STATUS: Final = re.compile(
    r"\s{0,8}(?:http(?:/\d(?:\.\d)?)?[ :]{0,3})?(?:status(?:[ _]code)?|response code|code|http)[ :=]{1,4}([45]\d\d)\b",
    re.IGNORECASE,
)
_TRACEBACK: Final = re.compile(
    r"traceback \(most recent call last\)|^(?:\w{1,60}\.){0,6}\w{1,60}(?:Error|Exception): ",
    re.IGNORECASE | re.MULTILINE,
)
_ERROR_KEYS: Final = (
    "error", "errors", "exception", "error_message", "errormessage", "error_code", "errorcode", "error_type", "err", "fault",
    "traceback", "stderr_error", "error_information",
)  # fmt: skip
_STATUS_KEYS: Final = ("status", "state", "result", "outcome", "type", "level")
_BAD_WORDS: Final = re.compile(
    r"(?:\w{0,20}[_ -])?(?:error|errored|fail|failed|failure|fatal|exception|unauthorized|forbidden|timeout|timed_?out"
    r"|bad_request)",
    re.IGNORECASE,
)
_GOOD_FLAGS: Final = ("success", "succeeded", "ok", "is_success")
_BAD_FLAGS: Final = ("iserror", "is_error", "has_error", "haserror", "failed")
_CODE_KEYS: Final = ("status", "status_code", "statuscode", "http_status", "response_code")
_NOTHING: Final = frozenset({"", "0", "none", "null", "no", "false", "ok", "no error", "no errors", "success"})


class ToolError:
    """Reads the error that the trace gives, then the tool's own words: JSON that says so, or a text that opens so.

    A tool that fails without saying so, and one whose answer is merely empty, are beyond it.
    """

    name = "tool_error"
    version = "1"
    when: When = "arrival"
    needs: tuple[Need, ...] = ("tools",)
    summary = (
        "A tool call ended in an error, by the trace's own mark or by what the tool answered. It cannot see wrong"
        " answers that look right, nor whether the agent coped."
    )
    question = "Did a tool call fail in this conversation?"
    yes_label = "Yes, a tool failed"
    no_label = "No, tools worked"
    bad = Direction.UP

    def evaluate(self, conversation: Conversation) -> Score | None:
        answers = [(turn, message) for turn, message in enumerate(conversation.messages) if message.role == "tool"]
        calls = sum(len(message.tool_calls) for message in conversation.messages)
        if not answers and not calls:
            return None
        failed = [(turn, message, text) for turn, message in answers if (text := error_in(message)) is not None]
        if not failed:
            return Score(
                name=self.name, value=0.0, explanation=f"None of {max(calls, len(answers))} tool calls failed."
            )
        turn, _, text = failed[0]
        return Score(
            name=self.name,
            value=1.0,
            explanation=_explain(conversation, [message for _, message, _ in failed], max(calls, len(answers))),
            evidence=excerpt(text),
            turn=turn,
        )


def error_in(message: Message) -> str | None:
    """The text that shows that the tool behind ``message`` failed; ``None`` when nothing does."""
    if message.error is not None:
        return message.error or "error"
    if said := _error_in_metadata(message.metadata):
        return said
    content = message.content
    if content[:_HEAD_CHARS].lstrip()[:1] in ("{", "["):
        parsed = _parsed(content)
        if parsed is not None:
            return content if any(_says_error(part) for part in _parts(parsed)) else None
    return _error_in_text(content)


def _error_in_metadata(metadata: JsonMap) -> str | None:
    for key in ("is_error", "isError"):
        if metadata.get(key) is True:
            return f"{key} is true"
    status = metadata.get("status")
    return f"status {status}" if isinstance(status, str) and _BAD_WORDS.fullmatch(status[:60]) else None


def _parsed(content: str) -> Any:
    if len(content) > _JSON_CHARS:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _parts(parsed: Any) -> Iterator[dict[str, Any]]:
    """The objects that speak for the whole answer: the outermost, and one wrapper or content block below."""
    outer = parsed[:20] if isinstance(parsed, list) else [parsed]
    for item in outer:
        if not isinstance(item, dict):
            continue
        whole = not isinstance(parsed, list) or len(parsed) == 1
        if whole or item.get("type") == "text":
            yield {str(key).lower(): value for key, value in item.items()}
        for key in ("result", "response", "output", "body", "data"):
            if whole and isinstance(inner := item.get(key), dict):
                yield {str(key).lower(): value for key, value in inner.items()}


def _says_error(answer: dict[str, Any]) -> bool:
    if any(key in answer and not _is_nothing(answer[key]) for key in _ERROR_KEYS):
        return True
    if any(answer.get(key) is False for key in _GOOD_FLAGS) or any(answer.get(key) is True for key in _BAD_FLAGS):
        return True
    if any(isinstance(word := answer.get(key), str) and _BAD_WORDS.fullmatch(word[:60]) for key in _STATUS_KEYS):
        return True
    # A bare "code" may be anybody's, an area code say; beside a message it is an answer's.
    codes = (*_CODE_KEYS, "code") if "message" in answer else _CODE_KEYS
    if any(_is_bad_code(answer.get(key)) for key in codes):
        return True
    text = answer.get("text") if answer.get("type") == "text" else None
    return isinstance(text, str) and _error_in_text(text) is not None


def _is_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in _NOTHING
    return value is None or value is False or value == 0 or value in ([], {})


def _is_bad_code(value: Any) -> bool:
    return isinstance(value, int | str) and re.fullmatch(r"[45]\d\d", str(value)[:4]) is not None


def _error_in_text(text: str) -> str | None:
    head = text[:_HEAD_CHARS].lstrip()
    opening = _OPENING.match(head) or _HTTP_STATUS.match(head)
    if opening:
        return head
    trace = _TRACEBACK.search(head) or _TRACEBACK.search(text, max(0, len(text) - _TAIL_CHARS))
    return excerpt(text, trace.start()) if trace else None


def _explain(conversation: Conversation, failed: list[Message], calls: int) -> str:
    called = {call.tool_call_id or "": call.name for message in conversation.messages for call in message.tool_calls}
    called[""] = "a tool"
    names = [message.name or called.get(message.tool_call_id or "", "a tool") for message in failed]
    shown = ", ".join(excerpt(name, limit=60) for name in list(dict.fromkeys(names))[:3])
    return f"{len(failed)} of {calls} tool calls failed: {shown}."
