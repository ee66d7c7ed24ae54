"""``hark evaluate``: conversations from a file in, one score per line out; no database."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from bot.classifier_files import read_heads, silent
from bot.cli.files import Opened, Rejects, values
from bot.cli.setting import print_json, say, settings
from bot.cli.train import of_file
from bot.evaluating import Evaluated, Evaluating, Job, Labelled, Missing, Sent
from bot.slack.blocks.figures import counted
from evaluators.learned.head import Head
from evaluators.learned.measures import Estimate, Quality, quality
from traces.clock import SystemClock
from traces.model import EvaluatorFailure

_FAILED = 1
_GAPS = {
    "neither yes nor no": "with labels that say neither yes nor no, left out",
    "not in the sample": "not judged: not in its sample (sample_rate)",
    "not judged": "not judged: the budget is spent, or there was nothing to judge by",
}
_FIGURES = ("precision", "recall", "f1", "auroc")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--evaluator", "names", multiple=True, metavar="NAME", help="Run this one, on or off; may be repeated.")
@click.option("--labels", "against_labels", is_flag=True, help="Print how well the scores tell what the labels say.")
@click.option("--learn-from", type=click.Path(path_type=Path), help="Labelled conversations to learn classifiers from.")
@click.option("--classifier", type=click.Path(path_type=Path), help="Classifiers that `hark train --out` wrote.")
@click.option("--json", "as_json", is_flag=True, help="With --labels: print JSON. Scores always are.")
@click.option("--processes", type=click.IntRange(1, 256), help="How many processes; default: one for each core.")
def evaluate(
    *,
    file: Path,
    names: tuple[str, ...],
    against_labels: bool,
    learn_from: Path | None,
    classifier: Path | None,
    as_json: bool,
    processes: int | None,
) -> None:
    """Score the conversations in FILE and write one score per line, as JSON; needs no database.

    FILE holds conversations as `hark ingest` reads them: JSON Lines, plain or .gz; - is standard input. Without --evaluator
    those run that the settings switch on, but for judges, which cost money and have to be named. With --labels, precision,
    recall and F1 at a score of 0.5 and AUROC are printed in place of the scores, each with its 95 % interval. With
    --learn-from, what is labelled in another file teaches a classifier for each evaluator; it speaks where it is better than
    the rules by more than chance. With --classifier, those of a file speak.

    \b
    Example: hark evaluate conversations.jsonl > scores.jsonl
             hark evaluate conversations.jsonl --evaluator refusal --labels
             hark evaluate new.jsonl --evaluator task_success --learn-from labelled.jsonl
             hark evaluate new.jsonl --evaluator task_success --classifier classifiers.json
    """
    rejects = Rejects()
    job = Job(settings=settings(), at=SystemClock().now(), names=names, processes=processes)
    job = replace(job, heads=_heads(learn_from, classifier, job, rejects))
    evaluating = Evaluating(job)
    report = _Report([e.name for e in evaluating.evaluators])
    for done in _done(file, evaluating, rejects):
        report.add(done)
        if not against_labels:
            _write(done.lines)
    if against_labels:
        report.print(as_json=as_json)
    say(f"{counted(report.conversations, 'conversation')} evaluated")
    for line in report.gaps(evaluating, job):
        say(line)
    rejects.tell("line")
    if report.failed:
        sys.exit(_FAILED)


def _heads(learn_from: Path | None, classifier: Path | None, job: Job, rejects: Rejects) -> tuple[Head, ...]:
    heads = [] if classifier is None else read_heads(classifier)
    if learn_from is not None:
        learned = of_file(learn_from, job.names, rejects)
        for head in learned:
            say(f"{head.evaluator}: learned from {head.n_labels} labels, {head.reason}")
        if not learned:
            say(f"{learn_from}: no label is of an evaluator that runs; name one with --evaluator")
        heads += learned
    else:
        for reason in silent(heads, job.evaluators()):
            say(reason)
    return tuple(heads)


def _done(file: Path, evaluating: Evaluating, rejects: Rejects) -> Iterator[Evaluated]:
    with Opened(file) as opened_file, _bar(opened_file.size, file.name) as bar:
        seen = 0
        for done in evaluating.run(Sent(where, value) for where, value in values(opened_file, rejects)):
            for reason in done.rejects:
                rejects.add(reason)
            yield done
            bar.update(opened_file.done - seen)
            seen = opened_file.done


def _write(lines: Iterable[bytes]) -> None:
    if text := b"\n".join(lines):
        click.echo(text)


class _Report:
    """Scores beside labels, by evaluator."""

    def __init__(self, names: list[str]) -> None:
        self._scored: dict[str, list[Labelled]] = {name: [] for name in names}
        self._missing: Counter[Missing] = Counter()
        self._first: dict[str, EvaluatorFailure] = {}
        self.failed: Counter[str] = Counter()
        self.conversations = 0

    def add(self, done: Evaluated) -> None:
        self.conversations += done.conversations
        self._missing.update(done.missing)
        for failure in done.failures:
            self.failed[failure.name] += 1
            self._first.setdefault(failure.name, failure)
        for labelled in done.labelled:
            self._scored[labelled.evaluator].append(labelled)

    def print(self, *, as_json: bool) -> None:
        found = {name: _quality(rows) for name, rows in self._scored.items() if rows or self._unscored(name)}
        if as_json:
            print_json({name: self._json(name, measured) for name, measured in found.items()})
            return
        for name, q in found.items():
            figures = "  ".join(f"{figure} {_shown(getattr(q, figure))}" for figure in _FIGURES)
            left_out = f"  ({self._unscored(name)} labelled but not scored)" if self._unscored(name) else ""
            click.echo(f"{name:<20} n {q.n:<6} positive {q.positive:<6} {figures}{left_out}")
        if not found:
            say("no label is of an evaluator that ran; name one with --evaluator")

    def _unscored(self, name: str) -> int:
        return self._missing[Missing(name, "labelled, not scored")]

    def gaps(self, evaluating: Evaluating, job: Job) -> Iterator[str]:
        """What was not told, and why, a line each."""
        for name, n in self.failed.items():
            first = self._first[name]
            yield f"{name}: {counted(n, 'failure')}; the first: {first.reason}: {first.message}"
        for (name, why), n in self._missing.items():
            if why in _GAPS:
                yield f"{name}: {counted(n, 'conversation')} {_GAPS[why]}"
        for name in evaluating.untaught & set(job.names):
            yield f"{name} has no rules: labelled conversations teach it, see --learn-from and --classifier"

    def _json(self, name: str, measured: Quality) -> dict[str, Any]:
        return {
            "n": measured.n,
            "positive": measured.positive,
            "unscored": self._unscored(name),
            **{figure: getattr(measured, figure)._asdict() for figure in _FIGURES},
        }


def _quality(rows: list[Labelled]) -> Quality:
    return quality([row.value for row in rows], [row.truth for row in rows])


def _shown(estimate: Estimate) -> str:
    value, low, high = estimate
    return "–" if value is None or low is None or high is None else f"{value:.3f} ({low:.3f}-{high:.3f})"


class _NoBar:
    """Where the size of a file is not known, or nobody watches."""

    def update(self, _steps: int) -> None:
        return None


def _bar(size: int, name: str) -> AbstractContextManager[Any]:
    if not size or not sys.stderr.isatty():
        return nullcontext(_NoBar())
    return click.progressbar(length=size, label=f"evaluating {name}", file=sys.stderr)
