"""What is sent again changes nothing, whatever way it took; what a key says counts for all that is sent with it."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW, conversation, label, span, talk, workspace_in

from bot.cli.main import hark
from bot.http import Receiver
from bot.keys import door_of, make_key, pepper_of
from bot.playground.serving import loopback_socket, serving
from traces.clock import FakeClock
from traces.conversation_format import to_json
from traces.ingest import Receipt, offer, take_conversations, take_label, take_spans
from traces.model import Score
from traces.normalise import conversation_of
from traces.store import open_store
from traces.writer import Writer

TALK = {
    "id": "c-1",
    "messages": [
        {"role": "user", "content": "Where is my order?"},
        {"role": "assistant", "model": "gpt-4o", "content": "Sent.", "input_tokens": 20, "output_tokens": 3},
    ],
    "scores": [{"name": "good", "value": "yes"}],
    "labels": [{"name": "refusal", "value": False, "reviewer": "ann"}],
    "feedback": [{"name": "thumbs", "value": True}],
    "plan": "gold",
}


def told(result):
    return re.search(r"(\d+) new, (\d+) updated, (\d+) unchanged", result.stderr).groups()


def test_an_export_that_is_ingested_again_is_unchanged_scores_and_labels_included(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'hark.db'}")
    run = CliRunner()
    sent = [TALK, talk("c-2", "Hi", "I cannot help with that."), {"id": "c-3", "messages": TALK["messages"]}]
    (tmp_path / "sent.jsonl").write_text("\n".join(map(json.dumps, sent)), encoding="utf-8")
    assert told(run.invoke(hark, ["ingest", "sent.jsonl"])) == ("3", "0", "0")
    run.invoke(hark, ["tick"])
    exported = run.invoke(hark, ["export", "conversations"]).stdout
    (tmp_path / "exported.jsonl").write_text(exported, encoding="utf-8")
    assert told(run.invoke(hark, ["ingest", "exported.jsonl"])) == ("0", "0", "3")
    assert run.invoke(hark, ["export", "conversations"]).stdout == exported


@pytest.fixture(scope="module")
def database():
    opened = open_store("sqlite://")
    yield opened
    opened.close()


@settings(max_examples=40)
@given(
    st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4),
    st.dictionaries(st.text(min_size=1, max_size=9), st.integers(-9, 9) | st.text(max_size=9), max_size=3),
)
def test_what_is_stored_is_known_in_whatever_words(database, said, metadata):
    store = workspace_in(database)
    with store.begin() as tx:
        take_conversations(tx, [offer(talk("c-1", *said, metadata=metadata), NOW)], NOW)
        again = [offer(to_json(tx.conversations.get("c-1")), NOW)]
        assert take_conversations(tx, again, NOW) == Receipt(unchanged=1)


def test_a_conversation_of_spans_that_comes_back_as_json_is_unchanged(database):
    store = workspace_in(database)
    made_span = span(gen_ai__operation__name="chat", gen_ai__request__model="gpt-4o")
    with store.begin() as tx:
        take_spans(tx, [made_span], NOW)
        stored = conversation_of(f"trace:{made_span.trace_id}", [made_span])
        assert take_conversations(tx, [offer(to_json(stored), NOW)], NOW) == Receipt(unchanged=1)


def test_a_score_or_label_that_is_new_is_no_repetition(database):
    store = workspace_in(database)
    with store.begin() as tx:
        take_conversations(tx, [offer(talk("c-1"), NOW)], NOW)
        take_label(tx, label("c-1"), NOW)
        more = to_json(conversation("c-1")) | {"scores": [{"name": "good", "value": 1}]}
        assert take_conversations(tx, [offer(more, NOW)], NOW) == Receipt(updated=1)
        assert Score(name="good", value=1.0, source="external") in tx.scores.current(["c-1"])["c-1"]


@pytest.fixture
def edge(tmp_path):
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    store, clock = open_store(url), FakeClock(NOW)
    writer = Writer(store, clock)
    running = ExitStack()

    def client(**how):
        _stored, key = make_key(store, pepper_of({}, url), NOW, name="prod", application="shop")
        door = door_of(
            Receiver(store, writer, clock).app(), store, clock, {}, host="127.0.0.1", database=url,
            say=lambda _: None, **how,
        )  # fmt: skip
        base_url = running.enter_context(serving(door, loopback_socket()))
        http = running.enter_context(httpx.Client(base_url=base_url, timeout=20))
        return http, key

    yield client, store
    running.close()
    writer.close()
    store.close()


def test_a_change_that_is_posted_with_an_applications_key_is_of_that_application(edge):
    client, store = edge
    http, key = client()
    change = {"kind": "deploy", "value": "7", "application": "other"}
    http.post("/v1/changes", json=change, headers={"x-api-key": key})
    http.post("/v1/changes", json=change | {"value": "8"})
    with store.read() as tx:
        found = tx.state.changes_between(NOW, NOW.replace(hour=23))
    assert {(c.value, c.application) for c in found} == {("7", "shop"), ("8", "other")}


def test_keys_can_be_asked_for_on_loopback_too(edge):
    client, _store = edge
    http, key = client(always=True)
    assert http.post("/v1/conversations", json=talk()).status_code == 401
    assert http.post("/v1/conversations", json=talk(), headers={"x-api-key": key}).status_code == 200
    assert http.get("/healthz").status_code == 200


def test_a_wrong_conversation_in_a_list_is_named_by_its_place_and_field_once(edge):
    http, _key = edge[0]()
    answer = http.post("/v1/conversations", json=[talk(), {"id": "c-2", "messages": "none"}])
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("[1].messages: must be")
    lines = b'{"id": "c-1", "messages": []}\n{"id": '
    answer = http.post("/v1/conversations", content=lines, headers={"content-type": "application/x-ndjson"})
    assert answer.json()["error"].startswith("line 2: not valid JSON")
