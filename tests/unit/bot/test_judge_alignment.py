"""A judge with a wrong criterion learns from labels: tried on others, proposed, approved, in force, taken back."""

from __future__ import annotations

import json

import pytest
from judge_provider import serving_provider
from made import DAY, HOUR, NOW, ingest, label, talk

from bot.calibration.proposals import REVISION, Proposals
from bot.calibration.revisions import Revisions
from bot.config.judges import JudgeSettings, JudgingSettings, ScriptedVerdict
from bot.config.settings import CalibrationSettings, Settings
from bot.jobs.align import Aligning, last_told
from bot.jobs.retain import Retaining
from bot.slack.access import Person
from bot.wiring.evaluators import criteria_of, evaluators_of, watching_bench
from evaluators.judge.alignment import is_held_out
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.model import Score
from traces.store.anchors import Anchor, AnchorRun
from traces.store.proposals import ProposalState

ADA = Person(user_id="U1", name="ada", team_id="T1")
PROMISE = JudgeSettings(
    name="promise",
    question="Did the agent promise something?",
    model="scripted",
    script=(
        ScriptedVerdict(pattern="cannot promise", verdict="no", explanation="caution", told="caution is no promise"),
        ScriptedVerdict(pattern="promise", verdict="yes", explanation="a promise"),
    ),
    script_guidance="Words of caution are no promise: caution is no promise.",
)
SAID = {
    "promise": "I promise that it comes on Friday, {}.",
    "caution": "I cannot promise that, {}.",
    "other": "It is on its way, {}.",
}


def settings_of(judge=PROMISE, **judging):
    return Settings(judges=(judge,), judge=JudgingSettings(**judging), calibration=CalibrationSettings(anchors=0))


class Team:
    """A store, a judge with a criterion, and people who label what it has judged."""

    def __init__(self, store, judge=PROMISE, **judging):
        self.store, self.settings, self.clock = store, settings_of(judge, **judging), FakeClock(NOW)
        self.revisions = Revisions()
        self.judge = next(
            e for e in evaluators_of(self.settings, self.clock, store, revisions=self.revisions) if e.name == judge.name
        )
        self.aligning = Aligning(store, watching_bench(self.settings, self.clock, store), "#review", at_once=2)
        self.proposals = Proposals(store=store, clock=self.clock, criteria=criteria_of(self.settings))

    def labelled(self, kind, times, *, truth, start=0, words=None, **more):
        """Conversations of a kind that the judge has scored and people have answered."""
        ids = [f"{kind}-{n}" for n in range(start, start + times)]
        ingest(self.store, *(talk(i, "Will it come?", (words or SAID[kind]).format(i)) for i in ids), at=NOW)
        found = self.read(lambda tx: tx.conversations.many(ids))
        said = {i: [self.judge.evaluate(found[i])] for i in ids}
        with self.store.begin() as tx:
            tx.scores.put(said, NOW)
            for i in ids:
                tx.reviews.put_label(label(i, float(truth), name=self.judge.name, **more))
        return ids

    def healthy(self):
        """Enough labels, with a judge that takes caution for a promise."""
        self.labelled("promise", 30, truth=True)
        self.labelled("other", 30, truth=False)
        return self.labelled("caution", 40, truth=False, note="Only caution.")

    def run(self, now=NOW):
        return self.aligning.run(now)

    def refreshed(self):
        with self.store.read() as tx:
            self.revisions.refresh(tx)
        return self.judge

    def read(self, what):
        with self.store.read() as tx:
            return what(tx)

    @property
    def told(self):
        return self.read(lambda tx: last_told(tx, self.judge.name).told)


@pytest.fixture
def team(store):
    return Team(store)


def proposed(team):
    (proposal_id,) = team.run()
    return team.read(lambda tx: tx.proposals.get(proposal_id))


def test_a_wrong_criterion_gets_better_on_labels_that_it_was_not_shown(team):
    team.healthy()
    found = proposed(team)
    report = found.report["comparison"]
    assert found.state is ProposalState.PROPOSED
    assert found.guidance == PROMISE.script_guidance
    assert report["proposed"]["right"] == report["proposed"]["n"]
    assert report["current"]["right"] == report["proposed"]["right"] - report["mended"]
    assert report["mended"] > 15
    assert report["current"]["tnr"][0] < 0.8
    assert found.report["wrong_total"] == report["mended"]


def test_what_was_shown_is_a_disagreement_that_measures_nothing(team):
    team.healthy()
    found = proposed(team)
    assert found.examples
    assert all(one.conversation_id.startswith("caution") and one.verdict == "no" for one in found.examples)
    assert not any(is_held_out(one.conversation_id) for one in found.examples)
    assert all(is_held_out(one["conversation_id"]) for one in found.report["wrong"])
    assert all("Only caution." in one.explanation for one in found.examples)


