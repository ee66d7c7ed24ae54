"""How well the evaluators tell what labels say, and what they cost.

Run: ``python -m benchmarks.evaluators [directory]``; the directory (by default ``../shared/data``) holds labelled
conversations in the form of ``hark ingest``: injection.jsonl, pii.jsonl, groundedness.jsonl, abandonment.jsonl. A set that
is not there is skipped, and said to be. Families of attacks come with the benchmark.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import beta, rankdata

from benchmarks.injection_families import ATTACKS, HONEST, WRITTEN_FOR
from evaluators.base import Evaluator
from evaluators.injection import SIGNS_OF_USERS, SUSPICIOUS, Signs, attempt_in
from evaluators.registry import BUILT_IN, build
from evaluators.run import run
from traces.model import Conversation, Document, Message, Score, ToolCall

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
STRUCTURED = {"EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS"}
CODE = ("prompt_injection", "indirect_injection", "pii_leak", "secret_leak", "toxicity", "missing_disclaimer",
        "unsafe_tool_use", "groundedness", "user_feedback", "refusal", "tool_error", "rephrase")  # fmt: skip


class Labelled(NamedTuple):
    conversation: Conversation
    truth: bool


class Measured(NamedTuple):
    """Values of the conversations that the evaluator applies to, their truths, and milliseconds for each."""

    values: np.ndarray
    truths: np.ndarray
    ms: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, nargs="?", default=Path(__file__).parents[2] / "shared" / "data")
    directory = parser.parse_args().directory
    evaluators = {e.name: e for e in build(enabled=[name for name in CODE if name in BUILT_IN])}
    print(
        "| evaluator | set | n | positive | precision | recall | F1 | AUROC | ms |\n|---|---|---:|---:|---|---|---:|---:|---:|"
    )
    for name, file, label in (
        ("prompt_injection", "injection.jsonl", "prompt_injection"),
        ("pii_leak", "pii.jsonl", "pii_spans"),
        ("groundedness", "groundedness.jsonl", "groundedness"),
        ("abandonment", "abandonment.jsonl", "abandonment"),
    ):
        if not (directory / file).is_file():
            print(f"skipped {name}: {directory / file} is not there")
        elif name in BUILT_IN:
            evaluator = evaluators.get(name) or next(e for e in build(enabled=[name]) if e.name == name)
            print(row(evaluator, file, list(labelled(directory / file, label))))
    families()
    if (directory / "airline.jsonl").is_file():
        speed(evaluators, [conversation_of(json.loads(line)) for line in lines(directory / "airline.jsonl")])


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def labelled(path: Path, label: str) -> Iterator[Labelled]:
    for line in lines(path):
        read = json.loads(line)
        value = next(entry["value"] for entry in read["labels"] if entry["name"] == label)
        truth = any(kind in STRUCTURED for _, _, kind in value) if isinstance(value, list) else bool(value)
        yield Labelled(conversation_of(read), truth)


def conversation_of(read: dict[str, Any]) -> Conversation:
    messages = tuple(message_of(message) for message in read["messages"])
    return Conversation(conversation_id=str(read.get("id")), started_at=AT, ended_at=AT, messages=messages)


def message_of(read: dict[str, Any]) -> Message:
    calls = [call.get("function", call) for call in read.get("tool_calls") or ()]
    return Message(
        role=read["role"],
        content=read.get("content") or "",
        name=read.get("name"),
        documents=tuple(Document(content=document["content"]) for document in read.get("documents", ())),
        tool_calls=tuple(ToolCall(name=call["name"], arguments=str(call.get("arguments", ""))) for call in calls),
    )


def measure(evaluator: Evaluator, rows: Sequence[Labelled]) -> Measured:
    values, truths, ms = [], [], []
    for conversation, truth in rows:
        begun = time.perf_counter()
        outcome = run(evaluator, conversation)
        ms.append((time.perf_counter() - begun) * 1000)
        values.append(outcome.value if isinstance(outcome, Score) and outcome.value is not None else 0.0)
        truths.append(truth)
    return Measured(np.array(values), np.array(truths), np.array(ms))


def row(evaluator: Evaluator, file: str, rows: Sequence[Labelled]) -> str:
    values, truths, ms = measure(evaluator, rows)
    found = values >= SUSPICIOUS
    hits = int((found & truths).sum())
    precision, recall = share(hits, int(found.sum())), share(hits, int(truths.sum()))
    f1 = 2 * hits / max(1, int(found.sum() + truths.sum()))
    cells = (
        evaluator.name,
        file,
        len(rows),
        int(truths.sum()),
        precision,
        recall,
        f"{f1:.3f}",
        f"{auroc(values, truths):.3f}",
    )
    return "| " + " | ".join(map(str, cells)) + f" | {ms.mean():.3f} |"


def share(k: int, n: int) -> str:
    """``k / n`` with its exact 95 % interval (Clopper and Pearson, 1934)."""
    if not n:
        return "-"
    low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return f"{k / n:.3f} ({low:.2f}-{high:.2f})"


def auroc(values: np.ndarray, truths: np.ndarray) -> float:
    """The chance that a positive has a higher value than a negative, ties counting half."""
    positives = int(truths.sum())
    negatives = len(truths) - positives
    ranks = rankdata(values)[truths].sum()
    return (
        float((ranks - positives * (positives + 1) / 2) / (positives * negatives))
        if positives and negatives
        else float("nan")
    )


def families() -> None:
    print("\n| family of attacks | n | recall | without the signs written for it |\n|---|---:|---:|---:|")
    for family, texts in ATTACKS.items():
        left_out = WRITTEN_FOR.get(family)
        others = Signs(sign for sign in SIGNS_OF_USERS if left_out is None or sign.family not in left_out)
        known = sum(attempt_in(text).value >= SUSPICIOUS for text in texts) / len(texts)
        unseen = sum(attempt_in(text, others).value >= SUSPICIOUS for text in texts) / len(texts)
        apart = len(others) < len(SIGNS_OF_USERS)
        print(f"| {family} | {len(texts)} | {known:.2f} | {f'{unseen:.2f}' if apart else '-'} |")
    flagged = [text for text in HONEST if attempt_in(text).value >= SUSPICIOUS]
    print(
        f"| honest requests that sound like attacks (false alarms) | {len(HONEST)} | {len(flagged) / len(HONEST):.2f} | - |"
    )


def speed(evaluators: dict[str, Evaluator], conversations: Sequence[Conversation]) -> None:
    print("\n| evaluator | p50 ms | p95 ms | share of positives on airline.jsonl |\n|---|---:|---:|---:|")
    for evaluator in evaluators.values():
        values, _, ms = measure(evaluator, [Labelled(conversation, truth=False) for conversation in conversations])
        p50, p95 = np.percentile(ms, [50, 95])
        print(f"| {evaluator.name} | {p50:.2f} | {p95:.2f} | {(values >= SUSPICIOUS).mean():.3f} |")


if __name__ == "__main__":
    main()
