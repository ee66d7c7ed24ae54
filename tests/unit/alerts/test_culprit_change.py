"""Which recent change carries the anomaly of a segment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.explaining.culprit import Culprit, culprit
from alerts.signals import signal_of_score
from traces.model import EVERYTHING, Change, Direction, Segment
from traces.store.rollups import Fact

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
REFUND = Segment.of(scenario="refund")
NEW = Change(kind="prompt_version", value="v13", at=START)
RELEASE = Change(kind="release", value="2026.47", at=START)


def facts(*, version: str, n: int, k: int, more: tuple[Segment, ...] = ()) -> Iterator[Fact]:
    """``n`` refunds under a prompt version, ``k`` of them refused."""
    for place in range(n):
        yield Fact(
            conversation_id=f"{version}-{n}-{k}-{place}",
            at=START + timedelta(minutes=place),
            segments=(EVERYTHING, REFUND, Segment.of(prompt_version=version), *more),
            values={"refusal": [1.0 if place < k else 0.0]},
        )


def found(
    *given_facts: Fact, changes: tuple[Change, ...] = (NEW,), direction: Direction = Direction.UP
) -> Culprit | None:
    return culprit(
        given_facts,
        signal=signal_of_score("refusal"),
        segment=REFUND,
        direction=direction,
        expected=0.03,
        threshold=0.5,
        changes=changes,
        keys=("prompt_version", "model", "release"),
    )


def test_the_new_version_in_which_refunds_are_refused_is_named_with_refunds() -> None:
    blamed = found(*facts(version="v13", n=12, k=9), *facts(version="v12", n=10, k=0))
    assert blamed is not None
    assert blamed.segment == Segment.of(prompt_version="v13", scenario="refund")
    assert (blamed.n, blamed.k) == (12, 9)
    assert blamed.also == ()


def test_a_version_that_fails_no_more_than_the_old_one_is_not_named() -> None:
    assert found(*facts(version="v13", n=12, k=6), *facts(version="v12", n=12, k=6)) is None


def test_a_handful_of_conversations_blames_nobody() -> None:
    assert found(*facts(version="v13", n=4, k=4), *facts(version="v12", n=10, k=0)) is None


def test_of_changes_with_the_same_conversations_the_prompt_is_named_and_the_release_told() -> None:
    same = Segment.of(release="2026.47")
    blamed = found(
        *facts(version="v13", n=12, k=9, more=(same,)), *facts(version="v12", n=10, k=0), changes=(RELEASE, NEW)
    )
    assert blamed is not None
    assert blamed.change == NEW
    assert blamed.also == (("release", "2026.47"),)


def test_a_change_of_the_cut_itself_explains_nothing() -> None:
    change = Change(kind="scenario", value="refund", at=START)
    assert found(*facts(version="v13", n=12, k=9), changes=(change,)) is None


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.sampled_from(Direction))
def test_whatever_the_counts_the_one_that_is_blamed_carries_half_of_the_excess(
    n: int, k: int, rest_n: int, rest_k: int, direction: Direction
) -> None:
    blamed = found(
        *facts(version="v13", n=n, k=min(n, k)),
        *facts(version="v12", n=rest_n, k=min(rest_n, rest_k)),
        direction=direction,
    )
    if blamed is not None:
        assert 0.5 <= blamed.share <= 1
        assert (blamed.n, blamed.k) == (n, min(n, k))
