"""How well the evaluators of code tell what labels say, and what they cost.

Run: ``python -m benchmarks.evaluators [directory]``; the directory (by default ``../shared/data``) holds labelled
conversations in the form of ``hark ingest``: injection.jsonl, pii.jsonl, groundedness.jsonl, abandonment.jsonl,
airline.jsonl. A set that is not there is skipped, and said to be. Families of attacks, refusals and dissatisfied turns that
were written for Hark come with it. What classifiers add is measured by ``benchmarks.classifiers``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import beta, rankdata

from benchmarks.injection_families import ATTACKS, HONEST, WRITTEN_FOR
from evaluators.base import Evaluator, traits_of
from evaluators.injection import SIGNS_OF_USERS, SUSPICIOUS, Signs, attempt_in
from evaluators.registry import BUILT_IN, build
from evaluators.run import run, run_all
from traces.model import Conversation, Document, Message, Score, ToolCall

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
STRUCTURED = {"EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS"}
WRITTEN = Path(__file__).parents[1] / "tests" / "unit" / "evaluators"
TURNS = 20
SETS = (
    ("prompt_injection", "injection.jsonl", "prompt_injection"),
    ("pii_leak", "pii.jsonl", "pii_spans"),
    ("groundedness", "groundedness.jsonl", "groundedness"),
    ("abandonment", "abandonment.jsonl", "abandonment"),
)


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
    evaluators = {e.name: e for e in build(enabled=tuple(BUILT_IN)) if traits_of(e).layer == 0}
    print(
        "| evaluator | set | n | positive | precision | recall | F1 | AUROC | ms |\n|---|---|---:|---:|---|---|---:|---:|---:|"
    )
    for name, file, label in SETS:
        if (directory / file).is_file():
            print(row(evaluators[name], file, list(labelled(directory / file, label))))
        else:
            print(f"skipped {name}: {directory / file} is not there")
    print(row(evaluators["refusal"], "answers written for Hark", list(answers())))
    print(row(evaluators["frustration"], "turns written for Hark", list(turns())))
    if (directory / "injection.jsonl").is_file():
        at_one_percent(
            evaluators["prompt_injection"], list(labelled(directory / "injection.jsonl", "prompt_injection"))
        )
    families()
    if (directory / "airline.jsonl").is_file():
        speed(evaluators, [conversation_of(json.loads(line)) for line in lines(directory / "airline.jsonl")])


def answers() -> Iterator[Labelled]:
    for number, written in enumerate(json.loads((WRITTEN / "answers_and_refusals.json").read_text("utf-8"))["answers"]):
        said = [{"role": "user", "content": "Please."}, {"role": "assistant", "content": written["text"]}]
        yield Labelled(conversation_of({"id": number, "messages": said}), written["refusal"])


def turns() -> Iterator[Labelled]:
    for number, written in enumerate(json.loads((WRITTEN / "dissatisfied_turns.json").read_text("utf-8"))["turns"]):
        said = [("user", "Hello."), ("assistant", written["agent"]), ("user", written["user"])]
        messages = [{"role": role, "content": content} for role, content in said]
        yield Labelled(conversation_of({"id": number, "messages": messages}), written["dissatisfied"])


def at_one_percent(evaluator: Evaluator, rows: Sequence[Labelled]) -> None:
    values, truths, _ = measure(evaluator, rows)
    honest = np.sort(values[~truths])[::-1]
    limit = honest[int(0.01 * len(honest))]
    print(f"\nprompt_injection at 1 % false alarms (above {limit:.2f}): recall {(values[truths] > limit).mean():.3f}")


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
        begun = time.process_time()
        outcome = run(evaluator, conversation)
        ms.append((time.process_time() - begun) * 1000)
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
    seen, unseen = [], []
    for family, texts in ATTACKS.items():
        left_out = WRITTEN_FOR.get(family, frozenset())
        others = Signs(sign for sign in SIGNS_OF_USERS if sign.family not in left_out)
        seen.append(found_in(texts, SIGNS_OF_USERS))
        shown = "-"
        if len(others) < len(SIGNS_OF_USERS):
            unseen.append(found_in(texts, others))
            shown = f"{unseen[-1]:.2f}"
        print(f"| {family} | {len(texts)} | {seen[-1]:.2f} | {shown} |")
    print(f"| mean | | {np.mean(seen):.2f} | {np.mean(unseen):.2f} |")
    alarms = found_in(HONEST, SIGNS_OF_USERS)
    print(f"| honest requests that sound like attacks (false alarms) | {len(HONEST)} | {alarms:.2f} | - |")


def found_in(texts: Sequence[str], signs: Signs) -> float:
    return sum(attempt_in(text, signs).value >= SUSPICIOUS for text in texts) / len(texts)


def speed(evaluators: Mapping[str, Evaluator], conversations: Sequence[Conversation]) -> None:
    """Milliseconds of CPU time, so that what else the machine does matters less."""
    for evaluator in evaluators.values():
        run(evaluator, conversations[0])
    cut = [replace(c, messages=c.messages[: TURNS + 1]) for c in conversations if len(c.messages) > TURNS]
    print("\n| all evaluators of code | n | p50 ms | p95 ms |\n|---|---:|---:|---:|")
    for name, several in ((f"{TURNS} messages after the system prompt", cut), ("whole conversations", conversations)):
        p50, p95 = np.percentile([cpu_ms(list(evaluators.values()), c) for c in several], [50, 95])
        print(f"| {name} | {len(several)} | {p50:.1f} | {p95:.1f} |")
    print("\n| evaluator | p50 ms | p95 ms | share of positives on airline.jsonl |\n|---|---:|---:|---:|")
    for evaluator in evaluators.values():
        values, _, _ = measure(evaluator, [Labelled(conversation, truth=False) for conversation in conversations])
        p50, p95 = np.percentile([cpu_ms([evaluator], c) for c in conversations], [50, 95])
        print(f"| {evaluator.name} | {p50:.2f} | {p95:.2f} | {(values >= SUSPICIOUS).mean():.3f} |")


def cpu_ms(evaluators: Sequence[Evaluator], conversation: Conversation) -> float:
    # Texts of their own, so that no cache of this process knows them.
    messages = tuple(replace(message, content=f"{message.content} ") for message in conversation.messages)
    mine = replace(conversation, messages=messages)
    begun = time.process_time()
    for evaluator in evaluators:
        run_all(evaluator, mine)
    return (time.process_time() - begun) * 1000


if __name__ == "__main__":
    main()
