"""From conversations to Slack: a small stream in which refusals rise raises one alert, which people then work with."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from slack_house import NOON, conversation, put_conversations
from slack_people import controls, words_of
from slack_script import Script
from web_double import ALERTS

BEGAN = NOON - timedelta(hours=30)
_ANSWERS = ("Your refund is on its way.", "It will arrive on Monday.", "I have changed the address for you.")


def _stream(chance: random.Random):
    """Three weeks of a support agent, a few conversations an hour; its newest prompt refuses."""
    for hour in range(21 * 24):
        at = NOON - timedelta(days=20, hours=6) + timedelta(hours=hour)
        if at > NOON:
            return
        for number in range(4):
            version = "v8" if at >= BEGAN and number % 2 else "v7"
            refuses = chance.random() < (0.9 if version == "v8" else 0.03)
            said = "I'm sorry, but I can't help with that." if refuses else chance.choice(_ANSWERS)
            yield conversation(
                f"s-{hour}-{number}", at + timedelta(minutes=13 * number), said=said, prompt_version=version
            )


@pytest.fixture
def streamed(hark):
    conversations = list(_stream(random.Random(7)))
    put_conversations(hark.store, conversations, NOON)
    hark.clock.set(NOON - timedelta(days=20))
    for at in (BEGAN, *(BEGAN + timedelta(hours=h) for h in range(2, 31, 2)), NOON):
        hark.clock.set(at)
        hark.hark.jobs.tick(at)
    return hark


def test_a_prompt_that_refuses_raises_one_alert_that_names_it_and_can_be_worked_with(streamed):
    roots = [m for m in streamed.slack.roots(ALERTS) if "Refusal" in m["text"]]
    assert len(roots) == 1
    root = roots[0]
    assert "v8" in words_of(root)
    table, *examples = streamed.slack.thread(ALERTS, root["ts"])
    assert {"v7", "v8"} & set(words_of(table).split())
    assert 1 <= len(examples) <= 5
    assert all("can't help" in words_of(example) for example in examples)
    script = Script(streamed.slack, streamed.send, meanwhile=streamed.deliver)
    script.acknowledging_changes_it_in_place(root["ts"])
    streamed.do(script.hands.press(ALERTS, examples[0]["ts"], "label_yes"))
    assert "label_undo" in controls(script.message(ALERTS, examples[0]["ts"]))
    script.asks("metrics refusal 7d", "Refusal")
    script.asks("alerts", "Refusal")
