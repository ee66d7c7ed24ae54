"""Simulated conversations of a shop's support agent: seeded, varied, and marked as simulated.

The same seed and times give the same bytes. What is true of each conversation is known besides, so that scripted
reviewers can answer as people who have read it would.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.demo.english import ENGLISH
from bot.demo.french import FRENCH
from bot.demo.german import GERMAN
from bot.demo.spanish import SPANISH
from bot.demo.talk import MODELS, Talk
from bot.demo.wording import Exchanges, Lines, Tongue
from traces.clock import format_time

APPLICATION: Final = "acme-support"
REFUND: Final = "refund"
OLD_PROMPT, PROMPT, NEW_PROMPT = "support-v11", "support-v12", "support-v13"

_SYSTEM: Final = (
    "You are the support agent of Acme, a shop for the home. Use the tools; refunds within 30 days are granted."
)
_TONGUES: Final = (ENGLISH, GERMAN, SPANISH, FRENCH)
_TONGUE_SHARES: Final = (60, 17, 14, 9)
_SCENARIOS: Final = {
    "order_status": 20,
    REFUND: 32,
    "product_question": 10,
    "cancellation": 9,
    "address_change": 8,
    "damaged_item": 8,
    "invoice": 7,
    "loyalty_points": 6,
}
_MODEL_SHARES: Final = (68, 32)
_USERS: Final = 2_400
_OLD_PROMPT_DAYS: Final = 7
_RELEASE_DAYS: Final = 6
_NIGHTLY_DIP, _WEEKEND_DIP = 0.2, 0.9
_AUDITED: Final = ("policy", "refusal", "rephrase", "tool_error")
_PROTESTS: Final = ("That is not what I asked", "You did not answer", "I already said", "No es lo que pregunté")
"""How users ask again whom reviewers call frustrated; whoever only asks once more is not."""
_AUDITORS: Final = ("U0JONAS", "U0PRIYA")
_READING: Final = timedelta(minutes=20)
_WEEKEND: Final = 5
_MODEL_ERRORS: Final = (
    "429 Too Many Requests: rate limit reached for the deployment",
    "503 Service Unavailable: the engine is overloaded",
    "timed out after 6.0 s",
)
_TOOL_ERRORS: Final[Sequence[Mapping[str, str]]] = (
    {"error": "timeout", "message": "order service did not answer within 5 s"},
    {"error": "upstream_unavailable", "message": "warehouse gateway answered 502"},
    {"error": "not_found", "message": "no such record in this region"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """How often things happen in a healthy conversation, from 0 to 1."""

    model_error: float = 0.008
    tool_error: float = 0.025
    declined: float = 0.02
    half_declined: float = 0.014
    asked_again: float = 0.05
    promise: float = 0.02
    caution: float = 0.012
    feedback: float = 0.24
    thumbs_up: float = 0.9
    audit: float = 0.006
    audit_notable: float = 0.05
    audit_promise: float = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A new prompt version from ``at`` on, for a ``share`` of the traffic; ``breaks_refunds``: it cannot refund."""

    at: datetime
    prompt_version: str = NEW_PROMPT
    share: float = 0.65
    breaks_refunds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A conversation as it is sent, and the names of the scores that are truly the case."""

    sent: Mapping[str, Any]
    truth: frozenset[str]
    began_at: datetime
    ended_at: datetime

    @property
    def conversation_id(self) -> str:
        return str(self.sent["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A stream of conversations.

    Args:
        seed: Makes everything repeatable.
        since: When the shop's agent went live: prompt versions and releases are counted from there.
        per_hour: Conversations that begin in an average hour.
        rollout: The new prompt version, if one comes.
        labelled_until: Of what ended before, reviewers have read and labelled some, drawn by chance.
    """

    seed: int
    since: datetime
    per_hour: float = 14.0
    rollout: Rollout | None = None
    labelled_until: datetime | None = None
    chances: Chances = Chances()

    def between(self, start: datetime, end: datetime | None = None) -> Iterator[Simulated]:
        """Conversations that begin in ``[start, end)``, in that order; without ``end`` they never stop."""
        arrivals = random.Random(f"{self.seed}:arrivals:{start.isoformat()}")
        at, number = start, 0
        while True:
            at += timedelta(hours=arrivals.expovariate(self.per_hour * rhythm(at)))
            if end is not None and at >= end:
                return
            number += 1
            chance = random.Random(f"{self.seed}:{start.isoformat()}:{number}")
            yield _Play(self, chance, at.replace(microsecond=0)).perform()


