"""Which rule a wording belongs to, so that a rule stays the same rule when its prompt is edited."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Protocol

from evaluators.rules.languages import words_of

SIMILAR: Final = 0.5
"""The share of words that two wordings have to have in common (Jaccard) to be the same rule."""
_ID_CHARS: Final = 10
_WORD: Final = re.compile(r"[^\W_]+(?:'t)?")
_EMPTY: Final = words_of(
    "a an and any are as at be by for from in into is it its of on or our so that the their them then they this to user users with you your "
    "please should must will would can shall have has"
)
_NEGATIONS: Final = words_of(
    "not never no don't doesn't cannot can't mustn't shouldn't avoid refrain without forbidden prohibited nothing"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRule:
    """One wording of a rule; ``digest`` is of the wording, ``rule_id`` of the rule."""

    digest: str
    rule_id: str
    text: str


class RuleBook(Protocol):
    """Every wording of every rule that was seen."""

    def known(self) -> Sequence[KnownRule]:
        """The wordings, newest first."""

    def add(self, rule: KnownRule) -> None:
        """Keep a wording."""


class RulesInMemory:
    """A book that is forgotten with the process: within one run rules keep their identity, and equal ones in all."""

    def __init__(self, rules: Iterable[KnownRule] = ()) -> None:
        self._rules = {rule.digest: rule for rule in rules}
        self._lock = threading.Lock()

    def known(self) -> Sequence[KnownRule]:
        with self._lock:
            return list(reversed(self._rules.values()))

    def add(self, rule: KnownRule) -> None:
        with self._lock:
            self._rules.setdefault(rule.digest, rule)


def identified(rules: Sequence[str], book: RuleBook) -> tuple[KnownRule, ...]:
    """The rules with their identities; new wordings are added to ``book``.

    A wording that is known keeps its rule. Another one takes the rule that is most alike among those which no wording of
    this prompt has, if enough of their words are the same and both forbid or both demand; numbers may differ. What is
    like none is a new rule, named by a digest of its words.
    """
    known = book.known()
    by_digest = {rule.digest: rule for rule in known}
    wordings = {digest_of(text): text for text in rules}
    taken = {by_digest[digest].rule_id for digest in wordings if digest in by_digest}
    found: dict[str, KnownRule] = {}
    for digest, text in wordings.items():
        rule = by_digest.get(digest)
        if rule is None:
            nearest = _nearest(text, [k for k in known if k.rule_id not in taken])
            rule = KnownRule(
                digest=digest, rule_id=digest[:_ID_CHARS] if nearest is None else nearest.rule_id, text=text
            )
            book.add(rule)
            taken.add(rule.rule_id)
        # Two wordings that were one rule in different prompts may stand in one prompt now.
        rule = rule if rule.rule_id not in found else replace(rule, rule_id=digest[:_ID_CHARS])
        found.setdefault(rule.rule_id, replace(rule, text=text))
    return tuple(found.values())


def digest_of(text: str) -> str:
    """A digest of a wording, but for letter case, punctuation and spacing."""
    words = " ".join(_WORD.findall(text.casefold().replace("’", "'")))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _nearest(text: str, known: Sequence[KnownRule]) -> KnownRule | None:
    words, forbids = _words(text)
    best: tuple[float, KnownRule] | None = None
    for rule in known:
        theirs, they_forbid = _words(rule.text)
        union = len(words | theirs)
        alike = len(words & theirs) / union if union else 0.0
        if alike >= SIMILAR and forbids is they_forbid and (best is None or alike > best[0]):
            best = alike, rule
    return None if best is None else best[1]


@lru_cache(maxsize=2_000)
def _words(text: str) -> tuple[frozenset[str], bool]:
    """The words that carry meaning, cut to their stems, without numbers; and whether the rule forbids."""
    words = _WORD.findall(text.casefold().replace("’", "'"))
    forbids = any(word in _NEGATIONS for word in words)
    bare = (word for word in words if word not in _EMPTY and word not in _NEGATIONS and not word.isdecimal())
    return frozenset(_stem(word) for word in bare), forbids


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:  # noqa: PLR2004 - shorter is no stem
            return word[: -len(ending)]
    return word
