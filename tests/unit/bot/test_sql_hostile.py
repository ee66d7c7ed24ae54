"""Whatever is asked of Hark in words is answered or refused in one line; the database never sees it but as a value."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW, ingest, talk
from pydantic import SecretStr

from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from traces.clock import FakeClock
from traces.errors import BadInput

SHAPES = [
    "{0}", "metrics {0}", "metrics volume {0}", "metrics volume 7d by {0}", "metrics volume 7d where application={0}",
    'metrics volume 7d by model where application="{0}"', "metrics volume where {0}=a", "metrics volume vs {0}",
    'mute volume 4h where model="{0}"', "unmute {0}", "changes {0}", "evaluators {0}", "conversation {0}", "digest {0}",
    "export {0}", "ask {0}", "ask how many in {0} yesterday", "review {0}",
]  # fmt: skip
HOSTILE = [
    "'", "''", "' OR '1'='1", "'; DROP TABLE audit; --", "x' UNION SELECT digest FROM keys --", "%", "_", "\\", ":x", "?",
    "\x00", "(SELECT 1)", "volume; DELETE FROM labels", "application=a&model=b", "a%26b=c", "%00", "1 ORDER BY 99",
]  # fmt: skip


@pytest.fixture(scope="module")
def hark(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('sql') / 'hark.db'}"
    built = build_hark(Settings(database=DatabaseSettings(url=SecretStr(url))), FakeClock(NOW), {})
    with closing(built.store):
        ingest(built.store, talk("c-1", metadata={"application": "shop", "model": "m"}))
        built.jobs.tick(NOW)
        yield built


def said_to(hark, words):
    """What a person is shown."""
    try:
        return str(hark.desk.answer(words).payload())
    except BadInput as refused:
        return refused.message


def stands(hark):
    with hark.store.read() as tx:
        return tx.conversations.count(), tx.audit.count(), tx.reviews.label_counts()


@settings(max_examples=150)
@given(
    shape=st.sampled_from(SHAPES), text=st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"), max_size=60)
)
def test_any_words_are_answered_or_refused_and_no_statement_is_heard_of(hark, shape, text):
    said = said_to(hark, shape.replace("{0}", text)).replace(text, "").lower()
    assert "sqlite" not in said
    assert "select " not in said


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_that_looks_like_a_statement_is_one(hark, shape):
    before = stands(hark)
    for text in HOSTILE:
        said_to(hark, shape.replace("{0}", text))
    assert stands(hark) == before