def rhythm(at: datetime) -> float:
    """How busy an hour is: mildly less so at night and at weekends."""
    daily = 1 + _NIGHTLY_DIP * math.sin((at.hour + at.minute / 60 - 8) / 24 * 2 * math.pi)
    return daily * (_WEEKEND_DIP if at.weekday() >= _WEEKEND else 1.0)


class _Play:
    """One conversation in the making."""

    def __init__(self, traffic: Traffic, chance: random.Random, at: datetime) -> None:
        self._chances, self._chance, self._began = traffic.chances, chance, at
        self._labelled_until = traffic.labelled_until
        self._id = f"acme-{chance.getrandbits(48):012x}"
        self._user = f"u-{chance.randrange(_USERS):04d}"
        self._tongue: Tongue = chance.choices(_TONGUES, _TONGUE_SHARES)[0]
        self._scenario: str = chance.choices(list(_SCENARIOS), list(_SCENARIOS.values()))[0]
        self._scene = self._tongue.scenes[self._scenario]
        self._prompt, is_new = _prompt_at(traffic, at, chance)
        self._release = f"2026.{40 + (at - traffic.since) // timedelta(days=_RELEASE_DAYS)}"
        self._is_broken = is_new and self._scenario == REFUND
        self._talk = Talk(chance, at, chance.choices(MODELS, _MODEL_SHARES)[0])
        self._facts = _facts(self._tongue, chance)
        self._truth: set[str] = set()
        self._is_notable = False
        self._sounds_like_a_promise = False

    def perform(self) -> Simulated:
        talk = self._talk
        talk.system(f"{_SYSTEM} [{self._prompt}]")
        ask = self._filled(self._scene.asks)
        talk.user(self._opening(ask) + self._account())
        if self._happens(self._chances.model_error):
            self._truth.add("error_rate")
            talk.failing(self._chance.choice(_MODEL_ERRORS))
        if self._is_broken:
            self._refuse_refund()
        else:
            self._serve(ask)
        feedback, labels = self._feedback(), self._labels()
        sent = {
            "id": self._id,
            "started_at": format_time(self._began),
            "ended_at": format_time(talk.at),
            "user_id": self._user,
            "metadata": self._metadata(),
            "messages": talk.messages,
            **({"feedback": [feedback]} if feedback else {}),
            **({"labels": labels} if labels else {}),
        }
        return Simulated(sent=sent, truth=frozenset(self._truth), began_at=self._began, ended_at=talk.at)

    def _account(self) -> str:
        """Who wants money back says whose it is: personal data, which cards redact."""
        return f" ({self._user}@example.org)" if self._scenario == REFUND else ""

    def _metadata(self) -> dict[str, Any]:
        return {
            "application": APPLICATION,
            "environment": "production",
            "provider": self._talk.model.provider,
            "model": self._talk.model.name,
            "prompt_version": self._prompt,
            "release": self._release,
            "scenario": self._scenario,
            "language": self._tongue.code,
            "channel": self._chance.choice(("web", "web", "app")),
            "simulated": True,
        }

    # --- how it goes ---

    def _serve(self, ask: str) -> None:
        """The ordinary course: tools, an answer, perhaps a further question, thanks."""
        has_failed = self._happens(self._chances.tool_error)
        self._use_tools(has_failed=has_failed)
        self._talk.agent(self._filled(self._tongue.tool_trouble if has_failed else self._scene.answers) + self._extra())
        if self._happens(self._chances.asked_again):
            self._truth.add("rephrase")
            again = self._filled(self._tongue.asks_again, ask=ask)
            if again.startswith(_PROTESTS):
                self._truth.add("frustration")
            self._talk.user(again)
            self._talk.agent(self._filled(self._tongue.repeated_answers))
        if self._scene.next_questions and self._happens(0.4):
            self._exchange(self._scene.next_questions)
        if self._happens(self._chances.half_declined):
            self._is_notable = True
            self._exchange(self._tongue.half_declined)
        elif self._happens(self._chances.declined):
            self._truth.add("refusal")
            self._exchange(self._tongue.declined)
        elif self._happens(0.6):
            self._talk.user(self._chance.choice(self._tongue.thanks))
            self._talk.agent(self._chance.choice(self._tongue.closings))

    def _exchange(self, exchanges: Exchanges) -> None:
        question, answer = self._chance.choice(exchanges)
        self._talk.user(question.format(**self._facts))
        self._talk.agent(answer.format(**self._facts))

    def _refuse_refund(self) -> None:
        """The broken prompt: the refund tool is called without the amount, or not at all, and the agent gives up."""
        self._truth |= {"refusal"}
        self._talk.tool("lookup_order", self._order(), self._found(), text=self._checking())
        if self._happens(0.9):
            self._truth.add("tool_error")
            self._talk.tool("issue_refund", self._order(), _AMOUNT_MISSING)
        refusals = self._chance.sample(self._tongue.refund_refused, 2)
        self._talk.agent(refusals[0].format(**self._facts))
        if self._happens(0.85):
            self._truth.add("rephrase")
            self._talk.user(self._filled(self._tongue.refund_insisted))
            self._talk.agent(refusals[1].format(**self._facts))

    def _use_tools(self, *, has_failed: bool) -> None:
        steps = _TOOLS[self._scenario]
        for place, (name, arguments, result) in enumerate(steps):
            fails = has_failed and place == len(steps) - 1
            answer = self._chance.choice(_TOOL_ERRORS) if fails else result(self._facts)
            text = self._checking() if place == 0 else ""
            self._talk.tool(name, arguments(self._facts), answer, text=text)
        if has_failed:
            self._truth.add("tool_error")

    def _extra(self) -> str:
        """What some answers add: a promise that policy forbids, or words that only sound like one."""
        if self._happens(self._chances.promise):
            self._sounds_like_a_promise = True
            self._truth.add("policy")
            return f" {self._chance.choice(self._tongue.promises)}"
        if self._happens(self._chances.caution):
            self._sounds_like_a_promise = self._is_notable = True
            return f" {self._chance.choice(self._tongue.cautions)}"
        return ""

    def _feedback(self) -> dict[str, Any] | None:
        if not self._happens(0.6 if self._is_broken else self._chances.feedback):
            return None
        is_up = not self._is_broken and self._happens(self._chances.thumbs_up)
        if is_up:
            self._truth.add("user_feedback")
        comment = self._chance.choice(self._tongue.praises if is_up else self._tongue.complaints)
        given = {"name": "thumbs", "value": int(is_up), "user_id": self._user, "at": format_time(self._talk.at)}
        return {**given, "comment": comment} if comment and self._happens(0.5) else given

    def _labels(self) -> list[dict[str, Any]]:
        """What reviewers said of it when they read it, which they did of some."""
        drawn, reviewer = self._chance.random(), self._chance.choice(_AUDITORS)
        if self._labelled_until is None or self._talk.at >= self._labelled_until:
            return []
        usual = self._chances.audit_notable if self._is_notable or self._truth else self._chances.audit
        # What sounds like a promise is read more often, for the one question that it raises.
        policy = max(usual, self._chances.audit_promise) if self._sounds_like_a_promise else usual
        given = {"reviewer": reviewer, "at": format_time(self._talk.at + _READING)}
        return [
            {"name": name, "value": int(name in self._truth), **given, "inclusion_probability": chance}
            for name in _AUDITED
            if drawn < (chance := policy if name == "policy" else usual)
        ]

    # --- words ---

    def _opening(self, ask: str) -> str:
        greeting = self._chance.choice(self._tongue.greetings)
        detail = f" {self._filled(self._tongue.details)}" if self._happens(0.5) else ""
        named = "" if self._facts["order"] in ask else f" {self._filled(self._tongue.references)}"
        said = f"{greeting}{ask}{named}{detail}"
        return said if greeting else said[:1].upper() + said[1:]

    def _filled(self, lines: Lines, **more: str) -> str:
        return self._chance.choice(lines).format(**self._facts, **more)

    def _checking(self) -> str:
        return self._chance.choice(self._tongue.checking)

    def _order(self) -> dict[str, str]:
        return {"order_id": self._facts["order"]}

    def _found(self) -> dict[str, Any]:
        return _order_found(self._facts)

    def _happens(self, chance: float) -> bool:
        return self._chance.random() < chance


