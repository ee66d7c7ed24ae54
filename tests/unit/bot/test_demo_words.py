"""The demo shows what a team sees that keeps words: redacted, and whole for who may; nothing of it lies in clear."""

from __future__ import annotations

from datetime import timedelta

from made import DAY, HOUR, NOW

from bot.demo.simulate import REFUND, Traffic
from bot.demo.stage import key_file, staged
from bot.demo.world import fill
from bot.slack.access import Access, Person, Workspace
from bot.slack.blocks.transcript import Place
from bot.slack.reading import Reading
from bot.trace_pages import TracePages
from traces.clock import FakeClock


def test_admins_of_the_demo_reveal_what_its_cards_redact(tmp_path):
    database = tmp_path / "hark.db"
    past = list(Traffic(seed=1, since=NOW - DAY).between(NOW - 8 * HOUR, NOW - 6 * HOUR))
    asked = next(one for one in past if one.sent["metadata"]["scenario"] == REFUND)
    with staged(FakeClock(NOW), database, seed=1) as stage:
        fill(stage.hark, past, NOW)
        stage.hark.jobs.tick(NOW + timedelta(days=1))
        hark = stage.hark
        access = Access(
            lambda: hark.settings.roles, Workspace(hark.client, {"team_id": "T0", "user_id": "U0", "bot_id": "B0"})
        )
        reading = Reading(hark.store, hark.clock, access, TracePages(()))
        maya = Person(user_id="U0MAYA", name="maya", team_id="T0")
        shown, revealed = (
            str(reading.window(Place(asked.conversation_id, is_raw), maya, str(is_raw)).blocks)
            for is_raw in (False, True)
        )
    assert "@example.org" not in shown
    assert "Reveal" in shown
    assert f"{asked.sent['user_id']}@example.org" in revealed
    assert b"@example.org" not in database.read_bytes()
    assert key_file(database).stat().st_mode & 0o777 == 0o600
