"""Answers that take no words: what is open, watched, muted, labelled, new; and whether Hark is well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.answers.reports import changes_report, labels_report
from bot.answers.signals import SignalLine
from bot.calibration.proposed import Proposed
from bot.catalogue import Catalogue
from bot.health import Health
from bot.names import told_of
from bot.reviewing.reviewers import reviewer_cards
from bot.slack.blocks.changes import changes_message
from bot.slack.blocks.evaluator import evaluator_message
from bot.slack.blocks.evaluators import catalogue_message
from bot.slack.blocks.help import help_message
from bot.slack.blocks.labels import labels_message
from bot.slack.blocks.listings import alerts_message
from bot.slack.blocks.mutes import mutes_message
from bot.slack.blocks.reviewers import reviewers_message
from bot.slack.blocks.signals import signals_message
from bot.slack.blocks.status import status_message
from bot.slack.blocks.surface import Message
from bot.slack.queries import (
    AlertsQuery,
    ChangesQuery,
    EvaluatorsQuery,
    HelpQuery,
    LabelsQuery,
    MutesQuery,
    Query,
    ReviewersQuery,
    SignalsQuery,
    StatusQuery,
)
from bot.slack.render import Renderer
from traces.errors import BadInput
from traces.store import Tx
from traces.store.alerts import LIVE

_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Answers from what the store holds now.

    Attributes:
        lines: Every signal with its usual level.
    """

    renderer: Renderer
    health: Health
    catalogue: Catalogue
    lines: Callable[[Tx, datetime], Iterable[SignalLine]]
    proposed: Proposed

    def of(self, tx: Tx, query: Query, now: datetime) -> Message | None:
        """The answer; ``None`` to a query that is not of this family."""
        if isinstance(query, ChangesQuery):
            return changes_message(changes_report(tx, now, query.period), query.period)
        if isinstance(query, EvaluatorsQuery) and query.name:
            return self._evaluator(tx, query.name, now)
        answer = self._answers.get(type(query))
        return None if answer is None else answer(tx, now)

    @property
    def _answers(self) -> Mapping[type, Callable[[Tx, datetime], Message]]:
        return {
            HelpQuery: lambda _tx, _now: help_message(),
            StatusQuery: lambda tx, now: status_message(self.health.report(tx, now)),
            AlertsQuery: lambda tx, _now: self._alerts(tx),
            SignalsQuery: lambda tx, now: signals_message([*self.lines(tx, now)]),
            EvaluatorsQuery: lambda tx, now: catalogue_message(self.catalogue.report(tx, now)),
            LabelsQuery: lambda tx, now: labels_message(labels_report(tx, now)),
            ReviewersQuery: lambda tx, now: reviewers_message(reviewer_cards(tx, now)),
            MutesQuery: lambda tx, now: mutes_message(tx.mutes.standing(now), tx.state.reviewer_names()),
        }

    def _evaluator(self, tx: Tx, name: str, now: datetime) -> Message:
        cards = {card.name: card for card in self.catalogue.report(tx, now).cards}
        meant = told_of(name, cards).evaluators
        if not meant:
            raise BadInput(f"`{name}` is a signal, not an evaluator; ask `metrics {name}`")
        message = evaluator_message(cards[meant[0]], tx.calibrations.current().get(meant[0]))
        return replace(message, blocks=(*message.blocks, *self.proposed.state_of(tx, meant[0])))

    def _alerts(self, tx: Tx) -> Message:
        alerts = tx.alerts.in_state(*LIVE)
        shown = [(alert, self.renderer.signal(alert.signal)) for alert in reversed(alerts)][:_LISTED]
        return alerts_message(shown, len(alerts))
