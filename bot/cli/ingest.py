"""``hark ingest``: files in, with every bad line named and every good one kept."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from bot.cli.files import Opened, Rejects, values
from bot.cli.setting import opened, print_json, say, settings
from traces.arriving import Roll, Sending, arrivals_of, printable, source_name
from traces.clock import Clock
from traces.errors import BadInput, StoreUnavailable
from traces.formats import AUTO, FORMATS, Read, otlp
from traces.formats import read as read_value
from traces.ingest import Receipt, take_conversations, take_spans
from traces.receive import take_parts
from traces.stamp import stamped_offers, stamped_spans
from traces.store import Store, Tx

_BATCH = 500
_UNREAD = 2


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([AUTO, *FORMATS]),
    default=AUTO,
    show_default=True,
    help="What the files hold; auto looks at each value.",
)
@click.option("--application", help="Everything counts as of this application.")
@click.option("--environment", help="Everything counts as of this environment.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def ingest(
    files: tuple[Path, ...], *, form: str, application: str | None, environment: str | None, as_json: bool
) -> None:
    """Store conversations from FILES: JSON or JSON Lines, plain or .gz; - is standard input.

    Read are Hark's own conversations, OTLP exports in JSON or protobuf, exports of Langfuse and LangSmith, and OpenAI chat
    logs. A rejected line does not stop the others; what is stored already is left alone, so an interrupted run is simply
    started again.

    \b
    Example: hark ingest conversations.jsonl
             hark ingest --format langsmith --application shop runs.jsonl.gz
    """
    rejects = Rejects()
    said = {"application": application, "environment": environment}
    with opened() as (store, clock):
        intake = _Intake(
            store=store,
            clock=clock,
            quiet=settings().conversations.quiet,
            form=form,
            marks={key: value for key, value in said.items() if value is not None},
            rejects=rejects,
        )
        receipt = intake.files(files)
    if as_json:
        print_json(_summary(len(files), receipt, rejects))
    if receipt != Receipt() or not intake.unread:
        say(f"{receipt.new} new, {receipt.updated} updated, {receipt.unchanged} unchanged")
    rejects.tell("line" if form not in (AUTO, "conversations") else "conversation")
    if intake.unread:
        sys.exit(_UNREAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intake:
    """What every file of one run is stored with; ``unread`` are those that could not be read, or not to their end."""

    store: Store
    clock: Clock
    quiet: timedelta
    form: str
    marks: Mapping[str, str]
    rejects: Rejects
    roll: Roll = field(default_factory=Roll)
    unread: list[Path] = field(default_factory=list)

    def files(self, files: Iterable[Path]) -> Receipt:
        """Store what files hold.

        Raises:
            StoreUnavailable: The database cannot be written; the error says what was stored until then.
        """
        receipt = Receipt()
        for file in files:
            try:
                receipt += self.file(file)
            except StoreUnavailable as error:
                raise StoreUnavailable(
                    f"{file}: {error.message}; what was stored until then stays, so start it again when it can be written"
                ) from error
        return receipt

    def file(self, file: Path) -> Receipt:
        """Store what a file holds, as far as it can be read: the next one is read all the same."""
        receipt = Receipt()
        rejected = self.rejects.count
        try:
            with Opened(file) as opened_file, _bar(file, opened_file.size) as bar:
                done = 0
                for batch in _batches(self._readable(opened_file)):
                    receipt += self._store(batch, file, self.rejects.count - rejected)
                    rejected = self.rejects.count
                    bar.update(opened_file.done - done)
                    done = opened_file.done
            if self.rejects.count > rejected:
                self._store([], file, self.rejects.count - rejected)
        except BadInput as error:
            self._leave(file, error)
        return receipt

    def _readable(self, file: Opened) -> Iterator[Read]:
        """What can be read, so that the last lines before a break are stored as well."""
        try:
            yield from self._read(file)
        except BadInput as error:
            self._leave(Path(file.name), error)

    def _leave(self, file: Path, error: BadInput) -> None:
        say(f"hark: {error}")
        self.unread.append(file)

    def _read(self, file: Opened) -> Iterator[Read]:
        if self.form in (AUTO, "otlp") and file.is_protobuf():
            yield from self._tried(file.name, lambda: otlp.read_protobuf(file.read()))
            return
        for where, value in values(file, self.rejects):
            yield from self._tried(where, lambda value=value: read_value(value, self.form, self.clock.now()))

    def _tried(self, where: str, read: Any) -> Iterator[Read]:
        try:
            found: Read = read()
        except BadInput as error:
            self.rejects.add(f"{where}: {error}")
            return
        if found.rejected:
            self.rejects.add(f"{where}: {found.reason}", found.rejected)
        yield found

    def _store(self, batch: list[Read], file: Path, rejected: int) -> Receipt:
        with self.store.begin() as tx:
            receipt = self._take(tx, batch)
            sendings = [_sending(batch, file, rejected)]
            self.roll.note(tx, arrivals_of(sendings, receipt, self.clock.now(), "file"))
            return receipt

    def _take(self, tx: Tx, batch: list[Read]) -> Receipt:
        at, receipt = self.clock.now(), Receipt()
        offers = stamped_offers([offered for read in batch for offered in read.offers], self.marks)
        spans = stamped_spans([span for read in batch for span in read.spans], self.marks)
        parts = [read.parts for read in batch if read.parts.spans]
        if offers:
            receipt += take_conversations(tx, offers, at, self.quiet)
        if spans:
            receipt += take_spans(tx, spans, at, self.quiet)
        if parts:
            joined = type(parts[0]).joined(parts)
            stamped = replace(joined, spans=stamped_spans(joined.spans, self.marks))
            receipt += take_parts(tx, stamped, at, self.quiet)
        return receipt


def _sending(batch: Iterable[Read], file: Path, rejected: int) -> Sending:
    """A batch as what came from its file."""
    spans = [span for read in batch for span in (*read.spans, *read.parts.spans)]
    conversations = [offered.conversation for read in batch for offered in read.offers]
    began = [*(span.started_at for span in spans), *(c.started_at for c in conversations)]
    return Sending(
        source=source_name("hark ingest", application=printable(file.name)),
        ids=frozenset([*(span.trace_id for span in spans), *(c.conversation_id for c in conversations)]),
        spans=len(spans),
        newest_at=max(began, default=None),
        rejected=rejected,
        reason="see what hark ingest said" if rejected else None,
    )


def _summary(files: int, receipt: Receipt, rejects: Rejects) -> dict[str, Any]:
    return {
        "files": files,
        "new": receipt.new,
        "updated": receipt.updated,
        "unchanged": receipt.unchanged,
        "rejected": rejects.count,
        "reasons": rejects.reasons,
    }


class _NoBar:
    """Where the size of a file is not known, or nobody watches."""

    def update(self, _steps: int) -> None:
        return None


def _bar(file: Path, size: int) -> AbstractContextManager[Any]:
    if not size or not sys.stderr.isatty():
        return nullcontext(_NoBar())
    return click.progressbar(length=size, label=f"ingesting {file.name}", file=sys.stderr)


def _batches(found: Iterable[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    held = 0
    for read in found:
        batch.append(read)
        held += len(read)
        if held >= _BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
