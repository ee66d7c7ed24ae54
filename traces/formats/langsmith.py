"""LangSmith's runs as its API and bulk exports have them.

Read are single runs, one a line, lists of them, and the envelopes of queries. Field names: docs.langchain.com, "Run (span)
data format".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from traces.errors import BadInput
from traces.fields import under, wrong_kind
from traces.formats.read import Read, has
from traces.parts import Parts
from traces.sources.langsmith_runs import parts_of_run

_ENVELOPES = ("runs", "items", "data")


def recognises(value: Any) -> bool:
    if type(value) is dict:
        for key in _ENVELOPES:
            if type(value.get(key)) is list and value[key]:
                return recognises(value[key][0])
    return has(value, "run_type") and ("id" in value or "run_id" in value)


def read(value: Any, received_at: datetime) -> Read:
    """One run with the runs beneath it, or an envelope of runs.

    Raises:
        BadInput: It is no run; the error names the field.
    """
    if type(value) is not dict:
        wrong_kind(value, "a run")
    for key in _ENVELOPES:
        if type(value.get(key)) is list:
            return Read(parts=Parts.joined(_each(key, value[key], received_at)))
    return Read(parts=Parts.joined(parts_of_run(run, "post", received_at) for run in _flat(value)))


def _each(key: str, runs: list[Any], received_at: datetime) -> Iterator[Parts]:
    for place, run in enumerate(runs):
        try:
            yield read(run, received_at).parts
        except BadInput as wrong:
            raise under(f"{key}[{place}]", wrong) from None


def _flat(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A run in the form of the ingestion API, and all runs nested in it, each once."""
    waiting = [run]
    while waiting:
        one = waiting.pop()
        waiting += [child for child in one.get("child_runs") or () if type(child) is dict]
        yield _as_sent({key: value for key, value in one.items() if key != "child_runs"})


def _as_sent(run: dict[str, Any]) -> dict[str, Any]:
    """Exports name some things differently from what clients send: the parents as a list, tokens beside the outputs."""
    sent = dict(run)
    sent.setdefault("id", sent.pop("run_id", None))
    above = run.get("parent_run_ids")
    if sent.get("parent_run_id") is None and type(above) is list and above:
        sent["parent_run_id"] = above[-1]
    metadata = _metadata(run)
    if run.get("thread_id"):
        metadata.setdefault("thread_id", run["thread_id"])
    usage = {"input_tokens": run.get("prompt_tokens"), "output_tokens": run.get("completion_tokens")}
    if run.get("run_type") == "llm" and any(usage.values()):
        metadata.setdefault("usage_metadata", {key: value for key, value in usage.items() if value is not None})
    extra = run.get("extra")
    sent["extra"] = {**(extra if type(extra) is dict else {}), "metadata": metadata}
    return sent


def _metadata(run: dict[str, Any]) -> dict[str, Any]:
    extra = run.get("extra")
    inside = extra.get("metadata") if type(extra) is dict else None
    beside = run.get("metadata")
    return {**(beside if type(beside) is dict else {}), **(inside if type(inside) is dict else {})}
