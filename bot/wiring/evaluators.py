"""The evaluators that run, from the settings that switch them on."""

from __future__ import annotations

from collections.abc import Sequence

from bot.calibration.revisions import Revisions
from bot.catalogue import Catalogue
from bot.classifiers import Heads, learning
from bot.config.settings import Settings
from bot.judges import Bench
from evaluators.base import Evaluator
from evaluators.judge.criterion import Criterion
from evaluators.registry import build, catalogue
from traces.clock import Clock, SystemClock
from traces.store import Store


def evaluators_of(
    settings: Settings,
    clock: Clock | None = None,
    store: Store | None = None,
    heads: Heads | None = None,
    revisions: Revisions | None = None,
) -> tuple[Evaluator, ...]:
    """The evaluators that the settings switch on; with a store, judges keep their budget and their answers there.

    With ``heads``, judges sample by what classifiers say of a conversation, where these have taken over; with ``revisions``,
    they ask what people approved of.

    Raises:
        BadConfig: A name is no evaluator's, or a judge cannot work as it is set; lists every mistake.
    """
    bench = Bench(
        settings.judges,
        settings.judge,
        store,
        clock if clock is not None else SystemClock(),
        (lambda evaluator: evaluator) if heads is None else (lambda evaluator: learning([evaluator], heads)[0]),
        heads,
        revisions,
    )
    chosen = settings.evaluators
    return build(
        chosen.disabled,
        bench.criteria,
        judge_of=bench.judge_of,
        enabled=chosen.enabled,
        options=chosen.option_tables,
        plugins=chosen.plugins,
    )


def taught_by(settings: Settings) -> dict[str, list[str]]:
    """By evaluator, the judges that are asked its question, and teach its classifier.

    Those are the judges of the template of its name, and a judge that has a classifier of its own.
    """
    asked = [judge for judge in settings.judges if judge.template is not None and not judge.question.strip()]
    by_template = {str(judge.template): [j.name for j in asked if j.template == judge.template] for judge in asked}
    return {judge.name: [judge.name] for judge in settings.judges if judge.cascade} | by_template


def catalogue_of(settings: Settings, running: Sequence[Evaluator]) -> Catalogue:
    """What there is to say of the evaluators that run, and of those that do not."""
    return Catalogue(catalogue(running, settings.evaluators.disabled), settings.judges, settings.conversations.quiet)


def watched_judges(
    settings: Settings, clock: Clock, store: Store, revisions: Revisions | None = None
) -> tuple[Evaluator, ...]:
    """The judges as their anchors are put before them: asked about each, without taking the answer of another time."""
    bench = watching_bench(settings, clock, store, revisions)
    return tuple(bench.judge_of(c) for c in bench.criteria if settings.calibration.anchors)


def watching_bench(settings: Settings, clock: Clock, store: Store, revisions: Revisions | None = None) -> Bench:
    """Makes judges that are asked about whatever they are given, without taking the answer of another time."""
    judges = [
        judge.model_copy(update={"sample_rate": 1.0, "stratify_by": None, "cascade": False})
        for judge in settings.judges
    ]
    judging = settings.judge.model_copy(update={"cache": False})
    return Bench(judges, judging, store, clock, revision_of=revisions)


def criteria_of(settings: Settings) -> tuple[Criterion, ...]:
    """What judges are asked, as the settings have it, of those that guidance can be added to."""
    return tuple(Bench(settings.judges, settings.judge, None, SystemClock()).alignable)