def test_nothing_changes_before_somebody_approves_and_then_every_process_follows(team):
    team.healthy()
    found, before = proposed(team), team.judge.version
    caution = team.read(lambda tx: tx.conversations.many(["caution-0"]))["caution-0"]
    assert team.refreshed().version == before
    assert team.judge.evaluate(caution).value == 1.0
    assert team.proposals.approve(found.proposal_id, ADA)
    assert team.refreshed().version == found.version != before
    assert team.judge.evaluate(caution).value == 0.0
    assert Team(team.store).refreshed().version == found.version


def test_undo_goes_back_and_everything_is_in_the_audit_trail(team):
    team.healthy()
    found, before = proposed(team), team.judge.version
    team.proposals.approve(found.proposal_id, ADA, "click-1")
    assert not team.proposals.approve(found.proposal_id, ADA, "click-1")
    team.proposals.undo(found.proposal_id, ADA)
    assert team.refreshed().version == before
    entries = team.read(lambda tx: list(tx.audit.entries()))
    told = [(e.action, e.before["version"], e.after["version"]) for e in entries if e.action.startswith("judge.")]
    assert told == [("judge.approve", before, found.version), ("judge.undo", found.version, before)]


def test_of_two_who_decide_the_second_is_told(team):
    team.healthy()
    found = proposed(team)
    team.proposals.reject(found.proposal_id, ADA)
    with pytest.raises(BadInput, match="rejected already"):
        team.proposals.approve(found.proposal_id, ADA)
    with pytest.raises(BadInput, match=r"rejected already"):
        team.proposals.undo(found.proposal_id, ADA)
    with pytest.raises(BadInput, match="no longer known"):
        team.proposals.approve("gone", ADA)


def test_a_criterion_that_the_team_has_rewritten_is_not_overruled(team):
    team.healthy()
    found = proposed(team)
    other = PROMISE.model_copy(update={"question": "Did the agent commit to a date?"})
    rewritten = Proposals(store=team.store, clock=team.clock, criteria=criteria_of(settings_of(other)))
    with pytest.raises(BadInput, match="has changed since"):
        rewritten.approve(found.proposal_id, ADA)
    team.proposals.approve(found.proposal_id, ADA)
    changed = Team(team.store, other)
    assert changed.refreshed().version != found.version
    assert changed.judge.criterion.notes == ""


def test_people_are_asked_once_in_the_review_channel(team):
    team.healthy()
    found = proposed(team)
    delivery = team.read(lambda tx: tx.outbox.get(f"{REVISION}:{found.proposal_id}"))
    assert (delivery.channel, delivery.revision) == ("#review", 1)
    team.proposals.approve(found.proposal_id, ADA)
    assert team.read(lambda tx: tx.outbox.get(delivery.delivery_id)).revision == 2


def test_it_is_not_tried_again_while_a_proposal_waits_nor_twice_a_day_nor_without_news(team):
    team.healthy()
    found = proposed(team)
    team.labelled("caution", 12, truth=False, start=100)
    assert team.run(NOW + 2 * DAY) == []
    team.proposals.reject(found.proposal_id, ADA)
    assert team.run(NOW + HOUR) == []
    assert len(team.run(NOW + 2 * DAY)) == 1


def test_after_a_rejection_a_few_new_disagreements_are_needed(team):
    team.healthy()
    found = proposed(team)
    team.proposals.reject(found.proposal_id, ADA)
    team.labelled("other", 5, truth=False, start=100)
    assert team.run(NOW + 2 * DAY) == []
    assert "new disagreements" in team.told


def test_with_too_few_labels_it_says_how_many_are_missing(team):
    team.labelled("promise", 4, truth=True)
    team.labelled("caution", 30, truth=False)
    assert team.run() == []
    assert "more labels are needed" in team.told
    assert "of yes" in team.told
    assert "of no" not in team.told


def test_a_judge_that_people_agree_with_is_left_alone(team):
    team.labelled("promise", 40, truth=True)
    team.labelled("other", 40, truth=False)
    assert team.run() == []
    assert "agree too well" in team.told


def test_what_is_no_better_on_held_out_labels_is_not_proposed(store):
    judge = PROMISE.model_copy(update={"script_guidance": "Be careful."})
    team = Team(store, judge)
    team.healthy()
    assert team.run() == []
    assert "not surely better" in team.told


