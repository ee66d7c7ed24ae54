"""A token that Slack no longer takes is noticed within two minutes though nothing is posted, and its alert stands in Slack later."""

from __future__ import annotations

from datetime import timedelta

from web_double import ALERTS, refused

from traces.model import AlertState

MINUTE = timedelta(minutes=1)


def test_a_revoked_token_is_told_while_nothing_is_posted_and_over_with_the_next_one(hark):
    jobs, started = hark.hark.jobs, hark.clock.now()
    hark.deliver()
    jobs.detect.run(hark.clock.now())
    hark.slack.fail("auth.test", refused("token_revoked"))
    hark.slack.fail("chat.postMessage", refused("token_revoked"))
    for _ in range(2):
        hark.clock.advance(MINUTE)
        hark.deliver()
        jobs.detect.run(hark.clock.now())
    (alert,) = alerts_of(hark)
    assert (alert.signal, alert.state) == ("slack_token", AlertState.OPEN)
    assert alert.detected_at - started <= 2 * MINUTE
    assert hark.slack.roots(ALERTS) == []
    for _ in range(8):
        hark.clock.advance(MINUTE)
        hark.deliver()
        jobs.detect.run(hark.clock.now())
    assert [a.state for a in alerts_of(hark)] == [AlertState.RESOLVED]
    (root,) = hark.slack.roots(ALERTS)
    assert "Slack refuses the bot's token (token_revoked)" in root["text"]


def alerts_of(hark):
    with hark.store.read() as tx:
        return tx.alerts.all(limit=10)
