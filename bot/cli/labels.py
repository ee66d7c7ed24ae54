"""``hark labels``: how much was labelled with which words, and labels from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.files import Opened, Rejects, values
from bot.cli.setting import built, print_json, say
from bot.reviewing.label_files import Imported, LabelRows, csv_rows, parse_row, store_labels
from bot.reviewing.reviewers import reviewer_cards
from bot.reviewing.taxonomy import Entry
from bot.slack.blocks.reviewers import plain_record
from bot.slack.text import one_line
from traces.errors import BadInput
from traces.store.reviews import LabelChange
from traces.store.taxonomy import WordState

_SHOWN = 5
_NAME = 64
_TABLES = (".csv", ".tsv")


@click.group(invoke_without_command=True)
@click.option("--taxonomy", "whole", is_flag=True, help="Every word of the taxonomy, labelled or not.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def labels(context: click.Context, *, whole: bool, as_json: bool) -> None:
    """How many labels each word has, by the version of the question that they answer.

    \b
    Example: hark labels
             hark labels --taxonomy --json
    """
    if context.invoked_subcommand is not None:
        return
    with built() as hark:
        entries = [entry for entry in hark.desk.taxonomy.read() if whole or entry.labels]
    if as_json:
        print_json([_told(entry) for entry in entries])
        return
    for entry in entries:
        click.echo(_line(entry, whole=whole))
        for version, count in sorted(entry.answered.items()):
            click.echo(f"    {count:>6}  {version or 'version not known'}")
    if not entries:
        say("no labels yet; reviewers give them in Slack, and hark labels import reads them from a file")


def _line(entry: Entry, *, whole: bool) -> str:
    count = f"{entry.labels:>6}  {entry.name}"
    if not whole:
        return count
    said = [entry.title] if entry.title.replace(" ", "_").casefold() != entry.name.casefold() else []
    said += (
        ["an evaluator's question"] if entry.is_question else [f"about {entry.evaluator}"] if entry.evaluator else []
    )
    said += [f"version {entry.version}"] if entry.version else []
    said += [entry.state.value] if entry.state is WordState.RETIRED else []
    said += [f"counts as {entry.merged_into}"] if entry.merged_into else []
    said += [] if entry.is_listed else ["not in the taxonomy"]
    return f"{count}  ({', '.join(said)})" if said else count


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "question": entry.question,
        "evaluator": entry.evaluator,
        "version": entry.version,
        "state": entry.state.value if entry.is_listed else "not in the taxonomy",
        "merged_into": entry.merged_into,
        "labels": entry.labels,
        "by_question_version": dict(entry.answered),
    }


@labels.command("reviewers")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_reviewers(*, as_json: bool) -> None:
    """How far each reviewer agrees with the others and with known answers (labels of the reviewer "gold"), and how fast.

    \b
    Example: hark labels reviewers
             hark labels reviewers --json
    """
    with built() as hark, hark.store.read() as tx:
        cards = reviewer_cards(tx, hark.clock.now())
    if as_json:
        print_json([asdict(card) | {"record": asdict(card.record)} for card in cards])
        return
    for card in cards:
        name = one_line(card.name, _NAME)
        click.echo(f"{card.labels:>6}  {name}{plain_record(card.record)}")
    if not cards:
        say("nobody has labelled yet")


@labels.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="What became of the rows, as JSON.")
def import_labels(file: Path, *, as_json: bool) -> None:
    """Store labels from FILE: JSON Lines, or CSV with a header where its name ends in .csv or .tsv; - is standard input.

    One label per row: conversation, label, value, and reviewer, note, at where they are known. A label of the same
    reviewer on the same conversation under the same name replaces the earlier one; the audit trail keeps both. What is
    said twice, contradicts itself, or is of conversations or labels that are not known, is told; rows that cannot be read
    are named, and the others are stored.

    \b
    Example: hark labels import labels.jsonl
             hark labels import labels.csv
    """
    rejects, rows = Rejects(), LabelRows()
    with built() as hark:
        for where, row in _rows(file, rejects):
            try:
                rows.add(where, parse_row(row))
            except BadInput as error:
                rejects.add(f"{where}: {error}")
        with hark.store.begin() as tx:
            taxonomy = [entry.name for entry in hark.desk.taxonomy.entries(tx) if entry.is_listed]
            imported = store_labels(tx, [label for _, label in rows.labels], taxonomy, hark.clock.now())
    if as_json:
        print_json(_outcome(rows, imported, rejects))
    _tell(rows, imported)
    rejects.tell("label")


def _rows(file: Path, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    with Opened(file) as opened:
        if not str(file).lower().removesuffix(".gz").endswith(_TABLES):
            yield from values(opened, rejects)
            return
        try:
            text = opened.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadInput("is not UTF-8 text", opened.name) from error
        for where, row in csv_rows(text, opened.name):
            if isinstance(row, BadInput):
                rejects.add(f"{where}: {row}")
            else:
                yield where, row


def _tell(rows: LabelRows, imported: Imported) -> None:
    changes = imported.changes
    say(
        f"{changes[LabelChange.ADDED]} added, {changes[LabelChange.CHANGED]} changed, "
        f"{changes[LabelChange.UNCHANGED]} unchanged"
    )
    if rows.duplicates:
        say(f"{rows.duplicates} say again what a row before them says")
    if contradictions := rows.contradictions:
        say(f"{len(contradictions)} contradict a row before them; the later counts: {_first(contradictions)}")
    if imported.superseded:
        say(f"{imported.superseded} gave way to what the same reviewer said later; the audit trail keeps them")
    if imported.disagreements:
        say(f"on {imported.disagreements} questions reviewers disagree; all of them are kept")
    if imported.unknown_conversations:
        say(f"{imported.unknown_conversations} are of conversations that are not stored (yet); they are kept")
    if unknown := imported.unknown_labels:
        names = _first([f"{name} ({count})" for name, count in unknown.items()])
        say(f"{sum(unknown.values())} have names that are not in the taxonomy; they are kept: {names}")


def _first(texts: list[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")


def _outcome(rows: LabelRows, imported: Imported, rejects: Rejects) -> Mapping[str, Any]:
    return {
        **{change.value: count for change, count in imported.changes.items()},
        "duplicates": rows.duplicates,
        "contradictions": rows.contradictions,
        "superseded": imported.superseded,
        "disagreements": imported.disagreements,
        "unknown_conversations": imported.unknown_conversations,
        "unknown_labels": dict(imported.unknown_labels),
        "rejected": rejects.count,
        "reasons": rejects.reasons,
    }
