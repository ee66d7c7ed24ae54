"""What stands in the window on a conversation, in the order of reading: facts, verdicts, turns, and what else was scored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.slack.blocks.figures import count, counted, duration, money, words
from bot.slack.blocks.parts import context, header, rich_text, section
from bot.slack.blocks.people import person_text
from bot.slack.blocks.transcript_values import GivenLabel, Transcript
from bot.slack.limits import length
from bot.slack.text import Block, escape, link, pieces, preformatted, quote, slack_date
from bot.trace_pages import TracePage
from traces.model import Conversation, Document, EvaluatorFailure, Feedback, Message, Score

_PIECE: Final = 2_500
_DOCUMENT: Final = 2_500
_SYSTEM: Final = 600
_NAME: Final = 60
_VALUE: Final = 200
_SENTENCE: Final = 600
_SAYS_SO: Final = 0.5
_FACT_KEYS: Final = ("application", "environment", "model", "provider", "prompt_version", "release", "scenario")
_TOLD_SHOWN: Final = 8
_WHY: Final = 150
_METADATA_SHOWN: Final = 40
_LINKS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Blocks that stay on one page.

    Attributes:
        characters: Their weight, in UTF-16 code units of text.
        turn: The turn that they are of, from 1.
        marks: Names of the evaluators that point at this turn.
    """

    blocks: tuple[Block, ...]
    characters: int
    turn: int | None = None
    marks: tuple[str, ...] = ()


def passages(transcript: Transcript) -> Iterator[Passage]:
    """Everything there is to read, in order."""
    conversation = transcript.conversation
    telling = [score for score in transcript.scores if score.value is None or score.value >= _SAYS_SO]
    yield _passage(context(*_facts(transcript)), characters=1_000)
    if telling:
        yield _passage(section(_verdicts(telling)), characters=_TOLD_SHOWN * 200)
    yield from map(_label, transcript.labels)
    if kept_back := transcript.labels_kept_back:
        yield _passage(context(f"{counted(kept_back, 'label')} of others shown once you have given yours"))
    yield from map(_feedback, conversation.feedback)
    for number, message in enumerate(conversation.messages, 1):
        yield from _turn(number, message, [s for s in telling if s.turn == number - 1])
    yield from _rest(transcript, telling)


def _rest(transcript: Transcript, telling: Sequence[Score]) -> Iterator[Passage]:
    """What is read after the conversation: why evaluators say what they say, metadata, long system prompts."""
    told = {id(score) for score in telling}
    others = [score for score in transcript.scores if id(score) not in told]
    if transcript.scores or transcript.failures:
        yield _passage(header("What evaluators say"))
    yield from map(_score, [*telling, *others])
    yield from map(_failure, transcript.failures)
    if given := transcript.conversation.scores:
        yield _passage(header("Scores that came with it"))
        yield from map(_score, given)
    yield from _metadata(transcript.conversation)
    for number, message in enumerate(transcript.conversation.messages, 1):
        if message.role == "system" and length(message.content) > _SYSTEM:
            yield _passage(header(f"System prompt, turn {number}"))
            yield from _text(message.content, quote)


def _passage(*blocks: Block, characters: int = 300, turn: int | None = None, marks: Sequence[str] = ()) -> Passage:
    return Passage(blocks=blocks, characters=characters, turn=turn, marks=tuple(marks))


def _facts(transcript: Transcript) -> Iterator[str]:
    """Small print in up to three lines: how long and how much, from where, and where to see more."""
    conversation = transcript.conversation
    messages, metadata = conversation.messages, conversation.metadata
    took_s = (conversation.ended_at - conversation.started_at).total_seconds()
    calls = sum(len(message.tool_calls) for message in messages)
    measured = [
        slack_date(conversation.started_at),
        *([duration(took_s)] if took_s > 0 else []),
        counted(len(messages), "turn"),
        *([counted(calls, "tool call")] if calls else []),
    ]
    if tokens := _tokens(messages):
        measured.append(f"{tokens} tokens")
    if conversation.cost_usd is not None:
        measured.append(money(conversation.cost_usd))
    yield " · ".join(measured)
    origin = [f"user {escape(conversation.user_id, _NAME)}"] if conversation.user_id else []
    origin += [f"{words(key).lower()} {escape(str(metadata[key]), _NAME)}" for key in _FACT_KEYS if metadata.get(key)]
    if origin:
        yield " · ".join(origin)
    if links := _links(transcript.pages):
        yield links


