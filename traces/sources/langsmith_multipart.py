"""LangSmith's multipart bodies: ``post.<run id>``, ``patch.<run id>``, ``feedback.<id>``, and large fields as parts of their own.

``post.<run id>.inputs`` holds the field ``inputs`` of the run that ``post.<run id>`` begins. Attachments are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from traces.errors import BadInput, Unsupported
from traces.fields import under, wrong_kind
from traces.otlp_span import check_count
from traces.parts import Parts
from traces.sources.langsmith_runs import parts_of_feedback, parts_of_run
from traces.wire import read_json

_FIELDS: Final = frozenset({"inputs", "outputs", "events", "extra", "error", "serialized"})
_NAME: Final = re.compile(rb'[; ]name="([^"\r\n]{1,400})"')
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,200})"?', re.IGNORECASE)
_MOST_PARTS: Final = 100_000


def parts_of_form(body: bytes, content_type: str, received_at: datetime) -> Parts:
    """The runs and the feedback of a multipart body.

    Raises:
        Unsupported: When the content type is not ``multipart/form-data`` with a boundary.
        BadInput: When a part is wrong; the error names it.
    """
    boundary = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or boundary is None:
        raise Unsupported(f"content type {content_type[:60]!r} is not read; send multipart/form-data with a boundary")
    whole: dict[str, Any] = {}
    loose: dict[str, dict[str, Any]] = {}
    for name, content in _sections(body, boundary[1].encode()):
        verb, _, rest = name.partition(".")
        about, _, field = rest.partition(".")
        if verb == "attachment" or (field and field not in _FIELDS):
            continue
        try:
            said = read_json(content)
        except BadInput as wrong:
            raise under(name, wrong) from None
        if field:
            loose.setdefault(f"{verb}.{about}", {})[field] = said
        else:
            whole[name] = said
    check_count(len(whole))
    return _together(whole, loose, received_at)


def _together(whole: dict[str, Any], loose: dict[str, dict[str, Any]], received_at: datetime) -> Parts:
    for name in loose:
        if name not in whole:
            raise BadInput("has fields but no part of its own", name)
    taken: list[Parts] = []
    for name, said in whole.items():
        try:
            taken.append(_part(name, said, loose.get(name, {}), received_at))
        except BadInput as wrong:
            raise under(name, wrong) from None
    return Parts.joined(taken)


def _part(name: str, said: Any, loose: dict[str, Any], received_at: datetime) -> Parts:
    if type(said) is not dict:
        wrong_kind(said, "an object")
    match name.partition(".")[0]:
        case "feedback":
            return parts_of_feedback(said, received_at)
        case "post":
            return parts_of_run({**said, **loose}, "post", received_at)
        case "patch":
            return parts_of_run({**said, **loose}, "patch", received_at)
    raise BadInput("is not a post, patch, feedback or attachment part")


def _sections(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    """The name and content of each section (RFC 7578)."""
    sections = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(sections) > _MOST_PARTS:
        raise BadInput(f"the form has more than {_MOST_PARTS} parts; send smaller batches")
    if len(sections) < 2 or not sections[-1].startswith(b"--"):  # noqa: PLR2004 - what is before and after one boundary
        raise BadInput("the multipart body is cut short")
    for section in sections[1:-1]:
        head, separator, content = section.partition(b"\r\n\r\n")
        named = _NAME.search(head)
        if not separator or named is None:
            raise BadInput("a part of the form has no name")
        yield named[1].decode(errors="replace"), content
