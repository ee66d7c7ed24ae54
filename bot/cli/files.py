"""Files of JSON values, read piece by piece: JSON Lines or one document, plain or with gzip, from disk or standard input."""

from __future__ import annotations

import codecs
import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Self, cast

from bot.cli.setting import say
from traces import limits, wire
from traces.errors import BadInput, TooLarge

_REASONS_SHOWN = 5
_REJECTED = 1
_GZIP = b"\x1f\x8b"
_PEEKED = 4
_PROTOBUF_FIELD_1 = 0x0A


@dataclass(slots=True)
class Rejects:
    """The lines that were not taken: how many, and why the first ones."""

    count: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, reason: str, count: int = 1) -> None:
        self.count += count
        if len(self.reasons) < _REASONS_SHOWN:
            self.reasons.append(reason)

    def tell(self, noun: str) -> None:
        """Print what was rejected, and end with an exit code that says so."""
        if not self.count:
            return
        for reason in self.reasons:
            say(reason)
        if self.count > len(self.reasons):
            say(f"… and {self.count - len(self.reasons)} more")
        say(f"rejected {self.count} {noun}{'' if self.count == 1 else 's'}")
        sys.exit(_REJECTED)


class Opened:
    """An open file.

    Attributes:
        name: As the person wrote it.
        size: Its bytes on disk; 0 when nobody knows, as of standard input.
    """

    def __init__(self, file: Path) -> None:
        self.name = str(file)
        self._raw = _open(file)
        self.size = 0 if self.name == "-" else os.fstat(self._raw.fileno()).st_size
        peek = getattr(self._raw, "peek", None)
        self._head: bytes = peek(_PEEKED)[:_PEEKED] if peek is not None else b""
        zipped = self._head.startswith(_GZIP)
        self._stream: IO[bytes] = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if zipped else self._raw

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.name != "-":
            self._raw.close()

    @property
    def done(self) -> int:
        """How many of the ``size`` bytes have been read."""
        return self._raw.tell() if self.size else 0

    def read(self) -> bytes:
        """All of it.

        Raises:
            BadInput: It cannot be read, or unzips to more than the limit.
        """
        return self._guarded(lambda stream: stream.read(limits.INFLATED_BYTES + 1))

    def line(self) -> bytes:
        """The next line, or as much of it as the limit allows; empty at the end.

        Raises:
            BadInput: It cannot be read.
        """
        return self._guarded(lambda stream: stream.readline(limits.INFLATED_BYTES + 1))

    def rest(self) -> bytes:
        """What has not been read yet.

        Raises:
            BadInput: It cannot be read.
        """
        return self._guarded(lambda stream: stream.read())

    def _guarded(self, read: Any) -> bytes:
        try:
            taken: bytes = read(self._stream)
        except (OSError, EOFError, zlib.error) as error:
            raise BadInput(f"cannot be read: {error}", self.name) from error
        return taken

    def is_protobuf(self) -> bool:
        """Whether it looks like an OTLP export in protobuf, which begins with its field 1 and is no text."""
        if self.name.removesuffix(".gz").endswith((".pb", ".binpb", ".protobuf")):
            return True
        return (
            not self._head.startswith(_GZIP)
            and self._head[:1] == bytes([_PROTOBUF_FIELD_1])
            and any(byte < ord(" ") and byte not in b"\t\r\n" for byte in self._head[1:])
        )


def _open(file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", str(file)) from error


def values(opened: Opened, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    """Each JSON value of a file with where it stands: every line of JSON Lines, or the elements of one JSON document."""
    first = opened.line().removeprefix(codecs.BOM_UTF8)
    if _begins_a_document(first):
        yield from _document(opened.name, first + opened.rest(), rejects)
        return
    number, line = 1, first
    while line:
        if line.strip():
            yield from _line(f"{opened.name}:{number}", line, opened, rejects)
        line, number = opened.line(), number + 1


def _line(where: str, line: bytes, opened: Opened, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    if len(line) > limits.INFLATED_BYTES:
        while line and not line.endswith(b"\n"):
            line = opened.line()
        rejects.add(f"{where}: the line is longer than {limits.INFLATED_BYTES} bytes")
        return
    try:
        yield where, wire.read_json(line)
    except (BadInput, TooLarge) as error:
        rejects.add(f"{where}: {error}")


def _begins_a_document(first: bytes) -> bool:
    """Whether a file is one JSON document over several lines, or a list, rather than one value per line."""
    start = first.strip()
    if start.startswith(b"["):
        return True
    try:
        wire.read_json(start)
    except (BadInput, TooLarge):
        return start in {b"{", b""} or (start.startswith(b"{") and not start.endswith(b"}"))
    return False


def _document(name: str, text: bytes, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    try:
        parsed = wire.read_json(text)
    except (BadInput, TooLarge) as error:
        # Not one document after all: each line is looked at by itself, so that the good ones are kept.
        if not text.strip():
            return
        if text.strip().startswith(b"[") or b"\n" not in text.strip():
            rejects.add(f"{name}:1: {error}")
        else:
            yield from _lines_of(name, text, rejects)
        return
    for place, value in enumerate(parsed if isinstance(parsed, list) else [parsed]):
        yield (f"{name}[{place}]" if isinstance(parsed, list) else f"{name}:1"), value


def _lines_of(name: str, text: bytes, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield f"{name}:{number}", wire.read_json(line)
            except (BadInput, TooLarge) as wrong:
                rejects.add(f"{name}:{number}: {wrong}")
