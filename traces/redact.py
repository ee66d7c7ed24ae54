"""Hiding personal data and secrets in text that is shown or logged.

Found are e-mail addresses, telephone numbers, payment cards (Luhn, issuer and length), IBANs (ISO 7064 mod 97), US social
security numbers, IP addresses, and keys, tokens and passwords in their usual forms. Names and postal addresses are not:
they need a model of language. Order numbers, dates, times, versions, amounts and UUIDs are left as they are.

Every pattern has bounded repeats, so the time is linear in the length of the text.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Match: TypeAlias = re.Match[str]
Accept: TypeAlias = Callable[[Match], bool]

_BEFORE: Final = 32
"""Characters before a number that may say what it is."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """Text with placeholders such as ``[email]``, and how many of each kind were put in."""

    text: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Personal data or a secret at ``text[start:end]``; ``kind`` is the placeholder's word, such as ``email``."""

    kind: str
    start: int
    end: int


def find(text: str, *, secrets_only: bool = False) -> tuple[Sensitive, ...]:
    """The personal data and secrets in ``text``, in order; none overlap."""
    found: list[Sensitive] = []
    folded = text.lower()
    if not _may_hold(text, folded):
        return ()
    for kind, needles, pattern, accept in _RULES:
        if secrets_only and kind != "secret":
            break  # Secrets stand first, so that no rule takes a part of one for something else.
        if not _has_one(needles, folded):
            continue
        spans = [_span(match) for match in pattern.finditer(text) if accept(match)]
        found += [Sensitive(kind, start, end) for start, end in spans]
        text = _masked(text, spans) if spans else text
    return tuple(sorted(found, key=lambda sensitive: sensitive.start))


def may_hold(text: str) -> bool:
    """False where ``find`` finds nothing in ``text``, at a small part of its cost; where it may find something, True."""
    return _may_hold(text, text.lower())


def _may_hold(text: str, folded: str) -> bool:
    if len(text) < _SHORTEST:
        return False
    if "@" in text or "AC" in text or _has_one(_SIGNS_OF_SECRETS, folded):
        return True
    if _has_one(_NAMES_OF_SECRETS, folded) and _NAME_IS.search(text):
        return True
    if ":" in text and _COLONS.search(text):
        return True
    return bool(_DIGIT.search(text)) and any(pattern.search(text) for pattern in _NUMBERS)


def _has_one(needles: tuple[str, ...], folded: str) -> bool:
    # A loop, for a generator takes twice the time, and this runs for every text that is evaluated or shown.
    for needle in needles:  # noqa: SIM110
        if needle in folded:
            return True
    return False


def redact(text: str) -> Redacted:
    """The text with personal data and secrets replaced by ``[kind]``."""
    found = find(text)
    if not found:
        return Redacted(text)
    pieces, at = [], 0
    for sensitive in found:
        pieces += [text[at : sensitive.start], f"[{sensitive.kind}]"]
        at = sensitive.end
    return Redacted("".join([*pieces, text[at:]]), Counter(sensitive.kind for sensitive in found))


def _span(match: Match) -> tuple[int, int]:
    return match.end("kept") if match.groupdict().get("kept") else match.start(), match.end()


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    """``text`` of the same length, with what was found out of sight of the rules that follow."""
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], "[" * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])


def is_redacted(text: str) -> bool:
    """Whether something was replaced in ``text``, or looks as if it was."""
    return _PLACEHOLDER.search(text) is not None


