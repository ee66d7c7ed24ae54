"""Attacks of families, and honest requests, that were written down before the signs were tried on them.

    python -m benchmarks.injection_first_sight

What was seen at first sight, before any sign was changed, is kept beside each set: it is what a new family may expect. The
figures of today are higher, for the misses were read and signs were written for what they have in common.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from evaluators.injection import SUSPICIOUS, attempt_in

SETS: Final[list[dict[str, Any]]] = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8"),
)


def rate(texts: Sequence[str]) -> float:
    """Share of texts that are taken for attacks."""
    return sum(attempt_in(text).value >= SUSPICIOUS for text in texts) / len(texts)


def recall(families: dict[str, Sequence[str]]) -> float:
    """Mean over the families."""
    return sum(map(rate, families.values())) / len(families)


def main() -> None:
    print("| set | families | attacks | recall at first sight | now | honest | false alarms at first sight | now |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for one in SETS:
        families, honest = one["families"], one["honest"]
        print(
            f"| {one['name']} | {len(families)} | {sum(map(len, families.values()))} | {one['recall_at_first_sight']:.2f}"
            f" | {recall(families):.2f} | {len(honest)} | {one['false_alarms_at_first_sight']:.2f} | {rate(honest):.2f} |"
        )


if __name__ == "__main__":
    main()
