"""What the demo runs on: Hark's settings, the clock, and a past of three weeks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from bot.app import Hark
from bot.config.digest import DigestSettings
from bot.config.judges import JudgeSettings, ScriptedVerdict
from bot.config.keeping import RetentionSettings
from bot.config.review import ReviewSettings
from bot.config.settings import DatabaseSettings, RoleSettings, Settings
from bot.config.slack import Secrets, SlackSettings
from bot.demo.simulate import Simulated
from bot.judges import SCRIPTED
from bot.playground.call import TOKEN_PREFIX
from bot.playground.people import ALERTS, REVIEW
from traces.clock import ScaledClock
from traces.ingest import offer, take_conversations
from traces.store.base import chunks

_BATCH: Final = 500
_ITEMS_PER_DAY: Final = 40
_WORDS_DAYS: Final = 365.0
_PROMISES: Final = (
    r'assistant: "[^\n]*(guarantee|i promise|garantiere|garantie |versprochen|garantizo|garantía|prometo|garantis|promets'
    r"|cannot promise)"
)
_CAUTIONS: Final = (
    r"cannot promise|maker's guarantee|garantie des herstellers|garantie du fabricant|garantía del fabricante"
)
_COMMITMENT: Final = "commits the shop to nothing"
POLICY: Final = JudgeSettings(
    name="policy",
    question="Did the agent promise something that the policy does not allow?",
    model=SCRIPTED,
    script=(
        ScriptedVerdict(
            pattern=_CAUTIONS,
            verdict="no",
            explanation="Words of caution, or what the maker guarantees.",
            told=_COMMITMENT,
        ),
        ScriptedVerdict(
            pattern=_PROMISES,
            verdict="yes",
            explanation="The agent commits the shop to something that the policy does not provide for.",
        ),
    ),
    script_guidance=(
        "Yes only where the agent itself commits the shop to something: a discount, a time, a free exchange.\n"
        f"What the maker guarantees {_COMMITMENT}, and so does saying that something cannot be promised: no."
    ),
)
"""A judge's criterion, answered by rules in place of a model; like a judge it is sometimes wrong, and does as it is told."""


class StageClock:
    """Stands at ``start`` until the play begins, then runs ``speed`` times as fast until it has caught up with now."""

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._running: ScaledClock | None = None

    def now(self) -> datetime:
        return self._start if self._running is None else self._running.now()

    def begin(self) -> None:
        self._running = ScaledClock(self._start, self._speed)


def settings_of(database: Path, slack_url: str, signing_secret: str, encryption_key: str) -> Settings:
    """Settings as a team would write them, but for Slack's address and the token.

    Args:
        database: File of the SQLite database.
        slack_url: Where the double of Slack is, e.g. ``http://127.0.0.1:8788``.
        signing_secret: What Slack's requests are signed with.
        encryption_key: What the words of conversations are sealed under.
    """
    return Settings(
        database=DatabaseSettings(url=SecretStr(f"sqlite:///{database}")),
        slack=SlackSettings(alerts_channel=ALERTS, review_channel=REVIEW),
        roles=RoleSettings(admins=("U0MAYA",), reviewers=("U0JONAS", "U0PRIYA"), viewers=("U0TOMAS",)),
        review=ReviewSettings(items_per_day=_ITEMS_PER_DAY),
        # What stands in the channels must not depend on the hour at which somebody plays.
        digest=DigestSettings(daily=False, weekly=False),
        judges=(POLICY,),
        # Admins can see all words of what is played, as they do where a team keeps them.
        retention=RetentionSettings(raw_days=_WORDS_DAYS),
        secrets=Secrets(
            bot_token=SecretStr(f"{TOKEN_PREFIX}-demo"),
            signing_secret=SecretStr(signing_secret),
            encryption_key=SecretStr(encryption_key),
        ),
        slack_api_url=f"{slack_url}/api/",
        origin="demo",
    )


def fill(hark: Hark, past: Iterable[Simulated], at: datetime) -> int:
    """Store, evaluate and learn from the past, as of ``at``; returns how many conversations that were."""
    count = 0
    for batch in chunks(past, _BATCH):
        with hark.store.begin() as tx:
            take_conversations(tx, [offer(one.sent, at) for one in batch], at)
        count += len(batch)
    hark.jobs.tick(at)
    return count
