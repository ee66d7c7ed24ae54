"""The language of ``/hark``, in Slack and on the command line: deterministic, without a model, the same for everyone.

status | help | alerts | signals | evaluators [NAME] | labels | reviewers | taxonomy | setup
metrics SIGNAL [24h | 7d | 2w] [by KEY] [where KEY=VALUE ...] [vs last week]
changes [14d] | review [N] | conversation ID | digest [daily | weekly] | ask QUESTION
mute [SIGNAL [4h | 1d] [where KEY=VALUE ...]] | unmute SIGNAL
export audit | labels | dataset | scores
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias, get_args

from bot.slack.queries import (
    DEFAULT_CHANGES,
    DEFAULT_MUTE,
    DEFAULT_PERIOD,
    AlertsQuery,
    AskQuery,
    ChangesQuery,
    Comparison,
    ConversationQuery,
    DigestQuery,
    EvaluatorsQuery,
    Exported,
    ExportQuery,
    HelpQuery,
    LabelsQuery,
    MetricsQuery,
    MuteQuery,
    MutesQuery,
    Query,
    ReviewersQuery,
    ReviewQuery,
    SetupQuery,
    SignalsQuery,
    StatusQuery,
    TaxonomyQuery,
    UnmuteQuery,
)
from traces.errors import BadInput

LONGEST_PERIOD: Final = timedelta(days=366)
MOST_TO_REVIEW: Final = 10

_TEXT_AT_MOST: Final = 2_000
_SHOWN: Final = 40
COMMANDS: Final = (
    "status",
    "metrics",
    "ask",
    "alerts",
    "review",
    "conversation",
    "digest",
    "signals",
    "evaluators",
    "labels",
    "reviewers",
    "taxonomy",
    "changes",
    "mute",
    "unmute",
    "export",
    "setup",
    "help",
)
_CLAUSES: Final = ("by", "where", "vs")
_EXPORTS: Final[tuple[Exported, ...]] = get_args(Exported)
_UNITS: Final[Mapping[str, timedelta]] = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_PERIOD: Final = re.compile(r"(\d{1,4})([a-z]+)", re.ASCII)
_NAME: Final = re.compile(r"[\w.\- ]{1,80}")
_COUNT: Final = re.compile(r"[1-9]\d?", re.ASCII)
_QUOTES: Final = str.maketrans("“”„‘’", '"""\'\'')
_TOKEN: Final = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_QUOTED: Final = re.compile(r""""([^"]*)"|'([^']*)'""")


