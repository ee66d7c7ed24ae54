"""Rules that code can check, and only those: what is not plainly of one of these shapes is left to the judge."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from evaluators.rules.languages import LANGUAGES, is_plainly_other
from traces.model import Conversation, Message

Answer: TypeAlias = Literal["yes", "no", "not_applicable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check says of a rule: ``yes`` it was kept, ``no`` it was broken (at ``turn``), or it never applied."""

    answer: Answer
    explanation: str
    turn: int | None = None
    evidence: str = ""


Check: TypeAlias = Callable[[Conversation], Finding | None]
"""What comes of a rule; ``None`` when code cannot tell in this conversation."""

_READ_CHARS: Final = 400
_CONDITION: Final = re.compile(
    r"\b(?:if|when(?:ever)?|unless|except|until|while|where|once|after|before|during|in case|without|for example|e\.g\.|other than|such as)\b"
    r"|\bfor (?!any|all|every|each)",
    re.IGNORECASE,
)
_ANSWERS: Final = r"(?:(?:your|all|each|every|any|the|individual|single)\s+){0,3}(?:responses?|answers?|repl(?:y|ies)|messages?|outputs?)"
_NUMBERS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
    "fifteen": 15, "twenty": 20, "fifty": 50, "hundred": 100,
}  # fmt: skip
_NUMBER: Final = rf"(?P<n>\d{{1,5}}|{'|'.join(_NUMBERS)})"
_UNIT: Final = r"(?P<unit>words?|characters?|sentences?)"
_MOST: Final = (
    r"(?P<less>under|below|less than|fewer than|shorter than)|(?:to |at )?(?:at most|no more than|not more than|no longer than|up to|within|"
    r"a maximum of|maximum|max|to|not exceed|exceed more than|exceed)"
)
_LENGTH: Final = re.compile(
    rf"(?:{_ANSWERS}|\b(?:answer|respond|reply|write)\b)[^.;:\"]{{0,60}}?\b(?:{_MOST})\s+{_NUMBER}\s+{_UNIT}\b",
    re.IGNORECASE,
)
_LENGTH_FIRST: Final = re.compile(
    rf"\b(?:{_MOST})\s+{_NUMBER}\s+{_UNIT}\s+(?:per|in (?:each|every|any|a))\s+(?:response|answer|reply|message)\b",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"[\"“”«]([^\"“”«»\n]{2,120})[\"“”»]")