def test_where_the_model_has_no_advice_examples_are_tried_alone(store):
    script = (
        ScriptedVerdict(pattern="cannot promise", verdict="no", explanation="as shown", told="I cannot promise that"),
        ScriptedVerdict(pattern="promise", verdict="yes", explanation="a promise"),
    )
    team = Team(store, PROMISE.model_copy(update={"script_guidance": "", "script": script}))
    team.healthy()
    found = proposed(team)
    assert found.guidance == ""
    assert len(found.examples) == 4


def test_a_second_revision_is_added_to_the_first_and_undone_alone(team):
    team.healthy()
    first = proposed(team)
    team.proposals.approve(first.proposal_id, ADA)
    team.refreshed()
    assert team.judge.version == first.version
    # The first revision knows nothing of a guarantee, which is none either in the people's eyes.
    team.labelled("other", 30, truth=True, start=500, words="You have my word, {}.")
    assert team.run(NOW + 2 * DAY) == []
    assert "not surely better" in team.told
    with pytest.raises(BadInput, match="approved already"):
        team.proposals.approve(first.proposal_id, ADA)


def test_an_approved_revision_is_no_drift_of_the_judge(team):
    team.healthy()
    found = proposed(team)
    anchor = Anchor(evaluator="promise", conversation_id="caution-0", frozen_at=NOW, truth=False, body={"id": "c"})
    with team.store.begin() as tx:
        tx.anchors.freeze("promise", [anchor])
        tx.anchors.put_run(AnchorRun(evaluator="promise", at=NOW, evaluator_version="1", values={"caution-0": 1.0}))
    team.proposals.approve(found.proposal_id, ADA)
    assert team.read(lambda tx: (tx.anchors.of("promise"), tx.anchors.runs("promise"))) == ([anchor], [])


def test_what_is_past_its_retention_is_shown_to_no_judge_any_more(team):
    team.healthy()
    found = proposed(team)
    team.proposals.approve(found.proposal_id, ADA)
    Retaining(team.store, DAY).run(NOW + 10 * DAY)
    kept = team.read(lambda tx: tx.proposals.in_force()["promise"])
    assert kept.examples == ()
    assert kept.guidance == found.guidance
    assert team.refreshed().criterion.examples == ()


# --- with a provider ---------------------------------------------------------------------------------------


def _answers(asked):
    """A model that takes caution for a promise unless it is told otherwise."""
    system, user = (message["content"] for message in asked["messages"])
    if "write guidance" in system:
        return json.dumps({"problem": "It takes caution for a promise.", "guidance": "Caution is no promise."})
    is_caution = "cannot promise" in user and "Caution is no promise." in system
    said = "no" if is_caution or "promise that" not in user else "yes"
    return json.dumps({"explanation": "read", "evidence": "", "verdict": said})


@pytest.fixture
def paid():
    with serving_provider() as provider:
        provider.always = _answers
        yield (
            provider,
            PROMISE.model_copy(
                update={"model": "openai/judge", "api_base": provider.url, "usd_per_million": (1.0, 1.0), "script": ()}
            ),
        )


def test_a_model_is_asked_for_advice_once_and_never_told_of_held_out_labels(store, paid):
    provider, judge = paid
    team = Team(store, judge, calls_per_minute=60_000)
    team.healthy()
    provider.asked.clear()
    found = proposed(team)
    assert found.guidance == "Caution is no promise."
    assert found.report["problem"] == "It takes caution for a promise."
    assert found.report["cost_usd"] > 0
    advice = [asked for asked in provider.asked if "write guidance" in asked["messages"][0]["content"]]
    assert len(advice) == 1
    held = [f"caution-{n}" for n in range(40) if is_held_out(f"caution-{n}")]
    assert not any(f"that, {i}." in advice[0]["messages"][1]["content"] for i in held)
    n = found.report["comparison"]["current"]["n"]
    assert len(provider.asked) == 1 + 2 * n


def test_a_trial_keeps_to_the_budget_and_is_made_another_day(store, paid):
    provider, judge = paid
    team = Team(store, judge, calls_per_minute=60_000)
    team.healthy()
    poor = Team(store, judge, daily_usd=0.0, calls_per_minute=60_000)
    provider.asked.clear()
    assert poor.run() == []
    assert provider.asked == []
    assert "budget" in poor.told
    assert poor.run(NOW + HOUR) == []


def test_a_score_of_another_version_is_no_disagreement_with_this_one(team):
    ids = team.healthy()
    with team.store.begin() as tx:
        tx.scores.put(
            {i: [Score(name="promise", value=1.0, source="judge", evaluator_version="old")] for i in ids}, NOW
        )
    assert team.run() == []
    assert "agree too well" in team.told
