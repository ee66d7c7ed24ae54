"""Polling and writing back as jobs: several stores, faults, crashes, and what people are told."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import httpx
import orjson
import pytest
from click.testing import CliRunner
from made import MINUTE, NOW, label
from poll_clouds import STORES, TAKING_LABELS, source_at
from poll_stores import Turn

from bot.app import build_hark
from bot.cli.main import hark
from bot.config.settings import DatabaseSettings, Settings, SourceSettings, load
from bot.jobs.poll import Polled, Polling, sources_of
from bot.jobs.write_back import WritingBack
from bot.schedule import Schedule
from bot.sources import reports_of
from traces.clock import FakeClock
from traces.errors import BadConfig, BadInput
from traces.store import open_store
from traces.store.label_writes import WriteState
from traces.store.state import SourceState

QUIET = timedelta(minutes=5)
EVERY = timedelta(seconds=30)


def fake_of(kind, *turns, **fields):
    return STORES[kind](kind=kind, turns=list(turns), **fields)


def polling(store, fakes, now=NOW):
    """A job over doubles by kind, and the sources that it polls."""
    polled = [Polled(source=source_at(fake, kind, now), every=EVERY) for kind, fake in fakes.items()]
    return Polling(store, polled, QUIET), polled


def report_of(store, name, now=NOW):
    with store.read() as tx:
        return reports_of(tx, [name], now)[0]


def sessions(store):
    with store.read() as tx:
        return set(tx.conversations.many([f"s{n}" for n in range(20)]))


# --- polling -----------------------------------------------------------------------------------------------


def test_one_source_that_fails_leaves_the_others_alone(store):
    fakes = {
        "phoenix": fake_of("phoenix", Turn(0, NOW - MINUTE), faults=[httpx.Response(500)]),
        "langfuse": fake_of("langfuse", Turn(2, NOW - MINUTE)),
        "opik": fake_of("opik", Turn(4, NOW - MINUTE), faults=[httpx.Response(200, content=b"<html>")]),
        "mlflow": fake_of("mlflow", Turn(6, NOW - MINUTE)),
    }
    job, _ = polling(store, fakes)
    assert job.run(NOW) == 2
    assert sessions(store) == {"s1", "s3"}
    assert report_of(store, "phoenix").problem.endswith("answered 500")
    assert "not valid JSON" in report_of(store, "opik").problem
    job.run(NOW + 2 * MINUTE)
    assert sessions(store) == {"s0", "s1", "s2", "s3"}
    assert report_of(store, "phoenix").problems == []


def test_retry_after_is_kept_over_a_restart_and_counts_for_that_source_alone(store):
    fakes = {
        "phoenix": fake_of("phoenix", faults=[httpx.Response(429, headers={"retry-after": "300"})]),
        "mlflow": fake_of("mlflow"),
    }
    polling(store, fakes)[0].run(NOW)
    polling(store, fakes)[0].run(NOW + 299 * timedelta(seconds=1))
    assert len(fakes["phoenix"].requests) == 1
    assert len(fakes["mlflow"].requests) > 2
    polling(store, fakes)[0].run(NOW + 300 * timedelta(seconds=1))
    assert len(fakes["phoenix"].requests) == 2


def test_a_source_is_asked_no_more_often_than_it_is_set_to(store):
    fake = fake_of("phoenix")
    job, _ = polling(store, {"phoenix": fake})
    for second in range(61):
        job.run(NOW + timedelta(seconds=second))
    assert len(fake.requests) == 3


def test_what_a_turn_leaves_is_read_in_the_next_without_waiting(store):
    fake = fake_of("phoenix", *(Turn(n, NOW - (n + 1) * MINUTE) for n in range(40)), page_size=1)
    job, _ = polling(store, {"phoenix": fake})
    for _ in range(4):
        job.run(NOW)
    assert len(fake.requests) == 80
    assert sessions(store) == {f"s{n}" for n in range(20)}


def test_a_source_that_does_not_answer_keeps_no_other_waiting(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'hark.db'}")
    others_turn = threading.Event()
    quick = fake_of("mlflow", Turn(0, NOW - MINUTE))

    def answers_after_the_other(request):
        assert others_turn.wait(20)
        return httpx.Response(503)

    def noticed(request):
        answer = quick(request)
        others_turn.set()
        return answer

    settings = Settings(sources=(), database=DatabaseSettings(url=f"sqlite:///{tmp_path / 'hark.db'}"))
    clock = FakeClock(NOW)
    built = build_hark(settings, clock, {})
    polled = [
        Polled(source=source_at(answers_after_the_other, "phoenix", NOW), every=EVERY),
        Polled(source=source_at(noticed, "mlflow", NOW), every=EVERY),
    ]
    schedule = Schedule(replace(built.jobs, poll=Polling(store, polled, QUIET)), clock)
    schedule.start()
    assert others_turn.wait(20)
    schedule.stop()
    assert sessions(store) == {"s0"}
    built.store.close()
    store.close()


def test_errors_are_counted_until_the_source_answers_again(store):
    fake = fake_of("phoenix", faults=[httpx.Response(503, headers={"retry-after": "1"})] * 3)
    job, _ = polling(store, {"phoenix": fake})
    for minute in range(3):
        job.run(NOW + minute * MINUTE)
    assert report_of(store, "phoenix").failures == 3
    job.run(NOW + 4 * MINUTE)
    assert report_of(store, "phoenix").failures == 0


def test_a_store_that_forgot_its_own_cursor_is_read_anew(store):
    fake = fake_of("phoenix", *(Turn(n, NOW - (n + 1) * MINUTE) for n in range(4)), page_size=2)

    def forgetful(request):
        if "cursor" in request.url.params:
            return httpx.Response(422, json={"detail": "invalid cursor"})
        return fake(request)

    source = source_at(forgetful, "phoenix", NOW)
    Polling(store, [Polled(source=source, every=EVERY)], QUIET).run(NOW)
    assert "answered 422" in report_of(store, "phoenix").problem
    polling(store, {"phoenix": fake})[0].run(NOW + MINUTE)
    assert sessions(store) == {"s0", "s1"}
    assert report_of(store, "phoenix").problem is None


def test_a_cursor_that_is_none_is_told_and_dropped(store):
    fakes = {"phoenix": fake_of("phoenix", Turn(0, NOW - MINUTE)), "mlflow": fake_of("mlflow", Turn(2, NOW - MINUTE))}
    with store.begin() as tx:
        tx.state.put_source(SourceState(name="phoenix", cursor="from another product"))
    job, _ = polling(store, fakes)
    job.run(NOW)
    assert "not a cursor that Hark wrote" in report_of(store, "phoenix").problem
    job.run(NOW + MINUTE)
    assert sessions(store) == {"s0", "s1"}


def test_what_cannot_be_read_is_told_and_the_rest_is_stored(store):
    fake = fake_of("phoenix", Turn(0, NOW - MINUTE))
    whole = fake.spans
    fake.spans = lambda turn: [*whole(turn), {"trace_id": "?", "span_id": "?"}]
    job, _ = polling(store, {"phoenix": fake})
    job.run(NOW)
    assert sessions(store) == {"s0"}
    assert report_of(store, "phoenix").problems == [
        "Source phoenix: 1 could not be read: trace id must be 16 bytes, not all zero"
    ]


def test_the_lag_is_the_age_of_the_newest_trace_and_the_rate_counts_traces(store):
    fake = fake_of("phoenix", Turn(0, NOW - 90 * MINUTE), Turn(1, NOW - 7 * MINUTE))
    job, _ = polling(store, {"phoenix": fake})
    assert report_of(store, "phoenix").lag_s is None
    job.run(NOW)
    report = report_of(store, "phoenix", NOW + MINUTE)
    assert report.lag_s == 480
    assert (report.traces_1h, report.traces_24h) == (1, 2)


# --- writing back ------------------------------------------------------------------------------------------


@pytest.fixture(params=TAKING_LABELS)
def kind(request):
    return request.param


class Team:
    """A store of traces, its double, and a reviewer who labels session s0."""

    def __init__(self, store, kind, **fields):
        self.store, self.fake = store, fake_of(kind, Turn(0, NOW - 3 * MINUTE), Turn(1, NOW - 2 * MINUTE), **fields)
        self.polling, polled = polling(store, {kind: self.fake})
        self.writing = WritingBack(store, polled)
        self.polling.run(NOW)

    def says(self, value, at=NOW, **more):
        with self.store.begin() as tx:
            tx.reviews.put_label(label("s0", value, at=at, **more))

    def withdraws(self):
        with self.store.begin() as tx:
            assert tx.reviews.withdraw_label("s0", "refusal", "U1")

    def waiting(self):
        with self.store.read() as tx:
            return sum(counts.get(WriteState.PENDING, 0) for counts in tx.label_writes.counts().values())

    @property
    def held(self):
        return list(self.fake.labels.values())


def test_a_label_is_written_once_changed_in_place_and_taken_back(store, kind):
    team = Team(store, kind)
    team.says(1.0, note="said no twice")
    assert team.writing.run(NOW).written == 1
    assert team.writing.run(NOW + MINUTE).written == 0
    assert len(team.held) == 1
    before = orjson.dumps(team.held, default=str)
    team.says(0.0, at=NOW + MINUTE)
    assert team.writing.run(NOW + 2 * MINUTE).written == 1
    assert len(team.held) == 1
    assert orjson.dumps(team.held, default=str) != before
    team.withdraws()
    done = team.writing.run(NOW + 3 * MINUTE)
    assert (len(team.held), done.failed) == ((1, 1) if kind == "helicone" else (0, 0))


def test_a_label_whose_answer_was_lost_stands_once(store, kind):
    team = Team(store, kind, lose=0)
    team.says(1.0)
    team.fake.lose = 1
    assert team.writing.run(NOW).failed == 1
    assert team.waiting() == 1
    assert team.writing.run(NOW + 10 * MINUTE).written == 1
    assert len(team.held) == 1


def test_a_label_survives_a_store_that_is_away_and_many_changes_are_one_write(store, kind):
    team = Team(store, kind)
    team.fake.faults = [httpx.ConnectError("away")] * 6
    for minute in range(6):
        team.says(float(minute % 2), at=NOW + minute * MINUTE)
        team.writing.run(NOW + minute * MINUTE)
    team.fake.faults = []
    assert team.writing.run(NOW + timedelta(hours=7)).written == 1
    assert team.waiting() == 0
    assert len(team.held) == 1


def test_a_label_that_was_withdrawn_before_any_store_saw_it_is_never_written(store, kind):
    team = Team(store, kind)
    team.says(1.0)
    with store.begin() as tx:
        tx.label_writes.request((kind.partition(" ")[0],), NOW)
    team.withdraws()
    asked = len(team.fake.requests)
    team.writing.run(NOW)
    assert (team.held, len(team.fake.requests)) == ([], asked)


def test_a_word_of_the_taxonomy_is_written_as_a_word(store, kind):
    team = Team(store, kind)
    team.says("rude", name="tone")
    assert team.writing.run(NOW).written == 1
    assert "rude" in orjson.dumps(team.fake.labels).decode()


def test_what_was_written_back_is_not_read_as_news(store, kind):
    team = Team(store, kind)
    team.says(1.0)
    team.writing.run(NOW)
    assert team.polling.run(NOW + MINUTE) == 0
    with store.read() as tx:
        assert tx.conversations.many(["s0"])["s0"].scores == ()


def test_a_label_goes_to_the_last_trace_of_the_conversation_and_stays_there(store):
    team = Team(store, "phoenix")
    team.says(1.0)
    team.writing.run(NOW)
    assert [held["trace_id"] for held in team.held] == [Turn(1, NOW).trace]
    team.fake.turns.append(Turn(0, NOW + MINUTE))
    team.polling.run(NOW + 2 * MINUTE)
    team.says(0.0, at=NOW + MINUTE)
    team.writing.run(NOW + 2 * MINUTE)
    assert [held["trace_id"] for held in team.held] == [Turn(1, NOW).trace]


def test_two_reviewers_of_one_conversation_are_two_labels(store):
    team = Team(store, "phoenix")
    team.says(1.0)
    team.says(0.0, reviewer="U2")
    assert team.writing.run(NOW).written == 2
    assert {held["metadata"]["reviewer"] for held in team.held} == {"U1", "U2"}


def test_a_label_that_a_store_refuses_is_tried_for_long_then_given_up_and_told(store):
    team = Team(store, "phoenix")
    team.says(1.0)
    refused = 0
    for hour in range(0, 400, 7):
        team.fake.faults = [httpx.Response(422)]
        refused += team.writing.run(NOW + timedelta(hours=hour)).failed
    assert refused == 16
    assert "1 labels could not be written back: Phoenix" in report_of(store, "phoenix").problems[0]
    team.fake.faults = []
    team.says(0.0, at=NOW + MINUTE)
    assert team.writing.run(NOW + timedelta(hours=500)).written == 1
    assert report_of(store, "phoenix").problems == []


def test_a_store_that_takes_no_labels_is_left_alone(store):
    polled = [
        Polled(source=source_at(fake_of("datadog", Turn(0, NOW - MINUTE)), "datadog", NOW), every=EVERY),
        Polled(
            source=source_at(fake_of("phoenix", Turn(0, NOW - MINUTE)), "phoenix", NOW), every=EVERY, takes_labels=False
        ),
    ]
    Polling(store, polled, QUIET).run(NOW)
    with store.begin() as tx:
        tx.reviews.put_label(label("s0", 1.0))
    assert WritingBack(store, polled).run(NOW).written == 0


# --- settings and the command ------------------------------------------------------------------------------


def settings_of(tmp_path, text):
    (tmp_path / "hark.toml").write_text(text, encoding="utf-8")
    return load({}, tmp_path)


def test_a_source_without_a_cloud_needs_a_url(tmp_path):
    with pytest.raises(BadConfig, match="is missing: where is mlflow"):
        settings_of(tmp_path, '[[sources]]\nname = "a"\nkind = "mlflow"\n')


def test_a_kind_that_there_is_not_is_told_with_those_that_there_are(tmp_path):
    with pytest.raises(BadConfig, match=r"sources.*kind.*'langfuse'"):
        settings_of(tmp_path, '[[sources]]\nname = "a"\nkind = "langfus"\n')


def test_a_key_that_is_not_set_names_its_variable():
    settings = SourceSettings(name="lf", kind="langfuse", api_key_env="LANGFUSE_KEYS")
    with pytest.raises(BadInput, match=r"sources\.lf\.api_key_env: the environment variable LANGFUSE_KEYS is not set"):
        sources_of([settings], {}, FakeClock(NOW))
    with pytest.raises(BadInput, match=r"sources\.lf\.api_key_env: must name a variable that holds two keys"):
        sources_of([settings], {"LANGFUSE_KEYS": "pk"}, FakeClock(NOW))


def test_hark_sources_tells_what_is_known_of_each(tmp_path, monkeypatch):
    text = '[[sources]]\nname = "phoenix"\nkind = "phoenix"\nurl = "https://phoenix.example.com"\n'
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    (tmp_path / "hark.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", url)
    store = open_store(url)
    polling(store, {"phoenix": fake_of("phoenix", Turn(0, NOW - MINUTE))})[0].run(NOW)
    store.close()
    (told,) = orjson.loads(CliRunner().invoke(hark, ["sources", "--json"]).stdout)
    assert told["name"] == "phoenix"
    assert told["last_trace_at"] == "2026-11-20T09:59:00Z"
    assert told["problem"] is None
    shown = CliRunner().invoke(hark, ["sources"]).stdout
    assert "phoenix" in shown
    assert "2026-11-20 09:59:00" in shown
