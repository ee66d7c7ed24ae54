"""What judges leave behind: answers that need not be paid for twice, each day's spending, and rules by their identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select

from traces import schema
from traces.store.base import Part

KEPT: timedelta = timedelta(days=30)
"""How long an answer is kept."""

_COUNTS = ("calls", "refused", "spared", "audited", "agreed")

_A = schema.judge_answers
_S = schema.judge_spending
_R = schema.judge_rules


class JudgeAnswers(Part):
    """Answers of judges by a digest of all that they depend on."""

    def get(self, digest: str, now: datetime) -> str | None:
        """The answer's text, unless it is too old."""
        return self._connection.execute(
            select(_A.c.text).where(
                _A.c.workspace_id == self._workspace_id, _A.c.digest == digest, _A.c.at > now - KEPT
            )
        ).scalar()

    def put(self, digest: str, text: str, now: datetime) -> None:
        """Keep an answer, and forget those that are too old."""
        self._connection.execute(delete(_A).where(_A.c.workspace_id == self._workspace_id, _A.c.at <= now - KEPT))
        self._upsert(_A, [{"digest": digest, "text": text, "at": now}], update=["text", "at"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """One evaluator's day, or several.

    Attributes:
        usd: US dollars, paid, and set aside for calls under way.
        calls: Calls.
        refused: Calls that the budget refused.
        spared: Conversations that a classifier answered in the judge's place.
        audited: Conversations that the classifier was sure of, and that the judge was asked about all the same.
        agreed: Those of them on which both said the same.
    """

    usd: float = 0.0
    calls: int = 0
    refused: int = 0
    spared: int = 0
    audited: int = 0
    agreed: int = 0

    @property
    def spared_usd(self) -> float:
        """What the spared conversations would have cost, at the mean price of the calls that were made."""
        return self.usd / self.calls * self.spared if self.calls else 0.0


class JudgeSpending(Part):
    """A book of what judges cost, by UTC day and evaluator.

    Money is set aside before a call and put right after it, so that what is under way counts too, in every process, and a
    call whose end nobody saw stays paid.
    """

    def reserve(self, evaluator: str, usd: float, now: datetime, *, daily: float | None, own: float | None) -> bool:
        """Set ``usd`` aside for a call of ``evaluator``.

        Args:
            evaluator: Its name.
            usd: The most that the call may cost.
            now: The call's day is this time's.
            daily: What all evaluators together may cost on a day; ``None`` for no limit.
            own: What this one may cost.

        Returns:
            Whether there was room; without, the refusal is counted.
        """
        self._one_at_a_time("judge_spending")
        day = day_of(now)
        fits = self._fits(day, evaluator, usd, daily, own)
        self._add(day, evaluator, usd if fits else 0.0, calls=int(fits), refused=int(not fits))
        return fits

    def settle(self, evaluator: str, reserved: float, spent: float, reserved_at: datetime) -> None:
        """Put right what was set aside at ``reserved_at``."""
        self._one_at_a_time("judge_spending")
        self._add(day_of(reserved_at), evaluator, spent - reserved)

    def spare(self, evaluator: str, now: datetime, *, spared: int, audited: int = 0, agreed: int = 0) -> None:
        """Count conversations that a classifier answered in place of the judge ``evaluator``, and how its audit went."""
        self._add(day_of(now), evaluator, 0.0, spared=spared, audited=audited, agreed=agreed)

    def of_day(self, now: datetime) -> dict[str, Spending]:
        """The spending of the day of ``now`` by evaluator."""
        rows = self._connection.execute(
            select(_S).where(_S.c.workspace_id == self._workspace_id, _S.c.day == day_of(now)).order_by(_S.c.evaluator)
        )
        return {
            row.evaluator: Spending(usd=max(0.0, row.usd), **{name: getattr(row, name) for name in _COUNTS})
            for row in rows
        }

    def since(self, start: datetime, now: datetime) -> dict[str, Spending]:
        """The spending of the days from that of ``start`` to that of ``now``, both included, by evaluator."""
        rows = self._connection.execute(
            select(_S.c.evaluator, *(func.sum(_S.c[name]) for name in ("usd", *_COUNTS)))
            .where(_S.c.workspace_id == self._workspace_id, _S.c.day >= day_of(start), _S.c.day <= day_of(now))
            .group_by(_S.c.evaluator)
            .order_by(_S.c.evaluator)
        )
        return {
            name: Spending(usd=max(0.0, usd), **dict(zip(_COUNTS, map(int, counts), strict=True)))
            for name, usd, *counts in rows
        }

    def _fits(self, day: str, evaluator: str, usd: float, daily: float | None, own: float | None) -> bool:
        mine = (_S.c.workspace_id == self._workspace_id) & (_S.c.day == day)
        total = func.coalesce(func.sum(_S.c.usd), 0.0)
        for limit, scope in ((daily, mine), (own, mine & (_S.c.evaluator == evaluator))):
            if limit is None:
                continue
            spent: float = self._connection.execute(select(total).where(scope)).scalar_one()
            if spent + usd > limit:
                return False
        return True

    def _add(self, day: str, evaluator: str, usd: float, **counts: int) -> None:
        insert = self._insert(_S).values(
            workspace_id=self._workspace_id,
            day=day,
            evaluator=evaluator,
            usd=usd,
            **(dict.fromkeys(_COUNTS, 0) | counts),
        )
        added = {name: _S.c[name] + insert.excluded[name] for name in ("usd", *_COUNTS)}
        key = [column.name for column in _S.primary_key]
        self._connection.execute(insert.on_conflict_do_update(index_elements=key, set_=added))


def day_of(at: datetime) -> str:
    """The UTC day, as ``2026-11-20``."""
    return at.astimezone(UTC).date().isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """One wording of a rule. ``digest`` is of the wording, ``rule_id`` stays when the wording is edited."""

    digest: str
    rule_id: str
    text: str


class JudgeRules(Part):
    """Every wording of every rule, newest first."""

    def all(self, limit: int) -> list[RuleText]:
        rows = self._connection.execute(
            select(_R).where(_R.c.workspace_id == self._workspace_id).order_by(_R.c.at.desc(), _R.c.digest).limit(limit)
        )
        return [RuleText(digest=row.digest, rule_id=row.rule_id, text=row.text) for row in rows]

    def put(self, rule: RuleText, now: datetime) -> None:
        """Keep a wording; one that is known stays with its rule."""
        row = {"digest": rule.digest, "rule_id": rule.rule_id, "text": rule.text, "at": now}
        self._insert_or_ignore(_R, row)
