"""The modals around labels: the detailed verdict, lists of conversations, notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast, get_args

from bot.slack.blocks.conversation import turn_elements
from bot.slack.blocks.figures import counted
from bot.slack.blocks.inputs import form, has_input, labelled, picked, several, text_input, typed
from bot.slack.blocks.parts import context, option, rich_text, section
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.blocks.transcript import open_button
from bot.slack.blocks.values import (
    ConversationLine,
    LabelSubmission,
    Question,
    Severity,
    TaxonomyOption,
    Turn,
    Verdict,
)
from bot.slack.limits import OPTION_VALUE, OPTIONS
from bot.slack.text import Block, escape, one_line, plain, quote, slack_date
from traces.errors import BadInput

CALLBACK: Final = "label_modal"
LINES_SHOWN: Final = 10
EXPECTED: Final = 3_000
_NOTE: Final = 1_000
_QUESTION: Final = 200
_EXCERPT: Final = 300
_NOTICE: Final = 500
_TURNS_SHOWN: Final = 6

_VERDICT: Final = "verdict"
_LABELS: Final = "labels"
_SEVERITY: Final = "severity"
_NOTES: Final = "note"
_EXPECTED: Final = "expected"
_KEEP: Final = "keep"
_KNOWN: Final = "known"


def label_modal(
    item_id: str,
    question: Question,
    taxonomy: Sequence[TaxonomyOption] = (),
    *,
    turns: Sequence[Turn] = (),
    current: LabelSubmission | None = None,
    is_known: bool | None = None,
) -> View:
    """The "More…" modal: verdict, further labels, severity, note, expected answer.

    Args:
        item_id: Our id of the review item.
        question: What is asked.
        taxonomy: Words that may be added; the first hundred that Slack can carry (one line of 1 to 150 visible
            characters) are offered.
        turns: A redacted excerpt to look at while answering.
        current: What this reviewer said before, to start from.
        is_known: Whether there is a known answer; ``None`` asks nothing of it, since only admins say what is known.
    """
    blocks: list[Block] = []
    if turns:
        blocks.append(rich_text(*(element for turn in turns[:_TURNS_SHOWN] for element in turn_elements(turn))))
    blocks.append(_verdict_input(question, current))
    if words := carried(taxonomy):
        blocks.append(_labels_input([option(label, value) for value, label in words.items()], current))
    note = text_input(_NOTE, None if current is None else current.note, multiline=True)
    blocks.extend((_severity_input(current), labelled(_NOTES, "Note", note, optional=True), *_dataset_inputs(current)))
    if is_known is not None:
        blocks.append(_known_input(is_known=is_known))
    return form("Label conversation", CALLBACK, Token(item_id), blocks)


def _verdict_input(question: Question, current: LabelSubmission | None) -> Block:
    options = [option(question.yes_label, "yes"), option(question.no_label, "no"), option("Not sure", "unsure")]
    element: Block = {"type": "radio_buttons", "options": options}
    picked = [one for one in options if current is not None and one["value"] == current.verdict]
    if picked:
        element["initial_option"] = picked[0]
    return labelled(_VERDICT, question.question, element, optional=False)


def carried(taxonomy: Sequence[TaxonomyOption]) -> dict[str, str]:
    """By value, the labels of the words that the modal offers."""
    found = {one.value: one.label for one in taxonomy if one.value == one_line(one.value, OPTION_VALUE)}
    return dict(list(found.items())[:OPTIONS])


def _labels_input(options: list[Block], current: LabelSubmission | None) -> Block:
    element: Block = {
        "type": "multi_static_select",
        "options": options,
        "placeholder": plain("Further labels", _QUESTION),
    }
    picked = [one for one in options if current is not None and one["value"] in current.labels]
    if picked:
        element["initial_options"] = picked
    return labelled(_LABELS, "Labels", element, optional=True)


def _severity_input(current: LabelSubmission | None) -> Block:
    options = [option(severity.capitalize(), severity) for severity in get_args(Severity)]
    element: Block = {"type": "static_select", "options": options, "placeholder": plain("How bad is it?", _QUESTION)}
    picked = [one for one in options if current is not None and one["value"] == current.severity]
    if picked:
        element["initial_option"] = picked[0]
    return labelled(_SEVERITY, "Severity", element, optional=True)


def _dataset_inputs(current: LabelSubmission | None) -> Iterator[Block]:
    expected = text_input(EXPECTED, None if current is None else current.expected, multiline=True)
    yield labelled(_EXPECTED, "What should it have answered?", expected, optional=True)
    if current is not None and current.is_kept:
        yield context("In the dataset already; another expected answer takes the place of the one there.")
        return
    boxes: Block = {"type": "checkboxes", "options": [option("Add to the dataset", _KEEP)]}
    yield labelled(_KEEP, "Dataset", boxes, optional=True)


def _known_input(*, is_known: bool) -> Block:
    boxes = [option("This is the known answer: reviewers are measured by it", _KNOWN)]
    element: Block = {"type": "checkboxes", "options": boxes}
    if is_known:
        element["initial_options"] = boxes
    return labelled(_KNOWN, "Known answer", element, optional=True)


def parse_label_submission(view: Mapping[str, Any]) -> LabelSubmission:
    """Reads the ``view`` of a view_submission of ``label_modal``.

    Labels are checked for form only; whether they stand in the taxonomy is the caller's to say.

    Raises:
        BadInput: The view is not one that Hark opened, or its state is not of the modal's form.
    """
    metadata = view.get("private_metadata")
    if view.get("callback_id") != CALLBACK or not isinstance(metadata, str):
        raise BadInput("not Hark's label modal", "view")
    token = parse_token(metadata)
    severity = picked(view, _SEVERITY)
    if severity is not None and severity not in get_args(Severity):
        raise BadInput("not one of the severities", _SEVERITY)
    verdict = picked(view, _VERDICT)
    if verdict not in get_args(Verdict):
        raise BadInput("pick an answer", _VERDICT)
    return LabelSubmission(
        item_id=token.subject_id,
        verdict=cast("Verdict", verdict),
        labels=several(view, _LABELS),
        severity=cast("Severity | None", severity),
        note=typed(view, _NOTES, _NOTE),
        expected=(expected := typed(view, _EXPECTED, EXPECTED)),
        # What should have been answered is kept nowhere else.
        is_kept=_KEEP in several(view, _KEEP) or expected is not None,
        is_known=_KNOWN in several(view, _KNOWN) if has_input(view, _KNOWN) else None,
    )


def conversations_modal(title: str, lines: Sequence[ConversationLine], total: int) -> View:
    """Up to ten conversations, each with its reason and an excerpt; ``total`` is how many there are."""
    blocks: list[Block] = []
    for conversation in lines[:LINES_SHOWN]:
        when = f"{slack_date(conversation.at)} · " if conversation.at is not None else ""
        opens = None if conversation.token is None else open_button(conversation.token)
        blocks.append(section(f"{when}{escape(conversation.why, _QUESTION)}", accessory=opens))
        blocks.append(rich_text(quote(conversation.excerpt, _EXCERPT)))
    shown = min(len(lines), LINES_SHOWN)
    if not shown:
        blocks.append(section("No conversations here."))
    elif total > shown:
        blocks.append(context(f"{shown} of {counted(total, 'conversation')}"))
    return View(title=title, blocks=tuple(blocks))


def loading_modal(title: str = "One moment") -> View:
    """What is opened at once, because a click may open a modal for three seconds only."""
    return View(title=title, blocks=(section("⏳ Loading…"),))


def notice_modal(text: str, title: str = "Not done") -> View:
    """Says why something was not done: denied, expired, already decided."""
    return View(title=title, blocks=({"type": "section", "text": plain(text, _NOTICE)},))