class NotUnderstood(BadInput):
    """A command that Hark does not understand; the message says which word, and what may have been meant."""


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that may be used."""

    signals: Collection[str]
    segment_keys: Collection[str]


_Reader: TypeAlias = Callable[[list[str], _Names], Query]

_WITHOUT_WORDS: Final[Mapping[str, Query]] = {
    "status": StatusQuery(),
    "help": HelpQuery(),
    "alerts": AlertsQuery(),
    "signals": SignalsQuery(),
    "labels": LabelsQuery(),
    "reviewers": ReviewersQuery(),
    "taxonomy": TaxonomyQuery(),
    "setup": SetupQuery(),
}


def parse(text: str, *, signals: Collection[str], segment_keys: Collection[str]) -> Query:
    """Reads what follows ``/hark``; nothing at all asks for help.

    Args:
        text: The words, e.g. ``metrics latency 24h by model where application="my app"``.
        signals: Names that ``metrics`` may ask for.
        segment_keys: Keys that ``by`` and ``where`` may use.

    Raises:
        NotUnderstood: A word is unknown, missing or out of place. Nothing else is ever raised.
    """
    if len(text) > _TEXT_AT_MOST:
        raise NotUnderstood(f"{len(text):,} characters, at most {_TEXT_AT_MOST:,}")
    word, _, rest = text.strip().partition(" ")
    if (read := _AS_WRITTEN.get(word.lower())) is not None:
        return read(rest.strip())
    tokens = _tokens(text)
    if not tokens:
        return HelpQuery()
    command = _command(tokens[0], signals)
    if (reader := _READERS.get(command)) is not None:
        return reader(tokens[1:], _Names(signals, segment_keys))
    if len(tokens) > 1:
        raise NotUnderstood(f"`{command}` stands alone; `{_shown(tokens[1])}` is not understood")
    return _WITHOUT_WORDS[command]


def _command(word: str, signals: Collection[str]) -> str:
    try:
        return _known(word, COMMANDS, "command")
    except NotUnderstood:
        named = next((name for name in signals if _folded(name) == _folded(_unquoted(word))), None)
        if named is None:
            raise
        raise NotUnderstood(f"no command `{_shown(word)}`; did you mean `metrics {named}`?") from None


def _question(rest: str) -> AskQuery:
    if not rest:
        raise NotUnderstood("`ask` needs a question, for example `ask how slow was gpt-4o yesterday?`")
    return AskQuery(question=rest)


def _conversation(rest: str) -> ConversationQuery:
    is_quoted = len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "\"'`"
    conversation_id = rest[1:-1].strip() if is_quoted else rest
    if not conversation_id:
        raise NotUnderstood("`conversation` needs an id, for example `conversation 8f14e45f`")
    return ConversationQuery(conversation_id=conversation_id)


def _tokens(text: str) -> list[str]:
    """Words, in which quoted parts may hold spaces; the quotes stay."""
    straight = text.translate(_QUOTES)
    rest = _TOKEN.sub("", straight).strip()
    if rest:
        raise NotUnderstood(f"the quotation mark {rest[0]} is not closed")
    return _TOKEN.findall(straight)


def _metrics(tokens: list[str], names: _Names) -> MetricsQuery:
    if not tokens or tokens[0].lower() in _CLAUSES:
        raise NotUnderstood("`metrics` needs a signal, for example `metrics latency 7d`")
    signal, segment_keys = _known(_unquoted(tokens[0]), names.signals, "signal"), names.segment_keys
    period, rest = _period(tokens[1:])
    clauses = _clauses(rest, f"metrics {signal} 7d by model")
    return MetricsQuery(
        signal=signal,
        period=period,
        by=_by(clauses["by"], segment_keys) if "by" in clauses else None,
        where=_where(clauses["where"], segment_keys) if "where" in clauses else (),
        versus=_versus(clauses["vs"]) if "vs" in clauses else "before",
    )


def _mute(tokens: list[str], names: _Names) -> Query:
    if not tokens:
        return MutesQuery()
    signal, segment_keys = _signal(tokens, names.signals, "mute"), names.segment_keys
    period, rest = _period(tokens[1:], DEFAULT_MUTE)
    clauses = _clauses(rest, f"mute {signal} 4h")
    if unknown := clauses.keys() - {"where"}:
        raise NotUnderstood(f"`mute` knows no `{min(unknown)}`; write `mute {signal} 4h where model=gpt-4o`")
    return MuteQuery(
        signal=signal, period=period, where=_where(clauses["where"], segment_keys) if "where" in clauses else ()
    )


def _unmute(tokens: list[str], names: _Names) -> UnmuteQuery:
    if len(tokens) > 1:
        raise NotUnderstood(f"after `unmute` and a signal `{_shown(tokens[1])}` is not understood")
    return UnmuteQuery(signal=_signal(tokens, names.signals, "unmute"))


def _changes(tokens: list[str], _names: _Names) -> ChangesQuery:
    period, rest = _period(tokens, DEFAULT_CHANGES)
    if rest:
        raise NotUnderstood(f"`{_shown(rest[0])}` is not understood; write `changes 14d`")
    return ChangesQuery(period=period)


def _evaluators(tokens: list[str], _names: _Names) -> EvaluatorsQuery:
    if not tokens:
        return EvaluatorsQuery()
    name = _folded(_unquoted(tokens[0])).strip()
    if len(tokens) > 1 or not _NAME.fullmatch(name):
        raise NotUnderstood("`evaluators` takes one name, for example `evaluators refusal`")
    return EvaluatorsQuery(name="_".join(name.split()))


def _review(tokens: list[str], _names: _Names) -> ReviewQuery:
    if not tokens:
        return ReviewQuery()
    if len(tokens) > 1 or not _COUNT.fullmatch(tokens[0]) or int(tokens[0]) > MOST_TO_REVIEW:
        raise NotUnderstood(f"`review` takes a number from 1 to {MOST_TO_REVIEW}, for example `review 3`")
    return ReviewQuery(count=int(tokens[0]))


def _digest(tokens: list[str], _names: _Names) -> DigestQuery:
    if len(tokens) > 1:
        raise NotUnderstood("`digest` takes one word: `digest daily` or `digest weekly`")
    word = _known(tokens[0], ("daily", "weekly"), "digest") if tokens else "daily"
    return DigestQuery(rhythm="weekly" if word == "weekly" else "daily")


def _export(tokens: list[str], _names: _Names) -> ExportQuery:
    if len(tokens) != 1:
        raise NotUnderstood(f"`export` needs one of {', '.join(f'`{name}`' for name in _EXPORTS)}")
    word = _known(tokens[0], _EXPORTS, "export")
    return ExportQuery(what=next(name for name in _EXPORTS if name == word))


def _signal(tokens: list[str], signals: Collection[str], command: str) -> str:
    if not tokens or tokens[0].lower() in _CLAUSES:
        raise NotUnderstood(f"`{command}` needs a signal, for example `{command} latency`")
    return _known(_unquoted(tokens[0]), signals, "signal")


def _period(tokens: list[str], otherwise: timedelta = DEFAULT_PERIOD) -> tuple[timedelta, list[str]]:
    if not tokens or not tokens[0][:1].isdigit():
        return otherwise, tokens
    found = _PERIOD.fullmatch(tokens[0].lower())
    if found is None or found[2] not in _UNITS:
        raise NotUnderstood(f"`{_shown(tokens[0])}` is no period; write hours, days or weeks: `24h`, `7d`, `2w`")
    period = int(found[1]) * _UNITS[found[2]]
    if not timedelta(0) < period <= LONGEST_PERIOD:
        raise NotUnderstood(f"`{_shown(tokens[0])}` is no period from 1h to {LONGEST_PERIOD.days}d")
    return period, tokens[1:]


def _clauses(tokens: list[str], such_as: str) -> dict[str, list[str]]:
    """The words after each of ``by``, ``where`` and ``vs``; ``such_as`` is what could be written instead."""
    clauses: dict[str, list[str]] = {}
    current: list[str] | None = None
    for token in tokens:
        word = token.lower()
        if word in _CLAUSES:
            if word in clauses:
                raise NotUnderstood(f"`{word}` stands twice")
            current = clauses[word] = []
        elif current is None:
            raise NotUnderstood(
                f"`{_shown(token)}` is not understood{_meant(word, _CLAUSES) or f'; write for example `{such_as}`'}"
            )
        else:
            current.append(token)
    return clauses


def _by(words: list[str], segment_keys: Collection[str]) -> str:
    if len(words) != 1:
        raise NotUnderstood("`by` needs one segment key, for example `by model`")
    return _known(_unquoted(words[0]), segment_keys, "segment key")


def _where(words: list[str], segment_keys: Collection[str]) -> tuple[tuple[str, str], ...]:
    conditions: dict[str, str] = {}
    for word in words:
        if word.lower() == "and":
            continue
        name, equals, value = word.partition("=")
        value = _unquoted(value)
        if not equals or not name or not value.strip():
            raise NotUnderstood(f"`{_shown(word)}` is no condition; write `where model=gpt-4o`")
        key = _known(_unquoted(name), segment_keys, "segment key")
        if key in conditions:
            raise NotUnderstood(f"`{key}` stands twice in `where`")
        conditions[key] = value
    if not conditions:
        raise NotUnderstood("`where` needs a condition, for example `where model=gpt-4o`")
    return tuple(sorted(conditions.items()))


def _versus(words: list[str]) -> Comparison:
    if [word.lower() for word in words] != ["last", "week"]:
        raise NotUnderstood("after `vs` only `last week` is understood")
    return "last_week"


def _known(word: str, names: Collection[str], what: str) -> str:
    """The name that was written, whatever its case, with ``-`` or ``_``."""
    wanted = _folded(word)
    for name in names:
        if _folded(name) == wanted:
            return name
    raise NotUnderstood(f"no {what} `{_shown(word)}`{_meant(word, names) or _listed(names)}")


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_")


def _meant(word: str, names: Collection[str]) -> str:
    folded = {_folded(name): name for name in names}
    close = difflib.get_close_matches(_folded(word)[:_SHOWN], folded, n=1, cutoff=0.6)
    return f"; did you mean `{folded[close[0]]}`?" if close else ""


def _listed(names: Collection[str], most: int = 12) -> str:
    if not names:
        return "; there is none yet"
    shown = ", ".join(f"`{name}`" for name in sorted(names)[:most])
    return f"; there are {shown}{', …' if len(names) > most else ''}"


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda found: found[1] if found[1] is not None else found[2], text)


def _shown(word: str) -> str:
    """A foreign word in a message: one short line without what cannot be seen."""
    seen = "".join(character for character in word if character.isprintable() and character != "`")
    return seen if len(seen) <= _SHOWN else f"{seen[:_SHOWN]}…"


_AS_WRITTEN: Final[Mapping[str, Callable[[str], Query]]] = {"ask": _question, "conversation": _conversation}
"""Commands after which people write what they like."""
_READERS: Final[Mapping[str, _Reader]] = {
    "metrics": _metrics,
    "mute": _mute,
    "unmute": _unmute,
    "changes": _changes,
    "evaluators": _evaluators,
    "review": _review,
    "digest": _digest,
    "export": _export,
}
