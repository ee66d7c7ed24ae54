"""What can be done with an alert stays within reach while somebody looks at it."""

from __future__ import annotations

import pytest
from made import NOW, alert

from alerts.signals import signal_of_score
from bot.slack.blocks.alert import ACKNOWLEDGE, RESOLVE, alert_message
from bot.slack.blocks.alert_menu import MORE
from traces.model import AlertState


@pytest.mark.parametrize("state", [AlertState.OPEN, AlertState.ACKNOWLEDGED])
def test_expected_and_noise_can_be_said_before_and_after_somebody_acknowledged(state):
    card = alert_message(
        alert(state=state, acknowledged_at=NOW), signal_of_score("refusal"), delivery_id="d-1", acknowledged_by="Mia"
    ).payload()
    (controls,) = [block["elements"] for block in card["blocks"] if block["type"] == "actions"]
    by_action = {element["action_id"]: element for element in controls}
    texts = [option["text"]["text"] for option in by_action[MORE]["options"]]
    assert {"Expected", "Noise"} <= set(texts)
    assert RESOLVE in by_action
    assert (ACKNOWLEDGE in by_action) is (state is AlertState.OPEN)


@pytest.mark.parametrize(("acknowledged_at", "said"), [(None, "Acknowledge"), (NOW, "End snooze")])
def test_a_snoozed_alert_asks_for_an_acknowledgement_only_of_those_who_have_not_given_it(acknowledged_at, said):
    card = alert_message(
        alert(state=AlertState.SNOOZED, acknowledged_at=acknowledged_at, snoozed_until=NOW),
        signal_of_score("refusal"),
        delivery_id="d-1",
    ).payload()
    (controls,) = [block["elements"] for block in card["blocks"] if block["type"] == "actions"]
    (first,) = [element for element in controls if element["action_id"] == ACKNOWLEDGE]
    assert first["text"]["text"] == said
