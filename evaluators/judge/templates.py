"""Criteria that come with Hark."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from string import Template
from typing import Any, Final, Literal, get_args

from evaluators.judge.criterion import Criterion, Example
from traces.errors import BadInput
from traces.model import Direction

TemplateName = Literal[
    "task_success", "groundedness", "relevance", "policy", "tool_correctness", "goal", "rule_adherence"
]
TEMPLATES: Final[tuple[TemplateName, ...]] = get_args(TemplateName)


def criterion_of(template: TemplateName, *, policy: str = "", goal: str = "", **fields: Any) -> Criterion:
    """A criterion made of a template.

    Args:
        template: Its name.
        policy: The policy's text, for the template ``policy``.
        goal: The goal's text, for the template ``goal``.
        **fields: Fields of the criterion, which win over those of the template; ``name`` is the template's by default.

    Raises:
        BadInput: When the template needs a text that is not given, or a field makes no sense.
    """
    content = _templates()[template]
    given = {"policy": policy.strip(), "goal": goal.strip()}
    needed = content.get("needs")
    if needed is not None and not given[needed]:
        raise BadInput(f"the template {template} needs the text of the {needed}", needed)
    return Criterion(
        **{
            "name": template,
            "question": content["question"],
            "notes": Template(content.get("notes", "")).safe_substitute(given).strip(),
            "examples": tuple(Example(**example) for example in content.get("examples", ())),
            "bad": Direction(content["bad"]),
            "summary": content["summary"],
            "yes_label": content["yes_label"],
            "no_label": content["no_label"],
            **fields,
        }
    )


@cache
def _templates() -> dict[str, dict[str, Any]]:
    text = resources.files("evaluators").joinpath("prompts/templates.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