class RedactingFilter(logging.Filter):
    """Redacts every record of the handler it is added to, and keeps hostile text from starting a log line of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # A filter that raises would break the code that logs; the handler itself would only complain.
            said = f"{record.msg} {record.args!r}"
        record.msg = _one_line(redact(said).text)
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = redact(record.exc_text).text if record.exc_text else None
        record.stack_info = redact(record.stack_info).text if record.stack_info else None
        return True


_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


# --- what is what ------------------------------------------------------------------------------------------


def _always(_: Match) -> bool:
    return True


def _digits(text: str) -> str:
    return "".join(str(int(character)) for character in text if character.isdecimal())


def _before(match: Match) -> str:
    return match.string[max(0, match.start() - _BEFORE) : match.start()].lower()


_ISSUERS: Final = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-59]|[689]\d)\d{11,16}"  # Diners Club
    r"|(?:2131|1800)\d{11}|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|(?:50|5[6-8]|6\d)\d{10,17})",  # Maestro, Discover, UnionPay
)


_CARD_WORDS: Final = re.compile(r"\b(?:card|cc|visa|mastercard|amex|pan)\b")


def _is_card(match: Match) -> bool:
    digits = _digits(match.group())
    return _luhn(digits) and bool(_ISSUERS.fullmatch(digits) or _CARD_WORDS.search(_before(match)))


def _luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0


def _is_iban(match: Match) -> bool:
    text = match.group().replace(" ", "")
    return 15 <= len(text) <= 34 and int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1  # noqa: PLR2004  ISO 13616


_SSN_WORDS: Final = re.compile(r"\bssn\b|social security|soc\.? sec")


def _is_ssn(match: Match) -> bool:
    digits = _digits(match.group())
    is_assigned = digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
    return is_assigned and ("-" in match.group() or bool(_SSN_WORDS.search(_before(match))))


_VERSION_WORDS: Final = re.compile(r"(?:\bv(?:er(?:sion)?)?\.?|\brelease|\bbuild|\bsection|§)\s*$")


def _is_ip(match: Match) -> bool:
    try:
        address = ipaddress.ip_address(match.group())
    except ValueError:
        return False
    if address.version == 4:  # noqa: PLR2004
        return not _VERSION_WORDS.search(_before(match))
    return len(match.group()) >= 6 and any(c.isdecimal() for c in match.group())  # noqa: PLR2004  "a::b" is a C++ name


_PHONE_WORDS: Final = re.compile(
    r"phone|tel\b|tel\.|\bcall|mobile|\bcell|\bfax\b|whatsapp|\bsms\b|\bdial|\btext (?:me|us)|handy|contact|number (?:is|to)|reach"
)
_OTHER_WORDS: Final = re.compile(
    r"(?:order|invoice|ticket|case|ref|reference|confirmation|booking|reservation|tracking|parcel|sku|item|part|serial"
    r"|policy|claim|isbn|doi|account|customer|member|transaction|flight|version|model|article|id|#|№|[$€£¥])"
    r"(?:\s*(?:no\.?|nr\.?|number|id|code|is|was|of|:|#|=))*\s*[a-z]{0,4}[-_]?$",
)
_PHONE_WORDS_AFTER: Final = re.compile(r"[- ]?\(?(?:fax|office|mobile|cell|home|work)\b", re.IGNORECASE)
_STREET_AFTER: Final = re.compile(r" (?:[A-Z][\w.']+ ){1,3}?(?=[A-Z])|(?: [A-Z][\w.']+){1,3}(?:\n|,)")
_ABROAD: Final = re.compile(r"00(?=\d*[2-9])[1-9]\d{7,12}")
_IN_SEQUENCE: Final = re.compile(r"\b(?:\d[0-9a-f]|[a-f]\d|\d) $")
_UNIT_AFTER: Final = re.compile(
    r"\s?(?:€|\$|£|%|°|usd\b|eur\b|gbp\b|chf\b|km\b|kg\b|m\b|ms\b|s\b|gb\b|mb\b|kb\b|bytes\b|tokens\b|users\b|people\b|dollars\b|euros\b)",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|[12]\d|3[01])[-./ ](?:19|20)\d\d(?!\d)"
    r"|(?:19|20)\d\d ?[-–] ?(?:19|20)\d\d(?!\d))",
)
_LOCAL: Final = re.compile(r"\d{3}[- ]\d{4}|\d{4} \d{4}")
_SHAPES: Final = re.compile(
    _LOCAL.pattern + r"|\d{2} \d{6}|0\d{3,4} \d{6,7}"
    r"|\d{2,5}(?:[- ]\d{2,4}){2,5}"  # grouped
    r"|1[-. ]\d{3}[-. ]\d{3}[-. ]\d{4}|\d{3}\.\d{3}\.\d{4}|\d{2}(?:\.\d{2}){4}",
)
_SOCIAL_SHAPE: Final = re.compile(r"\d{3}-\d{2}-\d{4}")
_FEWEST_DIGITS: Final = 7
_MOST_DIGITS: Final = 15


def _is_phone(match: Match) -> bool:
    said = match.group()
    digits = _digits(said)
    if not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS or _DATE.match(said) or _SOCIAL_SHAPE.fullmatch(said):
        return False
    return said[0] == "+" or (not _is_something_else(match) and _is_dialled(match, digits))


def _is_something_else(match: Match) -> bool:
    before = _before(match)
    return bool(
        _OTHER_WORDS.search(before) or _IN_SEQUENCE.search(before) or _UNIT_AFTER.match(match.string, match.end())
    )


def _is_dialled(match: Match, digits: str) -> bool:
    """Whether a number without a plus sign is one to call: by its prefix, its shape or the words around it."""
    said = match.group()
    is_named = bool(_PHONE_WORDS.search(_before(match)) or _PHONE_WORDS_AFTER.match(match.string, match.end()))
    if "(" in said or is_named or _ABROAD.fullmatch(digits):
        return len(digits) > _FEWEST_DIGITS or not said.isdecimal()
    if _LOCAL.fullmatch(said) and _STREET_AFTER.match(match.string, match.end()):
        return False
    is_isbn = len(digits) == 13 and digits[:3] in ("978", "979")  # noqa: PLR2004
    return not is_isbn and bool(_SHAPES.fullmatch(said))


_NO_WORD_BEFORE: Final = r"(?<![\w/.#$€£+-])"
_SECRET: Final = re.compile(
    r"(?:\b(?:sk|rk|pk)[-_](?:[A-Za-z0-9]{1,12}[-_]){0,3}[A-Za-z0-9_-]{16,200}"
    r"|\bxox[a-z]-[A-Za-z0-9-]{10,200}|\bxapp-[A-Za-z0-9-]{10,200}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,255}|\bgithub_pat_[A-Za-z0-9_]{20,255}|\bglpat-[A-Za-z0-9_-]{16,64}"
    r"|\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{30,40}|\bya29\.[A-Za-z0-9_-]{20,500}"
    r"|\bhf_[A-Za-z0-9]{20,64}|\bnpm_[A-Za-z0-9]{30,64}|\bpypi-[A-Za-z0-9_-]{30,255}|\bdop_v1_[a-f0-9]{40,64}"
    r"|\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|\blsv2_[a-z]{2}_[a-f0-9_]{30,64}"
    r"|\b(?:tm|hark)_[A-Za-z0-9]{1,32}_[A-Za-z0-9_-]{20,128}"
    r"|\beyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,8000}(?:\.[A-Za-z0-9_-]{0,2000})?)",
)
_TWILIO: Final = re.compile(r"AC(?<!\wAC)[a-f0-9]{32}\b")
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----[^-]{0,20000}(?:-----END [A-Z ]{0,60}-----)?"
)
_HOOK: Final = re.compile(r"(?P<kept>https://hooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_-]{8,200}")
_IN_URL: Final = re.compile(r"(?P<kept>://)[^\s/@:\"'<>]{1,200}:[^\s/@\"'<>]{1,200}(?=@)")
_BEARER: Final = re.compile(
    r"(?P<kept>\b(?:[Bb]earer|[Bb]asic|BEARER) )(?=[A-Za-z._~+/-]{0,200}[\d=])[A-Za-z0-9._~+/=-]{12,4000}"
)
_NAMED: Final = re.compile(
    r"(?P<kept>\b(?:[A-Za-z0-9]{1,20}[-_]){0,4}"
    r"(?:api[-_ ]?key|apikey|access[-_]?key|secret[-_]?key|private[-_]?key|secret|access[-_ ]?token|auth[-_ ]?token|refresh[-_ ]?token|token|passw(?:or)?d|passphrase|pwd)"
    r"[\"']?(?:\s{0,3}[:=]\s{0,3}|\s{1,3}is\s{1,3})[\"']?)(?=[^\s\"',;]{0,200}[\d!@#$%^&*_+/=-])[^\s\"',;\[\]{}]{6,500}",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(
    r"(?<![\w.%+-])\w[\w.%+'-]{0,127}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_][\w-]{1,62}",
)
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_CARD: Final = re.compile(_NO_WORD_BEFORE + r"\d(?:[ -]?\d){11,18}(?![\w-]|\.\d)")
_SOCIAL: Final = re.compile(_NO_WORD_BEFORE + r"(?:\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}|\d{9})(?![\w-])")
_IP4: Final = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)", re.ASCII)
_IP6: Final = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])",
    re.ASCII,
)
_PHONE: Final = re.compile(
    _NO_WORD_BEFORE
    + r"(?:\+|00)?(?:\(\+?\d{1,5}\)[ .-]?)?\d{1,15}+"
    + r"(?:[ .-]?\(\d{1,4}\)[ .-]?\d{1,12}+|[ .-]\d{1,12}+){0,7}(?![\w/@:]|[-.]\d)",
)

_ANYWHERE: Final = ("",)
_STARTS_OF_SECRETS: Final = (
    *(start + joint for start in ("sk", "rk", "pk") for joint in "-_"), "xox", "xapp-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
    "github_pat_", "glpat-", "akia", "asia", "aroa", "aida", "aiza", "ya29.", "hf_", "npm_", "pypi-", "dop_v1_", "sg.", "lsv2_",
    "tm_", "hark_", "eyj",
)  # fmt: skip
_NAMES_OF_SECRETS: Final = ("key", "secret", "token", "passw", "passphrase", "pwd")

_SIGNS_OF_SECRETS: Final = ("private key", "hooks.slack.com", "bearer ", "basic ", *_STARTS_OF_SECRETS)
_SHORTEST: Final = 6
"""Characters of the shortest text in which anything is found: an e-mail address such as a@b.de."""

_NAME_IS: Final = re.compile(
    r"(?:key|secret|token|passw(?:or)?d|passphrase|pwd)[\"']?\s{0,3}(?:[:=]|is\s)", re.IGNORECASE
)
_COLONS: Final = re.compile(r":[0-9A-Fa-f]{0,4}:")
_DIGIT: Final = re.compile(r"\d")
_NUMBERS: Final = (
    re.compile(r"\d(?:[ .()+-]{0,3}\d){6}"),
    re.compile(r"\d\.\d{1,3}\.\d"),
    re.compile(r"[A-Z]{2}\d\d ?[A-Z0-9]{4} ?[A-Z0-9]{4}"),
)
"""What every number that is found holds: seven digits or more, the dots of an address, the beginning of an IBAN."""

_RULES: Final[tuple[tuple[str, tuple[str, ...], re.Pattern[str], Accept], ...]] = (
    ("secret", ("private key",), _PEM, _always),
    ("secret", ("hooks.slack.com",), _HOOK, _always),
    ("secret", ("://",), _IN_URL, _always),
    ("secret", ("bearer ", "basic "), _BEARER, _always),
    ("secret", _STARTS_OF_SECRETS, _SECRET, _always),
    ("secret", ("ac",), _TWILIO, _always),
    ("secret", _NAMES_OF_SECRETS, _NAMED, _always),
    ("email", ("@",), _EMAIL, _always),
    ("iban", _ANYWHERE, _IBAN, _is_iban),
    ("card", _ANYWHERE, _CARD, _is_card),
    ("ssn", _ANYWHERE, _SOCIAL, _is_ssn),
    ("ip", (".",), _IP4, _is_ip),
    ("ip", (":",), _IP6, _is_ip),
    ("phone", _ANYWHERE, _PHONE, _is_phone),
)

_PLACEHOLDER: Final = re.compile(rf"\[(?:{'|'.join(sorted({kind for kind, *_ in _RULES}))})\]")
