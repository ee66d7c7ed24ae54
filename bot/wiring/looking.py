"""What looks at labels after they were counted: questions that are too vague, and words that the taxonomy may lack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from bot.config.settings import Settings
from bot.reviewing.suggestions import Suggesting
from bot.reviewing.taxonomy import Taxonomy
from bot.reviewing.vague import LookingForVague
from evaluators.base import Evaluator
from traces.clock import Clock
from traces.store import Store

Look: TypeAlias = Callable[[datetime], object]


def looks_of(
    settings: Settings, store: Store, clock: Clock, evaluators: Sequence[Evaluator], *, posts: bool
) -> tuple[Look, ...]:
    """What is run after calibration, each with its own rhythm."""
    suggesting = Suggesting(store, evaluators)
    channel = settings.slack.review_channel
    if not posts or not channel:
        return (suggesting.run,)
    return suggesting.run, LookingForVague(store, Taxonomy(store, clock, evaluators), channel).run
