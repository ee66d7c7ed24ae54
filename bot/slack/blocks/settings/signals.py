"""The windows on signals: which there are, and what one of them is set to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from alerts.sensitivity import Sensitivity
from bot.answers.signals import SignalLine
from bot.slack.blocks.figures import counted, title, words
from bot.slack.blocks.inputs import form, labelled, picked, text_input
from bot.slack.blocks.parts import actions, button, context, option, section
from bot.slack.blocks.settings.fields import choice, hinted, number, written
from bot.slack.blocks.settings.ids import ALL, NEXT, PREVIOUS, SENSITIVITY_FORM, SIGNAL, SIGNAL_FORM
from bot.slack.blocks.settings.previewing import preview_button
from bot.slack.blocks.signals import bad_way, least_effect, usual_level
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, ref_of
from bot.slack.limits import OPTIONS
from bot.slack.text import Block, escape, plain
from traces.errors import BadInput
from traces.model import Direction, Kind, Signal

ON_PAGE: Final = 30
_NAME: Final = 60
_SUMMARY: Final = 200
_ON_OFF: Final = {"on": "Raises alerts", "off": "Switched off"}
_WAYS: Final = {
    Direction.UP.value: "When it rises",
    Direction.DOWN.value: "When it falls",
    Direction.BOTH.value: "Both ways",
}
_LEVELS: Final = {
    Sensitivity.LOW.value: "Less: a tenth of the false alerts",
    Sensitivity.USUAL.value: "Usual",
    Sensitivity.HIGH.value: "More: ten times the false alerts",
}
_SAID: Final = {Sensitivity.LOW.patience: "less sensitive", Sensitivity.HIGH.patience: "more sensitive"}
_PERCENT: Final = 100.0


def signals_view(lines: Sequence[SignalLine], made: Mapping[str, str], page: int = 1) -> View:
    """The signals, thirty on a page, each with a button to change it.

    Args:
        lines: In the order in which they are to be read.
        made: By signal, who set it in Slack and when, as mrkdwn.
        page: From 1; one beyond the last is the last.
    """
    pages = max(1, -(-len(lines) // ON_PAGE))
    at = min(max(1, page), pages)
    off = sum(line.state == "off" for line in lines)
    blocks = [context(f"{counted(len(lines), 'signal')}, {off} switched off · page {at} of {pages}")]
    turns = [button("‹ Previous", PREVIOUS, str(Token("page", str(at - 1))))] if at > 1 else []
    turns += [button("Next ›", NEXT, str(Token("page", str(at + 1))))] if at < pages else []
    if turns:
        blocks.append(actions(turns, f"settings:page:{at}"))
    blocks += [_line(line, made.get(line.signal.name), at) for line in lines[(at - 1) * ON_PAGE : at * ON_PAGE]]
    return View(title="Signals", blocks=tuple(blocks), private_metadata=str(Token("page", str(at))))


def _line(line: SignalLine, made: str | None, page: int) -> Block:
    signal = line.signal
    said = [line.state, f"bad: {bad_way(signal)}", f"from {least_effect(signal)}", f"usually {usual_level(line)}"]
    if signal.patience in _SAID:
        said.append(_SAID[signal.patience])
    text = (
        f"{'⏻ ' if line.state == 'off' else ''}*{escape(title(signal), _NAME)}*\n_{escape(' · '.join(said), _SUMMARY)}_"
    )
    token = Token(ref_of(signal.name), f"p{page}")
    return section(f"{text}\n{made}" if made else text, accessory=button("Change…", SIGNAL, str(token)))


def signal_form(
    signal: Signal, *, is_on: bool, version: int, made: str | None, origin: str = "p1", shown: Sequence[Block] = ()
) -> View:
    """What a signal is set to.

    Args:
        signal: As it is tested, by the settings or by what an admin has typed so far.
        is_on: Whether it raises alerts.
        version: How often it was changed in Slack: what is sent is of that version.
        made: Who set it in Slack and when, as mrkdwn.
        origin: Which window it is opened from; comes back when it is sent.
        shown: What a preview says.
    """
    token = Token(ref_of(signal.name), f"{version}.{origin}")
    blocks: list[Block] = [section(f"*{escape(title(signal), _NAME)}*\n{escape(signal.summary, _SUMMARY)}")]
    blocks += [context(made)] if made else []
    blocks += shown
    sensitivity = next(s.value for s in Sensitivity if s.patience == signal.patience)
    absolute = text_input(20, written(signal.min_absolute, _scale(signal)))
    relative = text_input(20, written(signal.min_relative, _PERCENT))
    blocks += [
        choice("enabled", "Alerts", _ON_OFF, "on" if is_on else "off"),
        choice("sensitivity", "Sensitivity", _LEVELS, sensitivity),
        choice("bad", "Tell me", _WAYS, signal.bad.value),
        hinted(
            labelled("min_relative", "Smallest change worth an alert, in %", relative, optional=False),
            "Relative to what is usual: 30 is from 10 to 13. Both have to be reached.",
        ),
        labelled("min_absolute", f"… and {_in_unit(signal)}", absolute, optional=False),
        preview_button(token),
    ]
    return form("Signal", SIGNAL_FORM, token, blocks)


def parse_signal(view: Mapping[str, Any], signal: Signal) -> dict[str, Any]:
    """What was put into ``signal_form``, in the form in which it is set.

    Raises:
        BadInput: Something in it cannot be; the field says what.
    """
    return {
        "enabled": _one_of(view, "enabled", _ON_OFF) == "on",
        "sensitivity": _one_of(view, "sensitivity", _LEVELS),
        "bad": _one_of(view, "bad", _WAYS),
        "min_relative": number(view, "min_relative", scale=_PERCENT) or 0.0,
        "min_absolute": number(view, "min_absolute", scale=_scale(signal)) or 0.0,
    }


def sensitivity_form(
    weeks: float,
    unusual: Sequence[Signal],
    names: Sequence[str],
    *,
    version: int,
    made: str | None,
    shown: Sequence[Block],
) -> View:
    """How many false alerts the team accepts, and which signals are more or less sensitive than that.

    Args:
        weeks: Between two false alerts, over everything.
        unusual: The signals that are more or less sensitive than the others.
        names: Every signal, to choose one to change; the first hundred are offered.
        version: As for ``signal_form``.
        made: As for ``signal_form``.
        shown: As for ``signal_form``.
    """
    token = Token(ALL, str(version))
    field = labelled("weeks", "Weeks between false alerts", text_input(20, written(weeks)), optional=False)
    said = [f"*{escape(words(s.name), _NAME)}*: {_SAID[s.patience]}" for s in unusual if s.patience in _SAID]
    blocks: list[Block] = [
        *((context(made),) if made else ()),
        *shown,
        hinted(
            field, "Over all signals and segments. 1: about one false alert a week; 4: one a month, and later ones."
        ),
        preview_button(token),
        section("*Single signals*\n" + ("\n".join(said[:20]) or "All are as sensitive as set above.")),
    ]
    if names:
        offered = [option(words(name), str(Token(ref_of(name), "s"))) for name in names[:OPTIONS]]
        select: Block = {
            "type": "static_select",
            "action_id": SIGNAL,
            "placeholder": plain("Change a signal…", 75),
            "options": offered,
        }
        blocks.append(actions([select], "settings:signal"))
    return form("Sensitivity", SENSITIVITY_FORM, token, blocks)


def parse_sensitivity(view: Mapping[str, Any]) -> dict[str, Any]:
    """What was put into ``sensitivity_form``.

    Raises:
        BadInput: It is no number of weeks.
    """
    weeks = number(view, "weeks", most=520)
    if not weeks:
        raise BadInput("write a number of weeks, such as 1 or 0.5; at most 520", "weeks")
    return {"weeks_between_false_alerts": weeks}


def _one_of(view: Mapping[str, Any], name: str, known: Mapping[str, str]) -> str:
    found = picked(view, name)
    if found is None or found not in known:
        raise BadInput("choose one", name)
    return found


def _scale(signal: Signal) -> float:
    return _PERCENT if signal.kind is Kind.RATE or signal.unit == "%" else 1.0


def _in_unit(signal: Signal) -> str:
    if _scale(signal) > 1:
        return "in percentage points"
    return f"in {signal.unit}" if signal.unit else "in its own unit"
