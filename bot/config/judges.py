"""The settings of judges: what each is asked, and what all together may cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.config.section import Section
from evaluators.judge.templates import TemplateName
from traces.model import Direction

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Share = Annotated[float, Field(ge=0, le=1)]
_Usd = Annotated[float, Field(ge=0, le=1_000_000)]
_RULES_NAME: int = 50


class ScriptedVerdict(Section):
    """One rule of a scripted judge: a pattern in the transcript and the verdict that it gives."""

    pattern: str = Field(description="Regular expression searched in the transcript.", examples=["refund"])
    verdict: Literal["yes", "no", "not_applicable"] = Field(description="Verdict when the pattern is found.")
    explanation: str = Field(default="", description="Explanation given with the verdict.")
    told: str = Field(
        default="",
        description="Regular expression: the rule holds only where the judge's criterion, with what was added to it, says this.",
    )


class JudgeSettings(Section):
    """A criterion that an LLM judges, with yes or no."""

    name: _Name = Field(description="Name of the score.", examples=["promised_refund"])
    template: TemplateName | None = Field(
        default=None,
        description="A criterion that comes with Hark, in place of a question of your own.",
        examples=["task_success"],
    )
    question: str = Field(
        default="",
        max_length=4_000,
        description="The yes/no question that the judge answers; with a template, in place of the template's.",
        examples=["Did the assistant promise a refund?"],
    )
    policy: str = Field(default="", max_length=20_000, description="The policy that the template policy is about.")
    goal: str = Field(default="", max_length=4_000, description="The goal that the template goal is about.")
    model: str = Field(
        min_length=1,
        description="litellm model name, e.g. openai/gpt-5-mini; 'scripted' answers by the rules in script.",
        examples=["openai/gpt-5-mini"],
    )
    fallback: tuple[str, ...] = Field(
        default=(),
        max_length=5,
        description="litellm models that are asked, in this order, when model gives no answer.",
    )
    bad: Direction | None = Field(
        default=None,
        description="Which way is bad for the share of yes: up, down or both; default: the template's, else up.",
        examples=[Direction.UP],
    )
    sample_rate: _Share = Field(default=1.0, description="Share of conversations that is judged.")
    stratify_by: str | None = Field(
        default=None,
        description="An evaluator that runs first: what it flags is judged at flagged_sample_rate.",
        examples=["refusal"],
    )
    flagged_sample_rate: float = Field(
        default=1.0, gt=0, le=1, description="Share of the conversations flagged by stratify_by that is judged."
    )
    cascade: bool = Field(
        default=False,
        description="Whether a classifier, learned from labels of this judge's question, answers where it is sure, "
        "and the judge is asked only where it is not.",
    )
    cascade_audit: float = Field(
        default=0.05, gt=0, le=1, description="Share of what the classifier is sure of that is judged all the same."
    )
    daily_usd: float | None = Field(
        default=None, ge=0, description="US dollars that this judge may cost in a day (UTC).", examples=[2.0]
    )
    usd_per_million: tuple[_Usd, _Usd] | None = Field(
        default=None,
        description="US dollars for a million tokens of input and of output, where the price table does not know the model.",
        examples=[[0.25, 2.0]],
    )
    api_base: str | None = Field(
        default=None,
        description="Base URL of the model's API, for a local or proxied model.",
        examples=["http://127.0.0.1:8000/v1"],
    )
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="Seconds to wait for an answer, in all.")
    max_tokens: int = Field(default=500, ge=16, le=16_000, description="Most tokens of an answer.")
    script: tuple[ScriptedVerdict, ...] = Field(default=(), description="Rules of a scripted judge, first match wins.")
    script_default: Literal["yes", "no", "not_applicable"] = Field(
        default="no", description="Verdict of a scripted judge when no rule matches."
    )
    script_guidance: str = Field(
        default="",
        max_length=1_500,
        description="What a scripted judge proposes for its criterion where reviewers disagree with it.",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> JudgeSettings:
        if self.template is None and len(self.question.strip()) < 3:  # noqa: PLR2004 - no shorter text asks anything
            raise ValueError(f"the judge {self.name} has no question; write one, or choose a template")
        for needed in ("policy", "goal"):
            if self.template == needed and not getattr(self, needed).strip():
                raise ValueError(f"the template {needed} needs the text of the {needed}: set {needed}")
        if self.template == "rule_adherence" and len(self.name) > _RULES_NAME:
            raise ValueError(f"the name of a judge of rules has at most {_RULES_NAME} characters")
        if self.cascade and (self.stratify_by is not None or self.template == "rule_adherence"):
            raise ValueError("cascade goes neither with stratify_by nor with rule_adherence; leave one of them out")
        if self.stratify_by is not None and self.sample_rate == 0:
            raise ValueError("sample_rate must be more than 0 beside stratify_by, so that every stratum has its share")
        return self


class JudgingSettings(Section):
    """What all judges together may do."""

    daily_usd: float | None = Field(
        default=10.0,
        ge=0,
        description="US dollars that all judges together may cost in a day (UTC); "
        "when it is spent, conversations are not judged until the next day.",
    )
    calls_per_minute: float = Field(default=120.0, gt=0, le=60_000, description="Calls begun in a minute.")
    at_once: int = Field(default=4, ge=1, le=64, description="Calls under way at the same time.")
    cache: bool = Field(
        default=True, description="Take the earlier answer, for 30 days, when the same judge reads the same content."
    )
