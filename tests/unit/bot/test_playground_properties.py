"""Properties of what the playground reads and keeps."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from slack_sdk.signature import SignatureVerifier

from bot.playground.call import Call, read_arguments
from bot.playground.elements import elements, find_element, missing_answers, state_values, with_block_ids
from bot.playground.methods import METHODS
from bot.playground.payloads import signature_headers
from bot.playground.people import PEOPLE
from bot.playground.refusal import Refusal
from bot.playground.revisions import Revisions
from bot.playground.surfaces import STACK_LIMIT, Surfaces
from bot.playground.workspace import Workspace
from traces.clock import FakeClock
from traces.errors import BadInput

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [SECTION]}
KEYS = st.sampled_from(["type", "blocks", "block_id", "action_id", "element", "elements", "accessory", "options", "x"])
KINDS = st.sampled_from(["actions", "input", "section", "button", "static_select", "checkboxes", "plain_text_input"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
ARGUMENTS = st.dictionaries(
    st.sampled_from(
        [
            "channel",
            "text",
            "blocks",
            "view",
            "ts",
            "user",
            "user_id",
            "limit",
            "cursor",
            "files",
            "file",
            "metadata",
            "trigger_id",
            "view_id",
            "length",
            "filename",
            "oldest",
            "thread_ts",
            "message",
            "attachments",
            "users",
        ]
    ),
    JSON | st.sampled_from(["C0ALERTS", "U0MAYA", "1.000000"]),
    max_size=6,
)


def refusal_of(call) -> Refusal | None:
    try:
        call()
    except Refusal as refusal:
        return refusal
    return None


@given(JSON)
def test_elements_are_found_in_anything(shown):
    assert all(isinstance(e.action_id, str) for e in elements(shown))


@given(st.binary(max_size=80), st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]))
def test_arguments_are_read_or_refused(body, content_type):
    refusal = refusal_of(lambda: dict(read_arguments("a=1", content_type, body)))
    assert refusal is None or refusal.as_slack()["ok"] is False


@given(st.sampled_from(sorted(METHODS)), ARGUMENTS)
def test_every_method_answers_or_refuses_whatever_it_is_sent(method, arguments):
    workspace = Workspace(clock=FakeClock(START), rng=random.Random(1))
    refusal = refusal_of(lambda: orjson.dumps(METHODS[method](Call(workspace, arguments))))
    assert refusal is None or orjson.dumps(refusal.as_slack())


@given(st.text(max_size=200).map(str.encode), st.from_regex(r"[0-9a-z]{1,40}", fullmatch=True))
def test_slacks_own_verifier_accepts_every_signature(body, secret):
    at_s = int(START.timestamp())
    headers = signature_headers(secret, at_s, body)

    class StandingClock:
        def now(self) -> float:
            return at_s

    verifier = SignatureVerifier(secret, clock=StandingClock())
    assert verifier.is_valid(body, headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"])


OPTIONS = [{"text": {"type": "plain_text", "text": v}, "value": v} for v in "abc"]
KINDS_OF_INPUT = {
    "static_select": st.sampled_from("abc"),
    "radio_buttons": st.sampled_from("abc"),
    "checkboxes": st.lists(st.sampled_from("abc"), unique=True),
    "multi_static_select": st.lists(st.sampled_from("abc"), unique=True),
    "plain_text_input": st.none() | st.text(max_size=8),
    "datepicker": st.none() | st.just("2026-11-20"),
}


@given(st.data(), st.lists(st.sampled_from(sorted(KINDS_OF_INPUT)), max_size=5))
def test_a_form_says_what_was_filled_in(data, kinds):
    blocks = [
        {"type": "input", "block_id": f"b{n}", "element": {"type": kind, "action_id": f"a{n}", "options": OPTIONS}}
        for n, kind in enumerate(kinds)
    ]
    filled = {f"a{n}": data.draw(KINDS_OF_INPUT[kind]) for n, kind in enumerate(kinds)}
    values = state_values(blocks, filled)
    nested = state_values(blocks, {f"b{n}": {f"a{n}": filled[f"a{n}"]} for n in range(len(kinds))})
    assert values == nested
    empty = {f"b{n}" for n in range(len(kinds)) if filled[f"a{n}"] in (None, "", [])}
    assert set(missing_answers(blocks, values)) == empty


@given(st.lists(st.sampled_from([SECTION, {"type": "divider"}, {**SECTION, "block_id": "mine"}]), max_size=6))
def test_every_block_gets_an_id_and_keeps_its_own(blocks):
    ids = iter(range(1000))
    named = with_block_ids(blocks, lambda prefix, length: f"made-{next(ids)}")
    for before, after in zip(blocks, named, strict=True):
        assert after["block_id"] == before.get("block_id", after["block_id"])
        assert after["block_id"]
        assert {**before, "block_id": after["block_id"]} == after


def test_an_element_among_several_is_told_by_block_and_value():
    blocks = [
        {"type": "actions", "block_id": f"b{n}", "elements": [{"type": "button", "action_id": "label", "value": v}]}
        for n, v in enumerate("xy")
    ]
    assert find_element(blocks, "label").block_id == "b0"
    assert find_element(blocks, "label", value="y").block_id == "b1"
    assert find_element(blocks, "label", block_id="b1").block_id == "b1"
    with pytest.raises(BadInput, match="there are: label"):
        find_element(blocks, "label", block_id="b0", value="y")


class Modals(RuleBasedStateMachine):
    """Whatever is opened, pushed, updated and closed, stacks stay sound."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock(START)
        self.surfaces = Surfaces(Revisions(self.clock, random.Random(1), self.clock))
        self.people = [p.user_id for p in PEOPLE[:2]]

    @rule(who=st.integers(0, 1), late=st.booleans(), pushes=st.booleans())
    def open_or_push(self, who, late, pushes):
        user = self.people[who]
        before = self.surfaces.stack(user)
        trigger = self.surfaces.issue_trigger(user)
        self.clock.advance(timedelta(seconds=4 if late else 1))
        is_full = pushes and len(before) == STACK_LIMIT
        show = self.surfaces.push if pushes else self.surfaces.open
        refusal = refusal_of(lambda: show(trigger, MODAL))
        if refusal is None:
            assert not late
            assert not is_full
            assert self.surfaces.stack(user)[:-1] == (before if pushes else [])
        else:
            assert refusal.code == ("expired_trigger_id" if late else "push_limit_reached")
            assert late or is_full
            assert self.surfaces.stack(user) == before

    @precondition(lambda self: any(self.surfaces.stack(u) for u in self.people))
    @rule(fresh=st.booleans())
    def update(self, fresh):
        view = next(s for u in self.people if (s := self.surfaces.stack(u)))[-1]
        version = view.version if fresh else "0.old"
        refusal = refusal_of(lambda: self.surfaces.update(MODAL, view_id=view.view_id, version=version))
        assert (refusal and refusal.code) == (None if fresh else "hash_conflict")
        assert (self.surfaces.find(view.view_id).version != view.version) == fresh

    @precondition(lambda self: any(self.surfaces.stack(u) for u in self.people))
    @rule(everything=st.booleans(), depth=st.integers(0, 2))
    def close(self, everything, depth):
        stack = next(s for u in self.people if (s := self.surfaces.stack(u)))
        at = min(depth, len(stack) - 1)
        self.surfaces.close(stack[at].view_id, everything=everything)
        assert self.surfaces.stack(stack[0].user) == ([] if everything else stack[:at])

    @invariant()
    def stacks_are_sound(self):
        for user in self.people:
            stack = self.surfaces.stack(user)
            assert len(stack) <= STACK_LIMIT
            assert all(view.user == user and view.root_view_id == stack[0].view_id for view in stack)
            assert [v.previous_view_id for v in stack] == [None, *(v.view_id for v in stack)][: len(stack)]


TestModals = Modals.TestCase
