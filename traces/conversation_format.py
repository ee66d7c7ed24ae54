"""The conversation JSON format, one object per conversation, and the label line format.

The messages are OpenAI chat messages with Hark's measurements beside them::

    {"id": "c-1", "started_at": "2026-11-20T10:00:00Z", "user_id": "u-1",
     "metadata": {"application": "shop", "model": "gpt-4o", "prompt_version": "7"},
     "messages": [{"role": "user", "content": "Where is my order?"},
                  {"role": "assistant", "content": "On its way.", "latency_s": 1.2}],
     "feedback": [{"name": "thumbs", "value": 1}], "labels": [{"name": "task_success", "value": 1, "reviewer": "ann"}]}

What the model was given to read stands in ``documents`` of the answer that rests on it; ``documents`` of the conversation, or
``retrieved_contexts``, ``retrieval_context``, ``contexts`` and ``context`` of either, are read as such, those of the conversation as
its last answer's. Other unknown keys are kept: those of the conversation in its metadata, those of a message in the message's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from traces import limits
from traces.clock import format_time
from traces.documents import (
    DOCUMENT,
    DOCUMENTS,
    OTHER_NAMES,
    content_of,
    document_of,
    own_documents,
    take_documents,
    truncate,
)
from traces.errors import BadInput, TooLarge
from traces.fields import (
    Table,
    count,
    identifier,
    items,
    json_map,
    json_value,
    kind_of,
    moment,
    no_others,
    not_negative,
    number_or_bool,
    optional,
    probability,
    read,
    text,
    under,
)
from traces.model import ROLES, Conversation, Feedback, Label, Message, Role, Score, ToolCall

NAMED_METADATA: Final = ("application", "environment", "model", "prompt_version", "release", "scenario", "language")
"""The metadata keys that Hark itself reads; their values are text."""

_ROLE_NAMES: Final[Mapping[str, Role]] = {**{role: role for role in ROLES}, "developer": "system", "function": "tool"}
_YES: Final = frozenset({"pass", "passed", "true", "yes", "good"})
_NO: Final = frozenset({"fail", "failed", "false", "no", "bad"})
_TRUNCATED: Final = "truncated"
FROM_A_FILE: Final = "file"
"""The reviewer of labels that name none."""


def value_of_label(label: str) -> float | None:
    """1 or 0 for a label that plainly says yes or no, else ``None``."""
    word = label.strip().lower()
    return 1.0 if word in _YES else 0.0 if word in _NO else None


# --- reading -----------------------------------------------------------------------------------------------


def _role(value: Any) -> Role:
    if type(value) is str and (role := _ROLE_NAMES.get(value)):
        return role
    shown = repr(value[:40]) if type(value) is str else kind_of(value)
    raise BadInput(f"{shown} is not one of {', '.join(ROLES)}")


def _arguments(value: Any) -> str:
    """The JSON text of a call's arguments; an object is written as JSON."""
    if value is None:
        return ""
    return text(value) if type(value) is str else orjson.dumps(json_value(value)).decode()


_FUNCTION: Final[Table] = {"name": ("name", text), "arguments": ("arguments", _arguments)}
_TOOL_CALL: Final[Table] = {"id": ("tool_call_id", optional(text)), **_FUNCTION}


def _tool_call(value: Any) -> ToolCall:
    known, rest = read(_TOOL_CALL, value)
    if "function" in rest:
        try:
            known |= read(_FUNCTION, rest["function"], ("name",))[0]
        except BadInput as wrong:
            raise under("function", wrong) from None
    if "name" not in known:
        raise BadInput("is missing", "name")
    return ToolCall(**known)


_MESSAGE: Final[Table] = {
    "role": ("role", _role),
    "content": ("content", content_of),
    "name": ("name", optional(text)),
    "tool_calls": ("tool_calls", items(_tool_call)),
    "tool_call_id": ("tool_call_id", optional(text)),
    "timestamp": ("at", optional(moment)),
    "model": ("model", optional(text)),
    "latency_s": ("latency_s", optional(not_negative)),
    "ttft_s": ("ttft_s", optional(not_negative)),
    "input_tokens": ("input_tokens", optional(count)),
    "output_tokens": ("output_tokens", optional(count)),
    "cost_usd": ("cost_usd", optional(not_negative)),
    "error": ("error", optional(text)),
    "documents": ("documents", items(document_of)),
    "metadata": ("metadata", optional(json_map)),
}

_MESSAGE_VALUES: Final = tuple(
    (key, attribute)
    for key, (attribute, _) in _MESSAGE.items()
    if key not in ("timestamp", "tool_calls", "documents", "metadata")
)

_DOCUMENT_KEYS: Final = frozenset((DOCUMENTS, *OTHER_NAMES))
_TAKEN: Final = _DOCUMENT_KEYS | _MESSAGE.keys()


