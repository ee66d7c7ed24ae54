"""One simulated conversation, message by message, in the conversation JSON format."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from traces.clock import format_time

_CHARS_PER_TOKEN: Final = 4
_CONTEXT_TOKENS: Final = 640
_TOOL_SPEED_S: Final = (0.15, 1.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as it behaves: seconds to the first token and per hundred characters, US dollars per million tokens."""

    name: str
    provider: str
    ttft_s: float
    pace_s: float
    input_usd: float
    output_usd: float


MODELS: Final = (
    Model(name="gpt-5-mini", provider="openai", ttft_s=0.42, pace_s=0.55, input_usd=0.25, output_usd=2.0),
    Model(name="claude-haiku-4-5", provider="anthropic", ttft_s=0.36, pace_s=0.48, input_usd=1.0, output_usd=5.0),
)


@dataclass(slots=True)
class Talk:
    """Writes messages with what would have been measured of them; time passes as people read and type."""

    rng: random.Random
    at: datetime
    model: Model
    messages: list[dict[str, Any]] = field(default_factory=list)
    _heard: int = 0
    _calls: int = 0

    def system(self, text: str) -> None:
        self.messages.append({"role": "system", "content": text})

    def user(self, text: str) -> None:
        if self._heard:
            self._pass(self.rng.uniform(9, 70))
        self._say({"role": "user", "content": text})

    def agent(self, text: str, **more: Any) -> None:
        """An answer of the model, timed and priced."""
        self._say({"role": "assistant", "content": text, **self._measured(text), **more})

    def failing(self, error: str) -> None:
        """A call of the model that failed; the agent tries again afterwards."""
        waited_s = round(self.rng.uniform(1.0, 6.0), 3)
        self._pass(waited_s)
        self._say({"role": "assistant", "model": self.model.name, "latency_s": waited_s, "error": error})

    def tool(self, name: str, arguments: Mapping[str, Any], result: Mapping[str, Any], *, text: str = "") -> None:
        """A tool call of the model and what the tool answered."""
        self._calls += 1
        call_id = f"call_{self._calls}"
        written = orjson.dumps(arguments).decode()
        call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": written}}
        self._say({"role": "assistant", "content": text, "tool_calls": [call], **self._measured(text + written)})
        took_s = round(self.rng.uniform(*_TOOL_SPEED_S), 3)
        self._pass(took_s)
        answer = {"role": "tool", "tool_call_id": call_id, "name": name, "content": orjson.dumps(result).decode()}
        self._say({**answer, "latency_s": took_s})

    def _measured(self, written: str) -> dict[str, Any]:
        model, chance = self.model, self.rng
        ttft_s = model.ttft_s * chance.lognormvariate(0, 0.35)
        latency_s = ttft_s + model.pace_s * (0.4 + len(written) / 100) * chance.lognormvariate(0, 0.3)
        self._pass(latency_s)
        read = _CONTEXT_TOKENS + self._heard // _CHARS_PER_TOKEN
        produced = 6 + len(written) // _CHARS_PER_TOKEN
        return {
            "model": model.name,
            "latency_s": round(latency_s, 3),
            "ttft_s": round(ttft_s, 3),
            "input_tokens": read,
            "output_tokens": produced,
            "cost_usd": round((read * model.input_usd + produced * model.output_usd) / 1_000_000, 7),
        }

    def _say(self, message: dict[str, Any]) -> None:
        self._heard += len(message.get("content", ""))
        self.messages.append({**message, "timestamp": format_time(self.at)})

    def _pass(self, seconds: float) -> None:
        self.at += timedelta(milliseconds=round(seconds * 1000))
