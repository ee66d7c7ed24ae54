"""Is Hark well? Answers for those who watch the watcher: a load balancer, Prometheus, an uptime check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.http.gate import RETRY_AFTER_S, routes
from bot.replicas.roles import EVERY_ROLE, Role
from bot.slack.blocks.values import StatusReport
from bot.vitals import unready
from traces.store.patience import PEOPLE_S, patience

_UNREADY: Final = 503


class HealthEndpoints:
    """``/healthz``: the process answers. ``/readyz``: it does its work. ``/metrics``: its figures for Prometheus.

    Args:
        status: Looks up how Hark is.
        roles: What this process does: it is not ready for what is its own to do.
    """

    def __init__(self, status: Callable[[], StatusReport], roles: frozenset[Role] = EVERY_ROLE) -> None:
        self._status = status
        self._roles = roles
        self._own: Callable[[], list[str]] = list
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)

    def watch(self, own: Callable[[], list[str]]) -> None:
        """From now on also what is wrong in this process alone makes it not ready."""
        self._own = own

    def routes(self) -> list[Route]:
        return [
            *routes(["/healthz"], self._health, "GET"),
            *routes(["/readyz"], self._ready, "GET"),
            *routes(["/metrics"], self._metrics, "GET"),
        ]

    def _soon(self) -> StatusReport:
        with patience(PEOPLE_S):
            return self._status()

    async def _health(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _ready(self, _request: Request) -> Response:
        report = await run_in_threadpool(self._soon)
        problems = [*unready(report, self._roles), *self._own()]
        answer = {"status": "not ready" if problems else "ready", "awaiting_evaluation": report.queued}
        if problems:
            return JSONResponse({**answer, "problems": problems}, _UNREADY, {"retry-after": str(RETRY_AFTER_S)})
        return JSONResponse(answer)

    async def _metrics(self, _request: Request) -> Response:
        report = await run_in_threadpool(self._soon)
        body = exposition(report) + generate_latest(self._process)
        return Response(body, media_type=None, headers={"content-type": CONTENT_TYPE_LATEST})


def exposition(report: StatusReport) -> bytes:
    """A report in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Said(report))
    return generate_latest(registry)


class _Said(Collector):
    def __init__(self, report: StatusReport) -> None:
        self._report = report

    def collect(self) -> Iterable[Metric]:
        yield from _whole(self._report)
        yield from _evaluators(self._report)
        yield from _sources(self._report)
        yield _faults(self._report)


def _whole(report: StatusReport) -> Iterator[Metric]:
    ago = {
        "hark_last_ingest_age_seconds": ("Since the newest conversation arrived.", report.last_ingest_at),
        "hark_last_detection_age_seconds": ("Since detection last ran through.", report.last_detection_at),
    }
    for name, (text, at) in ago.items():
        # Never is no number: a gauge of zero would say that all is well.
        if at is not None:
            yield GaugeMetricFamily(name, text, value=max(0.0, (report.at - at).total_seconds()))
    alerts = GaugeMetricFamily("hark_alerts", "Live alerts by state.", labels=["state"])
    alerts.add_metric(["open"], report.open_alerts)
    alerts.add_metric(["acknowledged"], report.acknowledged_alerts)
    yield alerts
    plain: dict[str, tuple[str, float | None]] = {
        "hark_conversations_24h": ("Conversations of the last 24 hours.", report.conversations_24h),
        "hark_awaiting_evaluation": ("Conversations that wait to be evaluated.", report.queued),
        "hark_awaiting_review": ("Conversations that wait for a reviewer.", report.to_review),
        "hark_outbox_waiting": ("Messages that wait to be delivered.", report.outbox_backlog),
        "hark_outbox_oldest_seconds": (
            "How long the oldest message that is due has waited.",
            report.outbox_oldest_s or 0.0,
        ),
        "hark_dead_letters": ("Messages that were given up.", report.dead_letters),
        "hark_judge_spend_usd": ("Spent on judges today.", report.judge_spend_usd),
        "hark_judge_budget_usd": ("What judges may spend in a day.", report.judge_budget_usd),
        "hark_problems": ("What is wrong, as /hark status lists it.", len(report.problems)),
    }
    for name, (text, value) in plain.items():
        if value is not None:
            yield GaugeMetricFamily(name, text, value=value)


def _evaluators(report: StatusReport) -> Iterator[Metric]:
    scored = GaugeMetricFamily(
        "hark_evaluator_scored_24h", "Conversations scored in 24 hours.", labels=["evaluator", "version"]
    )
    failed = GaugeMetricFamily(
        "hark_evaluator_failed_24h", "Conversations on which it failed in 24 hours.", labels=["evaluator", "version"]
    )
    kappa = GaugeMetricFamily("hark_evaluator_kappa", "Agreement with reviewers, -1 to 1.", labels=["evaluator"])
    for evaluator in report.evaluators:
        scored.add_metric([evaluator.name, evaluator.version], evaluator.scored)
        failed.add_metric([evaluator.name, evaluator.version], evaluator.failed)
        if evaluator.agreement is not None:
            kappa.add_metric([evaluator.name], evaluator.agreement)
    yield from (scored, failed, kappa)


def _sources(report: StatusReport) -> Iterator[Metric]:
    lag = GaugeMetricFamily("hark_source_last_trace_age_seconds", "Since its newest trace.", labels=["source"])
    traces = GaugeMetricFamily("hark_source_traces_24h", "Traces of the last 24 hours.", labels=["source"])
    errors = GaugeMetricFamily("hark_source_errors_24h", "Failed polls and refused requests.", labels=["source"])
    rejected = GaugeMetricFamily("hark_source_rejected_24h", "What could not be read.", labels=["source"])
    for source in report.sources:
        traces.add_metric([source.name], source.traces_24h)
        errors.add_metric([source.name], source.errors_24h)
        rejected.add_metric([source.name], source.rejected_24h)
        if source.last_trace_at is not None:
            lag.add_metric([source.name], (report.at - source.last_trace_at).total_seconds())
    yield from (lag, traces, errors, rejected)


def _faults(report: StatusReport) -> Metric:
    standing = GaugeMetricFamily("hark_fault", "Faults of Hark itself that stand.", labels=["signal", "part"])
    for signal, part in report.faults:
        standing.add_metric([signal, part], 1)
    return standing
