"""The settings of how long conversations are kept, and of who is told that Hark lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import httpx
from pydantic import Field, SecretStr

from bot.config.section import Section
from traces.encryption import VARIABLE, WAY_OUT
from traces.errors import BadInput
from traces.sealing import seal_of

_HEARTBEAT = "HARK_HEARTBEAT_URL"
_TAKE_FAILURES = frozenset({"hc-ping.com", "uptime.betterstack.com", "uptime.betteruptime.com"})


class RetentionSettings(Section):
    """How long conversations are kept."""

    days: float | None = Field(
        default=None,
        gt=0,
        le=36_500,
        description="Days after which a conversation is deleted with its spans, scores and feedback; default: never. "
        "Rollups, labels and the audit trail stay.",
        examples=[90.0],
    )

    raw_days: float = Field(
        default=0.0,
        ge=0,
        le=36_500,
        description="Days after which personal data and secrets in what is stored are replaced by [kind], for good. 0: as soon "
        "as a conversation was evaluated, after a week at the latest. More than 0 keeps all words for so long, and takes "
        "HARK_ENCRYPTION_KEY. What an older Hark stored stays until this is set.",
    )

    @property
    def keep_words(self) -> timedelta:
        """How long conversations are kept word by word after they ended."""
        return timedelta(days=self.raw_days)

    @property
    def is_about_words(self) -> bool:
        """Whether somebody has said how long words are kept."""
        return "raw_days" in self.model_fields_set

    @property
    def keep(self) -> timedelta | None:
        return None if self.days is None else timedelta(days=self.days)


class HeartbeatSettings(Section):
    """The uptime check that HARK_HEARTBEAT_URL names: it is told that Hark is well, and raises the alarm at silence."""

    every_s: float = Field(default=60.0, ge=5, le=86_400, description="Seconds between two beats.")
    allow_private: bool = Field(default=False, description="Allow an address that is not public, e.g. on loopback.")
    fail: bool | None = Field(
        default=None,
        description="Tell the check at once, at its address with /fail added, what is wrong; default: where it is known to "
        "take that (Healthchecks, Better Stack).",
        examples=[True],
    )

    def fail_url(self, url: str) -> str | None:
        """Where the check at ``url`` takes word of what is wrong; ``None``: nowhere."""
        base, question, query = url.partition("?")
        takes_it = httpx.URL(url).host in _TAKE_FAILURES if self.fail is None else self.fail
        return f"{base.rstrip('/')}/fail{question}{query}" if takes_it else None


def encryption_key_in(environment: Mapping[str, str], mistakes: list[str]) -> SecretStr | None:
    """The key that what is stored is sealed under; what is wrong with it is added to ``mistakes``, without the key."""
    said = environment.get(VARIABLE, "").strip()
    if not said:
        return None
    try:
        seal_of(said)
    except BadInput as error:
        if error.message not in mistakes:
            mistakes.append(error.message)
        return None
    return SecretStr(said)


def words_kept_in_clear(retention: RetentionSettings, environment: Mapping[str, str]) -> Iterator[str]:
    """The mistake of keeping words without a key to seal them under."""
    if retention.raw_days > 0 and not environment.get(VARIABLE, "").strip():
        yield (
            f"retention.raw_days: keeping words for {retention.raw_days:g} days takes {VARIABLE}, {WAY_OUT}; "
            "or set raw_days = 0, with which personal data goes once a conversation was evaluated"
        )


def heartbeat_in(environment: Mapping[str, str], mistakes: list[str]) -> SecretStr | None:
    """The address to beat at; what is wrong with it is added to ``mistakes``."""
    said = environment.get(_HEARTBEAT, "").strip()
    if not said:
        return None
    try:
        url = httpx.URL(said)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        mistakes.append(f"{_HEARTBEAT}: not a URL; write it like https://hc-ping.com/your-id")
        return None
    return SecretStr(said)
