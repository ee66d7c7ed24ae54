"""With a key, no word of a conversation stands in the database; without the right one it does not open."""

from __future__ import annotations

import base64
import secrets
from contextlib import closing
from dataclasses import replace
from itertools import chain

import pytest
from made import NOW, alert, arrival, label, span, talk
from sqlalchemy import column, select, table, text

from traces.encryption import Unopened
from traces.ingest import offer, take_conversations, take_spans
from traces.model import EvaluatorFailure, Feedback, Score
from traces.sealing import seal_of
from traces.store import Store, open_store
from traces.store.anchors import Anchor
from traces.store.datasets import DatasetItem
from traces.store.feedback import Given
from traces.store.judge_cache import RuleText
from traces.store.proposals import Proposal, ShownExample
from traces.store.reviews import ReviewItem
from traces.store.sealed import sealed_columns

CANARY = "heliotrope-tapir"
KEY, OTHER = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
TRACE = f"{1:032x}"


@pytest.fixture(scope="module")
def template(request):
    """A migrated PostgreSQL database to copy: a key is of a whole database, and what other tests share has none."""
    with closing(open_store(request.getfixturevalue("postgresql_url"))) as shared:
        server, name = shared._engine, f"sealed_{secrets.token_hex(4)}"
        with server.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
            admin.exec_driver_sql(f"CREATE DATABASE {name}")
            open_store(server.url.set(database=name).render_as_string(hide_password=False)).close()
            yield admin, name, server.url
            admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hark.db'}"
        return
    admin, name, server = request.getfixturevalue("template")
    mine = f"{name}_{secrets.token_hex(4)}"
    admin.exec_driver_sql(f"CREATE DATABASE {mine} TEMPLATE {name}")
    yield server.set(database=mine).render_as_string(hide_password=False)
    admin.exec_driver_sql(f"DROP DATABASE {mine} WITH (FORCE)")


def opened_with(url, keys=None):
    return closing(open_store(url, seal=None if keys is None else seal_of(keys)))


def fill(store: Store, mark: str = "1") -> None:
    """Put the canary wherever words of conversations go."""
    proposal = Proposal(
        proposal_id=f"p-{mark}",
        evaluator="policy",
        created_at=NOW,
        basis="b",
        before_version="1",
        version="2",
        guidance=CANARY,
        examples=(ShownExample(conversation_id="c", text=CANARY, verdict="no", explanation=CANARY),),
        report={"said": CANARY},
    )
    scores = [
        Score(name="refusal", value=1.0, label=CANARY, explanation=CANARY, evidence=CANARY),
        EvaluatorFailure(name="judge", evaluator_version="1", reason="judge_error", message=CANARY),
    ]
    spans = [span(gen_ai__prompt=CANARY, gen_ai__completion=CANARY, user__id=CANARY)]
    with store.begin() as tx:
        take_conversations(
            tx, [offer(talk(f"c-{mark}", CANARY, CANARY, user_id=CANARY, metadata={"k": CANARY}), NOW)], NOW
        )
        take_spans(tx, spans, NOW)
        tx.scores.put({f"c-{mark}": scores}, NOW)
        tx.feedback.put(
            [
                Given(
                    feedback_id=f"f-{mark}", feedback=Feedback(name="f", value=0.0, comment=CANARY), conversation_id="x"
                )
            ]
        )
        tx.judge_answers.put(f"digest-{mark}", CANARY, NOW)
        tx.judge_rules.put(RuleText(digest=f"d-{mark}", rule_id="r", text=CANARY), NOW)
        tx.reviews.pick(
            ReviewItem(
                item_id=f"i-{mark}", conversation_id=f"c-{mark}", evaluator="refusal", reason=CANARY, picked_at=NOW
            )
        )
        tx.reviews.put_label(replace(label(f"c-{mark}"), note=CANARY))
        tx.datasets.add(
            DatasetItem(conversation_id=f"c-{mark}", label="refusal", added_by="U1", added_at=NOW, expected=CANARY)
        )
        tx.anchors.freeze(
            f"refusal-{mark}",
            [
                Anchor(
                    evaluator=f"refusal-{mark}", conversation_id="c", frozen_at=NOW, truth=True, body={"said": CANARY}
                )
            ],
        )
        tx.proposals.add(proposal)
        tx.alerts.add(alert(f"a-{mark}", detail={"words": [CANARY]}))
        tx.state.job_ran(f"drift-{mark}", NOW, {"topic": CANARY})


def held(store: Store) -> bytes:
    """Every byte of the database: of SQLite the file, its log and what is in neither yet; of PostgreSQL every value."""
    if store.file is not None:
        return b"".join(path.read_bytes() for path in store.file.parent.iterdir())
    with store._engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars()
        rows = (connection.execute(select(text("*")).select_from(table(name))).fetchall() for name in tables)
        values = chain.from_iterable(chain.from_iterable(rows))
        return b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in values)


