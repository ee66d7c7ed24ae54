"""``hark ingest`` and ``hark labels``: files in, with every bad line named and every good one kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from bot.cli.setting import opened, say, settings
from traces import limits, wire
from traces.clock import Clock
from traces.conversation_format import parse_label_line
from traces.errors import BadInput, TooLarge
from traces.ingest import Offer, Receipt, offer, take_conversations, take_label
from traces.model import AuditEntry, Label
from traces.store import Store
from traces.store.reviews import LabelChange

T = TypeVar("T")
_BATCH = 500
_REASONS_SHOWN = 5
_REJECTED = 1


@dataclass(slots=True)
class Rejects:
    """The lines that were not taken: how many, and why the first ones."""

    count: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, reason: str) -> None:
        self.count += 1
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


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def ingest(files: tuple[Path, ...]) -> None:
    """Store conversations from FILES (JSON or JSON Lines; - is standard input).

    A rejected line does not stop the others; what is stored already is left alone.

    \b
    Example: hark ingest conversations.jsonl
    """
    quiet, rejects, receipt = settings().conversations.quiet, Rejects(), Receipt()
    with opened() as (store, clock):
        for file in files:
            offers = _checked(_lines(file, rejects), lambda sent: offer(sent, clock.now()), rejects)
            for batch in _batches(offers, file):
                with store.begin() as tx:
                    receipt += take_conversations(tx, batch, clock.now(), quiet)
    say(f"{receipt.new} new, {receipt.updated} updated, {receipt.unchanged} unchanged")
    rejects.tell("conversation")


@click.group()
def labels() -> None:
    """Bring in reviewers' labels."""


@labels.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_labels(file: Path) -> None:
    """Store labels from FILE (JSON Lines; - is standard input).

    One label per line: {"conversation_id", "name", "value", "reviewer", "note"?, "at"?}. A label of the same reviewer on the
    same conversation under the same name replaces the earlier one.

    \b
    Example: hark labels import labels.jsonl
    """
    rejects = Rejects()
    with opened() as (store, clock):
        found = list(_checked(_lines(file, rejects), parse_label_line, rejects))
        changes, unknown = _store_labels(store, found, clock)
    say(
        f"{changes[LabelChange.ADDED]} added, {changes[LabelChange.CHANGED]} changed, "
        f"{changes[LabelChange.UNCHANGED]} unchanged"
    )
    if unknown:
        say(f"{unknown} are of conversations that are not stored (yet); they are kept")
    rejects.tell("label")


def _store_labels(store: Store, found: list[Label], clock: Clock) -> tuple[dict[LabelChange, int], int]:
    changes = dict.fromkeys(LabelChange, 0)
    with store.begin() as tx:
        at = clock.now()
        known = tx.conversations.known({label.conversation_id for label in found})
        for label in found:
            change = take_label(tx, label, at)
            changes[change] += 1
            if change is not LabelChange.UNCHANGED:
                tx.audit.add(_imported(label, at))
    return changes, sum(label.conversation_id not in known for label in found)


def _imported(label: Label, at: Any) -> AuditEntry:
    return AuditEntry(
        at=at,
        actor=label.reviewer,
        action="label.import",
        subject=f"conversation:{label.conversation_id}",
        after={"name": label.name, "value": label.value, "note": label.note},
    )


def _checked(lines: Iterable[tuple[str, Any]], check: Callable[[Any], T], rejects: Rejects) -> Iterator[T]:
    for where, sent in lines:
        try:
            yield check(sent)
        except BadInput as error:
            rejects.add(f"{where}: {error}")


def _lines(file: Path, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    """Each JSON value of a file with where it stands: every line of JSON Lines, or the elements of one JSON document."""
    with _opened_file(file) as stream:
        first = stream.readline(limits.INFLATED_BYTES + 1)
        if _begins_a_document(first):
            yield from _document(file, first + stream.read(), rejects)
            return
        number, line = 1, first
        while line:
            if line.strip():
                yield from _line(f"{file}:{number}", line, stream, rejects)
            line, number = stream.readline(limits.INFLATED_BYTES + 1), number + 1


def _line(where: str, line: bytes, stream: BinaryIO, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    if len(line) > limits.INFLATED_BYTES:
        while line and not line.endswith(b"\n"):
            line = stream.readline(limits.INFLATED_BYTES)
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


def _document(file: Path, text: bytes, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    try:
        parsed = wire.read_json(text)
    except (BadInput, TooLarge) as error:
        # Not one document after all: each line is looked at by itself, so that the good ones are kept.
        if not text.strip():
            return
        if text.strip().startswith(b"[") or b"\n" not in text.strip():
            rejects.add(f"{file}:1: {error}")
            return
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    yield f"{file}:{number}", wire.read_json(line)
                except (BadInput, TooLarge) as wrong:
                    rejects.add(f"{file}:{number}: {wrong}")
        return
    for place, value in enumerate(parsed if isinstance(parsed, list) else [parsed]):
        yield (f"{file}[{place}]" if isinstance(parsed, list) else f"{file}:1"), value


def _opened_file(file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", str(file)) from error


def _batches(offers: Iterable[Offer], file: Path) -> Iterator[list[Offer]]:
    """The offers in batches, with a bar on a terminal."""
    batch: list[Offer] = []
    with click.progressbar(offers, label=f"ingesting {file.name}", file=sys.stderr, update_min_steps=100) as bar:
        for offered in bar:
            batch.append(offered)
            if len(batch) >= _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch
