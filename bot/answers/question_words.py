"""The words by which people call signals, segment keys and periods when they ask in their own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SIGNAL_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "latency": ("slow", "fast", "latenc", "response time", "how long", "wait", "speed", "quick", "sluggish"),
    "ttft": ("first token", "begin to answer", "start to answer", "starts answering"),
    "cost": ("cost", "expens", "cheap", "spend", "spent", "money", "price", "dollar", "bill"),
    "judge_spend": ("judge cost", "judges cost", "judge spend", "judges spend", "spent on judg", "cost of judg"),
    "volume": (
        "volume",
        "traffic",
        "busy",
        "usage",
        "how many conversation",
        "how many chat",
        "number of conversation",
    ),
    "error_rate": ("error", "fail", "exception", "crash", "timeout", "timed out", "outage"),
    "tool_error": ("tool error", "tool fail", "tools fail", "tool call fail", "tool calls fail", "failing tool"),
    "tool_loop": ("loop", "stuck"),
    "refusal": ("refus", "declin", "reject", "won't help", "cannot help", "can't help"),
    "groundedness": (
        "halluc",
        "ground",
        "made up",
        "make things up",
        "makes things up",
        "invent",
        "fabricat",
        "faithful",
    ),
    "relevance": ("relevan", "off topic", "off-topic"),
    "task_success": ("success", "succeed", "solve", "resolv", "complet", "accomplish"),
    "escalation": (
        "escalat",
        "hand off",
        "hand-off",
        "handoff",
        "hand over",
        "handed over",
        "to a human",
        "transferred",
    ),
    "abandonment": ("abandon", "drop off", "drop-off", "give up", "gave up", "leave early"),
    "frustration": ("frustrat", "angry", "annoy", "upset", "unhappy"),
    "user_feedback": ("thumb", "feedback", "rating", "stars"),
    "csat": ("csat", "satisf"),
    "rephrase": ("rephras", "ask again", "asked again"),
    "repetition": ("repeats itself", "repeat itself", "repetit"),
    "language_mismatch": ("wrong language", "language mismatch", "other language"),
    "prompt_injection": ("inject",),
    "jailbreak": ("jailbreak", "jail break", "jail-break"),
    "pii_leak": ("pii", "personal data", "privacy", "personal information"),
    "secret_leak": ("secret", "credential", "api key", "password"),
    "toxicity": ("toxic", "offensive", "insult", "rude", "abusive"),
    "policy": ("policy", "policies"),
    "rule_adherence": ("rule", "instructions"),
    "format": ("json", "malformed", "schema"),
    "turns": ("turns", "how many messages", "back and forth"),
    "answer_length": ("answer length", "long answer", "verbose", "wordy", "short answer"),
    "tokens_in": ("input token", "prompt token"),
    "tokens_out": ("output token", "completion token"),
    "input_drift": ("input drift", "new kinds of question", "unusual question"),
    "output_drift": ("output drift", "unusual answer"),
    "source_lag": ("lag", "late data"),
}
"""Beginnings of words, or of phrases, by signal; a longer one counts for more."""

KEY_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "model": ("model", "models", "llm", "llms"),
    "prompt_version": ("prompt", "prompts", "prompt version", "prompt versions"),
    "release": ("release", "releases", "version", "versions", "build", "builds", "deploy", "deployment"),
    "application": ("application", "applications", "app", "apps", "bot", "bots", "agent", "agents"),
    "environment": ("environment", "environments", "env"),
    "provider": ("provider", "providers", "vendor", "vendors"),
    "scenario": ("scenario", "scenarios", "topic", "topics", "intent", "intents", "use case", "use cases"),
    "topic": ("topic", "topics", "subject", "subjects"),
    "language": ("language", "languages", "locale", "locales"),
    "tool": ("tool", "tools"),
    "user_segment": ("user segment", "user segments", "plan", "plans", "tier", "tiers", "customer segment"),
    "source": ("source", "sources"),
}
"""What people say for a segment key."""

PERIOD_WORDS: Final[Mapping[str, int]] = {
    "hour": 1,
    "today": 24,
    "tonight": 24,
    "overnight": 24,
    "day": 24,
    "yesterday": 48,
    "weekend": 72,
    "week": 168,
    "fortnight": 336,
    "month": 720,
    "quarter": 2_160,
    "year": 8_760,
}
"""Hours back that a word stands for: questions are about what has been up to now."""
