"""``hark signals``: every signal with its kind, usual level, state and what can be detected."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from made import DAY, NOW, alert, fact

from alerts.defined import Definition
from alerts.signals import SignalOverride
from bot.answers.signals import signal_lines
from bot.cli.signals import signal_json
from bot.slack.blocks.signals import least_effect, signals_message, smallest, usual_level
from bot.slack.check import check
from traces.model import EVERYTHING, AlertState, Direction
from traces.store import open_store
from traces.store.mutes import Mute

OVERRIDES = {
    "cost": SignalOverride(enabled=False),
    "discount": SignalOverride(definition=Definition(field="discount"), bad=Direction.UP),
}


def listed(days: int = 10, per_day: int = 50, **more):
    store = open_store("sqlite://")
    with store.begin() as tx:
        tx.rollups.record(
            [
                fact(f"c-{day}-{n}", NOW - day * DAY + timedelta(seconds=n), volume=1.0, refusal=float(n % 10 == 0))
                for day in range(days)
                for n in range(per_day)
            ]
        )
        for mute in more.get("mutes", ()):
            tx.mutes.add(mute)
        for one in more.get("alerts", ()):
            tx.alerts.add(one)
        lines = signal_lines(
            tx, NOW, names=["refusal", "never_given"], bad={"refusal": Direction.UP}, overrides=OVERRIDES,
            weeks_between_false_alerts=1.0,
        )  # fmt: skip
    return {line.signal.name: line for line in lines}


def test_a_signal_tells_its_usual_level_its_volume_and_what_can_be_seen_in_a_day():
    line = listed()["refusal"]
    assert (line.origin, line.state, line.usual, line.a_day) == ("score", "watched", 0.1, 50)
    assert line.detectable.to > 0.2
    assert usual_level(line) == "10.0 %"
    assert smallest(line).startswith("3")
    assert least_effect(line.signal) == "30 % and 1 point"


def test_signals_without_data_stand_below_the_table_and_not_in_it():
    message = signals_message(list(listed().values()))
    (below,) = [block for block in message.blocks if "No data so far" in str(block)]
    (rows,) = [block["rows"] for block in message.blocks if block["type"] == "table"]
    assert "never_given" in str(below)
    assert "never_given" not in str(rows)
    assert "cost" in str(rows)
    assert check(message.payload(), "message") == []


def test_a_signal_without_data_one_that_is_off_and_a_young_one_say_so():
    lines = listed()
    assert (lines["never_given"].state, lines["cost"].state, lines["discount"].origin) == (
        "no data",
        "off",
        "hark.toml",
    )
    assert listed(days=1)["refusal"].state == "learning"


def test_a_muted_signal_says_so():
    mute = Mute(mute_id="m-1", signal="refusal", until_at=NOW + DAY, muted_by="U1", muted_at=NOW)
    lines = listed(mutes=[mute])
    assert (lines["refusal"].state, lines["volume"].state) == ("muted", "watched")


def test_what_cannot_be_detected_at_this_volume_is_said():
    assert smallest(listed(per_day=2)["refusal"]) == "nothing: too few"


def test_a_signal_with_an_open_alert_is_off_its_baseline():
    line = listed(alerts=[alert(segment=EVERYTHING)])["refusal"]
    assert (line.state, line.alerts) == ("off its baseline", ("a-1",))


def test_the_listing_is_a_message_that_slack_takes_and_json_that_a_program_reads():
    lines = list(listed().values())
    assert check(signals_message(lines).payload(), "message") == []
    assert {"signal", "kind", "bad", "state", "usual", "detectable_in_a_day"} <= signal_json(lines[0]).keys()


def test_what_people_said_of_alerts_is_its_precision_and_makes_it_more_careful():
    noise = [
        replace(alert(segment=EVERYTHING), alert_id=f"a-{n}", state=AlertState.RESOLVED, resolved_at=NOW - n * DAY,
                detail={"outcome": "noise" if n else "resolved"})
        for n in range(5)
    ]  # fmt: skip
    lines = listed(alerts=noise)
    told = signal_json(lines["refusal"])
    assert (told["verdicts"], told["precision"]) == ({"real": 1, "expected": 0, "noise": 4}, 0.2)
    assert 2 < told["patience"] < 4
    assert lines["refusal"].detectable.to > listed()["refusal"].detectable.to
    message = signals_message(list(lines.values()))
    assert "refusal: 1 of 5 alerts was right, so it may be wrong" in str(message.blocks)
    assert check(message.payload(), "message") == []
