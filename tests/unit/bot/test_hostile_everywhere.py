"""Whatever anybody writes, nothing of it comes alive in any field of any message, window or App Home, and Slack takes all.

Every builder of the product is found by what it returns and filled by the types of what it takes, so that a new surface
is tested before anybody thinks of it.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import itertools
import pkgutil
import random
import re
import types
import typing
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bot.slack import blocks
from bot.slack.blocks.errors import error_message
from bot.slack.blocks.surface import HomeView, Message, View
from bot.slack.blocks.tokens import Token
from bot.slack.check import check
from bot.slack.text import link
from traces.model import Alert, Segment

AT = datetime(2026, 11, 17, 11, tzinfo=UTC)
SURFACES = {Message: "message", View: "modal", HomeView: "home"}
OWN_LINK = "https://traces.example.com/t/1"
OURS: dict[str, tuple[Any, ...]] = {
    # What these arguments and fields hold is written by Hark itself, or checked where it comes in.
    **dict.fromkeys(("mark", "lead", "place", "how", "command", "notice"), ("home",)),
    "what": ("audit", "labels", "dataset"),
    "unit": ("", "%", "s", "USD", "stars/5"),
    "counts": ("conversation", "answer"),
    "url": (OWN_LINK,),
    "runbook": (OWN_LINK,),
    "action_id": ("conversation_open",),
}
OUR_IDS = ("item_id", "alert_id", "delivery_id", "answer_id", "mute_id", "proposal_id", "ref")
OWN_TOKEN = re.compile(r"<!date\^\d+\^\{[a-z_]+\}(?: \{[a-z_]+\})?\|[^<>|]*>")
LIVE = re.compile(r"<[!@#]|<[A-Za-z][A-Za-z0-9+.\-]*:|@(?:channel|here|everyone)\b", re.IGNORECASE)
UNSEEN = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\x00-\x08\x0b-\x1f\x7f]")
ADDRESS = re.compile(r"\w://|[^\W\d_]\.(?:com|net|org|io|test|example|co|zip)\b|mailto:", re.IGNORECASE)
CODE = re.compile(r"`[^`\n]*`")
PARSED = {"link", "user", "usergroup", "broadcast", "channel", "team", "markdown", "emoji", "date", "color"}

FRAGMENTS = (
    "<!channel>", "<!here|here>", "<!everyone>", "<!subteam^S012|@team>", "<@U012345>", "<#C012|general>", "@here",
    "@channel", "@EVERYONE", "<http://evil.test|bank.example>", "<mailto:a@b.com|c>", "mailto:a@b.com", "a@b.com",
    "https://evil.test/x?y=<!here>", "http://evil.com", "evil.com", "www.evil.zip/path", "[bank](http://evil.test)",
    "`", "```", "*", "_", "~", ">", "&", "<", "|", "&lt;!channel&gt;", "&amp;", "\u200b", "\u2060", "\u202e", "\u2066",
    "\ufeff", "\u200d", "\x00", "\x1b[31m", "\r\n", "\n", "\u2028", ":rotating_light:", "<!date^1^{date}^http://e.com|x>",
    "\ud800", "e\u0301", "שלום", "👩‍👩‍👧‍👦", "🇩🇪", "Ｗ", "[REDACTED]", '{"type":"mrkdwn"}', "%3C!here%3E", "v1:a:b", " ", "x",
)  # fmt: skip
TEXTS = st.builds(
    lambda parts, times: "".join(parts) * times,
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=12), max_size=8),
    st.sampled_from([1, 1, 1, 1, 2, 40, 700]),
)


class Filler:
    """Makes values of any type of the product out of hostile texts."""

    def __init__(self, texts: Sequence[str], seed: int) -> None:
        self._texts = texts
        self._chance = random.Random(seed)
        self._depth = 0
        self._numbers = itertools.count()

    def arguments(self, function: Callable[..., Any]) -> dict[str, Any]:
        hints = typing.get_type_hints(function)
        hints.pop("return", None)
        return {name: self.value(hint, name) for name, hint in hints.items()}

    def value(self, hint: Any, name: str = "") -> Any:
        if name in OURS or name in OUR_IDS:
            return self._chance.choice(OURS.get(name) or (f"id-{next(self._numbers)}",))
        if name == "conversation_id":
            return self.text()[:255] or "c"
        return self._of_type(hint, name)

    def _of_type(self, hint: Any, name: str) -> Any:
        if hint in SIMPLE:
            return SIMPLE[hint](self)
        if dataclasses.is_dataclass(hint):
            return self._made(hint)
        if isinstance(hint, type) and issubclass(hint, tuple) and (fields := getattr(hint, "__annotations__", {})):
            return hint(*(self.value(typing.get_type_hints(hint)[field], field) for field in fields))
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return self._chance.choice(list(hint))
        return self._composed(hint, name)

    def _composed(self, hint: Any, name: str) -> Any:
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Literal:
            return self._chance.choice(inner)
        if origin in {typing.Union, types.UnionType}:
            return self.value(self._chance.choice(inner), name)
        if origin is tuple and inner[-1] is not ...:
            return tuple(self.value(each, name) for each in inner)
        if origin in {tuple, list, Sequence, Collection, Iterator}:
            return tuple(self.value(inner[0], name) for _ in range(self._many()))
        if origin is Mapping:
            return {self.value(inner[0]): self.value(inner[1], name) for _ in range(self._many())}
        raise AssertionError(f"teach this test how to make a {hint} for {name}")

    def _many(self) -> int:
        return self._chance.choice([0, 1, 2, 3] if self._depth > 1 else [0, 1, 3, 12])

    def _made(self, kind: Any) -> Any:
        self._depth += 1
        hints = typing.get_type_hints(kind)
        fields = {f.name: self.value(hints[f.name], f.name) for f in dataclasses.fields(kind) if f.init}
        self._depth -= 1
        return kind(**fields)

    def text(self) -> str:
        return self._chance.choice(self._texts)

    def text_of_ours(self) -> str:
        """An id that nothing else has."""
        return f"id-{next(self._numbers)}"

    def number(self, *numbers: float) -> float:
        return self._chance.choice(numbers)

    def json(self, depth: int = 0) -> Any:
        keys = (
            "key",
            "value",
            "share",
            "also",
            "kind",
            "at",
            "rate",
            "ci_low",
            "ci_high",
            "n_labels",
            "points",
            "change",
        )
        kind = self._chance.choice(["text", "number", "list", "map"] if depth < 3 else ["text", "number"])
        if kind == "list":
            return [self.json(depth + 1) for _ in range(self._chance.randrange(4))]
        if kind == "map":
            return {self._chance.choice(keys): self.json(depth + 1) for _ in range(4)}
        return self.text() if kind == "text" else self.number(0, 1, 0.5, 1e9)

    def alert(self) -> Alert:
        made = self._made(Alert)
        detail = {name: self.json() for name in ("attribution", "change", "correction", "chart", "outcome", "series")}
        return dataclasses.replace(made, detail=detail)


SIMPLE: dict[Any, Callable[[Filler], Any]] = {
    str: Filler.text,
    bool: lambda f: f.number(True, False),
    int: lambda f: int(f.number(1, 2, 7, 130, 10**9)),
    float: lambda f: f.number(0.0, 0.5, 1.0, 1e300, float("nan")),
    type(None): lambda _: None,
    datetime: lambda f: AT + timedelta(hours=f.number(0, 1, 500)),
    timedelta: lambda f: timedelta(hours=f.number(1, 700)),
    Token: lambda f: Token(f.text_of_ours(), "rest"),
    Segment: lambda f: Segment(tuple((f.text(), f.text()) for _ in range(2))),
    Message: lambda f: error_message(f.text(), f.text()),
    Alert: Filler.alert,
    Any: Filler.json,
    dict[str, Any]: lambda f: {"attribution": f.json()},
    Mapping[str, Any]: lambda f: {f.text(): f.json() for _ in range(3)},
}


def builders() -> list[Callable[..., Any]]:
    """Every public function of the blocks that returns what is sent to Slack; one that is given blocks draws none itself."""
    found = []
    for module_name in sorted(m.name for m in pkgutil.iter_modules(blocks.__path__)):
        module = importlib.import_module(f"{blocks.__name__}.{module_name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_public = function.__module__ == module.__name__ and not name.startswith("_")
            hints = typing.get_type_hints(function)
            if is_public and hints.get("return") in SURFACES and "blocks" not in hints:
                found.append(function)
    return found


BUILDERS = builders()


def strings(shown: Any, kind: str = "", path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Every text with its path and the type of the object that holds it."""
    if isinstance(shown, Mapping):
        for key, value in shown.items():
            yield from strings(value, str(shown.get("type", "")), (*path, key))
    elif isinstance(shown, list | tuple):
        for value in shown:
            yield from strings(value, kind, path)
    elif isinstance(shown, str):
        yield path, kind, shown


