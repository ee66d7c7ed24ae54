"""Samples of Ragas and test cases of DeepEval: a question, an answer and what was retrieved, or turns.

    {"user_input": "...", "response": "...", "retrieved_contexts": ["..."], "reference": "..."}
    {"input": "...", "actual_output": "...", "retrieval_context": ["..."]}
    {"question": "...", "answer": "...", "contexts": ["..."]}
    {"turns": [{"role": "user", "content": "..."}, ...]}

Without an id, the id is a digest of what was said. What is neither said nor retrieved, such as the answer that was
expected, is metadata.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

from traces.documents import OTHER_NAMES
from traces.errors import BadInput
from traces.formats.read import Read, has
from traces.ingest import offer

_PAIRS: Final = (("user_input", "response"), ("input", "actual_output"), ("question", "answer"))
_TURNS: Final = ("turns", "user_input")
_ROLES: Final = {"human": "user", "ai": "assistant"}


def recognises(value: Any) -> bool:
    return _pair(value) is not None or _turns(value) is not None


def read(value: Any, received_at: datetime) -> Read:
    """One conversation.

    Raises:
        BadInput: It is no sample, or a field is wrong.
    """
    pair, turns = _pair(value), _turns(value)
    if pair is None and turns is None:
        raise BadInput("is missing, and so are the keys of other samples", "user_input")
    kept = dict(value)
    if pair is not None:
        asked, answered = (kept.pop(key) for key in pair)
        messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    else:
        messages = [_message(turn) for turn in kept.pop(turns)]
    retrieved = {key: kept.pop(key) for key in OTHER_NAMES if key in kept}
    known_as = kept.pop("id", None) or _digest([messages, retrieved])
    return Read(offers=[offer({"id": known_as, "messages": messages, **retrieved, **kept}, received_at)])


def _pair(value: Any) -> tuple[str, str] | None:
    found = (pair for pair in _PAIRS if has(value, *pair) and all(type(value[key]) is str for key in pair))
    return next(found, None)


def _turns(value: Any) -> str | None:
    if type(value) is not dict or "messages" in value:
        return None
    return next((key for key in _TURNS if _are_turns(value.get(key))), None)


def _are_turns(value: Any) -> bool:
    return type(value) is list and bool(value) and all(has(turn, "content") and _role(turn) for turn in value)


def _role(turn: dict[str, Any]) -> str | None:
    named = turn.get("role", turn.get("type"))
    return _ROLES.get(named, named) if type(named) is str else None


def _message(turn: dict[str, Any]) -> dict[str, Any]:
    kept = {key: item for key, item in turn.items() if key != "type"}
    calls = kept.get("tool_calls")
    if type(calls) is list:
        kept["tool_calls"] = [_call(call) for call in calls]
    return {**kept, "role": _role(turn)}


def _call(call: Any) -> Any:
    """Ragas writes ``args``, DeepEval ``input_parameters``, where OpenAI writes ``arguments``."""
    if type(call) is not dict or "arguments" in call:
        return call
    given = next((call[key] for key in ("args", "input_parameters") if key in call), None)
    return {"name": call.get("name"), "arguments": given} if given is not None else call


def _digest(said: Any) -> str:
    return f"sample:{blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()}"