_FORBIDS: Final = re.compile(
    r"^(?:you\s+)?(?:must\s+|should\s+|may\s+|can\s+|shall\s+)?(?:never|not|do not|don't|cannot|can't|avoid)\s+(?:ever\s+)?"
    r"(?:say|saying|use|using|write|writing|include|including|mention|mentioning|utter|(?:use|using|say|saying|write|writing)\s+the\s+(?:words?|phrases?))\b"
    r"(?:\s+the)?(?:\s+(?:words?|phrases?|terms?|expressions?))?[\s:]*$",
    re.IGNORECASE,
)
_ONLY_QUOTES: Final = re.compile(
    r"^(?:\s|,|\.|!|;|or|and|nor|the|words?|phrases?|in (?:your|any) (?:answers?|responses?|repl(?:y|ies)|messages?)|ever|to (?:the )?users?|to (?:the )?customers?)*$",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(
    rf"\b(?P<where>begin|start|open|end|finish|close|conclude)\s+(?:{_ANSWERS})\s+(?:with|by saying)(?:\s+the\s+(?:words?|phrases?|sentence))?[\s:]*$",
    re.IGNORECASE,
)
_LANGUAGE: Final = re.compile(
    rf"\b(?:answer|respond|reply|write|speak|communicate)\s+(?:(?:to (?:the )?(?:users?|customers?)|only|always|exclusively)\s+)?in\s+"
    rf"(?P<language>{'|'.join(LANGUAGES)})\b(?:\s+only)?[\s.!]*$",
    re.IGNORECASE,
)
_ONE_CALL: Final = re.compile(
    r"\b(?:only|at most|no more than|never (?:make )?more than)?\s*(?:make\s+|call\s+|use\s+|invoke\s+)?(?:only |at most |no more than )?one tool(?: call)? at a time\b"
    r"|\b(?:at most|no more than|only|never (?:make )?more than) one tool call (?:at a time|per (?:turn|message|response|step))\b",
    re.IGNORECASE,
)
_CALL_OR_SPEAK: Final = re.compile(
    r"\bif you (?:make a tool call|call a tool|use a tool|respond to the user),? you (?:should|must|may|can)(?: not|not|n't) "
    r"(?:respond|reply|make a tool call|talk|call a tool)(?: to the user)?(?: (?:simultaneously|at the same time|in the same (?:turn|message)))\b",
    re.IGNORECASE,
)
_JSON: Final = re.compile(
    rf"^(?:you\s+)?(?:must\s+|should\s+)?(?:always\s+|only\s+)*(?:answer|respond|reply|output|return)\s+(?:only\s+|always\s+|exclusively\s+)?(?:in|with|as)?\s*"
    rf"(?:a\s+)?(?:single\s+)?(?:only\s+)?(?:valid\s+)?json(?:\s+(?:objects?|format|only))?[\s.!]*$|^{_ANSWERS}\s+(?:must|should)\s+(?:always\s+)?be\s+(?:valid\s+)?json[\s.!]*$",
    re.IGNORECASE,
)
_UNWANTED: Final = re.compile(
    rf"^(?:you\s+)?(?:must\s+|should\s+)?(?:never|not|do not|don't|avoid|no)\s+(?:(?:ever\s+)?(?:use|using|include|including|write|writing)\s+)?(?:any\s+)?"
    rf"(?P<what>emojis?|exclamation (?:marks?|points?)|bullet (?:points?|lists?)|markdown(?: formatting)?|headings?|links?|urls?|hyperlinks?)"
    rf"(?:\s+in\s+{_ANSWERS})?[\s.!]*$",
    re.IGNORECASE,
)
_CONFIRM: Final = re.compile(
    r"\b(?:confirmation|confirm|consent|approval)\b[^.]{0,80}\bbefore\b|\bbefore\b[^.]{0,200}\b(?:confirmation|confirm|consent|approval)\b",
    re.IGNORECASE,
)
_WRITES: Final = re.compile(
    r"(?:^|[_\-.]|(?<=[a-z]))(?:book|cancel|update|modify|delete|remove|send|refund|charge|pay|purchase|buy|create|submit|transfer_money|return|exchange)"
    r"(?=$|[_\-.A-Z])",
    re.IGNORECASE,
)
_EMOJI: Final = "\u2600-\u27bf\U0001f300-\U0001faff"
_SIGNS: Final[dict[str, re.Pattern[str]]] = {
    "emoji": re.compile(rf"[{_EMOJI}]"),
    "exclamation": re.compile(r"!(?![=\[])"),
    "bullet": re.compile(r"^[ \t]*[-*•][ \t]+\S", re.MULTILINE),
    "markdown": re.compile(r"\*\*\S[^*\n]{0,200}\*\*|^#{1,6} \S|^[ \t]*```|^[ \t]*[-*] \S", re.MULTILINE),
    "heading": re.compile(r"^#{1,6} \S", re.MULTILINE),
    "link": re.compile(r"https?://\S|\bwww\.\w", re.IGNORECASE),
}
_NAMES: Final = {"hyperlink": "link", "url": "link"}


def compiled(rule: str) -> Check | None:
    """The check of a rule, or ``None`` where it takes a judge.

    A rule with a condition is only compiled where the condition itself can be checked.
    """
    rule = " ".join(rule[:_READ_CHARS].split()).replace("’", "'")
    if _ONE_CALL.search(rule):
        return _all_of(_one_call_at_a_time, _call_or_speak) if _CALL_OR_SPEAK.search(rule) else _one_call_at_a_time
    if _CALL_OR_SPEAK.search(rule):
        return _call_or_speak
    if _CONFIRM.search(rule):
        return _not_before_a_word
    if _CONDITION.search(_QUOTED.sub(" ", rule)):
        return None
    return next((check for make in _MAKERS if (check := make(rule)) is not None), None)


def _length(rule: str) -> Check | None:
    found = _LENGTH.search(rule) or _LENGTH_FIRST.search(rule)
    if found is None or "at least" in rule.casefold():
        return None
    most = int(found["n"]) if found["n"].isdecimal() else _NUMBERS[found["n"].casefold()]
    most -= bool(found["less"])
    unit = found["unit"].casefold().rstrip("s")

    def is_broken(text: str) -> str | None:
        length = _lengths(text)[unit]
        return f"An answer has {length} {unit}s, {most} are allowed." if length > most else None

    return _of_each_answer(is_broken, f"No answer has more than {most} {unit}s.")


def _lengths(text: str) -> dict[str, int]:
    ends = re.findall(r"[^\s.!?][.!?]+(?=[\"”')\]]?\s+[A-Z\"“])", text)
    return {"word": len(text.split()), "character": len(text.strip()), "sentence": len(ends) + 1}


def _forbidden(rule: str) -> Check | None:
    quotes = _QUOTED.findall(rule)
    first = _QUOTED.search(rule)
    if first is None or not _FORBIDS.match(rule[: first.start()]):
        return None
    if not _ONLY_QUOTES.match(_QUOTED.sub(" ", rule[first.start() :])):
        return None
    said = [
        (quote, re.compile(rf"(?<!\w){re.escape(quote.strip().rstrip('.,!?'))}(?!\w)", re.IGNORECASE))
        for quote in quotes
    ]

    def is_broken(text: str) -> str | None:
        hit = next((quote for quote, pattern in said if pattern.search(text)), None)
        return None if hit is None else f"The assistant said “{hit}”."

    return _of_each_answer(is_broken, "No answer has these words.")


def _required(rule: str) -> Check | None:
    quotes = list(_QUOTED.finditer(rule))
    if len(quotes) != 1 or rule[quotes[0].end() :].strip(" .!"):
        return None
    found = _ENDS.search(rule[: quotes[0].start()])
    if found is None or re.search(r"\b(?:not|never|don't|avoid)\b", rule[: found.start()], re.IGNORECASE):
        return None
    wanted = _plain(quotes[0][1])
    at_start = found["where"].casefold() in {"begin", "start", "open"}

    def is_broken(text: str) -> str | None:
        plain = _plain(text)
        kept = plain.startswith(wanted) if at_start else plain.endswith(wanted)
        return None if kept else f"An answer does not {'begin' if at_start else 'end'} with “{quotes[0][1]}”."

    return _of_each_answer(is_broken, f"Every answer {'begins' if at_start else 'ends'} with “{quotes[0][1]}”.")


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", text).casefold().split())


def _language(rule: str) -> Check | None:
    found = _LANGUAGE.search(rule)
    if found is None or re.search(r"\b(?:not|never|don't|avoid)\b", rule[: found.start()], re.IGNORECASE):
        return None
    wanted = found["language"].casefold()

    def is_broken(text: str) -> str | None:
        other = is_plainly_other(text, wanted)
        return None if other is None else f"An answer is in {other.title()}."

    return _of_each_answer(is_broken, f"No answer is plainly in another language than {wanted.title()}.")


def _json(rule: str) -> Check | None:
    if not _JSON.match(rule):
        return None

    def is_broken(text: str) -> str | None:
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return "An answer is no JSON."
        return None

    return _of_each_answer(is_broken, "Every answer is JSON.")


def _unwanted(rule: str) -> Check | None:
    found = _UNWANTED.match(rule)
    if found is None:
        return None
    what = found["what"].casefold().split()[0].rstrip("s")
    sign = _SIGNS[_NAMES.get(what, what)]

    def is_broken(text: str) -> str | None:
        return f"An answer has {found['what'].casefold()}." if sign.search(text) else None

    return _of_each_answer(is_broken, f"No answer has {found['what'].casefold()}.")


_MAKERS: Final = (_length, _forbidden, _required, _language, _json, _unwanted)


def _of_each_answer(is_broken: Callable[[str], str | None], kept: str) -> Check:
    def check(conversation: Conversation) -> Finding:
        answers = list(_answers(conversation))
        for turn, message in answers:
            if reason := is_broken(message.content):
                return Finding(answer="no", explanation=reason, turn=turn, evidence=message.content)
        if not answers:
            return Finding(answer="not_applicable", explanation="The assistant said nothing.")
        return Finding(answer="yes", explanation=kept)

    return check


def _answers(conversation: Conversation) -> Iterator[tuple[int, Message]]:
    return (
        (turn, message)
        for turn, message in enumerate(conversation.messages)
        if message.role == "assistant" and message.content.strip()
    )


def _all_of(*checks: Check) -> Check:
    def check(conversation: Conversation) -> Finding | None:
        findings = [check(conversation) for check in checks]
        broken = next((finding for finding in findings if finding is not None and finding.answer == "no"), None)
        return broken or findings[0]

    return check


def _one_call_at_a_time(conversation: Conversation) -> Finding:
    for turn, message in enumerate(conversation.messages):
        if len(message.tool_calls) > 1:
            names = ", ".join(call.name for call in message.tool_calls)
            return Finding(
                answer="no",
                explanation=f"{len(message.tool_calls)} tools were called at once.",
                turn=turn,
                evidence=names,
            )
    return _if_called(conversation, "Tools were called one at a time.")


def _call_or_speak(conversation: Conversation) -> Finding:
    for turn, message in enumerate(conversation.messages):
        if message.tool_calls and message.content.strip():
            said = "The assistant spoke and called a tool in one turn."
            return Finding(answer="no", explanation=said, turn=turn, evidence=message.content)
    return _if_called(conversation, "No turn both speaks and calls a tool.")


def _if_called(conversation: Conversation, kept: str) -> Finding:
    if any(message.tool_calls for message in conversation.messages):
        return Finding(answer="yes", explanation=kept)
    return Finding(answer="not_applicable", explanation="No tool was called.")


def _not_before_a_word(conversation: Conversation) -> Finding | None:
    """Broken for sure when something was changed before the assistant had said a word; otherwise for a judge."""
    for turn, message in enumerate(conversation.messages):
        if message.role != "assistant":
            continue
        if call := next((call for call in message.tool_calls if _WRITES.search(call.name)), None):
            said = f"{call.name} was called before the assistant had asked anything."
            return Finding(answer="no", explanation=said, turn=turn, evidence=call.name)
        if message.content.strip():
            return None
    return None
