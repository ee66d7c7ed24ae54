"""What model calls cost, by the price table that comes with litellm.

The table is a file of litellm's package and is read without importing litellm, which takes seconds. A cost that a client
reported always wins; what the table does not know is unknown, never zero.
"""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

_TABLE: Final = "model_prices_and_context_window_backup.json"
_PRICES: Final = (
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
)
_ABOVE: Final = re.compile(r"input_cost_per_token(_above_(\d{1,6})k_tokens)")
_DATED: Final = 11
"""Characters of a date at the end of a model's name: ``-2024-08-06``."""
_PROVIDERS: Final = {
    "aws.bedrock": "bedrock",
    "aws_bedrock": "bedrock",
    "amazon-bedrock": "bedrock",
    "az.ai.openai": "azure",
    "azure.ai.openai": "azure",
    "azure_openai": "azure",
    "az.ai.inference": "azure_ai",
    "azure.ai.inference": "azure_ai",
    "gcp.gemini": "gemini",
    "google": "gemini",
    "google_genai": "gemini",
    "google.generative-ai": "gemini",
    "gcp.vertex_ai": "vertex_ai",
    "google_vertexai": "vertex_ai",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "x_ai": "xai",
    "together": "together_ai",
    "fireworks": "fireworks_ai",
}
"""How telemetry calls providers -> how litellm does."""


class Price(NamedTuple):
    """US dollars a token. Prices of cached input are ``None`` where the table has none: then it costs like other input.

    ``longer`` are the prices of calls with more input tokens than a bound, by that bound, the largest first: such a call pays
    them for all of its tokens.
    """

    input_usd: float
    output_usd: float
    cache_read_usd: float | None = None
    cache_write_usd: float | None = None
    longer: tuple[tuple[int, Price], ...] = ()

    def of(self, input_tokens: int) -> Price:
        """The price of a call with so many input tokens."""
        return next((price for bound, price in self.longer if input_tokens > bound), self)


def cost_of(
    model: str | None,
    provider: str | None,
    input_tokens: int | None,
    output_tokens: int | None,
    *,
    cache_read: int | None = None,
    cache_write: int | None = None,
) -> float | None:
    """US dollars of one model call; ``None`` when the price or the tokens are not known.

    Cached tokens are counted within the input, as OpenTelemetry's GenAI conventions have it; where they are more than
    the input, as in Anthropic's own counts, they stand beside it.
    """
    if not model or (input_tokens is None and output_tokens is None):
        return None
    price = price_of(model, provider)
    if price is None:
        return None
    read, write, whole = cache_read or 0, cache_write or 0, input_tokens or 0
    is_within = read + write <= whole
    plain = whole - read - write if is_within else whole
    price = price.of(whole if is_within else whole + read + write)
    return (
        plain * price.input_usd
        + read * _or(price.cache_read_usd, price.input_usd)
        + write * _or(price.cache_write_usd, price.input_usd)
        + (output_tokens or 0) * price.output_usd
    )


def _or(known: float | None, otherwise: float) -> float:
    return otherwise if known is None else known


@lru_cache(maxsize=2_000)
def price_of(model: str, provider: str | None) -> Price | None:
    """The price of a model, under its own name, its provider's, or without the date in it."""
    table = _table()
    return next((table[name] for name in _names(model, provider) if name in table), None)


def _names(model: str, provider: str | None) -> Iterator[str]:
    model = model.strip().lower().removeprefix("models/")
    plain = model.rpartition("/")[2]
    said = (provider or "").strip().lower()
    told = _PROVIDERS.get(said) or _PROVIDERS.get(said.partition(".")[0]) or said.partition(".")[0]
    for name in (model, _without_date(model)):
        if told:
            yield f"{told}/{name}"
        yield name
    if "/" in model:
        # A gateway's own prefix: openrouter/openai/gpt-5 without a price of its own costs what the model costs.
        yield model.partition("/")[2]
        yield plain


def _without_date(model: str) -> str:
    tail = model[-_DATED:]
    digits = tail.replace("-", "")
    return model[:-_DATED] if tail[:1] == "-" and len(digits) == _DATED - 3 and digits.isdecimal() else model


_LOCK: Final = threading.Lock()


def _table() -> Mapping[str, Price]:
    with _LOCK:
        return _read_table()


@lru_cache(maxsize=1)
def _read_table() -> Mapping[str, Price]:
    path = _path()
    if path is None:
        return {}
    try:
        raw = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    prices = ((name.lower(), _price(entry)) for name, entry in raw.items())
    return {name: price for name, price in prices if price is not None}


def _path() -> Path | None:
    found = importlib.util.find_spec("litellm")
    places = [] if found is None else list(found.submodule_search_locations or ())
    return next((path for place in places if (path := Path(place) / _TABLE).is_file()), None)


def _price(entry: Any) -> Price | None:
    """``None`` without a price by token, or with nothing but zeros: of those nobody knows what they cost."""
    if type(entry) is not dict or entry.get("mode") not in (None, "chat", "completion", "responses", "embedding"):
        return None
    steps = [step for step in entry.get("tiered_pricing") or () if type(step) is dict]
    base = _of_step(entry, "") or (_of_step(steps[0], "") if steps else None)
    if base is None or not (base.input_usd or base.output_usd):
        return None
    longer = {**dict(_above(entry, base)), **dict(_stepped(steps))}
    return base._replace(longer=tuple(sorted(longer.items(), reverse=True)))


def _of_step(entry: Mapping[str, Any], suffix: str, otherwise: Price | None = None) -> Price | None:
    """The prices of an entry under names with this suffix; where some are missing, those of ``otherwise``."""
    given, made, read, write = (_usd(entry.get(f"{name}{suffix}")) for name in _PRICES)
    if otherwise is not None:
        given, made = _or(given, otherwise.input_usd), _or(made, otherwise.output_usd)
        read = otherwise.cache_read_usd if read is None else read
        write = otherwise.cache_write_usd if write is None else write
    return None if given is None or made is None else Price(given, made, read, write)


def _above(entry: Mapping[str, Any], base: Price) -> Iterator[tuple[int, Price]]:
    for name in entry:
        if (found := _ABOVE.fullmatch(name)) and (price := _of_step(entry, found[1], base)) is not None:
            yield int(found[2]) * 1000, price


def _stepped(steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Price]]:
    for step in steps[1:]:
        begins = step.get("range")
        if type(begins) is list and begins and type(begins[0]) in (int, float):
            price = _of_step(step, "")
            if price is not None:
                yield int(begins[0]), price


def _usd(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and 0 <= value < 1 else None
