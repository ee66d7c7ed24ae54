"""Settings that admins make in Slack: who may, what holds then, what is told beforehand, and what is undone."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from home_hands import open_home
from settings_hands import ADA, BO, open_signal, press_beside, preview, save, send, shown, window
from slack_house import NOON, an_alert, house, put_alert
from slack_people import MIA, Someone, words_of
from web_double import home_of

from bot.app import build_hark
from bot.config.settings import RoleSettings
from traces.clock import FakeClock
from traces.model import EVERYTHING
from traces.store.rollups import Fact

ROLE = RoleSettings(admins=(ADA.user_id, BO.user_id), reviewers=(MIA.user_id,))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOME = home_of(ADA.user_id)


@pytest.fixture
def hark(slack, database):
    with house(slack, database, roles=ROLE) as built:
        open_home(built, ADA)
        open_home(built, BO)
        yield built


def held(hark):
    """The settings as they hold."""
    return hark.hark.chosen.read()


def audited(hark):
    with hark.store.read() as tx:
        return [(e.actor, e.action, e.subject) for e in tx.audit.entries()]


# --- what can be set ---------------------------------------------------------------------------------------


def test_a_signal_that_is_switched_off_stays_off_until_that_is_undone(hark):
    save(hark, open_signal(hark, "Refusal"), enabled="off")
    assert held(hark).signals["refusal"].enabled is False
    home = words_of(open_home(hark, ADA))
    assert "Signal Refusal" in home
    assert "Set in Slack by ada" in home
    press_beside(hark, HOME, "Signal Refusal", "settings_undo")
    assert "refusal" not in held(hark).signals
    assert "Set in Slack" not in words_of(open_home(hark, ADA))
    assert audited(hark) == [
        (ADA.user_id, "settings.change", "setting:signals.refusal"),
        (ADA.user_id, "settings.undo", "setting:signals.refusal"),
    ]


def test_of_a_signal_only_what_is_changed_is_kept_and_the_rest_follows_the_file(hark):
    save(hark, open_signal(hark, "Refusal"), sensitivity="high", min_relative="50")
    with hark.store.read() as tx:
        assert tx.choices.current()["signals.refusal"].body == {"sensitivity": "high", "min_relative": 0.5}
    save(hark, open_signal(hark, "Refusal"), sensitivity="usual", min_relative="30")
    with hark.store.read() as tx:
        assert tx.choices.current()["signals.refusal"].body is None


def test_the_team_sets_how_many_false_alerts_it_accepts(hark):
    form, _ = window(hark, "settings_sensitivity")
    assert "write a number" in save(hark, form, weeks="many").lower()
    save(hark, form, weeks="4")
    assert held(hark).detect.weeks_between_false_alerts == 4


def test_a_route_is_added_moved_and_removed(hark):
    routes, _ = window(hark, "settings_routes")
    for signals, channel in (("refusal *_leak", "C0FIRST"), ("latency", "C0SECOND")):
        hark.do(hark.hands.press_in(routes, "settings_route_add", ADA))
        form, _ = shown(hark)
        save(hark, form, before=routes, signals=signals, channel=channel, where="application=shop", severity="high")
    assert [(r.channel, r.signals) for r in held(hark).routes] == [
        ("C0FIRST", ("refusal", "*_leak")),
        ("C0SECOND", ("latency",)),
    ]
    press_beside(hark, routes, "latency", "settings_route", option="Earlier")
    assert [r.channel for r in held(hark).routes] == ["C0SECOND", "C0FIRST"]
    press_beside(hark, routes, "leak", "settings_route", option="Remove")
    assert [r.channel for r in held(hark).routes] == ["C0SECOND"]
    press_beside(hark, routes, "latency", "settings_route", option="Change")
    form, _ = shown(hark)
    assert "18:00" in save(hark, form, hours="nights")
    save(hark, form, before=routes, hours="18:00-08:00")
    assert held(hark).routes[0].hours == "18:00-08:00"
    assert "18:00–08:00" in words_of(hark.slack.views[routes])


def test_a_new_route_is_taken_by_the_next_alert(hark):
    routes, _ = window(hark, "settings_routes")
    hark.do(hark.hands.press_in(routes, "settings_route_add", ADA))
    save(hark, shown(hark)[0], signals="refusal", channel="C0ONCALL")
    with hark.store.read() as tx:
        assert hark.hark.chosen.routing(tx).way_of(an_alert(), NOON).channel == "C0ONCALL"


def test_quiet_hours_are_set_and_a_mistake_is_told_at_its_field(hark):
    form, _ = window(hark, "settings_quiet")
    answer = hark.do(send(hark, form, hours="22:00-07:00", timezone="Nowhere/City"))
    assert "not a time zone" in answer["errors"]["timezone"]
    assert list(hark.do(send(hark, form, hours="late"))["errors"]) == ["hours"]
    assert list(hark.do(send(hark, form, days=[]))["errors"]) == ["days"]
    save(hark, form, hours="22:00-07:00", timezone="Europe/Berlin")
    assert (held(hark).quiet.hours, held(hark).quiet.timezone) == ("22:00-07:00", "Europe/Berlin")


# --- roles -------------------------------------------------------------------------------------------------


def test_roles_hold_at_once_and_in_every_process_on_the_database(hark, database):
    form, _ = window(hark, "settings_roles")
    assert "settings_roles" not in str(open_home(hark, MIA))
    save(hark, form, admins=[ADA.user_id, BO.user_id, MIA.user_id], reviewers=[])
    assert "settings_roles" in str(open_home(hark, MIA))
    other = build_hark(hark.hark.settings, FakeClock(NOON), {})
    assert MIA.user_id in other.chosen.roles().admins
    other.store.close()


def test_the_last_admin_cannot_be_removed(hark):
    form, _ = window(hark, "settings_roles")
    assert list(hark.do(send(hark, form, admins=[]))["errors"]) == ["admins"]
    assert held(hark).roles.admins == ROLE.admins


def test_who_would_be_an_admin_no_longer_is_warned_once(hark):
    form, _ = window(hark, "settings_roles")
    answer = hark.do(send(hark, form, admins=[BO.user_id], viewers=[ADA.user_id]))
    assert "You would not be an admin any more" in words_of(answer)
    assert ADA.user_id in held(hark).roles.admins
    warned = hark.slack.shows(answer["view"])
    hark.do(send(hark, warned))
    assert held(hark).roles.admins == (BO.user_id,)
    assert held(hark).roles.viewers == (ADA.user_id,)
    assert "This takes the role admin" in str(hark.do(send(hark, form)))


def test_a_form_that_was_opened_by_an_admin_takes_nothing_from_who_is_none_any_more(hark):
    form, _ = window(hark, "settings_sensitivity", BO)
    save(hark, window(hark, "settings_roles")[0], admins=[ADA.user_id], viewers=[BO.user_id])
    assert "This takes the role admin" in save(hark, form, BO, weeks="4")
    assert held(hark).detect.weeks_between_false_alerts == 1


# --- two admins at once ------------------------------------------------------------------------------------


def test_of_two_admins_the_second_is_told_that_the_first_was_there_before(hark):
    mine, theirs = window(hark, "settings_sensitivity")[0], window(hark, "settings_sensitivity", BO)[0]
    save(hark, mine, weeks="4")
    assert "ada has changed this meanwhile" in save(hark, theirs, BO, weeks="0.5")
    assert held(hark).detect.weeks_between_false_alerts == 4


def test_of_two_admins_in_the_same_moment_exactly_one_is_heard(hark):
    forms = {who: window(hark, "settings_sensitivity", who)[0] for who in (ADA, BO)}
    requests = [send(hark, form, who, weeks=weeks) for (who, form), weeks in zip(forms.items(), "45", strict=True)]
    with ThreadPoolExecutor(2) as pool:
        answers = [words_of(answer) for answer in pool.map(hark.send, requests)]
    hark.settle()
    assert sum("has changed this meanwhile" in answer for answer in answers) == 1
    assert len(audited(hark)) == 1


def test_an_undo_of_what_somebody_has_changed_since_is_refused(hark):
    save(hark, window(hark, "settings_sensitivity")[0], weeks="4")
    open_home(hark, BO)
    save(hark, window(hark, "settings_sensitivity")[0], weeks="5")
    press_beside(hark, home_of(BO.user_id), "Sensitivity", "settings_undo", BO)
    assert held(hark).detect.weeks_between_false_alerts == 5
    assert "ada has changed this meanwhile" in words_of(list(hark.slack.views.values()))


# --- previews ----------------------------------------------------------------------------------------------


def put_history(hark, hours=24 * 20):
    """Refusals of 5 % for three weeks, and of 15 % in the last six hours."""
    chance = random.Random(3)
    end = NOON.replace(minute=0)
    facts = []
    for hour in range(hours):
        at = end - (hours - hour) * HOUR
        rate = 0.15 if hours - hour <= 6 else 0.05
        for n in range(40):
            values = {"volume": [1.0], "refusal": [float(chance.random() < rate)]}
            facts.append(Fact(conversation_id=f"h{hour}.{n}", at=at, segments=(EVERYTHING,), values=values))
    with hark.store.begin() as tx:
        tx.rollups.record(facts)


def test_before_saving_it_is_told_which_alerts_would_appear_and_nothing_is_posted_or_kept(hark):
    put_history(hark)
    form = open_signal(hark, "Refusal")
    before = hark.state()
    said = preview(hark, form, min_relative="400")
    assert "this would have opened 0 alerts (now 1)" in said, said[:700]
    assert "− Refusal rate in all traffic" in said
    assert "this would have opened 1 alert (now 1)" in preview(hark, form, min_relative="30")
    assert "this would have opened 0 alerts (now 1)" in preview(hark, form, enabled="off")
    assert hark.state() == before
    assert hark.slack.called("chat.postMessage") == []
    save(hark, form, min_relative="400")
    assert held(hark).signals["refusal"].min_relative == 4


def test_a_preview_keeps_what_was_typed(hark):
    form = open_signal(hark, "Refusal")
    preview(hark, form, min_relative="77", bad="both")
    blocks = {b["block_id"]: b["element"] for b in hark.slack.views[form]["blocks"] if b["type"] == "input"}
    assert blocks["min_relative"]["initial_value"] == "77"
    assert blocks["bad"]["initial_option"]["value"] == "both"
    assert shown(hark)[0] == form


def test_a_preview_of_what_was_never_measured_says_so(hark):
    assert "nothing of this is stored" in preview(hark, open_signal(hark, "Refusal"), sensitivity="high")


def test_a_preview_of_routes_says_where_the_alerts_would_have_gone(hark):
    put_alert(hark.store, an_alert("a1"), examples=0)
    routes, _ = window(hark, "settings_routes")
    hark.do(hark.hands.press_in(routes, "settings_route_add", ADA))
    form, _ = shown(hark)
    said = preview(hark, form, signals="refusal", channel="C0ONCALL")
    assert "of the 1 alert of the last 28 days, 1 would have gone elsewhere" in said
    assert "<#C0ALERTS> → <#C0ONCALL>" in said
    assert held(hark).routes == ()


def test_a_preview_of_quiet_hours_says_what_would_have_waited(hark):
    put_alert(hark.store, an_alert("a1", value=0.12), examples=0)
    form, _ = window(hark, "settings_quiet")
    said = preview(hark, form, hours="08:00-18:00", urgent="high")
    assert "1 would have come at another time" in said


def test_a_preview_that_nobody_looks_at_any_more_harms_nothing(hark):
    form = open_signal(hark, "Refusal")
    request = hark.hands.press_in(form, "settings_preview", ADA)
    request.payload["view"]["state"] = send(hark, form).payload["view"]["state"]
    del hark.slack.views[form]
    hark.do(request)
    assert held(hark).signals == {}


@pytest.mark.parametrize("action_id", ["settings_signals", "settings_roles", "settings_quiet"])
def test_a_reviewer_is_shown_no_settings(hark, action_id):
    assert action_id not in str(open_home(hark, MIA))


def test_a_stranger_word_for_word_is_only_a_word(hark):
    save(hark, window(hark, "settings_sensitivity", Someone(ADA.user_id, "<!channel> *ada*"))[0], weeks="4")
    assert "<!channel>" not in str(open_home(hark, ADA))
