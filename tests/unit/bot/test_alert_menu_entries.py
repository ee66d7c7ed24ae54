"""Which five of its entries the menu of an alert offers, and where those lead."""

from __future__ import annotations

from typing import Any

import pytest
from made import NOW, alert

from bot.slack.blocks.alert import alert_message
from bot.slack.blocks.alert_menu import MORE
from bot.slack.check import check
from bot.slack.render import Renderer
from bot.trace_pages import TracePage
from traces.model import AlertState

RUNBOOK = "https://wiki.example.com/refusals"
PAGE = TracePage(source="prod", url="https://traces.example.com/trace/t1")
LABELS = ["Expected", "Noise"]


def menu(signal: str = "refusal", state: str = "open", detail: Any = None, **links: Any) -> dict[str, str | None]:
    shown = alert(signal=signal, state=AlertState(state), acknowledged_at=NOW, snoozed_until=NOW, detail=detail or {})
    payload = alert_message(shown, Renderer((), {}).signal(signal), delivery_id="alert:a-1", **links).payload()
    assert check(payload, "message") == []
    elements = [e for block in payload["blocks"] for e in block.get("elements", []) if e.get("action_id") == MORE]
    return {entry["text"]["text"]: entry.get("url") for e in elements for entry in e["options"]}


@pytest.mark.parametrize(
    ("state", "links", "offered"),
    [
        ("open", {}, ["Snooze…", *LABELS, "Tune…", "Why am I told?"]),
        ("open", {"runbook": RUNBOOK}, ["Snooze…", *LABELS, "Runbook", "Why am I told?"]),
        ("open", {"trace_page": PAGE}, ["Snooze…", *LABELS, "Open in the trace store", "Why am I told?"]),
        (
            "open",
            {"runbook": RUNBOOK, "trace_page": PAGE},
            ["Snooze…", *LABELS, "Runbook", "Open in the trace store"],
        ),
        (
            "acknowledged",
            {"runbook": RUNBOOK, "trace_page": PAGE},
            [*LABELS, "Runbook", "Open in the trace store", "Tune…"],
        ),
        ("snoozed", {}, ["Snooze…", *LABELS, "Tune…", "Why am I told?"]),
        ("snoozed", {"runbook": RUNBOOK}, [*LABELS, "Runbook", "Tune…", "Why am I told?"]),
        ("resolved", {"runbook": RUNBOOK, "trace_page": PAGE}, []),
    ],
)
def test_of_more_than_fits_the_menu_offers_what_serves_most_in_the_alerts_state(state, links, offered):
    assert list(menu(state=state, **links)) == offered


def test_the_links_lead_where_they_say():
    found = menu(runbook=RUNBOOK, trace_page=PAGE)
    assert {text: url for text, url in found.items() if url} == {
        "Runbook": RUNBOOK,
        "Open in the trace store": PAGE.url,
    }


def test_what_is_wrong_with_hark_itself_leads_to_no_trace_and_a_fault_is_not_tuned():
    assert "Open in the trace store" not in menu("source_lag", trace_page=PAGE)
    fault = {"fault": {"line": "The disk is full", "way_out": "Make room."}}
    assert "Tune…" not in menu("disk_space", detail=fault)


def test_an_address_that_slack_would_refuse_is_no_reason_to_lose_the_alert():
    long = TracePage(source="prod", url=f"https://traces.example.com/{'t' * 3_000}")
    assert "Open in the trace store" not in menu(trace_page=long)
