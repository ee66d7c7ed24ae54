"""Clicks on the words that reviewers label with: the taxonomy's window, what notes suggest, and vague questions."""

from __future__ import annotations

from collections.abc import Callable

from home_hands import newest
from slack_house import NOON, House
from slack_people import Request, Someone, controls
from web_double import REVIEW

from bot.reviewing.suggestions import Suggesting
from bot.reviewing.vague import LookingForVague
from bot.slack.blocks.taxonomy import merge_form, word_form
from bot.slack.blocks.tokens import Token, ref_of
from traces.model import Label
from traces.store.taxonomy import Word

_ADMIN = Someone("U0ADMIN", "ada")


def on_taxonomy(
    action_id: str, *, option: str | None = None, turned: bool = False
) -> Callable[[House, Someone], Request]:
    """A click in the window on the taxonomy, which holds two words of the team and more than a page in all."""

    def make(hark: House, who: Someone) -> Request:
        _two_words(hark, besides=70)
        hark.do(hark.hands.command("taxonomy", _ADMIN))
        if turned:
            hark.do(hark.hands.press_in(newest(hark)[0], "taxonomy_next", _ADMIN))
        if action_id in {"taxonomy_previous", "taxonomy_next"}:
            return hark.hands.press_in(newest(hark)[0], action_id, who)
        # Whoever may not is not shown the button, and may send the click all the same.
        request = hark.hands.press_in(newest(hark)[0], "taxonomy_previous" if turned else "taxonomy_next", who)
        verb = {"Retire": "retire", "Rename…": "rename"}.get(option or "")
        value = str(Token(ref_of("too_long"), verb)) if verb else str(Token("new"))
        request.payload["actions"][0].update(action_id=action_id, value=value)
        return request

    return make


def on_suggestion(verb: str) -> Callable[[House, Someone], Request]:
    """A choice about a word that notes suggest, in the window on the taxonomy."""

    def make(hark: House, who: Someone) -> Request:
        with hark.store.begin() as tx:
            for n, note in enumerate(["made up a price", "price made up", "it made up the price"]):
                tx.reviews.put_label(
                    Label(conversation_id=f"c-{n}", name="refusal", value=1.0, reviewer="U0MIA", at=NOON, note=note)
                )
        Suggesting(hark.store, ()).run(NOON)
        [found] = hark.hark.desk.taxonomy.suggestions.read()
        request = on_taxonomy("taxonomy_next")(hark, who)
        request.payload["actions"][0].update(action_id="taxonomy_suggestion", value=str(Token(found.ref, verb)))
        return request

    return make


def on_vague(action_id: str) -> Callable[[House, Someone], Request]:
    """A click on the card of a question that two reviewers answer as if by chance."""

    def make(hark: House, who: Someone) -> Request:
        with hark.store.begin() as tx:
            for n in range(40):
                for reviewer, value in (("U0MIA", n % 4 < 2), ("U0TOM", n % 2)):
                    tx.reviews.put_label(
                        Label(conversation_id=f"c-{n}", name="rude", value=float(value), reviewer=reviewer, at=NOON)
                    )
        LookingForVague(hark.store, hark.hark.desk.taxonomy, REVIEW).run(NOON)
        hark.deliver()
        card = next(m for m in hark.slack.roots(REVIEW) if "vague_dismiss" in controls(m))
        return hark.hands.press(REVIEW, card["ts"], action_id, who)

    return make


def _two_words(hark: House, besides: int = 0) -> None:
    with hark.store.begin() as tx:
        for name in ("too_long", "too_short", *(f"word {n}" for n in range(besides))):
            tx.taxonomy.put(Word(name=name, version=1, title=name, changed_by="U0ADMIN", changed_at=NOON))


def taxonomy_form(hark: House, who: Someone) -> Request:
    _two_words(hark)
    view = word_form(Token("new"), ["refusal"])
    return hark.hands.submit(hark.slack.shows(view.payload()), {"title": "Rude", "evaluator": "free"}, who)


def taxonomy_merge(hark: House, who: Someone) -> Request:
    _two_words(hark)
    with hark.store.begin() as tx:
        tx.reviews.put_label(Label(conversation_id="c-9", name="too_long", value=1.0, reviewer="U0MIA", at=NOON))
        words = [e for e in hark.hark.desk.taxonomy.entries(tx) if e.name.startswith("too_")]
    long, short = sorted(words, key=lambda e: e.name)
    view = merge_form(Token(ref_of("too_long"), "merge"), long, [short])
    return hark.hands.submit(hark.slack.shows(view.payload()), {"into": str(Token(ref_of("too_short")))}, who)
