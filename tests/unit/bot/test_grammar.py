from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.grammar import MOST_TO_REVIEW, NotUnderstood, parse
from bot.slack.queries import (
    AlertsQuery,
    AskQuery,
    ChangesQuery,
    ConversationQuery,
    DigestQuery,
    EvaluatorsQuery,
    ExportQuery,
    HelpQuery,
    LabelsQuery,
    MetricsQuery,
    MuteQuery,
    MutesQuery,
    ReviewersQuery,
    ReviewQuery,
    SetupQuery,
    SignalsQuery,
    StatusQuery,
    TaxonomyQuery,
    UnmuteQuery,
    written,
)

SIGNALS = ("latency", "refusal", "error_rate", "volume")
KEYS = ("application", "model", "release", "user_segment")


def read(text: str) -> object:
    return parse(text, signals=SIGNALS, segment_keys=KEYS)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", HelpQuery()),
        ("  \n", HelpQuery()),
        ("status", StatusQuery()),
        (" STATUS ", StatusQuery()),
        ("alerts", AlertsQuery()),
        ("evaluators", EvaluatorsQuery()),
        ("evaluators Tool-Error", EvaluatorsQuery(name="tool_error")),
        ("reviewers", ReviewersQuery()),
        ("help", HelpQuery()),
        ("labels", LabelsQuery()),
        ("Taxonomy", TaxonomyQuery()),
        ("setup", SetupQuery()),
        ("mute", MutesQuery()),
        (
            "mute latency 1d where model=x",
            MuteQuery(signal="latency", period=timedelta(days=1), where=(("model", "x"),)),
        ),
        ("unmute latency", UnmuteQuery(signal="latency")),
        ("changes", ChangesQuery()),
        ("changes 3w", ChangesQuery(period=timedelta(weeks=3))),
        ("review", ReviewQuery()),
        ("review 3", ReviewQuery(count=3)),
        ("conversation  'it's mine' ", ConversationQuery(conversation_id="it's mine")),
        ("conversation a b\tc", ConversationQuery(conversation_id="a b\tc")),
        ("ask What's up with \"gpt?", AskQuery(question="What's up with \"gpt?")),
        ("digest", DigestQuery()),
        ("digest WEEKLY", DigestQuery(rhythm="weekly")),
        ("export labels", ExportQuery(what="labels")),
        ("metrics latency", MetricsQuery(signal="latency")),
        ("metrics Error-Rate 24h", MetricsQuery(signal="error_rate", period=timedelta(hours=24))),
        ("metrics latency 2w by model", MetricsQuery(signal="latency", period=timedelta(days=14), by="model")),
        (
            "metrics refusal 90d vs last week",
            MetricsQuery(signal="refusal", period=timedelta(days=90), versus="last_week"),
        ),
        (
            'metrics latency 7d by model where application="my app" and release=v2 vs last week',
            MetricsQuery(
                signal="latency",
                by="model",
                where=(("application", "my app"), ("release", "v2")),
                versus="last_week",
            ),
        ),
        ("metrics latency where model=“gpt=4 o”", MetricsQuery(signal="latency", where=(("model", "gpt=4 o"),))),
        ("metrics latency where user-segment=it's by model", None),
        (
            "metrics latency WHERE model=x BY release",
            MetricsQuery(signal="latency", by="release", where=(("model", "x"),)),
        ),
    ],
)
def test_what_is_typed_is_what_is_asked(text: str, query: object) -> None:
    if query is None:
        with pytest.raises(NotUnderstood, match="is not closed"):
            read(text)
    else:
        assert read(text) == query


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metrics latncy", "no signal `latncy`; did you mean `latency`?"),
        ("metrcs latency", "no command `metrcs`; did you mean `metrics`?"),
        ("metrics zzz", "no signal `zzz`; there are `error_rate`, `latency`, `refusal`, `volume`"),
        ("metrics", "`metrics` needs a signal, for example `metrics latency 7d`"),
        ("metrics by model", "`metrics` needs a signal, for example `metrics latency 7d`"),
        ("metrics latency 7m", "`7m` is no period; write hours, days or weeks: `24h`, `7d`, `2w`"),
        ("metrics latency 0d", "`0d` is no period from 1h to 366d"),
        ("metrics latency 9999w", "`9999w` is no period from 1h to 366d"),
        ("metrics latency by", "`by` needs one segment key, for example `by model`"),
        ("metrics latency by model release", "`by` needs one segment key, for example `by model`"),
        ("metrics latency by modle", "no segment key `modle`; did you mean `model`?"),
        ("metrics latency where modle=a", "no segment key `modle`; did you mean `model`?"),
        ("metrics latency by model by model", "`by` stands twice"),
        ("metrics latency where", "`where` needs a condition, for example `where model=gpt-4o`"),
        ("metrics latency where model", "`model` is no condition; write `where model=gpt-4o`"),
        ("metrics latency where model=", "`model=` is no condition; write `where model=gpt-4o`"),
        ("metrics latency where model=a model=b", "`model` stands twice in `where`"),
        ("metrics latency vs yesterday", "after `vs` only `last week` is understood"),
        ("metrics latency wher model=a", "`wher` is not understood; did you mean `where`?"),
        ("metrics latency soon", "`soon` is not understood; write for example `metrics latency 7d by model`"),
        ("mute latency forever", "`forever` is not understood; write for example `mute latency 4h`"),
        ("latency 7d", "no command `latency`; did you mean `metrics latency`?"),
        ("ask", "`ask` needs a question, for example `ask how slow was gpt-4o yesterday?`"),
        ("conversation '' ", "`conversation` needs an id, for example `conversation 8f14e45f`"),
        ("review 0", "`review` takes a number from 1 to 10, for example `review 3`"),
        ("review 11", "`review` takes a number from 1 to 10, for example `review 3`"),
        ("changes soon", "`soon` is not understood; write `changes 14d`"),
        ("digest monthly", "no digest `monthly`; there are `daily`, `weekly`"),
        ("export adit", "no export `adit`; did you mean `audit`?"),
        ("export", "`export` needs one of `audit`, `labels`, `dataset`, `scores`"),
        ("unmute latency now", "after `unmute` and a signal `now` is not understood"),
        ("status now", "`status` stands alone; `now` is not understood"),
        ('metrics latency where model="a', 'the quotation mark " is not closed'),
        ("x" * 3_000, "3,000 characters, at most 2,000"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(text: str, said: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        read(text)
    assert caught.value.message == said


def test_without_signals_the_answer_says_that_there_are_none() -> None:
    with pytest.raises(NotUnderstood, match="no signal `latency`; there is none yet"):
        parse("metrics latency", signals=(), segment_keys=())


WORDS = st.sampled_from(
    [
        *(
            "metrics",
            "latency",
            "by",
            "where",
            "vs",
            "last",
            "week",
            "7d",
            "²d",
            "١d",
            "model",
            "model=a",
            "=",
            '"',
            "'",
        ),
        "and",
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(WORDS, st.text(max_size=5))).map(" ".join)))
@example("metrics latency ١d")
@example("metrics latency ²")
@example("\x00")
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    said = ""
    try:
        read(text)
    except NotUnderstood as refusal:
        said = refusal.message
    assert "\n" not in said
    assert len(said) < 400


PERIODS = st.integers(1, 366 * 24).map(lambda hours: timedelta(hours=hours))
# Quotation marks of other kinds are read as straight ones.
VALUES = st.text(min_size=1).filter(lambda v: v.strip() and not set(v) & set("“”„‘’"))
WHERE = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3).map(lambda found: tuple(sorted(found.items())))
FREE = st.text(min_size=1, max_size=50).map(lambda text: f"x {text} x")
QUERIES = st.one_of(
    st.sampled_from(
        [
            AlertsQuery(),
            EvaluatorsQuery(),
            EvaluatorsQuery(name="refusal"),
            ReviewersQuery(),
            HelpQuery(),
            LabelsQuery(),
            MutesQuery(),
            SignalsQuery(),
            StatusQuery(),
            TaxonomyQuery(),
            SetupQuery(),
            DigestQuery(),
            DigestQuery(rhythm="weekly"),
            *(ExportQuery(what=what) for what in ("audit", "labels", "dataset", "scores")),
        ]
    ),
    st.builds(ChangesQuery, period=PERIODS),
    st.builds(ReviewQuery, count=st.integers(1, MOST_TO_REVIEW)),
    st.builds(ConversationQuery, conversation_id=FREE),
    st.builds(AskQuery, question=FREE),
    st.builds(UnmuteQuery, signal=st.sampled_from(SIGNALS)),
    st.builds(MuteQuery, signal=st.sampled_from(SIGNALS), period=PERIODS, where=WHERE),
    st.builds(
        MetricsQuery,
        signal=st.sampled_from(SIGNALS),
        period=PERIODS,
        by=st.none() | st.sampled_from(KEYS),
        where=WHERE,
        versus=st.sampled_from(["before", "last_week"]),
    ),
)


@given(QUERIES)
def test_every_query_can_be_written_down_and_read_again(query) -> None:
    assert read(written(query)) == query