def _verdicts(telling: Sequence[Score]) -> str:
    """Who says that something is the case, a line each; why stands below the conversation."""
    lines = [_verdict(score) for score in telling[:_TOLD_SHOWN]]
    left = len(telling) - len(lines)
    return "\n".join([*lines, *([f"and {left} more, below the conversation"] if left > 0 else [])])


def _verdict(score: Score) -> str:
    value = "" if score.value is None else f" {score.value:.2f}"
    at = f" · turn {score.turn + 1}" if score.turn is not None and score.turn >= 0 else ""
    why = f" — {escape(score.explanation, _WHY)}" if score.explanation else ""
    return f"🚩 *{escape(words(score.name), _NAME)}*{value}{at}{why}"


def _tokens(messages: Sequence[Message]) -> str:
    sums = [
        (sum(t for m in messages if (t := getattr(m, name)) is not None), word)
        for name, word in (("input_tokens", "in"), ("output_tokens", "out"))
    ]
    return ", ".join(f"{count(tokens)} {word}" for tokens, word in sums if tokens)


def _links(pages: Sequence[TracePage]) -> str:
    return " · ".join(link(page.url, f"Open in {page.source}") for page in pages[:_LINKS_SHOWN])


def _score(score: Score) -> Passage:
    said = [f"{score.value:.2f}"] if score.value is not None else []
    said += [escape(score.label, _NAME)] if score.label else []
    lead = "🚩" if score.value is not None and score.value >= _SAYS_SO else "▫️"
    version = f"version {score.evaluator_version}" if score.evaluator_version else ""
    origin = [score.source if score.source != "evaluator" else "", version, score.model or ""]
    by = [escape(part, _NAME) for part in origin if part]
    at = [f"turn {score.turn + 1}"] if score.turn is not None and score.turn >= 0 else []
    cost = [money(score.cost_usd)] if score.cost_usd else []
    title = f"{lead} *{escape(words(score.name), _NAME)}* {' '.join(said) or 'unscored'}"
    explained = f"\n{escape(score.explanation, _SENTENCE)}" if score.explanation else ""
    blocks = [section(title + explained)]
    if score.evidence and score.evidence.strip():
        blocks.append(rich_text(quote(score.evidence, _SENTENCE)))
    if fine := " · ".join([*by, *at, *cost]):
        blocks.append(context(fine))
    return _passage(*blocks, characters=_weight(score.explanation, score.evidence))


def _weight(*texts: str | None) -> int:
    return 300 + sum(min(length(text[:_SENTENCE]), _SENTENCE) for text in texts if text)


def _failure(failure: EvaluatorFailure) -> Passage:
    said = f"▫️ *{escape(words(failure.name), _NAME)}* could not tell: {escape(failure.message, _SENTENCE)}"
    return _passage(section(said), characters=_weight(failure.message))


def _label(label: GivenLabel) -> Passage:
    when = f" {slack_date(label.at)}" if label.at is not None else ""
    note = f"\n{escape(label.note, _SENTENCE)}" if label.note and label.note.strip() else ""
    who, name = person_text(label.reviewer, label.reviewer_id, _NAME), escape(words(label.name), _NAME)
    return _passage(section(f"🏷️ *{name}: {escape(label.said, _NAME)}* — {who}{when}{note}"), characters=500)


def _feedback(given: Feedback) -> Passage:
    value = "" if given.value is None else f": {escape(str(given.value), _NAME)}"
    comment = f"\n{escape(given.comment, _SENTENCE)}" if given.comment and given.comment.strip() else ""
    said = f"💬 *User feedback: {escape(words(given.name), _NAME)}{value}*{comment}"
    return _passage(section(said), characters=_weight(given.comment))


