"""The model that reads questions which their words do not tell: the first judge's, with a small budget of its own kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.answers.asking import Asking
from bot.config.judges import JudgeSettings, JudgingSettings
from bot.judges import SCRIPTED, StoredPurse
from evaluators.judge import Budgeted, LiteLLMJudgeModel, Timed, price_per_token
from traces.clock import Clock
from traces.store import Store

ASK: Final = "ask"
"""Under this name what questions cost is booked."""
_TIMEOUT_S: Final = 20.0
_MAX_TOKENS: Final = 400


def asking_of(judges: Sequence[JudgeSettings], judging: JudgingSettings, store: Store, clock: Clock) -> Asking:
    """Asks the model of the first judge that has one; without any, questions are read by their words alone."""
    judge = next((one for one in judges if one.model != SCRIPTED), None)
    if judge is None:
        return Asking()
    asked = LiteLLMJudgeModel(
        judge.model, api_base=judge.api_base, max_tokens=_MAX_TOKENS, timeout_s=min(_TIMEOUT_S, judge.timeout_s)
    )
    timed = Timed(asked, min(_TIMEOUT_S, judge.timeout_s), asked.prepare)
    model = Budgeted(
        timed,
        StoredPurse(store, clock, judging.daily_usd, {}),
        ASK,
        price_per_token(judge.model, judge.usd_per_million),
        _MAX_TOKENS,
        is_stated=judge.usd_per_million is not None,
    )
    return Asking(model=model, name=judge.model)
