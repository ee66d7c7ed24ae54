"""Delicate topics by their words, and the words that an answer on them should hold; patterns over lower-case text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_MEDICAL: Final = (
    r"\b(?:dos(?:e|age|ing)|milligrams?|\d ?mg\b|medications?|prescri\w+|symptoms?|diagnos\w+|treatments?|antibiotics?|ibuprofen"
    r"|paracetamol|acetaminophen|aspirin|insulin|side effects?|overdose|vaccin\w+)\b"
)
_LEGAL: Final = (
    r"\b(?:lawsuit|sue|legal(?:ly)? (?:binding|liable|obligation|rights?|action)|liabilit(?:y|ies)|statute|custody|eviction|contract law"
    r"|breach of contract|wrongful (?:death|termination)|plea|indict\w+|power of attorney)\b"
)
_FINANCIAL: Final = (
    r"\b(?:invest(?:ing|ments?|ors?)?|stocks?|bonds|etfs?|portfolio|crypto(?:currenc(?:y|ies))?|bitcoin|mutual funds?|dividends?|mortgage"
    r"|retirement (?:savings|account)|401\(?k|tax (?:deduction|evasion|advice|return))\b"
)


TOPICS: Final[Mapping[str, str]] = MappingProxyType({"medical": _MEDICAL, "legal": _LEGAL, "financial": _FINANCIAL})
PHRASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "medical": (
            r"\b(?:doctor|physician|pharmacist|health ?care provider|medical (?:professional|advice|attention)|emergency|specialist)",
        ),
        "legal": (r"\b(?:lawyer|attorney|solicitor|legal (?:advice|counsel|professional)|not a substitute)",),
        "financial": (
            r"\b(?:(?:financial|investment|tax) (?:advis[eo]r|advice|professional)|professional advice|risks?|accountant)\b",
        ),
    }
)
