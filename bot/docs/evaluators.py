"""``docs/evaluators.md``: who scores conversations, and what each can and cannot see."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from bot.docs.markdown import code, generated, page, table, toml
from evaluators.base import Evaluator, traits_of
from evaluators.judge import TEMPLATES, criterion_of
from evaluators.registry import BUILT_IN, build
from traces.model import Direction

_INTRODUCTION = """
An evaluator says one thing of one conversation: a score from 0 to 1, where 1 means that what its name says is the
case. When it cannot tell, that is a failure, which is counted and never taken for a 0; when it does not apply, it says
nothing. Its version changes whenever it may say something else of the same conversation.

All run that need no configuration. Those that do run as soon as they have options, which go into a table of their name;
other options make another version. `hark evaluators` and `/hark evaluators` list them all: whether each is on, and if not
why, what it scored and flagged in the last seven days, how often it failed, how far reviewers agree, and what judges cost.
[Your own](evaluators-own.md) take ten lines of Python.

```toml
[evaluators]
enabled = ["rule_adherence"]
disabled = ["rephrase"]

[evaluators.options.format]
json = true
max_chars = 2000
```

## When they run

Those that run *on arrival* look at once, and again whenever a conversation grows: all safety checks are among them. Those
that run *when quiet* wait until nothing was said for a while. That time is learned once a day, for each application, from the
latest 500 conversations: it is longer than 98 of 100 pauses that its users make between turns, at least a minute and at
most an hour; until 100 pauses were seen it is five minutes. [`conversations.quiet_minutes`](configuration.md) sets it for
good. A conversation that goes on after that is scored again when it is quiet again; what was said of it before is kept as
history and counts no more.

Judges are asked in a pass of their own, so that nothing else waits for a model. A conversation that waits for its judges is
marked in the database, and is judged after a crash or a restart.

## Reviewers' time

`review.items_per_day` cards a day are shared out among the evaluators. One that flags little gets all of it seen; what noisy
ones flag is thinned, alike for each, and a fifth is drawn from what nobody flagged. Nobody gets more than a third of
[`review.most_per_day`](configuration.md). The chance with which a conversation was picked is kept with it.

"""
_JUDGES = """
A `[[judges]]` entry in [`hark.toml`](configuration.md) is a yes/no question that a model answers of whole
conversations. A judge takes the place of the evaluator of the same name. It runs when the conversation is quiet; `sample_rate` picks a stable share of the conversations, and every score keeps
the probability with which its conversation was picked. The score carries the model's explanation, a quotation that
was found in the conversation, tokens and cost.

An answer that cannot be read is asked for once more and is a failure after that, never a "no". The version is a hash
of everything that the answer depends on: question, model, and Hark's own prompt.

The rules of the system prompt, budgets, samples, fallbacks and failures: see [judges](judges.md).

The model `scripted` answers by regular expressions of the configuration and costs nothing: for tests and trials.

With `template`, a judge needs no question of its own. One call to the model, seconds and money, for each conversation judged:
"""
_LABELS = """
Reviewers answer the evaluator's question with the buttons under a conversation, or labels come from a file
(`hark labels import`). As soon as there are labels, `hark calibrate` and the running Hark measure the evaluator against
them: threshold, true positive and true negative rate, Cohen's kappa, and the share that is really true with its 95 %
interval. An evaluator whose verdicts tell too little is marked as not usable; its rate then rests on the labels alone.

The same labels teach [classifiers](classifiers.md): one for each evaluator, which speaks in place of the rules once it is
better by more than chance.
"""
_LAYERS = ("Code", "A classifier", "A judge")
_WHEN = {"arrival": "on arrival", "quiet": "when quiet"}
_BAD = {Direction.UP: "a rise", Direction.DOWN: "a fall", Direction.BOTH: "either way"}


def evaluators_page() -> str:
    return page(
        generated("Evaluators"),
        _INTRODUCTION.strip(),
        "## At a glance",
        _overview(),
        *(_about(evaluator) for evaluator in build(enabled=tuple(BUILT_IN))),
        "## Judges",
        _JUDGES.strip(),
        _templates(),
        "## Labels",
        _LABELS.strip(),
    )


def _overview() -> str:
    rows = [
        [
            code(e.name),
            _LAYERS[traits_of(e).layer].lower(),
            _WHEN[e.when],
            ", ".join(traits_of(e).needs),
            "off" if BUILT_IN[e.name].off else "on",
        ]
        for e in build(enabled=tuple(BUILT_IN))
    ]
    return table(["Evaluator", "Layer", "Runs", "Reads", "By default"], rows)


def _templates() -> str:
    criteria = [criterion_of(name, policy="–", goal="–", model="–") for name in TEMPLATES]
    rows = [[code(c.name), c.question, c.summary, _BAD[c.bad]] for c in criteria]
    return table(["Template", "Question", "What it sees, and what not", "Bad is"], rows)


def _about(evaluator: Evaluator) -> str:
    traits, off = traits_of(evaluator), BUILT_IN[evaluator.name].off
    state = f"Off by default: {off}" if off else "On by default"
    facts = [
        f"- {state}. {_LAYERS[traits.layer]}, version {code(evaluator.version)}, runs {_WHEN[evaluator.when]}; {_BAD[evaluator.bad]} is bad.",
        f"- Reads {', '.join(traits.needs)}; takes {traits.cost} for a conversation of twenty turns.",
        f"- Reviewers are asked: *{evaluator.question}*",
        f"- Buttons: *{evaluator.yes_label}*, *{evaluator.no_label}*",
    ]
    return page(
        f"## `{evaluator.name}`",
        " ".join(evaluator.summary.split()),
        "\n".join(facts),
        _options_of(BUILT_IN[evaluator.name].options),
    )


def _options_of(model: type[Any] | None) -> str:
    """A table of an evaluator's options; nothing where it has none."""
    if model is None:
        return ""
    plain = model()
    rows = [
        [code(f.name), code(toml(getattr(plain, f.name))), f.metadata.get("description", "")] for f in fields(model)
    ]
    return page(model.__doc__ or "", table(["Option", "Default", "Meaning"], rows))
