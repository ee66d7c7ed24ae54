from __future__ import annotations

import json
import sys

import pytest

from alerts.signals import BUILT_IN as SIGNALS
from bot.cli import main
from bot.names import ELSEWHERE, PARTS, told_of
from evaluators.judge import TEMPLATES
from evaluators.registry import BUILT_IN
from traces.errors import BadInput

CATALOGUE = {*BUILT_IN, *TEMPLATES}
PROMISED = [
    "task_success",
    "escalation",
    "abandonment",
    "goal",
    "groundedness",
    "relevance",
    "rule_adherence",
    "refusal",
    "language_mismatch",
    "format",
    "tool_correctness",
    "user_feedback",
    "frustration",
    "disagreement",
    "rephrase",
    "repetition",
    "copied",
    "accepted",
    "csat",
    "prompt_injection",
    "jailbreak",
    "pii_leak",
    "secret_leak",
    "toxicity",
    "policy",
    "missing_disclaimer",
    "unsafe_tool_use",
    "volume",
    "error_rate",
    "latency",
    "ttft",
    "tokens_in",
    "tokens_out",
    "cost",
    "turns",
    "answer_length",
    "tool_error",
    "tool_loop",
    "steps",
    "tools_used",
    "interruption",
    "silence",
    "talk_ratio",
    "turn_latency",
    "speech_confidence",
    "input_drift",
    "output_drift",
    "new_topic",
    "source_lag",
    "no_data",
    "evaluator_failure",
    "judge_spend",
]


@pytest.mark.parametrize("name", PROMISED)
def test_every_name_that_hark_promises_is_an_evaluator_a_signal_or_explained(name):
    told = told_of(name, CATALOGUE)
    assert told.lines or told.evaluators == (name,)


def test_names_of_parts_and_signals_lead_to_what_there_is():
    assert {whole for whole, _ in PARTS.values()} <= CATALOGUE
    assert {name for names in ELSEWHERE.values() for name in names} <= {signal.name for signal in SIGNALS}
    assert not CATALOGUE & {signal.name for signal in SIGNALS}


def test_a_name_of_another_product_leads_to_ours():
    assert told_of("faithfulness", CATALOGUE).evaluators == ("groundedness",)
    assert told_of("Jail-Break", CATALOGUE | {"jail_break"}).evaluators == ("jail_break",)
    assert told_of("JAILBREAK", CATALOGUE).evaluators == ("prompt_injection",)


def test_what_is_nothing_is_refused_with_what_may_have_been_meant():
    with pytest.raises(BadInput, match="did you mean refusal"):
        told_of("refusel", CATALOGUE)
    with pytest.raises(BadInput, match="lists all"):
        told_of("zzzzzz", CATALOGUE)


@pytest.fixture
def hark(monkeypatch, nobodys_settings, capsys):
    """Runs a command in an empty directory, with no one else's settings."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["hark", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return run


def test_the_command_explains_an_evaluator_an_alias_and_a_signal(hark):
    assert "runs on arrival" in hark("evaluators", "refusal")[1].out
    jailbreak = hark("evaluators", "jailbreak")[1].out
    assert jailbreak.startswith("jailbreak: a part of prompt_injection")
    assert "last 7 days: 0 scored" in jailbreak
    assert "turns: a signal, not an evaluator" in hark("evaluators", "turns")[1].out
    cards = json.loads(hark("evaluators", "hallucination", "--json")[1].out)
    assert [card["name"] for card in cards] == ["groundedness"]


def test_the_command_ends_with_2_for_what_is_nothing(hark):
    code, said = hark("evaluators", "nothing_at_all")
    assert code == 2
    assert "no evaluator and no signal 'nothing_at_all'" in said.err