def objects(shown: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(shown, Mapping):
        yield shown
        shown = tuple(shown.values())
    if isinstance(shown, list | tuple):
        for value in shown:
            yield from objects(value)


NEVER_READ = {"block_id", "value", "initial_conversation", "initial_users"}
"""What Slack keeps, or looks up by its id, and shows to nobody."""


def assert_inert(payload: Mapping[str, Any]) -> None:
    for one in objects(payload):
        assert one.get("type") not in PARSED, one
        assert one.get("type") != "mrkdwn" or one.get("verbatim") is True, one
        assert one.get("type") != "plain_text" or one.get("emoji") is False, one
    for path, kind, text in strings({key: value for key, value in payload.items() if key != "private_metadata"}):
        if path[-1] in NEVER_READ:
            continue
        is_parsed = kind == "mrkdwn" or path == ("text",)
        rest = OWN_TOKEN.sub("", text).replace(f"<{OWN_LINK}|", "") if is_parsed else text
        assert not LIVE.search(rest), (path, text[:300])
        assert not UNSEEN.search(rest), (path, text[:300])
        if is_parsed:
            assert "<" not in rest, (path, text[:300])
            assert "://" not in CODE.sub("", rest), (path, text[:300])
        if path == ("text",):
            assert not ADDRESS.search(rest), (path, text[:300])


def _with_whole_ids(shown: Any) -> Any:
    """What is drawn, but for halves of characters in ids: those are Hark's own, or Slack's."""
    if isinstance(shown, Mapping):
        return {
            key: value.encode(errors="replace").decode()
            if key in NEVER_READ and isinstance(value, str)
            else _with_whole_ids(value)
            for key, value in shown.items()
        }
    return [_with_whole_ids(one) for one in shown] if isinstance(shown, list | tuple) else shown


def draw_everything(texts: Sequence[str], seed: int) -> Counter[str]:
    drawn: Counter[str] = Counter()
    for function in BUILDERS:
        filler = Filler(texts, seed)
        shown = function(**filler.arguments(function))
        payload = shown.payload()
        assert check(_with_whole_ids(payload), SURFACES[type(shown)]) == [], function.__name__
        assert_inert(payload)
        drawn[function.__name__] += 1
    return drawn


def test_every_surface_of_the_product_is_among_them():
    names = {function.__name__ for function in BUILDERS}
    assert {
        "alert_message", "review_card", "example_card", "metrics_message", "status_message", "label_modal",
        "transcript_view", "taxonomy_view", "word_form", "merge_form", "conversations_modal", "home_view", "story_modal",
    } <= names  # fmt: skip


PACE = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=40, phases=(Phase.explicit, Phase.generate), **PACE)
@given(st.lists(TEXTS, min_size=13, max_size=13), st.integers(0, 2**32))
@example(list(FRAGMENTS), 1)
def test_500_hostile_texts_stay_text_in_every_field_of_everything_that_is_shown(texts, seed):
    draw_everything(texts, seed)


@pytest.mark.slow
@settings(max_examples=500, **PACE)
@given(st.lists(TEXTS, min_size=40, max_size=40), st.integers(0, 2**32))
def test_20000_hostile_texts_stay_text_in_every_field_of_everything_that_is_shown(texts, seed):
    draw_everything(texts, seed)


def test_a_link_of_our_own_is_the_only_one():
    assert link(OWN_LINK, "<!here>") == f"<{OWN_LINK}|‹!here&gt;>"
