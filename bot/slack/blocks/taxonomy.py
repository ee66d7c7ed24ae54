"""The windows on the taxonomy: every word with its labels, the form of a word, and the choice of what to merge it into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.reviewing.suggestions import Suggestion
from bot.reviewing.taxonomy import QUESTION_AT_MOST, TITLE_AT_MOST, Draft, Entry
from bot.slack.blocks.figures import counted, words
from bot.slack.blocks.inputs import form, labelled, picked, text_input, typed
from bot.slack.blocks.parts import actions, button, context, header, option, overflow, section
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, parse_token, ref_of
from bot.slack.limits import OPTIONS
from bot.slack.text import Block, escape, plain
from traces.store.taxonomy import WordState

ADD: Final = "taxonomy_add"
WORD: Final = "taxonomy_word"
PREVIOUS: Final = "taxonomy_previous"
NEXT: Final = "taxonomy_next"
SUGGESTION: Final = "taxonomy_suggestion"
LIST_CALLBACK: Final = "taxonomy"
FORM_CALLBACK: Final = "taxonomy_form"
MERGE_CALLBACK: Final = "taxonomy_merge"

RENAME: Final = "rename"
MERGE: Final = "merge"
RETIRE: Final = "retire"
RESTORE: Final = "restore"
TAKE: Final = "take"
NEW: Final = "new"

_WORDS_ON_PAGE: Final = 60
_NAME: Final = 60
_QUESTION: Final = 300
_EXAMPLE: Final = 150
_FREE: Final = "free"
TAKE_SUGGESTED: Final = "take_suggested"
TURN_DOWN: Final = "turn_down"
_ANSWERS: Final = {TAKE_SUGGESTED: "Add…", TURN_DOWN: "Dismiss"}
_ENTRIES: Final = {RENAME: "Rename…", MERGE: "Merge into…", RETIRE: "Retire", RESTORE: "Bring back", TAKE: "Add…"}


def taxonomy_view(
    entries: Sequence[Entry], *, may_edit: bool, page: int = 1, suggested: Sequence[Suggestion] = ()
) -> View:
    """Every word with how many labels it has; admins may change them.

    Args:
        entries: In the order in which they are to be read.
        may_edit: Whether the reader is an admin.
        page: From 1; one beyond the last is the last.
        suggested: Words that may be worth having; shown on the first page to those who may add them.
    """
    pages = max(1, -(-len(entries) // _WORDS_ON_PAGE))
    number = min(max(1, page), pages)
    shown = entries[(number - 1) * _WORDS_ON_PAGE : number * _WORDS_ON_PAGE]
    controls = [button("Add a word…", ADD, str(Token(NEW, str(number))), style="primary")] if may_edit else []
    controls += [button("‹ Previous", PREVIOUS, str(Token("page", str(number - 1))))] if number > 1 else []
    controls += [button("Next ›", NEXT, str(Token("page", str(number + 1))))] if number < pages else []
    blocks = [context(_summary(entries, pages, number, may_edit=may_edit))]
    if controls:
        blocks.append(actions(controls, f"taxonomy:{number}"))
    if may_edit and number == 1:
        blocks += _suggested(suggested)
    title = ""
    for entry in shown:
        if (group := _group(entry)) != title:
            title = group
            blocks.append(header(group))
        blocks.append(_line(entry, may_edit=may_edit))
    return View(
        title="Taxonomy",
        callback_id=LIST_CALLBACK,
        private_metadata=str(Token("page", str(number))),
        blocks=tuple(blocks),
    )


def _suggested(suggested: Sequence[Suggestion]) -> Iterator[Block]:
    if suggested:
        yield header("Words that may be missing")
    for one in suggested:
        of = "note" if one.origin == "notes" else "failed conversation"
        about = f" about {escape(words(one.evaluator), _NAME)}" if one.evaluator else ""
        alike = "has" if one.n == 1 else "have"
        text = (
            f"💡 *{escape(one.title, _NAME)}*\n"
            f"_{counted(one.n, of)}{about} {alike} it in common:_ “{escape(one.example, _EXAMPLE)}”"
        )
        choices = [(text_of, str(Token(one.ref, verb))) for verb, text_of in _ANSWERS.items()]
        yield section(text, accessory=overflow(SUGGESTION, choices))


def _summary(entries: Sequence[Entry], pages: int, number: int, *, may_edit: bool) -> str:
    offered = sum(entry.is_offered for entry in entries)
    where = f" · page {number} of {pages}" if pages > 1 else ""
    who = "" if may_edit else " · admins change them"
    labels = counted(sum(entry.labels for entry in entries), "label")
    return f"{counted(offered, 'word')} offered to reviewers · {labels}{where}{who}"


def _group(entry: Entry) -> str:
    if not entry.is_listed:
        return "On labels, not in the taxonomy"
    if entry.state is not WordState.ACTIVE:
        return "No longer offered"
    return "What evaluators ask" if entry.is_question else "Words of the team"


def _line(entry: Entry, *, may_edit: bool) -> Block:
    question = f"\n{escape(entry.question, _QUESTION)}" if entry.question else ""
    said = [counted(entry.labels, "label")]
    if entry.evaluator and not entry.is_question:
        said.append(f"about {escape(words(entry.evaluator), _NAME)}")
    if entry.version > 1:
        said.append(f"version {entry.version}")
    if entry.state is WordState.RETIRED:
        said.append("retired")
    if entry.merged_into:
        said.append(f"counts as {escape(words(entry.merged_into), _NAME)}")
    if len(entry.answered) > 1:
        said.append(f"labels of {len(entry.answered)} versions of the question")
    text = f"*{escape(entry.title, _NAME)}*{question}\n_{' · '.join(said)}_"
    choices = [(_ENTRIES[verb], str(Token(ref_of(entry.name), verb))) for verb in _verbs(entry)] if may_edit else []
    return section(text, accessory=overflow(WORD, choices) if choices else None)


def _verbs(entry: Entry) -> tuple[str, ...]:
    if not entry.is_listed:
        return (TAKE, MERGE)
    if entry.state is WordState.MERGED:
        return ()
    if entry.state is WordState.RETIRED:
        return (RESTORE,) if entry.is_question else (RESTORE, MERGE)
    return (RENAME, RETIRE) if entry.is_question else (RENAME, MERGE, RETIRE)


def word_form(token: Token, evaluators: Sequence[str], entry: Entry | None = None) -> View:
    """The form of a word: title, when it holds, and which evaluator it is about.

    Args:
        token: What the window is for; comes back when it is sent.
        evaluators: Names of the evaluators to choose from; the first ninety-nine are offered.
        entry: The word as it stands; ``None`` for a new one.
    """
    blocks = [
        labelled("title", "Word", text_input(TITLE_AT_MOST, None if entry is None else entry.title), optional=False)
    ]
    if entry is None or not entry.is_question:
        question = "" if entry is None else entry.question
        asked = text_input(QUESTION_AT_MOST, question, multiline=True)
        blocks.append(labelled("question", "When does it hold?", asked, optional=True))
        blocks.append(labelled("evaluator", "About", _evaluators(evaluators, entry), optional=False))
    else:
        blocks.append(section(f"It stays what the evaluator asks: {escape(entry.question, _QUESTION)}"))
    note = "Labels keep the version of the question that they answered."
    title = "Add a word" if entry is None or not entry.is_listed else "Rename"
    return form(title, FORM_CALLBACK, token, (*blocks, context(note)))


def suggested_form(token: Token, evaluators: Sequence[str], suggested: Suggestion) -> View:
    """The form of a new word, filled with what is suggested."""
    about = suggested.evaluator if suggested.evaluator in evaluators else None
    entry = Entry(name="", title=suggested.title, evaluator=about, answered={}, is_listed=False)
    return word_form(token, evaluators, entry)


def merge_form(token: Token, entry: Entry, targets: Sequence[Entry]) -> View:
    """The choice of the word that another one is to count as; the first hundred are offered."""
    said = (
        f"{counted(entry.labels, 'label')} of *{escape(entry.title, _NAME)}*, and all to come, will count as the other."
    )
    options = [option(target.title, str(Token(ref_of(target.name)))) for target in targets[:OPTIONS]]
    if not options:
        return View(title="Merge", blocks=(section("There is no other word to merge it into."),))
    select: Block = {"type": "static_select", "options": options, "placeholder": plain("Choose a word", 75)}
    stays = (
        "Each label keeps the version of the question that it answered. Where a reviewer gave both, the later counts."
    )
    blocks = (section(said), labelled("into", "Counts as", select, optional=False), context(stays))
    return form("Merge", MERGE_CALLBACK, token, blocks, submit="Merge")


def _evaluators(evaluators: Sequence[str], entry: Entry | None) -> Block:
    options = [option("No evaluator", _FREE)]
    options += [option(words(name), str(Token(ref_of(name)))) for name in evaluators[: OPTIONS - 1]]
    about = _FREE if entry is None or entry.evaluator is None else str(Token(ref_of(entry.evaluator)))
    chosen = next((one for one in options if one["value"] == about), options[0])
    return {"type": "static_select", "options": options, "initial_option": chosen}


@dataclass(frozen=True, slots=True)
class Sent:
    """What an admin sent with a form: what it was for, and the reference of what was chosen in it, if anything."""

    token: Token
    draft: Draft
    chosen: str = ""


def parse_form(view: Mapping[str, Any]) -> Sent:
    """Reads the window of ``word_form`` or ``merge_form`` when it is sent. The draft's evaluator is a reference.

    Raises:
        BadInput: It is not one that Hark opened.
    """
    token = parse_token(str(view.get("private_metadata") or ""))
    chosen = picked(view, "evaluator") or picked(view, "into") or _FREE
    # One more than is allowed, so that what is too long is told and not cut.
    title, question = typed(view, "title", TITLE_AT_MOST + 1), typed(view, "question", QUESTION_AT_MOST + 1)
    draft = Draft(title=title or "", question=question or "")
    return Sent(token, draft, "" if chosen == _FREE else parse_token(chosen).subject_id)