def _message(value: Any) -> Message:
    known, rest = read(_MESSAGE, value, ("role",))
    if rest and not known.get("documents") and (found := take_documents(rest)):
        known["documents"] = found
    if rest or "metadata" in known:
        known["metadata"] = json_map(rest) | (known.get("metadata") or {})
    return bounded(Message(**known))


def bounded(message: Message) -> Message:
    """The message with over-long text cut, and ``truncated`` in its metadata the characters it had."""
    longest = max((len(call.arguments) for call in message.tool_calls), default=0)
    if len(message.content) <= limits.TEXT_CHARACTERS and longest <= limits.TEXT_CHARACTERS:
        return message
    return replace(
        message,
        content=truncate(message.content),
        tool_calls=tuple(replace(c, arguments=truncate(c.arguments)) for c in message.tool_calls),
        metadata={**message.metadata, _TRUNCATED: max(len(message.content), longest)},
    )


def _number_or_text(value: Any) -> float | str:
    return text(value) if type(value) is str else number_or_bool(value)


_FEEDBACK: Final[Table] = {
    "name": ("name", identifier),
    "value": ("value", optional(_number_or_text)),
    "comment": ("comment", optional(text)),
    "user_id": ("user_id", optional(text)),
    "at": ("at", optional(moment)),
}


def _feedback(value: Any) -> Feedback:
    return Feedback(**read(_FEEDBACK, value, ("name",))[0])


def feedback_of_json(value: Any) -> Feedback:
    """One user's feedback: ``{"name", "value"?, "comment"?, "user_id"?, "at"?}``.

    Raises:
        BadInput: When a field is missing or wrong.
    """
    return _feedback(value)


def feedback_to_json(given: Feedback) -> dict[str, Any]:
    """The feedback as JSON that ``feedback_of_json`` reads back to an equal one."""
    return _write(_FEEDBACK, given)


def _origin(value: Any) -> str:
    if len(checked := text(value)) > limits.ID_CHARACTERS:
        raise TooLarge(f"has {len(checked)} characters, more than {limits.ID_CHARACTERS}")
    return checked


_SCORE: Final[Table] = {
    "name": ("name", identifier),
    "value": ("value", optional(_number_or_text)),
    "label": ("label", optional(text)),
    "explanation": ("explanation", optional(text)),
    "source": ("source", _origin),
    "evaluator_version": ("evaluator_version", _origin),
    "turn": ("turn", optional(count)),
    "evidence": ("evidence", optional(text)),
    "cost_usd": ("cost_usd", optional(not_negative)),
    "input_tokens": ("input_tokens", optional(count)),
    "output_tokens": ("output_tokens", optional(count)),
    "inclusion_probability": ("inclusion_probability", probability),
}


def _score(value: Any) -> Score:
    known, _ = read(_SCORE, value, ("name",))
    if type(known.get("value")) is str:
        label = known.pop("value")
        known["label"] = known.get("label") or label
    if known.get("value") is None and known.get("label") is not None:
        known["value"] = value_of_label(known["label"])
    return Score(**{"source": "external", **known})


def _verdict(value: Any) -> float | str:
    """A label's value; lists and objects, such as marked spans of text, are kept as their JSON text."""
    if type(value) in (list, dict):
        return orjson.dumps(json_value(value)).decode()
    if value is None or value == "":
        raise BadInput("is empty")
    return _number_or_text(value)


_LABEL: Final[Table] = {
    "name": ("name", identifier),
    "value": ("value", _verdict),
    "reviewer": ("reviewer", optional(identifier)),
    "note": ("note", optional(text)),
    "at": ("at", optional(moment)),
    "inclusion_probability": ("inclusion_probability", optional(probability)),
    "question_version": ("question_version", optional(identifier)),
}
_LABEL_LINE: Final[Table] = {"conversation_id": ("conversation_id", identifier), **_LABEL}


def _label(value: Any) -> dict[str, Any]:
    known, rest = read(_LABEL, value, ("name", "value"))
    no_others(rest, _LABEL)
    return known | {"reviewer": known.get("reviewer") or FROM_A_FILE}


def parse_label_line(obj: Any) -> Label:
    """A label that stands alone: ``{"conversation_id", "name", "value", "reviewer"?, "note"?, "at"?}``.

    Raises:
        BadInput: When a field is missing, wrong or unknown.
    """
    known, rest = read(_LABEL_LINE, obj, ("conversation_id", "name", "value"))
    no_others(rest, _LABEL_LINE)
    return Label(**known | {"reviewer": known.get("reviewer") or FROM_A_FILE})


_CONVERSATION: Final[Table] = {
    "id": ("conversation_id", identifier),
    "started_at": ("started_at", optional(moment)),
    "ended_at": ("ended_at", optional(moment)),
    "user_id": ("user_id", optional(text)),
    "metadata": ("metadata", optional(json_map)),
    "messages": ("messages", items(_message)),
    "trace_ids": ("trace_ids", items(text, limits.TRACES)),
    "feedback": ("feedback", items(_feedback)),
    "scores": ("scores", items(_score, limits.TRACES)),
    "labels": ("labels", items(_label)),
}


