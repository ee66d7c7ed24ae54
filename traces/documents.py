"""What a model was given to read, from JSON: under the name that Hark uses, and under those of Ragas and DeepEval."""

from __future__ import annotations

from typing import Any, Final

from traces import limits
from traces.errors import BadInput
from traces.fields import Table, items, number, optional, read, text, wrong_kind
from traces.model import Document

DOCUMENTS: Final = "documents"
OTHER_NAMES: Final = ("retrieved_contexts", "retrieval_context", "contexts", "context")
"""Ragas, DeepEval, older Ragas, and the name that everybody uses; the first that holds texts counts.

DeepEval's ``context`` is what an ideal retriever would have found, which is why ``retrieval_context`` comes before it.
"""

_PASSAGE_WORDS: Final = 4
"""A ``context`` of fewer words is a setting of the application, such as the name of a page."""


def truncate(long: str) -> str:
    """At most ``limits.TEXT_CHARACTERS`` characters."""
    return long if len(long) <= limits.TEXT_CHARACTERS else long[: limits.TEXT_CHARACTERS]


def _part(value: Any) -> str:
    if type(value) is str:
        return text(value)
    if type(value) is not dict:
        wrong_kind(value, "an object or text")
    for key in ("text", "refusal"):
        if type(said := value.get(key)) is str:
            return text(said)
    return f"[{text(value.get('type') or 'part')[:40]}]"


_parts = items(_part)


def content_of(value: Any) -> str:
    """The text of a message or document: text as it is, or the parts of a list, one on each line.

    Raises:
        BadInput: It is neither, or a part is none.
    """
    if value is None:
        return ""
    return "\n".join(_parts(value)) if type(value) is list else text(value)


def _identity(value: Any) -> str:
    return str(value) if type(value) is int else text(value)


DOCUMENT: Final[Table] = {
    "content": ("content", content_of),
    "id": ("document_id", optional(_identity)),
    "score": ("score", optional(number)),
}


def document_of(value: Any) -> Document:
    """A document: its text, or an object with ``content`` (``text``, ``page_content``), ``id`` and ``score``.

    Raises:
        BadInput: It has no content, or a field is wrong.
    """
    known, _ = read(DOCUMENT, _under_our_names(value), ("content",))
    known["content"] = truncate(known["content"])
    return Document(**known)


def _under_our_names(value: Any) -> Any:
    if type(value) is str:
        return {"content": value}
    if type(value) is not dict or "content" in value:
        return value
    named = [key for key in ("text", "page_content") if type(value.get(key)) is str]
    return {**value, "content": value[named[0]]} if named else value


_documents = items(document_of)


def take_documents(rest: dict[str, Any]) -> tuple[Document, ...]:
    """The documents under the first of ``OTHER_NAMES`` that holds texts; its key is taken out of ``rest``.

    What holds anything else, such as an object or the name of a page, stays where it is.
    """
    for key in OTHER_NAMES:
        if found := _passages(rest.get(key), fewest_words=_PASSAGE_WORDS if key == "context" else 1):
            del rest[key]
            return found
    return ()


def own_documents(value: Any) -> tuple[Document, ...]:
    """The documents of a conversation's own key: a list of them, or one.

    Raises:
        BadInput: One has no content, or a field of it is wrong.
    """
    return _documents([value] if type(value) in (str, dict) else value)


def _passages(value: Any, fewest_words: int) -> tuple[Document, ...]:
    if type(value) not in (list, str):
        return ()
    try:
        found = _documents(value if type(value) is list else [value])
    except BadInput:
        return ()
    return () if type(value) is str and len(value.split()) < fewest_words else found
