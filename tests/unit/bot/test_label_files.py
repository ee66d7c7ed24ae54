"""Labels from files: every row counts, and what is odd about it is told."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.exporting import Within, columns_of, rows, write_csv
from bot.reviewing.label_files import LabelRows, csv_rows, parse_row, store_labels
from traces.clock import FakeClock, parse_time
from traces.errors import BadInput
from traces.model import Label
from traces.store import open_store
from traces.store.reviews import LabelChange

NOON = parse_time("2026-11-20T12:00:00Z")
HEADER = "conversation,label,value,reviewer,at"


def row(conversation: str = "c-1", value: object = 1, **more: object) -> dict[str, object]:
    return {"conversation": conversation, "label": "refusal", "value": value, "reviewer": "ann", **more}


def read(*rows: dict[str, object]) -> LabelRows:
    found = LabelRows()
    for place, each in enumerate(rows):
        found.add(f"f:{place + 1}", parse_row(each))
    return found


def stored(found: LabelRows):
    store, clock = open_store("sqlite://"), FakeClock(NOON)
    with store.begin() as tx:
        imported = store_labels(tx, [label for _, label in found.labels], ["refusal"], clock.now())
        return imported, tx.reviews.labels_named("refusal"), tx.audit.entries()


def test_a_row_may_use_the_short_names_or_those_of_the_export():
    assert parse_row(row()) == parse_row({"conversation_id": "c-1", "name": "refusal", "value": 1, "annotator": "ann"})
    with pytest.raises(BadInput, match="told twice"):
        parse_row(row() | {"name": "refusal"})


def test_what_is_said_again_is_counted_and_not_stored_twice():
    found = read(row(), row(), row(at="2026-11-20T11:00:00Z"))
    assert (found.duplicates, len(found.labels), found.contradictions) == (2, 1, [])


def test_a_reviewer_who_contradicts_an_earlier_row_is_told_and_the_later_time_counts():
    found = read(row(at="2026-11-20T11:00:00Z"), row(value=0, at="2026-11-20T10:00:00Z"))
    assert found.contradictions == ["f:2 contradicts f:1"]
    imported, labels, audit = stored(found)
    assert [label.value for label in labels] == [1.0]
    assert imported.superseded == 1
    assert [(entry.action, entry.after["value"]) for entry in audit] == [
        ("label.import", 1.0),
        ("label.superseded", 0.0),
    ]


def test_reviewers_who_disagree_are_both_kept():
    imported, labels, _ = stored(read(row(), row(value=0, reviewer="bob")))
    assert imported.disagreements == 1
    assert imported.changes[LabelChange.ADDED] == len(labels) == 2


def test_unknown_conversations_and_labels_are_kept_and_told():
    imported, _, _ = stored(read(row(), row(label="made_up")))
    assert imported.unknown_conversations == 2
    assert imported.unknown_labels == {"made_up": 1}


def test_what_was_exported_is_read_again_and_changes_nothing():
    store = open_store("sqlite://")
    label = Label(
        conversation_id="c-1", name="refusal", value=1.0, reviewer="U0MIA", note="no, twice", at=NOON,
        inclusion_probability=0.25, question_version="refusal@3#1f2e3d4c",
    )  # fmt: skip
    with store.begin() as tx:
        tx.reviews.put_label(label)
        exported = list(rows(tx, "labels", Within()))
        written = io.StringIO()
        write_csv(written, columns_of("labels"), exported)
        as_csv = [cells for _, cells in csv_rows(written.getvalue(), "labels.csv")]
        for sent in (exported, as_csv):
            again = [parse_row(each) for each in sent]
            assert again == [label]
            assert store_labels(tx, again, ["refusal"], NOON).changes[LabelChange.UNCHANGED] == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_by_its_header_whatever_separates_the_cells(delimiter):
    text = f"\n{HEADER}\nc-1,refusal,1,ann,2026-11-20T11:00:00Z\nc-2,tone,unsure,,\n".replace(",", delimiter).strip()
    labels = [parse_row(cells) for _, cells in csv_rows(text, "f.csv")]
    assert [(label.conversation_id, label.name, label.value) for label in labels] == [
        ("c-1", "refusal", 1.0),
        ("c-2", "tone", "unsure"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no header"),
        ("conversation,value\nc-1,1\n", "names no name"),
    ],
)
def test_csv_without_what_a_label_needs_is_refused(text, says):
    with pytest.raises(BadInput, match=says):
        list(csv_rows(text, "f.csv"))


def test_a_row_with_too_many_cells_is_named_and_the_others_are_read():
    rows = list(csv_rows(f"{HEADER}\nc-1,refusal,1,ann,,,too,many\nc-2,refusal,0,ann,\n", "f.csv"))
    assert [(where, isinstance(cells, BadInput)) for where, cells in rows] == [("f.csv:2", True), ("f.csv:3", False)]


@given(
    st.lists(
        st.tuples(
            st.text(min_size=1, max_size=20).filter(lambda s: s.strip() == s and s.isprintable()),
            st.sampled_from([0.0, 1.0, "unsure"]),
        ),
        max_size=20,
    )
)
def test_every_row_that_was_written_as_csv_is_read_again(given_rows):
    written = io.StringIO()
    csv.writer(written).writerows(
        [("conversation", "label", "value"), *((name, "refusal", value) for name, value in given_rows)]
    )
    back = [cells for _, cells in csv_rows(written.getvalue(), "f.csv")]
    assert [(cells["conversation_id"], cells["value"]) for cells in back] == [tuple(each) for each in given_rows]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=5))
def test_a_row_that_is_no_label_is_refused_and_nothing_else_happens(junk):
    for sent in (junk, {"conversation": junk, "label": junk, "value": junk}):
        try:
            label = parse_row(json.loads(json.dumps(sent)))
        except BadInput:
            continue
        assert isinstance(label, Label)
