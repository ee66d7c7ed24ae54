"""Models that keep to limits: of money, of calls a minute, of calls at once, and of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from dataclasses import replace
from typing import Any, Final, Protocol

from evaluators.judge.model import BudgetSpent, JudgeError, JudgeModel, JudgeReply
from traces.costs import Price, price_of
from traces.errors import BadInput

_BYTES_PER_TOKEN: Final = 3
"""Fewer than any usual text has, so that an estimate errs on the dear side."""
_MOST_HANGING: Final = 16
_TIMEOUT: Final = "timeout"


class Reservation(Protocol):
    """Money set aside for one call."""

    def settle(self, spent: float) -> None:
        """Put right what was set aside, now that the call is over."""


class Purse(Protocol):
    """A budget."""

    def reserve(self, evaluator: str, usd: float) -> Reservation | None:
        """Set ``usd`` aside for a call; ``None`` when there is no room for it."""


class Budgeted:
    """Calls ``model`` only while the budget has room for the dearest that the call can be.

    A call that timed out counts as that dear: its provider may have answered, and charges for it.

    Args:
        model: Who is asked.
        purse: The budget.
        evaluator: For whom.
        price: What the model costs; ``None`` when it is not known, and then only what it reports counts.
        max_tokens: Most tokens of an answer.
        is_stated: Whether the price is the team's own word, which counts in place of what a call reports.
    """

    def __init__(
        self,
        model: JudgeModel,
        purse: Purse,
        evaluator: str,
        price: Price | None,
        max_tokens: int,
        *,
        is_stated: bool = False,
    ) -> None:
        self._model = model
        self._purse = purse
        self._evaluator = evaluator
        self._price = price
        self._max_tokens = max_tokens
        self._is_stated = is_stated

    def complete(self, system: str, user: str, schema: Mapping[str, Any]) -> JudgeReply:
        most = self._most(system, user, schema)
        reserved = self._purse.reserve(self._evaluator, most)
        if reserved is None:
            raise BudgetSpent("today's budget is spent")
        spent = most
        try:
            reply = self._priced(self._model.complete(system, user, schema))
            spent = most if reply.cost_usd is None else reply.cost_usd
        except JudgeError as error:
            spent = most if error.reason == _TIMEOUT else 0.0
            raise
        finally:
            reserved.settle(spent)
        return reply

    def _most(self, system: str, user: str, schema: Mapping[str, Any]) -> float:
        if self._price is None:
            return 0.0
        sent = sum(len(text.encode("utf-8", "surrogatepass")) for text in (system, user, str(dict(schema))))
        return -(-sent // _BYTES_PER_TOKEN) * self._price.input_usd + self._max_tokens * self._price.output_usd

    def _priced(self, reply: JudgeReply) -> JudgeReply:
        """With its cost by the price, where it reports none or a stated price counts."""
        is_told = reply.cost_usd is not None and not self._is_stated
        if is_told or self._price is None or reply.input_tokens is None or reply.output_tokens is None:
            return reply
        cost = reply.input_tokens * self._price.input_usd + reply.output_tokens * self._price.output_usd
        return replace(reply, cost_usd=cost)


def price_per_token(model: str, usd_per_million: tuple[float, float] | None = None) -> Price | None:
    """What a litellm model costs: as stated, in US dollars a million tokens of input and of output, or by the price table."""
    if usd_per_million is not None:
        return Price(usd_per_million[0] / 1e6, usd_per_million[1] / 1e6)
    return price_of(model, None)


class Throttle:
    """Lets so many calls through at once and so many in a minute, evenly spaced; shared by all models.

    Args:
        calls_per_minute: Calls begun in a minute.
        at_once: Calls under way.
        monotonic: Seconds of a clock that only goes forward.
        pause: Waits for so many seconds.

    Raises:
        BadInput: When a limit is not positive.
    """

    def __init__(
        self,
        calls_per_minute: float,
        at_once: int,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        if calls_per_minute <= 0 or at_once < 1:
            raise BadInput("must be more than 0", "calls_per_minute" if calls_per_minute <= 0 else "at_once")
        self._interval_s = 60 / calls_per_minute
        self._room = threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self._next_at: float | None = None
        self._monotonic = monotonic
        self._pause = pause

    def __enter__(self) -> None:
        self._room.acquire()
        with self._lock:
            now = self._monotonic()
            begin = now if self._next_at is None else max(now, self._next_at)
            self._next_at = begin + self._interval_s
        if begin > now:
            self._pause(begin - now)

    def __exit__(self, *_: object) -> None:
        self._room.release()


class Throttled:
    """Calls ``model`` when ``throttle`` lets it."""

    def __init__(self, model: JudgeModel, throttle: Throttle) -> None:
        self._model = model
        self._throttle = throttle

    def complete(self, system: str, user: str, schema: Mapping[str, Any]) -> JudgeReply:
        with self._throttle:
            return self._model.complete(system, user, schema)


class Timed:
    """Waits for ``model`` for so many seconds in all, however slowly bytes drip in.

    A call that is given up runs on in its thread until its connection ends; where sixteen hang like that, further calls
    are refused at once. What ``prepare`` takes, such as loading a library, does not count.
    """

    def __init__(self, model: JudgeModel, seconds: float, prepare: Callable[[], object] = lambda: None) -> None:
        self._model = model
        self._seconds = seconds
        self._prepare = prepare
        self._hanging = threading.Semaphore(_MOST_HANGING)

    def complete(self, system: str, user: str, schema: Mapping[str, Any]) -> JudgeReply:
        self._prepare()
        if not self._hanging.acquire(blocking=False):
            raise JudgeError("the judge still hangs in earlier calls", reason=_TIMEOUT)
        answer: Future[JudgeReply] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._model.complete(system, user, schema))
            except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
                answer.set_exception(error)
            finally:
                self._hanging.release()

        threading.Thread(target=ask, daemon=True, name="judge-call").start()
        try:
            return answer.result(self._seconds)
        except Late:
            raise JudgeError("the judge did not answer in time", reason=_TIMEOUT) from None