def _prompt_at(traffic: Traffic, at: datetime, chance: random.Random) -> tuple[str, bool]:
    """The prompt version of a conversation, and whether it is one that breaks refunds."""
    drawn, rollout = chance.random(), traffic.rollout
    if rollout is not None and at >= rollout.at and drawn < rollout.share:
        return rollout.prompt_version, rollout.breaks_refunds
    return (OLD_PROMPT if at - traffic.since < timedelta(days=_OLD_PROMPT_DAYS) else PROMPT), False


def _facts(tongue: Tongue, chance: random.Random) -> dict[str, str]:
    """What fills the placeholders of one conversation."""
    amount = f"{chance.randint(8, 240)}.{chance.choice(('00', '50', '90', '95', '99'))}"
    return {
        "order": f"A-{chance.randint(10_000, 99_999)}",
        "amount": f"${amount}" if tongue.code == "en" else f"{amount.replace('.', ',')} €",
        "ticket": f"T-{chance.randint(1_000, 9_999)}",
        "points": str(chance.randint(4, 190) * 10),
        "item": chance.choice(tongue.items),
        "city": chance.choice(tongue.cities),
        "street": chance.choice(tongue.streets),
        "day": chance.choice(tongue.days),
    }


# --- tools -------------------------------------------------------------------------------------------------

