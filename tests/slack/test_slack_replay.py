"""The same request again, whoever sends it, changes nothing more; whoever may not, changes nothing at all.

The requests are made from the registry of listeners, so that a new button needs a line here before the tests pass.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
from proposal_hands import JUDGE, on_proposal, on_threshold
from settings_hands import send, state_of
from slack_house import NOON, House, an_alert, conversation, house, put_alert, put_conversations, put_review
from slack_people import MIA, STRANGER, Request, Someone, controls, find, words_of
from taxonomy_hands import on_suggestion, on_taxonomy, on_vague, taxonomy_form, taxonomy_merge
from web_double import ALERTS, REVIEW, direct_messages, home_of

from bot.answers.digest import DIGEST
from bot.config.settings import RoleSettings
from bot.home import FOR_GOOD
from bot.reviewing.assigning import ASSIGNED
from bot.reviewing.review import show
from bot.slack.blocks.label_modal import label_modal
from bot.slack.blocks.snooze import snooze_view
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.blocks.values import Question
from bot.slack.listening.surfaces import ACTIONS
from traces.model import AlertState, Label, Score
from traces.store.choices import Choice
from traces.store.mutes import Mute

ADMIN, REVIEWER, VIEWER = Someone("U0ADMIN", "ada"), Someone("U0REVIEW", "rob"), Someone("U0VIEW", "vic")
NOBODY = Someone("U0NOBODY", "nob")
GUEST = Someone("U0ADMIN", "an admin's id in another workspace", "T0CONNECT")
CONFIGURED = RoleSettings(
    admins=(ADMIN.user_id,), reviewers=(REVIEWER.user_id, STRANGER.user_id), viewers=(VIEWER.user_id,)
)
PEOPLE = {
    "admin": ADMIN,
    "reviewer": REVIEWER,
    "viewer": VIEWER,
    "without a role": NOBODY,
    "from another workspace": STRANGER,
    "connected from another workspace": GUEST,
}
DAY = timedelta(days=1)
OFF_ID = "b3a3d5a0"
EVERYONE_WITH_A_ROLE = frozenset({"admin", "reviewer", "viewer"})
WHO_MAY_CHANGE = frozenset({"admin", "reviewer"})
ADMINS = frozenset({"admin"})


@dataclass(frozen=True)
class Deed:
    """Something that people do: the request, who may do it, whether it changes what is stored, and redraws a card."""

    make: Callable[[House, Someone], Request]
    allowed: frozenset[str]
    changes: bool = True
    redraws: bool = True


def _on_alert(
    action_id: str, *, option: str | None = None, resolved: bool = False
) -> Callable[[House, Someone], Request]:
    def make(hark: House, who: Someone) -> Request:
        root = next(m for m in hark.slack.roots(ALERTS) if ("✅" in m["text"]) is resolved)
        return hark.hands.press(ALERTS, root["ts"], action_id, who, option=option)

    return make


def _on_card(action_id: str) -> Callable[[House, Someone], Request]:
    def make(hark: House, who: Someone) -> Request:
        card = next(m for m in hark.slack.roots(REVIEW) if action_id in controls(m))
        return hark.hands.press(REVIEW, card["ts"], action_id, who)

    return make


def _undo(hark: House, who: Someone) -> Request:
    with hark.store.begin() as tx:
        tx.reviews.put_label(Label(conversation_id="c-9", name="refusal", value=1.0, reviewer=who.user_id, at=NOON))
        show(tx, NOON, "item-9")
    hark.deliver()
    return _on_card("label_undo")(hark, who)


def _submit(hark: House, who: Someone) -> Request:
    hark.do(_on_card("label_more")(hark, REVIEWER))
    view_id = next(reversed(hark.slack.views))
    return hark.hands.submit(
        view_id, {"verdict": "yes", "note": "twice", "labels": ["tool_error"], "severity": "low"}, who
    )


def _snooze(hark: House, who: Someone) -> Request:
    root = next(m for m in hark.slack.roots(ALERTS) if "✅" not in m["text"])
    alert_id = parse_token(str(find(root, "alert_acknowledge")["value"])).subject_id
    return hark.hands.submit(hark.slack.shows(snooze_view(alert_id).payload()), {"period": "1h"}, who)


def _submit_known(hark: House, who: Someone) -> Request:
    view = label_modal("item-9", Question(evaluator="refusal", question="Did the agent refuse?"), is_known=False)
    return hark.hands.submit(hark.slack.shows(view.payload()), {"verdict": "yes", "known": ["known"]}, who)


def _in_window(action_id: str, pages: int = 0, option: str | None = None) -> Callable[[House, Someone], Request]:
    """A click in the window on a long conversation, after so many turned pages."""

    def make(hark: House, who: Someone) -> Request:
        long = conversation("c-1", NOON, said="Write to ada@example.com.\n" * 6_000)
        put_conversations(hark.store, [long, conversation("c-2", NOON)])
        hark.do(_on_alert("alert_conversations")(hark, ADMIN))
        if action_id != "conversation_open":
            hark.do(hark.hands.press_in(_newest(hark), "conversation_open", ADMIN))
        for _ in range(pages):
            hark.do(hark.hands.press_in(_newest(hark), "conversation_next", ADMIN))
        if action_id not in {"conversation_reveal", "conversation_hide"}:
            return hark.hands.press_in(_newest(hark), action_id, who, option=option)
        # Whoever may not is not shown the button, and may send the click all the same.
        request = hark.hands.press_in(_newest(hark), "conversation_next", who)
        request.payload["actions"][0]["action_id"] = action_id
        return request

    return make


def _word(hark: House, who: Someone) -> Request:
    with hark.store.begin() as tx:
        tx.scores.put({"c-9": [Score(name="rephrase", value=0.9)]}, NOON)
        show(tx, NOON, "item-9")
    hark.deliver()
    return _on_card("label_word")(hark, who)


def _menu(option: str) -> Callable[[House, Someone], Request]:
    def make(hark: House, who: Someone) -> Request:
        card = next(m for m in hark.slack.roots(REVIEW) if "label_menu" in controls(m))
        return hark.hands.press(REVIEW, card["ts"], "label_menu", who, option=option)

    return make


def _assign(hark: House, who: Someone) -> Request:
    hark.do(_menu("Assign…")(hark, REVIEWER))
    return hark.hands.submit(_newest(hark), {"reviewer": ADMIN.user_id}, who)


def _open_assigned(hark: House, who: Someone) -> Request:
    with hark.store.read() as tx:
        told = tx.outbox.get(f"{ASSIGNED}:item-9.{ADMIN.user_id}")
    if told is None:
        hark.do(_menu("Assign…")(hark, REVIEWER))
        hark.do(hark.hands.submit(_newest(hark), {"reviewer": ADMIN.user_id}, REVIEWER))
    place = direct_messages(ADMIN.user_id)
    return hark.hands.press(place, hark.slack.roots(place)[0]["ts"], "assigned_open", who)


def _on_home(
    action_id: str, *, items: int = 0, option: str | None = None, turned: bool = False
) -> Callable[[House, Someone], Request]:
    """A click on the App Home of an admin, who is shown every button."""

    def make(hark: House, who: Someone) -> Request:
        for n in range(10, 10 + items):
            put_review(hark.store, f"c-{n}")
        with hark.store.begin() as tx:
            mute = Mute(mute_id="m1", signal="volume", until_at=NOON + DAY, muted_by="U0MIA", muted_at=NOON)
            off = Mute(mute_id=OFF_ID, signal="latency", until_at=FOR_GOOD, muted_by="U0MIA", muted_at=NOON)
            for one in (mute, off):
                tx.mutes.add(one)
            tx.outbox.bury("review:item-9", problem="channel_not_found")
        home = home_of(ADMIN.user_id)
        hark.do(hark.hands.open_home(ADMIN))
        if turned:
            hark.do(hark.hands.press_in(home, "home_page", ADMIN))
        return hark.hands.press_in(home, action_id, who, option=option)

    return make


def _set_up(hark: House, who: Someone) -> Request:
    # Where the settings file names the channels nobody is shown the button, and may send the click all the same.
    request = _on_home("home_unmute")(hark, who)
    request.payload["actions"][0].update(action_id="setup_open", value=str(Token("setup")))
    return request


def _send_to_review(hark: House, who: Someone) -> Request:
    message = {"type": "message", "user": "U0MIA", "ts": "1790000000.000100", "text": "The bot told me lies."}
    return hark.hands.message_shortcut("send_to_review", "C0ELSEWHERE", message, who)


def _share(hark: House, who: Someone) -> Request:
    asked = hark.hands.command("status", ADMIN)
    hark.do(asked)
    return hark.hands.press_answer(hark.slack.answers[asked.answer_key][0], "answer_share", who)


def _open_queue(hark: House, who: Someone) -> Request:
    with hark.store.begin() as tx:
        tx.outbox.request(kind=DIGEST, subject_id="daily.2026-11-20T09:00", channel=ALERTS, at=NOON)
    hark.deliver()
    digest = next(m for m in hark.slack.roots(ALERTS) if "digest_queue" in controls(m))
    return hark.hands.press(ALERTS, digest["ts"], "digest_queue", who)


def _newest(hark: House) -> str:
    return next(reversed(hark.slack.views))


SETTING_FORMS = {
    "settings_signal_form": ("settings_signals", {"enabled": "off"}),
    "settings_sensitivity_form": ("settings_sensitivity", {"weeks": "4"}),
    "settings_route_form": ("settings_routes", {"signals": "refusal", "channel": "C0ONCALL"}),
    "settings_roles_form": ("settings_roles", {"viewers": ["U0VIEW", "U0NEW"]}),
    "settings_quiet_form": ("settings_quiet", {"hours": "20:00-08:00"}),
}


def _setting(action_id: str, *, option: str = "") -> Callable[[House, Someone], Request]:
    """A click on the settings, or in one of their windows, as an admin sees it."""

    def make(hark: House, who: Someone) -> Request:
        body = {"routes": [{"channel": "C0A"}, {"channel": "C0B"}]}
        with hark.store.begin() as tx:
            tx.choices.put(Choice(name="routes", version=1, body=body, changed_by="U0ADMIN", changed_at=NOON))
        home = home_of(ADMIN.user_id)
        hark.do(hark.hands.open_home(ADMIN))
        if action_id not in {
            "settings_signal",
            "settings_previous",
            "settings_next",
            "settings_route",
            "settings_route_add",
            "settings_preview",
        }:
            return hark.hands.press_in(home, action_id, who)
        opens = {
            "settings_route": "settings_routes",
            "settings_route_add": "settings_routes",
            "settings_preview": "settings_quiet",
        }
        hark.do(hark.hands.press_in(home, opens.get(action_id, "settings_signals"), ADMIN))
        if action_id == "settings_previous":
            hark.do(hark.hands.press_in(_newest(hark), "settings_next", ADMIN))
        request = hark.hands.press_in(_newest(hark), action_id, who, option=option or None)
        if action_id == "settings_preview":
            request.payload["view"]["state"] = state_of(hark.slack.views[_newest(hark)], hours="20:00-08:00")
        return request

    return make


def _settings_sent(callback_id: str) -> Callable[[House, Someone], Request]:
    def make(hark: House, who: Someone) -> Request:
        opens, typed = SETTING_FORMS[callback_id]
        hark.do(hark.hands.open_home(ADMIN))
        hark.do(hark.hands.press_in(home_of(ADMIN.user_id), opens, ADMIN))
        further = {"settings_signals": "settings_signal", "settings_routes": "settings_route_add"}.get(opens)
        if further:
            hark.do(hark.hands.press_in(_newest(hark), further, ADMIN))
        return send(hark, _newest(hark), who, **typed)

    return make


DEEDS = {
    "alert_acknowledge": Deed(_on_alert("alert_acknowledge"), WHO_MAY_CHANGE),
    "alert_resolve": Deed(_on_alert("alert_resolve"), WHO_MAY_CHANGE),
    "alert_reopen": Deed(_on_alert("alert_reopen", resolved=True), WHO_MAY_CHANGE),
    "alert_more": Deed(_on_alert("alert_more", option="Noise"), WHO_MAY_CHANGE),
    "alert_more snooze": Deed(_on_alert("alert_more", option="Snooze…"), WHO_MAY_CHANGE, changes=False),
    "submit snooze": Deed(_snooze, WHO_MAY_CHANGE),
    "alert_more tune": Deed(_on_alert("alert_more", option="Tune…"), ADMINS, changes=False),
    "alert_more why": Deed(_on_alert("alert_more", option="Why am I told?"), WHO_MAY_CHANGE, changes=False),
    "alert_conversations": Deed(_on_alert("alert_conversations"), EVERYONE_WITH_A_ROLE, changes=False),
    "label_yes": Deed(_on_card("label_yes"), WHO_MAY_CHANGE),
    "label_no": Deed(_on_card("label_no"), WHO_MAY_CHANGE),
    "label_more": Deed(_on_card("label_more"), WHO_MAY_CHANGE, changes=False),
    "label_undo": Deed(_undo, WHO_MAY_CHANGE),
    "conversation_open": Deed(_in_window("conversation_open"), EVERYONE_WITH_A_ROLE, redraws=False),
    "conversation_next": Deed(_in_window("conversation_next"), EVERYONE_WITH_A_ROLE, changes=False),
    "conversation_previous": Deed(_in_window("conversation_previous", 1), EVERYONE_WITH_A_ROLE, changes=False),
    "conversation_page": Deed(_in_window("conversation_page", option="Page 3"), EVERYONE_WITH_A_ROLE, changes=False),
    "conversation_reveal": Deed(_in_window("conversation_reveal"), frozenset({"admin"}), redraws=False),
    "conversation_hide": Deed(_in_window("conversation_hide"), EVERYONE_WITH_A_ROLE, changes=False),
    "digest_queue": Deed(_open_queue, WHO_MAY_CHANGE, changes=False),
    "answer_share": Deed(_share, EVERYONE_WITH_A_ROLE, redraws=False),
    "label_word": Deed(_word, WHO_MAY_CHANGE),
    "label_menu skip": Deed(_menu("Skip"), WHO_MAY_CHANGE, redraws=False),
    "label_menu assign": Deed(_menu("Assign…"), WHO_MAY_CHANGE, changes=False),
    "label_menu keep": Deed(_menu("Add to dataset"), WHO_MAY_CHANGE),
    "label_menu read": Deed(_menu("Full conversation"), WHO_MAY_CHANGE, redraws=False),
    "submit assign": Deed(_assign, WHO_MAY_CHANGE),
    "assigned_open": Deed(_open_assigned, WHO_MAY_CHANGE, changes=False),
    "home_page": Deed(_on_home("home_page", items=12), WHO_MAY_CHANGE, changes=False),
    "home_first_page": Deed(_on_home("home_first_page", items=12, turned=True), WHO_MAY_CHANGE, changes=False),
    "home_unmute": Deed(_on_home("home_unmute"), WHO_MAY_CHANGE, redraws=False),
    "home_send_again": Deed(_on_home("home_send_again"), WHO_MAY_CHANGE, redraws=False),
    "home_signal_on": Deed(_on_home("home_signal_on"), frozenset({"admin"}), redraws=False),
    "setup_open": Deed(_set_up, ADMINS, changes=False),
    "shortcut": Deed(lambda hark, who: hark.hands.shortcut("open_review_queue", who), WHO_MAY_CHANGE, changes=False),
    "shortcut send": Deed(_send_to_review, WHO_MAY_CHANGE, redraws=False),
    "taxonomy_add": Deed(on_taxonomy("taxonomy_add"), ADMINS, changes=False),
    "taxonomy_word retire": Deed(on_taxonomy("taxonomy_word", option="Retire"), ADMINS, redraws=False),
    "taxonomy_word rename": Deed(on_taxonomy("taxonomy_word", option="Rename…"), ADMINS, changes=False),
    "taxonomy_next": Deed(on_taxonomy("taxonomy_next"), EVERYONE_WITH_A_ROLE, changes=False),
    "taxonomy_previous": Deed(on_taxonomy("taxonomy_previous", turned=True), EVERYONE_WITH_A_ROLE, changes=False),
    "taxonomy_suggestion add": Deed(on_suggestion("take_suggested"), ADMINS, changes=False),
    "taxonomy_suggestion dismiss": Deed(on_suggestion("turn_down"), ADMINS, redraws=False),
    "vague_change": Deed(on_vague("vague_change"), EVERYONE_WITH_A_ROLE, changes=False),
    "vague_dismiss": Deed(on_vague("vague_dismiss"), WHO_MAY_CHANGE, redraws=False),
    "submit a word": Deed(taxonomy_form, ADMINS, redraws=False),
    "submit a merger": Deed(taxonomy_merge, ADMINS, redraws=False),
    "proposal_approve": Deed(on_proposal("proposal_approve"), ADMINS, redraws=False),
    "proposal_reject": Deed(on_proposal("proposal_reject"), ADMINS, redraws=False),
    "proposal_undo": Deed(on_proposal("proposal_undo", approved=True), ADMINS, redraws=False),
    "proposal_disagreements": Deed(on_proposal("proposal_disagreements"), ADMINS, changes=False),
    "threshold_approve": Deed(on_threshold("threshold_approve"), ADMINS, redraws=False),
    "threshold_reject": Deed(on_threshold("threshold_reject"), ADMINS, redraws=False),
    "threshold_undo": Deed(on_threshold("threshold_undo", approved=True), ADMINS, redraws=False),
    "submit a known answer": Deed(_submit_known, ADMINS),
    "submit": Deed(_submit, WHO_MAY_CHANGE),
    **{
        name: Deed(_setting(name), ADMINS, changes=False)
        for name in (
            "settings_signals",
            "settings_sensitivity",
            "settings_routes",
            "settings_roles",
            "settings_quiet",
            "settings_signal",
            "settings_previous",
            "settings_next",
            "settings_route_add",
            "settings_preview",
        )
    },
    "settings_undo": Deed(_setting("settings_undo"), ADMINS, redraws=False),
    "settings_route change": Deed(_setting("settings_route", option="Change"), ADMINS, changes=False),
    "settings_route later": Deed(_setting("settings_route", option="Later"), ADMINS, redraws=False),
    "settings_route remove": Deed(_setting("settings_route", option="Remove"), ADMINS, redraws=False),
    **{f"submit {name}": Deed(_settings_sent(name), ADMINS, redraws=False) for name in SETTING_FORMS},
    "mute": Deed(lambda hark, who: hark.hands.command("mute volume 4h", who), WHO_MAY_CHANGE),
    "command": Deed(lambda hark, who: hark.hands.command("status", who), EVERYONE_WITH_A_ROLE, changes=False),
}


def _filled(hark: House) -> House:
    put_alert(hark.store, an_alert("a1"), examples=0)
    resolved = an_alert("a2", state=AlertState.RESOLVED, resolved_by="U0MIA", resolved_at=an_alert().updated_at)
    put_alert(hark.store, resolved, examples=0)
    put_review(hark.store)
    hark.deliver()
    return hark


def _who_may(deed: Deed) -> Someone:
    return REVIEWER if "reviewer" in deed.allowed else ADMIN


def test_every_button_has_its_line_here():
    assert set(ACTIONS) | {"submit", "command", "mute", "shortcut"} == {name.partition(" ")[0] for name in DEEDS}


def _a_third(names):
    """Every third at once, the others with the slow tests: each takes a second or two."""
    return [pytest.param(name, marks=pytest.mark.slow) if n % 3 else name for n, name in enumerate(names)]


@pytest.mark.parametrize("name", DEEDS)
def test_five_times_the_same_request_is_once(slack, database, name):
    deed = DEEDS[name]
    with house(slack, database, roles=CONFIGURED, judges=(JUDGE,)) as hark:
        _filled(hark)
        request = deed.make(hark, _who_may(deed))
        before = hark.state()
        hark.do(request)
        once, posts = hark.state(), len(slack.called("chat.postMessage"))
        assert (once != before) is deed.changes
        for _ in range(4):
            hark.do(request)
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(hark.send, [request] * 5))
        hark.settle()
        hark.deliver()
        assert hark.state() == once
        assert len(slack.called("chat.postMessage")) == posts


@pytest.mark.parametrize("name", [name for name, deed in DEEDS.items() if deed.changes])
def test_five_times_at_once_is_once(slack, database, name):
    with house(slack, database, roles=CONFIGURED, judges=(JUDGE,)) as hark:
        _filled(hark)
        request = DEEDS[name].make(hark, _who_may(DEEDS[name]))
        before = hark.state()
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(hark.send, [request] * 5))
        hark.settle()
        after = hark.state()
    assert len(after["audit"]) - len(before["audit"]) == {"submit": 3, "submit a known answer": 2}.get(name, 1)
    raised = [b[1] - a[1] for a, b in zip(before["outbox"], after["outbox"], strict=True)]
    assert sorted(raised) == [0, 0, int(name != "mute" and DEEDS[name].redraws)]


def test_the_same_click_of_two_people_counts_for_each_of_them(hark):
    _filled(hark)
    card = hark.slack.roots(REVIEW)[0]["ts"]
    for who in (MIA, ADMIN):
        hark.send(hark.hands.press(REVIEW, card, "label_yes", who))
    hark.settle()
    assert len(hark.state()["labels"]) == 2


@pytest.mark.parametrize("left_out", ["action_ts", "trigger_id"])
def test_clicks_are_told_apart_by_what_a_slack_sends_of_time_and_trigger(hark, left_out):
    _filled(hark)
    card = hark.slack.roots(REVIEW)[0]["ts"]

    def click(action_id: str) -> None:
        request = hark.hands.press(REVIEW, card, action_id)
        request.payload["actions"][0].pop(left_out, None)
        request.payload.pop(left_out, None)
        hark.do(request)

    click("label_yes")
    click("label_undo")
    assert hark.state()["labels"] == []
    click("label_yes")
    assert len(hark.state()["labels"]) == 1


def _told(hark: House, name: str, request: Request, acknowledged: object, windows: int) -> str:
    """What the person was told: in the window, where that was sent; else in answer to the click, or in a new window."""
    if name.startswith("submit"):
        return str(acknowledged)
    if request.answer_key:
        return str(hark.slack.answers[request.answer_key])
    return words_of(list(hark.slack.views.values())[windows:])


@pytest.mark.parametrize("name", _a_third(DEEDS))
def test_exactly_those_with_the_role_may(slack, database, name):
    refused = sorted(PEOPLE.keys() - DEEDS[name].allowed)
    for person in sorted(DEEDS[name].allowed):
        with house(slack, f"{database}.{person}", roles=CONFIGURED, judges=(JUDGE,)) as hark:
            _filled(hark)
            # Nothing comes of what they send, so that one house is enough for it.
            while refused:
                _assert_allowed(hark, name, PEOPLE[refused.pop()], may=False)
            _assert_allowed(hark, name, PEOPLE[person], may=True)
        slack.forget()


@pytest.mark.parametrize(
    "name", _a_third(name for name in DEEDS if not name.startswith(("home_signal", "settings_", "submit settings")))
)
def test_without_roles_every_member_is_a_reviewer_and_nobody_from_outside(hark, name):
    _filled(hark)
    for who, may in ((STRANGER, False), (GUEST, False), (NOBODY, "reviewer" in DEEDS[name].allowed)):
        _assert_allowed(hark, name, who, may=may)


def test_without_an_admin_nobody_is_shown_settings(hark):
    hark.do(hark.hands.open_home(MIA))
    assert "settings_signals" not in str(hark.slack.views[home_of(MIA.user_id)])


def _assert_allowed(hark: House, name: str, who: Someone, *, may: bool) -> None:
    deed = DEEDS[name]
    request = deed.make(hark, who)
    before, windows = hark.state(), len(hark.slack.views)
    acknowledged = hark.do(request)
    told = _told(hark, name, request, acknowledged, windows)
    refused = "Only members" in told or "This takes the role" in told
    assert refused is not may, (name, who, told)
    assert (hark.state() != before) is (may and deed.changes), (name, who)
    if name in {"label_more", "alert_conversations"}:
        assert (len(hark.slack.views) > windows) is may