def parse_conversation(obj: Any, *, received_at: datetime) -> Conversation:
    """A conversation from its JSON.

    Without ``started_at`` it began with its first message, or when it was received; without ``ended_at`` it ended
    with its last message, or as it began.

    Raises:
        BadInput: When a field is missing or wrong; the message names it.
    """
    known, rest = read(_CONVERSATION, obj, ("id", "messages"))
    known["messages"] = _with_documents(known["messages"], rest)
    known["metadata"] = _metadata(rest, known.get("metadata") or {})
    known["labels"] = tuple(
        Label(conversation_id=known["conversation_id"], **label) for label in known.get("labels", ())
    )
    known |= _span_of_time(known, received_at)
    return Conversation(**known)


def _with_documents(messages: tuple[Message, ...], rest: dict[str, Any]) -> tuple[Message, ...]:
    """The messages, with documents that were given beside them at the last answer."""
    if not messages or _DOCUMENT_KEYS.isdisjoint(rest):
        return messages
    try:
        found = own_documents(rest.pop(DOCUMENTS, None)) or take_documents(rest)
    except BadInput as wrong:
        raise under(DOCUMENTS, wrong) from None
    answers = [turn for turn, message in enumerate(messages) if message.role == "assistant"]
    turn = answers[-1] if answers else len(messages) - 1
    last = replace(messages[turn], documents=(*messages[turn].documents, *found)) if found else messages[turn]
    return (*messages[:turn], last, *messages[turn + 1 :])


def _metadata(rest: Mapping[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    merged = json_map(dict(rest)) | metadata if rest else metadata
    for key in NAMED_METADATA:
        if key not in merged or type(merged[key]) is str:
            continue
        if merged[key] is None:
            del merged[key]
        elif type(merged[key]) in (int, float):
            merged[key] = str(merged[key])
        else:
            raise BadInput(f"must be text, not {kind_of(merged[key])}", f"metadata.{key}")
    return merged


def _span_of_time(known: Mapping[str, Any], received_at: datetime) -> dict[str, datetime]:
    said = [message.at for message in known["messages"] if message.at is not None]
    ended: datetime | None = known.get("ended_at")
    started: datetime | None = known.get("started_at")
    if started is None:
        started = min(said) if said else min(received_at, ended or received_at)
    if ended is None:
        ended = max([started, *said])
    if ended < started:
        raise BadInput("is before started_at", "ended_at")
    return {"started_at": started, "ended_at": ended}


# --- writing -----------------------------------------------------------------------------------------------


def to_json(conversation: Conversation) -> dict[str, Any]:
    """The conversation as JSON that ``parse_conversation`` reads back to an equal one."""
    written = {
        "id": conversation.conversation_id,
        "started_at": format_time(conversation.started_at),
        "ended_at": format_time(conversation.ended_at),
        "user_id": conversation.user_id,
        "metadata": dict(conversation.metadata) or None,
        "messages": [_write_message(message) for message in conversation.messages],
        "trace_ids": list(conversation.trace_ids) or None,
        "feedback": [_write(_FEEDBACK, given) for given in conversation.feedback] or None,
        "scores": [_write(_SCORE, score) for score in conversation.scores] or None,
        "labels": [_write(_LABEL, label) for label in conversation.labels] or None,
    }
    return {key: value for key, value in written.items() if value is not None}


def label_to_json(label: Label) -> dict[str, Any]:
    """The label as a line that ``parse_label_line`` reads back to an equal one."""
    return _write(_LABEL_LINE, label)


def _write(table: Table, value: Any) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for key, (attribute, _) in table.items():
        item = getattr(value, attribute)
        if item is not None:
            written[key] = format_time(item) if isinstance(item, datetime) else item
    return written


def _write_message(message: Message) -> dict[str, Any]:
    written = {key: item for key, attribute in _MESSAGE_VALUES if (item := getattr(message, attribute)) is not None}
    if message.at is not None:
        written["timestamp"] = format_time(message.at)
    if message.tool_calls:
        written["tool_calls"] = [_write_tool_call(call) for call in message.tool_calls]
    if message.documents:
        written["documents"] = [_write(DOCUMENT, document) for document in message.documents]
    if not message.metadata:
        return written
    if _TAKEN.isdisjoint(message.metadata):
        return {**message.metadata, **written}
    hidden = {key: value for key, value in message.metadata.items() if key in _TAKEN}
    shown = {key: value for key, value in message.metadata.items() if key not in _TAKEN}
    return {**shown, **written, "metadata": hidden}


def _write_tool_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    known_as = {} if call.tool_call_id is None else {"id": call.tool_call_id}
    return {**known_as, "type": "function", "function": function}