def words_in(store: Store) -> str:
    """What Hark itself reads of it."""
    with store.read() as tx:
        found = [
            tx.conversations.many(["c-1"]),
            tx.spans.of_traces([TRACE]),
            tx.scores.current(["c-1"]),
            tx.feedback.known(["f-1"]),
            tx.judge_answers.get("digest-1", NOW),
            tx.judge_rules.all(5),
            tx.reviews.item("i-1"),
            tx.reviews.labels_of(["c-1"]),
            tx.datasets.item("c-1"),
            tx.anchors.of("refusal-1"),
            tx.proposals.get("p-1"),
            tx.alerts.get("a-1"),
            tx.state.job_outcome("drift-1"),
            tx.claims.pending("evaluate", ["c-1"], NOW.replace(year=2027)),
        ]
    assert all(CANARY in str(one) for one in found), [str(one) for one in found if CANARY not in str(one)]
    return str(found)


def sealed_all(store: Store, rows: int = 3) -> int:
    steps = 1
    while store.seal_some(rows):
        steps += 1
    return steps


def test_no_word_of_a_conversation_stands_in_the_bytes_of_the_database(url):
    with opened_with(url) as plain:
        fill(plain)
        assert CANARY.encode() in held(plain)
    with opened_with(url) as opened:
        before = words_in(opened)
    assert before.count(CANARY) > 20


def test_what_is_written_under_a_key_is_read_under_it_alone(url):
    with opened_with(url, KEY) as opened:
        fill(opened)
        assert CANARY.encode() not in held(opened)
        words_in(opened)
        assert CANARY.encode() not in held(opened)


@pytest.mark.parametrize(
    ("keys", "said"), [(None, "is missing: what is stored was sealed under it"), (OTHER, "behind the new one")]
)
def test_without_its_key_a_database_is_refused_when_it_is_opened_and_in_one_line(url, keys, said):
    with opened_with(url, KEY) as opened:
        fill(opened)
    with pytest.raises(Unopened, match=said) as refused, opened_with(url, keys):
        pytest.fail("it opened")
    assert "\n" not in refused.value.message
    with opened_with(url, KEY) as opened:
        words_in(opened)


def test_what_was_written_before_there_was_a_key_is_read_on_and_sealed_in_steps(url):
    with opened_with(url) as opened:
        fill(opened)
    with opened_with(url, KEY) as opened:
        words_in(opened)
        fill(opened, "2")
        assert opened.seal_some(3)
    with opened_with(url, KEY) as opened:  # a process that ended in between
        words_in(opened)
        assert sealed_all(opened) > 3
        assert not opened.seal_some()
        words_in(opened)
        with opened.begin() as tx:
            assert tx.conversations.get("c-2")
        with opened._engine.connect() as connection:
            for name, columns in sealed_columns().items():
                left = connection.execute(select(*map(column, columns)).select_from(table(name))).fetchall()
                assert CANARY not in str(left), name


def test_a_key_is_changed_by_a_new_one_before_it_and_the_old_one_goes_once_all_is_sealed_anew(url):
    with opened_with(url, KEY) as opened:
        fill(opened)
        sealed_all(opened)
    with opened_with(url, f"{OTHER},{KEY}") as opened:
        words_in(opened)
        assert opened.seal_some(2)
    with pytest.raises(Unopened), opened_with(url, OTHER):
        pytest.fail("half of it is under the key before")
    with opened_with(url, f"{OTHER},{KEY}") as opened:
        sealed_all(opened)
    with opened_with(url, OTHER) as opened:
        words_in(opened)


def test_going_back_to_the_key_before_in_the_middle_loses_nothing(url):
    with opened_with(url, KEY) as opened:
        fill(opened)
        assert opened.seal_some(5)
    with opened_with(url, f"{OTHER},{KEY}") as opened:
        assert opened.seal_some(5)
        fill(opened, "2")
    with opened_with(url, f"{KEY},{OTHER}") as opened:
        sealed_all(opened)
    with opened_with(url, KEY) as opened:
        words_in(opened)


def test_everything_can_be_looked_at_again(url):
    with opened_with(url, KEY) as opened:
        fill(opened)
        sealed_all(opened)
        opened.seal_anew()
        assert sealed_all(opened) > 1


def test_what_somebody_changed_in_the_database_is_refused(url):
    with opened_with(url, KEY) as opened:
        with opened.begin() as tx:
            tx.conversations.put([arrival("c-1")], NOW)
        with opened._engine.begin() as connection:
            body = bytearray(connection.execute(text("SELECT body FROM conversations")).scalar_one())
            body[-1] ^= 1
            connection.execute(text("UPDATE conversations SET body = :body"), {"body": bytes(body)})
        with opened.read() as tx, pytest.raises(Unopened, match="changed"):
            tx.conversations.get("c-1")


@pytest.mark.parametrize("keys", [None, KEY])
@pytest.mark.parametrize("note", ["", "\x1e", "\x1eSGtT", "\x1e\x1eSGtTMQ==", "SGtT", "žluť\n"])
def test_a_note_that_looks_as_if_it_were_sealed_is_read_as_it_was_written(tmp_path, keys, note):
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    with opened_with(url, keys) as opened:
        with opened.begin() as tx:
            tx.reviews.put_label(replace(label(), note=note))
        with opened.read() as tx:
            assert [one.note for one in tx.reviews.labels_of(["c-1"])["c-1"]] == [note]
    with opened_with(url, KEY) as opened:
        sealed_all(opened)
        with opened.read() as tx:
            assert [one.note for one in tx.reviews.labels_of(["c-1"])["c-1"]] == [note]
