"""Any model that litellm can reach."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any, Final

from evaluators.judge.criterion import Criterion
from evaluators.judge.model import JudgeError, JudgeReply

_KEYLESS: Final = ("openai/", "hosted_vllm/", "lm_studio/", "llamafile/")
_FINAL: Final = frozenset({400, 401, 402, 403, 404, 413, 422})
_FORM_REFUSED: Final = frozenset({400, 422})
_RUNGS: Final = 3


class LiteLLMJudgeModel:
    """Asks a model through litellm, in the strictest form of answer that its server takes.

    First with the JSON schema, then in JSON mode with the schema in the prompt, then in plain text. A server that
    refuses a form is not asked for it again. The provider's key comes from its usual environment variable unless
    ``api_key`` is given; a local server needs none.
    """

    def __init__(
        self,
        model: str,
        *,
        api_base: str | None = None,
        api_key: str | None = None,
        temperature: float = 0.0,
        max_tokens: int = 1_000,
        timeout_s: float = 60.0,
    ) -> None:
        self._model = model
        self._rung = 0
        self._api_key = api_key
        self._options: dict[str, Any] = {
            "model": model,
            "api_base": api_base,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "timeout": timeout_s,
            "max_retries": 0,
            "num_retries": 0,
            # Models that know no temperature, such as the reasoning ones, would refuse the call.
            "drop_params": True,
        }

    @classmethod
    def of(cls, criterion: Criterion, *, api_base: str | None = None, api_key: str | None = None) -> LiteLLMJudgeModel:
        """The model that ``criterion`` names, with its limits."""
        return cls(
            criterion.model,
            api_base=api_base,
            api_key=api_key,
            temperature=criterion.temperature,
            max_tokens=criterion.max_tokens,
            timeout_s=criterion.timeout_s,
        )

    @staticmethod
    def prepare() -> None:
        """Load litellm, which takes seconds, ahead of the first call."""
        _litellm()

    def problem(self) -> str | None:
        """What keeps the model from being asked, as far as can be told without asking it; ``None`` where nothing does."""
        litellm = _litellm()
        if not _has_provider(litellm, self._model):
            return f"no provider has the model {self._model!r}: write provider/model, such as openai/gpt-5-mini"
        if self._api_key or self._key() or not (missing := _missing_keys(litellm, self._model)):
            return None
        return f"the judge has no key: set {' or '.join(missing)}"

    def complete(self, system: str, user: str, schema: Mapping[str, Any]) -> JudgeReply:
        litellm = _litellm()
        for rung in range(self._rung, _RUNGS):
            try:
                response = litellm.completion(**self._options, **self._key(), **_form(rung, system, user, schema))
            except tuple(litellm.LITELLM_EXCEPTION_TYPES) as error:
                if rung + 1 < _RUNGS and _may_be_the_form(litellm, error):
                    continue
                raise self._judge_error(litellm, error) from None
            self._rung = rung
            return _reply(response)
        raise AssertionError("the last rung returns or raises")

    def _key(self) -> dict[str, str]:
        if self._api_key:
            return {"api_key": self._api_key}
        # The client insists on a key even for a server that asks for none.
        is_local = self._options["api_base"] and self._model.startswith(_KEYLESS) and "OPENAI_API_KEY" not in os.environ
        return {"api_key": "none"} if is_local else {}

    def _judge_error(self, litellm: ModuleType, error: Exception) -> JudgeError:
        """Says what went wrong without the provider's words, which may repeat the conversation or a key."""
        if isinstance(error, litellm.Timeout):
            return JudgeError("the judge did not answer in time", reason="timeout")
        if problem := self.problem():
            return JudgeError(problem, is_final=True)
        status = getattr(error, "status_code", None)
        kind = type(error).__name__
        return JudgeError(f"the judge's provider failed: {kind} (status {status})", is_final=status in _FINAL)


@cache
def _litellm() -> ModuleType:
    # Both are read at import: the price list comes with the package instead of from the network, and a .env file of
    # whatever directory we were started in is not loaded into our environment.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    import litellm

    litellm.suppress_debug_info = True
    # Its records can carry what was said in the conversation.
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    return litellm


def _form(rung: int, system: str, user: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    if rung == 0:
        wanted = {"name": "verdict", "strict": True, "schema": dict(schema)}
        form: dict[str, Any] = {"response_format": {"type": "json_schema", "json_schema": wanted}}
    elif rung == 1:
        system = f"{system}\nThe JSON object follows this schema: {json.dumps(dict(schema))}"
        form = {"response_format": {"type": "json_object"}}
    else:
        form = {}
    return {"messages": [{"role": "system", "content": system}, {"role": "user", "content": user}], **form}


def _may_be_the_form(litellm: ModuleType, error: Exception) -> bool:
    other_cause = (litellm.ContextWindowExceededError, litellm.ContentPolicyViolationError)
    return getattr(error, "status_code", None) in _FORM_REFUSED and not isinstance(error, other_cause)


def _has_provider(litellm: ModuleType, model: str) -> bool:
    try:
        litellm.get_llm_provider(model)
    except litellm.BadRequestError:
        return False
    return True


def _missing_keys(litellm: ModuleType, model: str) -> list[str]:
    return [str(name) for name in litellm.validate_environment(model=model)["missing_keys"]]


def _reply(response: Any) -> JudgeReply:
    choice = response.choices[0] if response.choices else None
    usage = getattr(response, "usage", None)
    return JudgeReply(
        text=(choice.message.content or "") if choice else "",
        input_tokens=getattr(usage, "prompt_tokens", None),
        output_tokens=getattr(usage, "completion_tokens", None),
        cost_usd=getattr(response, "_hidden_params", {}).get("response_cost"),
        finish_reason=(choice.finish_reason or "stop") if choice else "error",
    )
