"""A call of every public method of the store, and a workspace with something in every table for it to find."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from made import DAY, HOUR, NOW, alert, arrival, calibration, fact, label, span
from sqlalchemy import select, update

from traces import schema
from traces.model import EVERYTHING, GOLD, AlertState, AuditEntry, Change, EvaluatorFailure, Feedback, Score, Segment
from traces.redacted import Lasting
from traces.store import Tx
from traces.store.anchors import Anchor, AnchorRun
from traces.store.answers import Answer
from traces.store.arrivals import Arrival
from traces.store.choices import Choice
from traces.store.classifiers import Learned
from traces.store.conversations import Pending
from traces.store.datasets import DatasetItem
from traces.store.feedback import Given
from traces.store.installations import Installation
from traces.store.judge_cache import KEPT, RuleText
from traces.store.keys import StoredKey
from traces.store.label_writes import PendingWrite, WriteState
from traces.store.mutes import Mute
from traces.store.origins import Origin, SourceHealth
from traces.store.outbox import Delivery, DeliveryState
from traces.store.proposals import Proposal, ProposalState, ShownExample
from traces.store.queue import EntryState, QueueEntry
from traces.store.reviews import ReviewItem
from traces.store.rollups import DAY_S
from traces.store.state import DetectorCheckpoint, SourceState
from traces.store.taxonomy import Word, WordState
from traces.store.thresholds import Move, MoveState
from traces.store.words import Due

ITEM = ReviewItem(item_id="i-1", conversation_id="c-1", evaluator="refusal", reason="flagged", picked_at=NOW)
DELIVERY = Delivery(
    delivery_id="alert:a-1", kind="alert", subject_id="a-1", channel="#c", thread_of=None, state=DeliveryState.SENDING,
    revision=1, delivered_revision=0, attempts=1, attempt_at=NOW, due_at=NOW, created_at=NOW, posted_channel=None,
    posted_ts=None, problem=None,
)  # fmt: skip
PENDING = Pending(conversation=arrival().conversation, version=9, has_arrived=True, has_settled=True)
ENTRY = AuditEntry(at=NOW, actor="U1", action="label", subject="conversation:c-1")
GIVEN = Given(feedback_id="f-1", feedback=Feedback(name="thumbs", value=1.0), conversation_id="c-1")
CHANGE = Change(kind="model", value="m1", at=NOW)
ORIGIN = Origin(trace_id=f"{1:032x}", source="phoenix", target="t-1", at=NOW)
WRITE = PendingWrite(
    source="phoenix", conversation_id="c-1", name="refusal", reviewer="U1", target="t-1", label_at=NOW, due_at=NOW
)  # fmt: skip
DUE = Due(ended_before=NOW + DAY, changed_before=NOW + DAY)
ARRIVAL = Arrival(kind="push", source="otlp", at=NOW, seen_at=NOW, trace_at=NOW, traces=1, spans=2)
KEY = StoredKey(key_id="k-1", name="shop", scope="ingest", digest=b"d", created_at=NOW, application="shop")
LEARNED = Learned(evaluator="refusal", learned_at=NOW, version="v1", n_labels=9, takes_over=True, body={"a": [0.5]})
CHOICE = Choice(name="detect", version=1, body={"weeks": 2}, changed_by="U1", changed_at=NOW)
WORD = Word(name="pricing", version=1, title="Pricing", changed_by="U1", changed_at=NOW)
MERGED = replace(WORD, name="old", state=WordState.MERGED, merged_into="pricing")
MUTE = Mute(mute_id="m-1", signal="refusal", until_at=NOW + DAY, muted_by="U1", muted_at=NOW)
KEPT_CASE = DatasetItem(conversation_id="c-1", label="refusal", added_by="U1", added_at=NOW)
ENTERED = QueueEntry(item_id="i-1", reviewer="U1", state=EntryState.RESERVED, at=NOW, put_by="U1", until_at=NOW + HOUR)
ASKED = Answer(answer_id="q-1", query="alerts", asked_by="U1", asked_at=NOW)
ANCHOR = Anchor(evaluator="refusal", conversation_id="c-1", frozen_at=NOW, truth=True, body={"id": "c-1"})
ANCHOR_RUN = AnchorRun(evaluator="refusal", at=NOW, evaluator_version="1", values={"c-1": 1.0})
MOVE = Move(evaluator="refusal", at=NOW, state=MoveState.APPLIED, threshold=0.4, before=0.5, by="hark")
INSTALLED = Installation(team_id="T1", team_name="One", installed_by="U1", installed_at=NOW, sealed=b"sealed")
EXAMPLE = ShownExample(conversation_id="c-1", text='1 user: "Hello?"', verdict="no")
PROPOSED = Proposal(
    proposal_id="p-1", evaluator="refusal", created_at=NOW, basis="b", before_version="1", version="2", examples=(EXAMPLE,)
)  # fmt: skip
LONG = {"since": NOW - 9 * DAY, "until": NOW + 9 * DAY}

# What each method is called with: the same ids in every workspace.
CALLS: dict[str, tuple[tuple, dict]] = {
    "alerts.add": ((alert(),), {}),
    "alerts.all": ((), {}),
    "alerts.get": (("a-1",), {}),
    "alerts.in_state": (tuple(AlertState), {}),
    "alerts.replace": ((alert(value=0.9, version=2),), {"expecting": 1}),
    "anchors.freeze": (("refusal", [replace(ANCHOR, truth=False)]), {}),
    "anchors.of": (("refusal",), {}),
    "anchors.put_run": ((replace(ANCHOR_RUN, at=NOW + HOUR),), {}),
    "anchors.runs": (("refusal",), {}),
    "answers.get": (("q-1",), {}),
    "answers.put": ((replace(ASKED, answer_id="q-2"),), {}),
    "answers.shared": (("q-1", NOW), {}),
    "answers.trim": ((NOW + DAY,), {}),
    "arrivals.forget": (("otlp",), {}),
    "arrivals.hours": ((NOW - DAY,), {}),
    "arrivals.names": ((), {}),
    "arrivals.note": (([replace(ARRIVAL, traces=7)],), {}),
    "arrivals.trim": ((NOW + DAY,), {}),
    "audit.add": ((ENTRY,), {}),
    "audit.broken": ((), {}),
    "audit.chain": ((), {}),
    "audit.count": ((), {}),
    "audit.entries": ((), {}),
    "calibrations.as_of": (("refusal", NOW + DAY), {}),
    "calibrations.current": ((), {}),
    "calibrations.first_since": ((NOW - DAY,), {}),
    "calibrations.history": (("refusal",), {}),
    "calibrations.oldest_version": (("refusal",), {}),
    "calibrations.users": ((["c-1"],), {}),
    "calibrations.values_by_version": (("refusal",), {}),
    "calibrations.values_of": (("refusal", ["c-1"]), {}),
    "calibrations.put": ((calibration(n_labels=99),), {}),
    "choices.current": ((), {}),
    "choices.history": (("detect",), {}),
    "choices.latest": (("detect",), {}),
    "choices.put": ((replace(CHOICE, version=2),), {}),
    "claims.count": (("evaluate",), {}),
    "claims.give_back": (("evaluate", ["c-1"]), {}),
    "claims.pending": (("evaluate", ["c-1"], NOW + DAY), {}),
    "claims.still_due": (([PENDING], "evaluate"), {}),
    "claims.take": (("evaluate", NOW + DAY, 10, DAY), {}),
    "classifiers.current": (("refusal",), {}),
    "classifiers.history": (("refusal",), {}),
    "classifiers.put": ((replace(LEARNED, version="v2"),), {}),
    "classifiers.stamps": ((), {}),
    "conversations.awaiting": ((), {}),
    "conversations.count": ((), {}),
    "conversations.evaluated": (([PENDING],), {}),
    "conversations.forget": ((["c-1"],), {}),
    "conversations.get": (("c-1",), {}),
    "conversations.ids_between": ((NOW - DAY, NOW + DAY, 10), {}),
    "conversations.in_order": ((), {}),
    "conversations.judged": (([PENDING],), {}),
    "conversations.known": ((["c-1"],), {}),
    "conversations.latest": ((), {}),
    "conversations.many": ((["c-1"],), {}),
    "conversations.newest": ((10, NOW + DAY), {}),
    "conversations.pending": ((NOW + DAY, 10), {}),
    "conversations.put": (([arrival(version=2)], NOW), {}),
    "conversations.settled": (("arrival", NOW - DAY, NOW + DAY), {}),
    "conversations.settled_count": (("arrival", NOW - DAY, NOW + DAY), {}),
    "conversations.unjudged": ((10,), {}),
    "conversations.users_of": ((["c-1"],), {}),
    "conversations.waiting_since": ((NOW + DAY,), {"judges": False}),
    "conversations.refresh_feedback": (("c-1", NOW), {}),
    "datasets.add": ((replace(KEPT_CASE, expected="Yes."),), {}),
    "datasets.holds": (("c-1",), {}),
    "datasets.item": (("c-1",), {}),
    "datasets.names": ((), {}),
    "datasets.rows": ((), {}),
    "decisions.get": (("a-1", 1), {}),
    "decisions.latest": ((10,), {}),
    "decisions.note": (("a-1",), {"at": NOW, "reason": "grew", "text": "Grew to 9 %.", "signal": "refusal"}),
    "decisions.of": (("a-1",), {}),
    "feedback.about": ((["c-1"], [f"{1:032x}"]), {}),
    "feedback.known": ((["f-1"],), {}),
    "feedback.put": (([replace(GIVEN, feedback=Feedback(name="thumbs", value=0.0))],), {}),
    "installations.get": ((), {}),
    "installations.one_at_a_time": ((), {}),
    "installations.put": ((INSTALLED,), {}),
    "installations.replace": ((replace(INSTALLED, version=2),), {"expecting": 1}),
    "installations.spend": (("digest", NOW + HOUR, NOW), {}),
    "label_writes.counts": ((), {}),
    "label_writes.due": (("phoenix", NOW + DAY), {}),
    "label_writes.failed": ((WRITE,), {"due_at": NOW, "problem": "away", "is_final": False}),
    "label_writes.is_behind": ((["phoenix"], NOW + HOUR), {}),
    "label_writes.problems": ((), {}),
    "label_writes.request": ((["phoenix"], NOW + HOUR), {}),
    "label_writes.revive": (([replace(WRITE, state=WriteState.DEAD)], NOW), {}),
    "label_writes.unwritten": ((tuple(WriteState),), {}),
    "label_writes.withdrawn": ((WRITE,), {}),
    "label_writes.written": ((WRITE, "w-1"), {}),
    "leases.every": ((), {}),
    "leases.keep": ((["detect"], "other"), {"term": DAY}),
    "leases.release": (("one",), {}),
    "leases.stands": (("detect", 1), {}),
    "mutes.add": ((MUTE,), {}),
    "mutes.lift": (("refusal", NOW), {}),
    "mutes.lift_one": (("m-1", NOW), {}),
    "mutes.standing": ((NOW,), {}),
    "origins.counts": ((NOW - DAY,), {}),
    "origins.health": (("phoenix",), {}),
    "origins.newest": ((), {}),
    "origins.put": (([replace(ORIGIN, target="t-2")],), {}),
    "origins.put_health": ((SourceHealth(name="phoenix", failures=2),), {}),
    "origins.targets": (([f"{1:032x}"],), {}),
    "judge_answers.get": (("digest", NOW), {}),
    "judge_answers.put": (("digest", "no", NOW), {}),
    "judge_rules.all": ((10,), {}),
    "judge_rules.put": ((RuleText(digest="other", rule_id="r-2", text="Never promise."), NOW), {}),
    "judge_spending.of_day": ((NOW,), {}),
    "judge_spending.reserve": (("policy", 0.5, NOW), {"daily": 1.0, "own": None}),
    "judge_spending.since": ((NOW - DAY, NOW), {}),
    "judge_spending.spare": (("policy", NOW), {"spared": 2}),
    "judge_spending.settle": (("policy", 0.2, 0.1, NOW), {}),
    "keys.add": ((replace(KEY, key_id="other"),), {}),
    "keys.every": ((), {}),
    "keys.revoke": (("k-1", NOW), {}),
    "keys.used": ((["k-1"], NOW), {}),
    "permalinks.note": (("alert:a-1", "https://example.slack.com/archives/C1/p1"), {}),
    "permalinks.of": (("alert", ["a-1"]), {}),
    "outbox.bury": (("alert:a-1",), {"problem": "gone"}),
    "outbox.channel_id": (("#c",), {}),
    "outbox.claim": (("alert:a-1", NOW), {}),
    "outbox.counts": ((), {}),
    "outbox.due": ((NOW + DAY,), {}),
    "outbox.found": (("alert:a-1",), {"channel": "C1", "ts": "1.1", "at": NOW}),
    "outbox.get": (("alert:a-1",), {}),
    "outbox.hasten": ((["alert:a-1"], NOW), {}),
    "outbox.interrupted": ((NOW + DAY,), {}),
    "outbox.of_subjects": ((["a-1"],), {}),
    "outbox.posted": ((), {}),
    "outbox.request": ((), {"kind": "alert", "subject_id": "a-1", "channel": "#c", "at": NOW}),
    "outbox.requested": (("alert", "#c", NOW - DAY), {}),
    "outbox.retry": (("alert:a-1",), {"due_at": NOW, "problem": "429"}),
    "outbox.revive": ((NOW,), {}),
    "outbox.standing_at": (("C1", "1.1"), {}),
    "outbox.undelivered": ((tuple(DeliveryState),), {}),
    "outbox.waiting_since": ((NOW + DAY,), {}),
    "outbox.given_up": ((NOW - DAY,), {}),
    "outbox.sent": ((DELIVERY,), {"channel": "C1", "ts": "1.1", "at": NOW}),
    "partitions.ahead": ((NOW,), {}),
    "partitions.drop": ((NOW, NOW), {}),
    "placing.place": (({f"{1:016x}": f"{2:032x}"},), {}),
    "placing.take_out": ((f"{1:032x}", f"{9:016x}"), {}),
    "placing.traces_of": (([f"{1:016x}"],), {}),
    "proposals.add": ((replace(PROPOSED, proposal_id="p-2"),), {}),
    "proposals.decide": (("p-1", ProposalState.PROPOSED, ProposalState.APPROVED, "U1", NOW), {}),
    "proposals.every": ((), {}),
    "proposals.get": (("p-1",), {}),
    "proposals.in_force": ((), {}),
    "proposals.one_at_a_time": (("refusal",), {}),
    "proposals.waiting": ((), {}),
    "queue.assigned": ((NOW,), {}),
    "queue.drop": (("i-1", EntryState.RESERVED), {}),
    "queue.entries": ((["i-1"],), {}),
    "queue.known": (("U1", 10), {}),
    "queue.one_at_a_time": ((), {}),
    "queue.open": ((None,), {"since": NOW - DAY, "now": NOW, "most_votes": 9}),
    "queue.put": (([replace(ENTERED, state=EntryState.SKIPPED)],), {}),
    "queue.release": (("U1",), {}),
    "queue.taps": (("U1", NOW - DAY), {}),
    "words.due": ((DUE, 10), {}), "words.still_due": ((DUE, ["c-1"]), {}), "words.look_again": ((["c-1"],), {}),
    "words.kept": ((), {}), "words.kept_until": ((NOW,), {}), "words.undecided": ((NOW + DAY,), {}),
    "words.standing": ((["c-1"],), {}), "words.nothing_to_hide": (({"c-1": 1},), {}),
    "words.hidden": ((["c-1"],), {}),
    "words.hide": ((arrival().conversation, {"id": "c-1"}, "digest"), {}),
    "words.hide_beside": ((["c-1"], Lasting()), {}),
    "retention.purge": ((NOW + DAY,), {}),
    "retention.purge_answers": ((NOW + DAY,), {}),
    "reviews.asked_besides": ((ITEM,), {}),
    "reviews.fingerprint": (("refusal",), {}),
    "reviews.item": (("i-1",), {}),
    "reviews.items_of": ((["c-1"],), {}),
    "reviews.label_counts": ((), {}),
    "reviews.labels_by": (("U1", 10), {}),
    "reviews.labels_named": (("refusal",), {}),
    "reviews.labels_of": ((["c-1"],), {}),
    "reviews.last_answer": (("U1", NOW - DAY), {}),
    "reviews.noted": ((NOW - DAY, 10), {}),
    "reviews.pick": ((ITEM,), {}),
    "reviews.picked_since": ((NOW - DAY,), {}),
    "reviews.put_label": ((label(value=0.0, at=NOW + HOUR),), {}),
    "reviews.standing_label": (("c-1", "refusal", "U1"), {}),
    "reviews.tally": ((NOW - DAY,), {}),
    "reviews.unlabelled": ((), {}),
    "reviews.withdraw_label": (("c-1", "refusal", "U1"), {}),
    "rollups.buckets": ((), {**LONG, "resolution_s": DAY_S}),
    "rollups.every_series": ((EVERYTHING,), {**LONG, "resolution_s": DAY_S}),
    "rollups.facts_among": (([EVERYTHING], NOW - DAY, NOW + DAY, 10), {}),
    "rollups.facts_between": ((NOW - DAY, NOW + DAY, 10), {}), "rollups.facts_of": ((["c-1"],), {}),
    "rollups.first_bucket": ((DAY_S,), {}), "rollups.last_day": (("refusal",), {}), "rollups.one_at_a_time": ((), {}),
    "rollups.parts": (("model", ["volume"]), {**LONG, "resolution_s": DAY_S}),
    "rollups.record": (([fact(refusal=0.5, segments=[Segment.of(model="m1")])],), {}),
    "rollups.record_by_signal": (([fact(refusal=0.25, segments=[Segment.of(model="m1")])],), {}),
    "rollups.segments_with": (("model",), LONG),
    "rollups.series": (("refusal", EVERYTHING), {**LONG, "resolution_s": DAY_S}), "rollups.signals": ((), LONG),
    "rollups.totals": (("model", "volume"), LONG), "rollups.whole": ((EVERYTHING,), {**LONG, "resolution_s": DAY_S}),
    "rollups.withdraw": ((["c-1"],), {}), "scores.count": ((), {}), "scores.current": ((["c-1"],), {}),
    "scores.failures": ((NOW - DAY,), {}), "scores.forget_old_words": ((0, 10), {}),
    "scores.put": (({"c-1": [Score(name="refusal", value=0.25)]}, NOW), {}),
    "scores.summary": ((["refusal"], NOW - DAY), {}), "scores.values": (("refusal",), {}),
    "scores.values_from": (("refusal", "evaluator", 10), {}), "scores.version": (("refusal",), {}),
    "scores.withdraw": ((["c-1"], NOW), {}), "spans.assign": (({f"{1:032x}": "c-9"}, {}), {}),
    "spans.conversations_of": (([f"{1:032x}"],), {}), "spans.of_traces": (([f"{1:032x}"],), {}),
    "spans.defer": (({"c-1": NOW},), {}), "spans.deferred": ((NOW + DAY,), {}),
    "spans.no_longer_deferred": ((["c-1"],), {}), "spans.one_at_a_time": ((), {}),
    "spans.put": (([span(model="other")],), {}), "spans.sizes": ((["c-1", "c-9"],), {}),
    "spans.told_in": ((["c-1", "c-9"],), {}), "spans.words_of": (([f"{1:032x}"],), {}), "state.beat": ((NOW,), {}),
    "state.beats": ((NOW - DAY, NOW + DAY), {}), "state.changes_between": ((NOW - DAY, NOW + DAY), {}),
    "state.checkpoint_at": (("hourly",), {}), "state.checkpoint": (("hourly",), {}),
    "state.first_time": (("k", NOW), {}), "state.job_outcome": (("detect",), {}),
    "state.job_ran": (("detect", NOW + HOUR, 2), {}), "state.job_ran_at": (("detect",), {}),
    "state.job_runs": ((), {}), "state.name_reviewer": (("U1", "Bob"), {}),
    "state.note_changes": (([replace(CHANGE, at=NOW - HOUR)],), {}), "state.note_oldest_change": ((NOW - DAY,), {}),
    "state.note_segment_values": (({("model", "m1"): (NOW - HOUR, NOW)},), {}),
    "state.put_checkpoint": ((DetectorCheckpoint(panel="hourly", through_at=NOW, body=b"2"),), {}),
    "state.put_source": ((SourceState(name="phoenix", cursor="2"),), {}), "state.reviewer_names": ((), {}),
    "state.segment_values": ((), {}), "state.source": (("phoenix",), {}), "state.sources": ((), {}),
    "state.note_changed_signals": (({"refusal": NOW - DAY},), {}), "state.take_changed_signals": ((), {}),
    "taxonomy.current": ((), {}), "taxonomy.history": (("pricing",), {}), "taxonomy.label_counts": ((), {}),
    "taxonomy.merge_labels": (("refusal", "pricing"), {}), "taxonomy.put": ((replace(WORD, version=2),), {}),
    "taxonomy.targets": ((["old", "refusal"],), {}), "thresholds.add": ((replace(MOVE, threshold=0.3),), {}),
    "thresholds.moves": (("refusal",), {}),
}  # fmt: skip
PARTS = {name: part for name, part in vars(Tx).items() if isinstance(part, cached_property)}
METHODS = sorted(
    f"{name}.{method}"
    for name, part in PARTS.items()
    for method, _ in inspect.getmembers(inspect.get_annotations(part.func, eval_str=True)["return"], inspect.isfunction)
    if not method.startswith("_")
)


# What adds to what is there: newer versions and other values.
MORE = [name for name in METHODS if name.split(".")[1].startswith(("put", "note", "record"))]


def call(store, name):
    part, method = name.split(".")
    args, kwargs = CALLS[name]
    with store.begin() as tx:
        result = getattr(getattr(tx, part), method)(*args, **kwargs)
        return list(result) if isinstance(result, Iterator) else result


def fill(store) -> None:
    """Something in every table."""
    with store.begin() as tx:
        tx.conversations.put([arrival(user_id="u")], NOW)
        tx.claims.take("evaluate", NOW + DAY, 10, DAY)
        tx.leases.keep(["detect"], "one", DAY)
        tx.scores.put({"c-1": [Score(name="refusal", value=1.0)]}, NOW)
        tx.rollups.record([fact(refusal=1.0, segments=[Segment.of(model="m1")])])
        tx.keys.add(KEY)
        tx.judge_answers.put("digest", "yes", NOW)
        tx.judge_rules.put(RuleText(digest="digest", rule_id="r-1", text="Always greet."), NOW)
        tx.judge_spending.reserve("policy", 0.2, NOW, daily=None, own=None)
        tx.spans.put([span()])
        tx.spans.assign({f"{1:032x}": "c-1"}, {f"{1:032x}": b"said"})
        tx.spans.defer({"c-1": NOW})
        tx.alerts.add(alert())
        tx.decisions.note("a-1", at=NOW, reason="new", text="New.", signal="refusal")
        tx.mutes.add(MUTE)
        tx.taxonomy.put(WORD)
        tx.taxonomy.put(MERGED)
        tx.datasets.add(KEPT_CASE)
        tx.answers.put(ASKED)
        tx.queue.put([ENTERED])
        tx.outbox.request(kind="alert", subject_id="a-1", channel="#c", at=NOW)
        tx.permalinks.note("alert:a-1", "https://example.slack.com/archives/C1/p0")
        tx.reviews.pick(ITEM)
        tx.reviews.put_label(label())
        tx.origins.put([ORIGIN])
        tx.arrivals.note([ARRIVAL])
        tx.origins.put_health(SourceHealth(name="phoenix", failures=1))
        tx.label_writes.request(["phoenix"], NOW)
        tx.calibrations.put(calibration())
        tx.thresholds.add(MOVE)
        tx.anchors.freeze("refusal", [ANCHOR])
        tx.anchors.put_run(ANCHOR_RUN)
        tx.choices.put(CHOICE)
        tx.proposals.add(PROPOSED)
        tx.classifiers.put(LEARNED)
        tx.audit.add(ENTRY)
        tx.state.put_checkpoint(DetectorCheckpoint(panel="hourly", through_at=NOW, body=b"1"))
        tx.state.put_source(SourceState(name="phoenix", cursor="1"))
        tx.state.job_ran("detect", NOW, 1)
        tx.state.note_oldest_change(NOW)
        tx.state.first_time("k", NOW)
        tx.state.beat(NOW)
        tx.state.name_reviewer("U1", "Ann")
        tx.state.note_segment_values({("model", "m1"): (NOW, NOW)})
        tx.state.note_changes([CHANGE])
        tx.placing.place({f"{1:016x}": f"{1:032x}"})
        tx.feedback.put([GIVEN])
        tx.installations.put(INSTALLED)
        tx.installations.spend("digest", NOW + HOUR, NOW)


def fill_beyond(store) -> None:
    """More in a workspace under the same ids: newer versions, older and newer times, and other values."""
    fill(store)
    for name in MORE:
        call(store, name)
    with store.begin() as tx:
        tx.thresholds.add(replace(MOVE, threshold=0.3))
        tx.state.beat(NOW - HOUR)
        tx.arrivals.note([replace(ARRIVAL, at=NOW - 2 * DAY, seen_at=NOW - 2 * DAY), replace(ARRIVAL, kind="file")])
        tx.installations.spend("other", NOW - HOUR, NOW - DAY)
        tx.judge_answers.put("old", "yes", NOW - 2 * KEPT)
        tx.reviews.put_label(label(reviewer=GOLD))
        tx.scores.put({"c-1": [EvaluatorFailure(name="broken", reason="bug", message="x")]}, NOW)
        tx.label_writes.failed(WRITE, due_at=NOW, problem="away", is_final=False)
    with store._engine.begin() as connection:
        ahead = dict.fromkeys(("version", "arrival_version", "quiet_version", "judged_version"), 99)
        table = schema.conversations
        connection.execute(update(table).where(table.c.workspace_id == store._workspace_id).values(**ahead))


def rows_of(store):
    """Every row of a workspace, by table."""
    with store._engine.connect() as connection:
        return {
            table.name: sorted(
                connection.execute(select(table).where(table.c.workspace_id == store._workspace_id)), key=repr
            )
            for table in schema.metadata.sorted_tables
            if table.name != "seals"  # keys are of the whole database
        }