_Maker = Callable[[Mapping[str, str]], Mapping[str, Any]]
_AMOUNT_MISSING: Final = {"error": "validation_error", "message": "field 'amount' is required", "status": 422}


def _order_id(facts: Mapping[str, str]) -> Mapping[str, Any]:
    return {"order_id": facts["order"]}


def _order_found(facts: Mapping[str, str]) -> dict[str, Any]:
    return {"order_id": facts["order"], "total": facts["amount"], "items": [facts["item"]], "state": "known"}


_LOOKUP: Final = ("lookup_order", _order_id, _order_found)
_TOOLS: Final[Mapping[str, Sequence[tuple[str, _Maker, _Maker]]]] = {
    "order_status": (_LOOKUP, ("track_parcel", _order_id, lambda f: {"carrier": "Parcelway", "last_seen": f["city"]})),
    REFUND: (
        _LOOKUP,
        (
            "issue_refund",
            lambda f: {"order_id": f["order"], "amount": f["amount"], "reason": "return"},
            lambda f: {"refunded": f["amount"], "method": "card"},
        ),
    ),
    "address_change": (
        _LOOKUP,
        ("update_address", lambda f: {**_order_id(f), "street": f["street"]}, lambda f: {"ship_to": f["street"]}),
    ),
    "cancellation": (_LOOKUP, ("cancel_order", _order_id, lambda f: {"cancelled": f["order"]})),
    "product_question": (("search_catalog", lambda f: {"query": f["item"]}, lambda f: {"hits": 3, "best": f["item"]}),),
    "invoice": (_LOOKUP, ("send_invoice", _order_id, lambda f: {"sent": True, "total": f["amount"]})),
    "damaged_item": (_LOOKUP, ("create_replacement", _order_id, lambda f: {"replacement_from": f["city"]})),
    "loyalty_points": (("get_points", lambda _f: {"scope": "account"}, lambda f: {"points": int(f["points"])}),),
}


__all__ = ["APPLICATION", "NEW_PROMPT", "PROMPT", "REFUND", "Chances", "Rollout", "Simulated", "Traffic", "rhythm"]