def _turn(number: int, message: Message, scores: Sequence[Score]) -> Iterator[Passage]:
    """A turn's heading stays with the first piece of what was said."""
    marks = list(dict.fromkeys(words(score.name) for score in scores))
    head = context(" · ".join(_heading(number, message, marks)))
    body = list(_body(message))
    first = body[0] if body else _passage(context("_nothing was said_"), characters=20)
    yield Passage(
        blocks=(head, *first.blocks), characters=first.characters + 300, turn=number, marks=tuple(m for m in marks)
    )
    for more in body[1:]:
        yield Passage(blocks=more.blocks, characters=more.characters, turn=number)


def _heading(number: int, message: Message, marks: Sequence[str]) -> Iterator[str]:
    named = f" {escape(message.name, _NAME)}" if message.name else ""
    yield f"*{number} · {_ICONS[message.role]} {words(message.role)}{named}*"
    if marks:
        yield f"⚑ {escape(', '.join(marks), _VALUE)}"
    if message.at is not None:
        yield slack_date(message.at, form="{time_secs}")
    if message.model:
        yield escape(message.model, _NAME)
    if message.latency_s is not None:
        began = "" if message.ttft_s is None else f", first token after {_seconds(message.ttft_s)}"
        yield f"{_seconds(message.latency_s)}{began}"
    if tokens := _tokens([message]):
        yield f"{tokens} tokens"
    if message.cost_usd is not None:
        yield money(message.cost_usd)


def _seconds(seconds: float) -> str:
    return f"{seconds:,.2f} s"


_ICONS: Final = {"system": "⚙️", "user": "👤", "assistant": "🤖", "tool": "🔧"}


def _body(message: Message) -> Iterator[Passage]:
    if message.role == "system" and length(message.content) > _SYSTEM:
        yield _passage(rich_text(quote(message.content, _SYSTEM)), context("the whole of it stands at the end"))
    else:
        yield from _text(message.content, preformatted if message.role == "tool" else quote)
    if message.error:
        yield _passage(section(f"⚠️ *Failed:* {escape(message.error, _SENTENCE)}"), characters=_weight(message.error))
    for document in message.documents:
        yield _document(document)
    for call in message.tool_calls:
        title = context(f"➡️ *calls* {escape(call.name, _NAME)}")
        arguments = list(_text(call.arguments, preformatted))
        yield _passage(title, *(arguments[0].blocks if arguments else ()), characters=_PIECE if arguments else 100)
        yield from arguments[1:]


def _text(text: str, element: Callable[[str, int], Block]) -> Iterator[Passage]:
    for piece in pieces(text, _PIECE):
        yield _passage(rich_text(element(piece, _PIECE)), characters=length(piece))


def _document(document: Document) -> Passage:
    named = f" {escape(document.document_id, _NAME)}" if document.document_id else ""
    score = "" if document.score is None else f" · retrieved with {document.score:.3g}"
    more = length(document.content) - _DOCUMENT
    cut = f" · {more:,} more characters" if more > 0 else ""
    return _passage(
        context(f"📄 *document*{named}{score}{cut}"),
        rich_text(quote(document.content, _DOCUMENT)),
        characters=min(length(document.content[:_DOCUMENT]), _DOCUMENT) + 200,
    )


def _metadata(conversation: Conversation) -> Iterator[Passage]:
    rest = {key: value for key, value in conversation.metadata.items() if key not in _FACT_KEYS}
    if not rest:
        return
    yield _passage(header("Metadata"))
    lines = [f"*{escape(str(key), _NAME)}* {escape(_written(value), _VALUE)}" for key, value in rest.items()]
    for start in range(0, min(len(lines), _METADATA_SHOWN), 8):
        yield _passage(section("\n".join(lines[start : start + 8])), characters=2_000)
    if len(lines) > _METADATA_SHOWN:
        yield _passage(context(f"{len(lines) - _METADATA_SHOWN:,} further keys not shown"))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
