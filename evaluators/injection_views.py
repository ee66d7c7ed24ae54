"""What a text says once disguises are taken off: invisible characters, look-alikes, encodings, reversal."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

HEAD_CHARS: Final = 12_000
TAIL_CHARS: Final = 4_000
"""Of a longer text, the beginning and the end are read."""

_QUOTES: Final = str.maketrans("’‘ʼ`´＇“”„«»", "''''''\"\"\"\"\"")
_LOOKALIKES: Final = str.maketrans("аеіорсухѕјкԁһⅼαοερντυɡıſ", "aeiopcyxsjkdhlaoepvtugis")
_ODD: Final = re.compile(r"[^\x00-\x7f]")
_LATIN: Final = re.compile(r"[a-z]{3}", re.IGNORECASE)
_TAGS: Final = re.compile("[\U000e0020-\U000e007e]+")
_BIDI: Final = re.compile("[\u202d\u202e\u2066-\u2068]")
_HIDDEN: Final = re.compile(
    "[\u200b\u2060\u2061-\u2064\u180e\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
_LEET: Final = str.maketrans("0134578@$!|", "oieastbasil")
_LEET_WORD: Final = re.compile(r"(?<![\w$@!|])(?=\w{0,12}[a-z])\w{0,12}[013457@$][a-z0-9@$!|]{1,12}", re.IGNORECASE)
_LEET_NEEDLES: Final = [
    "ignor",
    "instruct",
    "previous",
    "above",
    "prompt",
    "system",
    "forget",
    "disreg",
    "reveal",
    "pass",
    "secret",
    "rule",
    "bypass",
    "overrid",
    "jailbr",
    "filter",
    "restrict",
    "pretend",
    "guideline",
    "developer",
    "anything",
    "hidden",
    "print",
    "repeat",
    "show",
    "tell",
    "answer",
    "verdict",
    "admin",
    "hack",
    "behav",
    "disobey",
    "policy",
]
_SPACED: Final = re.compile(r"(?<!\w)(?:\w[ .\-_*|]{1,5}){9,400}\w(?!\w)")
_TERMINAL: Final = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]|[\x00-\x08\x0e-\x1f\x7f]")
_BASE64: Final = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/_-]{20,8000}={0,2}(?![\w+/])")
_HEX: Final = re.compile(r"(?<!\w)(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:]?){12,4000}(?!\w)", re.IGNORECASE)
_HEX_RUN: Final = 24
_HEX_PAIRS: Final = re.compile(r"[ ,:][0-9a-fA-F]{2}[ ,:][0-9a-fA-F]{2}[ ,:][0-9a-fA-F]{2}[ ,:]")
_BINARY: Final = re.compile(r"(?<!\d)(?:[01]{8} ?){6,2000}(?!\d)")
_MORSE: Final = re.compile(r"(?:[.\-·−–]{1,6}[ /]{1,3}){12,1500}[.\-·−–]{0,6}")
_PERCENT: Final = re.compile(r"(?:%[0-9a-f]{2}|\\u00[0-9a-f]{2}|&#x?[0-9a-f]{2,3};){6,2000}", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"%([0-9a-f]{2})|\\u00([0-9a-f]{2})|&#x([0-9a-f]{2});|&#(\d{2,3});", re.IGNORECASE)
_CAESAR: Final = ("vtaber", "vafgehpg", "cnffjbeq", "cebzcg", "lbhe", "jung ", "gur ")
_REVERSED: Final = ("erongi", "snoitcurtsni", "drowssap", "tpmorp", "tegrof", "tcidrev", "draged", "laever")
_PIG_LATIN: Final = re.compile(r"\b([a-z]{0,12}?)([^aeiou\W]{0,4}?)(?:w|y)?ay\b")
_PIG_NEEDLES: Final = ("ignoreway", "ignoreyay", "eviouspray", "asswordpay", "omptpray", "ouryay", "ethay")
_DECODED: Final = 3
_SHORTEST_RUN: Final = {"base64": 20, "escape sequences": 18}
_READABLE: Final = 0.85
_FEWEST: Final = 12
_MORSE_CODE: Final = dict(
    zip(
        [
            ".-",
            "-...",
            "-.-.",
            "-..",
            ".",
            "..-.",
            "--.",
            "....",
            "..",
            ".---",
            "-.-",
            ".-..",
            "--",
            "-.",
            "---",
            ".--.",
            "--.-",
            ".-.",
            "...",
            "-",
            "..-",
            "...-",
            ".--",
            "-..-",
            "-.--",
            "--..",
            "-----",
            ".----",
            "..---",
            "...--",
            "....-",
            ".....",
            "-....",
            "--...",
            "---..",
            "----.",
        ],
        "abcdefghijklmnopqrstuvwxyz0123456789",
        strict=True,
    )
)


class View(NamedTuple):
    """One reading of a text. ``disguise`` is empty for the plain one, else it says what was taken off."""

    text: str
    disguise: str


def shown(text: str) -> str:
    """The part of ``text`` that is read."""
    return text if len(text) <= HEAD_CHARS + TAIL_CHARS else f"{text[:HEAD_CHARS]} {text[-TAIL_CHARS:]}"


def fold(text: str) -> str:
    """Lower case, compatibility forms, plain quotes, single spaces, nothing invisible; look-alike letters made Latin."""
    if _ODD.search(text):
        text = _HIDDEN.sub("", unicodedata.normalize("NFKC", text)).translate(_QUOTES)
    plain = _TERMINAL.sub("", text).lower().replace("`", "'")
    inner = " ".join(plain.split())
    # Splitting is some times faster than a substitution, but drops the white space at both ends.
    return f"{' ' * plain[:1].isspace()}{inner}{' ' * (bool(inner) and plain[-1:].isspace())}"


def hidden_text(text: str) -> str:
    """What is written in Unicode tag characters, which no one sees and models read."""
    return "".join("".join(chr(ord(char) - 0xE0000) for char in run) for run in _TAGS.findall(text))


def is_reordered(text: str) -> bool:
    """Whether characters force another direction of writing upon text that needs none."""
    return _BIDI.search(text) is not None and not any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def views(text: str) -> Iterator[View]:
    """The plain reading of ``text``, then one for each disguise that seems to be worn."""
    plain = fold(text)
    yield View(plain, "")
    if tags := hidden_text(text):
        yield View(fold(tags), "invisible characters")
    if _ODD.search(plain) and _LATIN.search(plain) and (latin := plain.translate(_LOOKALIKES)) != plain:
        yield View(latin, "look-alike letters")
    yield from _respelled(plain)
    yield from _decoded(text)


def _respelled(plain: str) -> Iterator[View]:
    respelled = plain.translate(_LEET)
    if _is_leet(plain, respelled):
        yield View(respelled, "digits for letters")
    if any(needle in plain for needle in _CAESAR):
        yield View(codecs.encode(plain, "rot13"), "rot13")
    if any(needle in plain for needle in _REVERSED):
        yield View(plain[::-1], "reversed text")
    if any(needle in plain for needle in _PIG_NEEDLES):
        yield View(_PIG_LATIN.sub(r"\2\1", plain), "pig Latin")


def _is_leet(plain: str, respelled: str) -> bool:
    """Whether words with digits read like the words of an attack; numbers of orders and flights have digits, too."""
    is_telling = any(needle in respelled and needle not in plain for needle in _LEET_NEEDLES)
    return is_telling and len(_LEET_WORD.findall(plain)) > 1


def _decoded(text: str) -> Iterator[View]:
    for spaced in _first(_SPACED, text):
        yield View(fold(re.sub(r"(\w)[ .\-_*|](?=\w)", r"\1", spaced)), "spaced letters")
    longest = max(map(len, text.split()), default=0)
    for pattern, needles, decode, name in _ENCODINGS:
        if longest < _SHORTEST_RUN.get(name, 0) or (name == "hexadecimal" and not _may_be_hex(text, longest)):
            continue
        if not any(needle in text for needle in needles):
            continue
        for found in list(_first(pattern, text)):
            said = decode(found)
            if said and _is_readable(said):
                yield View(fold(said), name)


def _may_be_hex(text: str, longest: int) -> bool:
    return longest >= _HEX_RUN or "0x" in text or "\\x" in text or _HEX_PAIRS.search(text) is not None


def _first(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for number, match in enumerate(pattern.finditer(text)):
        if number == _DECODED:
            return
        yield match[0]


def _is_readable(text: str) -> bool:
    """Whether this is a sentence, not bytes that happen to decode."""
    good = sum(char.isalpha() or char in " .,;:!?'\"-\n" for char in text)
    return len(text) >= _FEWEST and " " in text.strip() and good / len(text) >= _READABLE


def _from_base64(run: str) -> str:
    raw = run.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(raw + "=" * (-len(raw) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _from_hex(run: str) -> str:
    digits = re.sub(r"0x|\\x|[ ,:]", "", run, flags=re.IGNORECASE)
    return bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("latin-1")


def _from_binary(run: str) -> str:
    bits = run.replace(" ", "")
    return "".join(chr(int(bits[at : at + 8], 2)) for at in range(0, len(bits) - 7, 8))


def _from_morse(run: str) -> str:
    dots = run.translate(str.maketrans("·−–", ".--"))
    return " ".join("".join(_MORSE_CODE.get(sign, "") for sign in word.split()) for word in dots.split("/"))


def _from_escapes(run: str) -> str:
    return _ESCAPED.sub(lambda m: chr(int(m[4]) if m[4] else int(m[1] or m[2] or m[3], 16)), run)


_ENCODINGS: Final = (
    (_BASE64, ("",), _from_base64, "base64"),
    (_HEX, ("20", "0x", "00"), _from_hex, "hexadecimal"),
    (_BINARY, ("0110", "0010"), _from_binary, "binary"),
    (_MORSE, ("-. ", ".- ", "−", "·", "–"), _from_morse, "Morse code"),
    (_PERCENT, ("%", "\\u00", "&#"), _from_escapes, "escape sequences"),
)
