"""The whole loop of the demo, with scripted clicks: it closes, and without the break nothing is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.demo.headless import Script, play
from bot.demo.reviewers import Card, Reviewers

NOW = datetime(2026, 11, 20, 14, 23, tzinfo=UTC)
HISTORY = timedelta(days=10)


def test_the_loop_closes_from_traffic_to_an_alert_to_labels_that_correct_it(tmp_path: Path) -> None:
    result = play(Script(now=NOW, history=HISTORY), tmp_path / "hark.db")
    assert result.failures == []
    report = result.report
    injected = report["injected"]
    told = [
        a for a in report["alerts"] if a["explained_by"] and a["explained_by"]["value"] == injected["prompt_version"]
    ]
    assert told
    assert {alert["signal"] for alert in told} <= set(injected["signals"])
    assert all(alert["started_at"] >= injected["at"][:13] for alert in told)
    assert any(alert["correction"] for alert in told)
    assert report["rejected"] == []
    assert report["posts"]["count"] > len(report["alerts"])
    calibration = report["calibration"][told[0]["signal"]]
    before, after = calibration["before"], calibration["after"]
    assert after["n_labels"] >= before["n_labels"] + 5
    assert after["precision"] > before["precision"] + 0.02
    assert after["corrected_rate"] > before["corrected_rate"]
    assert report["correction"]["after"]["n_here"] >= 5
    assert report["correction"]["before"]["n_here"] == 0
    assert all(answer for answer in report["slash"].values())


@pytest.mark.slow
def test_without_the_break_no_alert_names_the_new_prompt_version(tmp_path: Path) -> None:
    script = Script(now=NOW, history=HISTORY, hours=6, breaks_refunds=False)
    result = play(script, tmp_path / "hark.db")
    assert result.failures == []
    assert result.report["injected"] == {}
    assert [a for a in result.report["alerts"] if "support-v13" in str(a)] == []


def test_a_loop_that_does_not_close_says_what_is_missing(tmp_path: Path) -> None:
    result = play(Script(now=NOW, history=timedelta(days=1), hours=1), tmp_path / "hark.db")
    assert result.failures == ["no alert names support-v13 within 1 h of its start"]


class Distracted(Reviewers):
    """Somebody whose taps on Yes and No never reach Hark."""

    def label(self, card: Card, person: str) -> None:
        pass


@pytest.mark.slow
def test_labels_that_do_not_reach_the_calibration_are_told(tmp_path: Path) -> None:
    result = play(Script(now=NOW, history=HISTORY), tmp_path / "hark.db", people=Distracted)
    assert any("labels after" in failure and "make the calibration of" in failure for failure in result.failures), (
        result.failures
    )
