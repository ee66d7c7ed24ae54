"""Sends Hark's own figures and alerts to an OTLP receiver, now and then; that it fails disturbs nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from pydantic import SecretStr

from bot.telemetry.otlp import MEDIA_TYPE, logs_of, metrics_of
from bot.telemetry.points import Point
from traces.clock import Clock
from traces.errors import BadInput, HarkError
from traces.model import Alert, AlertState
from traces.store import Store, Tx
from traces.urlguard import GuardedClient

_LOG = logging.getLogger(__name__)
STATE: Final = "alerts exported"
_LOOKED_AT: Final = 500


class Telemetry:
    """Exports from one store.

    Args:
        store: Where the figures and alerts are.
        client: Goes out through the guard.
        clock: Tells the time.
        points: Reads the figures as of a time.
        line: Says of an alert what is off, in a plain line.
        metrics_url: Where metrics go; ``None``: nowhere.
        logs_url: Where alerts go as log events; ``None``: nowhere.
        headers: Sent with each request.
        resource: What the receiver knows this Hark by.
        every_s: Seconds between two exports.
    """

    name: Final = "export"

    def __init__(
        self,
        store: Store,
        client: GuardedClient,
        clock: Clock,
        points: Callable[[Tx, datetime], Sequence[Point]],
        line: Callable[[Alert], str],
        *,
        metrics_url: str | None,
        logs_url: str | None,
        headers: Mapping[str, SecretStr],
        resource: Mapping[str, str],
        every_s: float = 60.0,
    ) -> None:
        self.every_s = every_s
        self._store = store
        self._client = client
        self._clock = clock
        self._points = points
        self._line = line
        self._metrics_url = metrics_url
        self._logs_url = logs_url
        self._headers = headers
        self._resource = resource
        self._began_at = clock.now()
        self._failing: set[str] = set()

    def run(self) -> bool:
        """Export once; whether all of it was taken."""
        sent = [
            self._tried("metrics", self._send_metrics) if self._metrics_url is not None else True,
            self._tried("alerts", self._send_alerts) if self._logs_url is not None else True,
        ]
        return all(sent)

    def _tried(self, what: str, send: Callable[[], None]) -> bool:
        try:
            send()
        except HarkError as error:
            if what not in self._failing:
                _LOG.warning("the export of %s was not taken: %s", what, error.message)
            self._failing.add(what)
            return False
        if what in self._failing:
            _LOG.warning("the export of %s is taken again", what)
            self._failing.discard(what)
        return True

    def _send_metrics(self) -> None:
        now = self._clock.now()
        with self._store.read() as tx:
            points = self._points(tx, now)
        self._post(self._metrics_url, metrics_of(points, self._resource, began_at=self._began_at, now=now))

    def _send_alerts(self) -> None:
        now = self._clock.now()
        with self._store.read() as tx:
            told: dict[str, Any] = tx.state.job_outcome(STATE) or {}
            last, alerts = tx.state.job_ran_at(STATE), tx.alerts.all(_LOOKED_AT)
        fresh = [alert for alert in alerts if told.get(alert.alert_id) != alert.state and not _is_past(alert, last)]
        if not fresh:
            return
        self._post(self._logs_url, logs_of([(alert, self._line(alert)) for alert in fresh], self._resource, now))
        # Only now: what was not taken is sent again.
        with self._store.begin() as tx:
            tx.state.job_ran(STATE, now, {alert.alert_id: alert.state.value for alert in alerts})

    def _post(self, url: str | None, body: bytes) -> None:
        headers = {name: value.get_secret_value() for name, value in self._headers.items()}
        status = self._client.reach("POST", url or "", content=body, headers={**headers, "content-type": MEDIA_TYPE})
        if status >= HTTPStatus.BAD_REQUEST:
            raise BadInput(f"the receiver answered {status}")


def _is_past(alert: Alert, last: datetime | None) -> bool:
    """Whether an alert was over before anything was exported."""
    return alert.state is AlertState.RESOLVED and (last is None or (alert.resolved_at or last) < last)
