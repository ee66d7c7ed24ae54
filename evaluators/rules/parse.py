"""Rules in the text of a system prompt: list items and sentences that bind the assistant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MOST_RULES: Final = 40
RULE_CHARS: Final = 400
READ_CHARS: Final = 60_000
_FEWEST_WORDS: Final = 3
_ITEM: Final = re.compile(r"[ \t]*(?:[-*•–·]|\(?\d{1,3}[.)]|[a-z][.)])[ \t]+(?=\S)")
_HEADING: Final = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\*\*[^*\n]{1,80}\*\*:?[ \t]*$|[^.!?\n]{1,80}:[ \t]*$)")
_FENCE: Final = re.compile(r"[ \t]*(?:```|~~~)")
_RULES_HEADING: Final = re.compile(
    r"\b(?:rules?|guidelines?|polic(?:y|ies)|instructions?|requirements?|constraints?|do(?:s)? and don)", re.IGNORECASE
)
_BINDS: Final = re.compile(
    r"\b(?:must|never|always|shall|should|only|do not|don't|cannot|can't|may not|not allowed|(?:is|are) (?:not )?(?:required|forbidden|"
    r"prohibited|permitted)|required to|make sure|ensure|avoid|refrain|no more than|at most|at least|up to|before (?:taking|calling|making|any)"
    r"|under no circumstances|without exception|need(?:s)? to|has to|have to|refuse|decline|deny)\b",
    re.IGNORECASE,
)
_IMPERATIVE: Final = re.compile(
    r"(?:please )?(?:be|use|keep|ask|answer|respond|reply|write|speak|give|provide|offer|include|mention|start|begin|end|finish|close|greet|call|"
    r"check|verify|confirm|transfer|escalate|say|tell|limit|stay|follow|treat|address|cite|quote|format|return|output|summari[sz]e|apologi[sz]e|"
    r"list|explain|help|maintain|remember|if|when|whenever|unless|no)\b",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])[\"”')\]]?\s+(?=[A-Z\"“(])")


def rules_in(prompt: str) -> tuple[str, ...]:
    """The rules that a system prompt spells out, in its order, each once, at most forty.

    A list item is a rule when it commands (it begins with an imperative, or says must, never, always, only ...), or stands
    under a heading that speaks of rules; its lines are joined. In running text every sentence that binds is a rule of its
    own. Code blocks and headings are none. Sub-items are rules of their own, without the item above them.
    """
    found: dict[str, None] = {}
    for text, is_listed in _passages(prompt[:READ_CHARS]):
        for rule in _rules_of(text, is_listed=is_listed):
            found.setdefault(rule[:RULE_CHARS])
            if len(found) == MOST_RULES:
                return tuple(found)
    return tuple(found)


def _passages(prompt: str) -> Iterator[tuple[str, bool]]:
    """List items and paragraphs, each on one line, and whether it is an item under a heading of rules."""
    held: list[str] = []
    is_item = is_code = under_rules = False
    for line in prompt.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
            continue
        if is_code:
            continue
        item = _ITEM.match(line)
        is_heading = item is None and _HEADING.match(line) is not None
        if held and (item or is_heading or not line.strip()):
            yield " ".join(held), is_item and under_rules
            held, is_item = [], False
        if is_heading:
            under_rules = _RULES_HEADING.search(line) is not None
            continue
        if line.strip():
            held.append(" ".join((line[item.end() :] if item else line).split()))
            is_item = is_item or item is not None
    if held:
        yield " ".join(held), is_item and under_rules


def _rules_of(text: str, *, is_listed: bool) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        rule = sentence.strip(" \t-–*_")
        if len(rule.split()) < _FEWEST_WORDS or rule.endswith("?"):
            continue
        if is_listed or _BINDS.search(rule[:RULE_CHARS]) or _IMPERATIVE.match(rule):
            yield rule
