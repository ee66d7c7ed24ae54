"""What receivers outside Slack are sent: what their documentation asks for, and nothing that a conversation could bend."""

from __future__ import annotations

import email.policy
import hashlib
import hmac
import smtplib
from email.parser import BytesParser

import httpx
import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given
from made import HOUR, NOW, alert

from bot.config.routes import ReceiverSettings
from bot.receivers.base import notice_of
from bot.receivers.email import Mail, MailServer
from bot.receivers.opsgenie import Opsgenie
from bot.receivers.pagerduty import PagerDuty
from bot.receivers.registry import receivers_of
from bot.receivers.webhook import Webhook
from traces.clock import FakeClock
from traces.errors import BadInput, Busy
from traces.model import AlertState, Segment
from traces.urlguard import GuardedClient, UrlGuard

STATES = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.RESOLVED)


class Vendor:
    """A server that takes what it is sent and answers as it is told."""

    def __init__(self, status=202, headers=None) -> None:
        self.status = status
        self.headers = headers or {}
        self.asked: list[httpx.Request] = []

    def __call__(self, request):
        self.asked.append(request)
        return httpx.Response(self.status, headers=self.headers, text="accepted, but not JSON")

    @property
    def client(self):
        guard = UrlGuard(resolver=lambda host, port: ["93.184.216.34"])
        return GuardedClient(guard, FakeClock(NOW), transport=httpx.MockTransport(self))

    @property
    def bodies(self):
        return [orjson.loads(request.content) for request in self.asked]


def notice(state=AlertState.OPEN, *, line="Refusal rate 25 %, expected 2–9 %", text="Since noon.", **more):
    changed = {key: more.pop(key) for key in ("alert_id", "segment", "updated_at") if key in more}
    return notice_of(alert(state=state, **changed), line, text, **more)


def test_pagerduty_opens_acknowledges_and_resolves_one_incident():
    vendor = Vendor()
    pager = PagerDuty(vendor.client, "R0UT1NG")
    for state in (*STATES, AlertState.SNOOZED):
        pager.tell(notice(state, url="https://slack.example/p1"))
    assert [b["event_action"] for b in vendor.bodies] == ["trigger", "acknowledge", "resolve", "acknowledge"]
    assert {b["dedup_key"] for b in vendor.bodies} == {"a-1"}
    assert {b["routing_key"] for b in vendor.bodies} == {"R0UT1NG"}
    trigger = vendor.bodies[0]
    assert trigger["payload"]["severity"] == "warning"
    assert trigger["payload"]["summary"].startswith("Refusal rate 25 %")
    assert trigger["links"][0]["href"] == "https://slack.example/p1"
    assert {r.headers["host"] for r in vendor.asked} == {"events.pagerduty.com"}
    assert {r.url.path for r in vendor.asked} == {"/v2/enqueue"}


def test_opsgenie_creates_acknowledges_and_closes_by_alias():
    vendor = Vendor()
    genie = Opsgenie(vendor.client, "K3Y", "https://api.eu.opsgenie.com/")
    for state in STATES:
        genie.tell(notice(state))
    assert [r.url.path for r in vendor.asked] == [
        "/v2/alerts", "/v2/alerts/a-1/acknowledge", "/v2/alerts/a-1/close",
    ]  # fmt: skip
    assert [dict(r.url.params) for r in vendor.asked] == [{}, *[{"identifierType": "alias"}] * 2]
    assert {r.headers["authorization"] for r in vendor.asked} == {"GenieKey K3Y"}
    assert {r.headers["host"] for r in vendor.asked} == {"api.eu.opsgenie.com"}
    created = vendor.bodies[0]
    assert (created["alias"], created["priority"], created["entity"]) == ("a-1", "P3", "refusal")


def test_a_webhooks_signature_proves_its_body_and_its_time():
    vendor = Vendor()
    Webhook(vendor.client, FakeClock(NOW), "https://hooks.example.com/hark", "s3cret").tell(notice())
    [request] = vendor.asked
    timestamp = request.headers["x-hark-timestamp"]
    mac = hmac.new(b"s3cret", timestamp.encode() + b"." + request.content, hashlib.sha256).hexdigest()
    assert request.headers["x-hark-signature"] == f"v1={mac}"
    assert int(timestamp) == int(NOW.timestamp())
    [body] = vendor.bodies
    assert (body["state"], body["severity"], body["segment"]) == ("open", "medium", {"model": "m & 1"})


def test_a_webhook_without_a_secret_is_not_signed():
    vendor = Vendor()
    Webhook(vendor.client, FakeClock(NOW), "https://hooks.example.com/hark").tell(notice())
    assert "x-hark-signature" not in vendor.asked[0].headers


def told_by(vendor):
    return [
        PagerDuty(vendor.client, "k"),
        Opsgenie(vendor.client, "k"),
        Webhook(vendor.client, FakeClock(NOW), "https://hooks.example.com/x?token=s3cret"),
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
def test_what_a_vendor_refuses_is_refused_for_good_and_its_url_keeps_its_secret(status):
    for receiver in told_by(Vendor(status)):
        with pytest.raises(BadInput) as refused:
            receiver.tell(notice())
        assert str(status) in refused.value.message
        assert "s3cret" not in refused.value.message


@pytest.mark.parametrize(("status", "said", "wait"), [(429, "17", 17), (503, "", 60), (500, "x", 60)])
def test_a_vendor_that_is_busy_is_asked_again_when_it_says(status, said, wait):
    for receiver in told_by(Vendor(status, {"retry-after": said})):
        with pytest.raises(Busy) as busy:
            receiver.tell(notice())
        assert busy.value.retry_after_s == wait


def test_a_webhook_on_the_private_network_is_refused_unless_it_is_allowed():
    settings = {"hook": ReceiverSettings(kind="webhook", url="https://127.0.0.1:9/hark")}
    with pytest.raises(BadInput, match="not public"):
        receivers_of(settings, {}, FakeClock(NOW))["hook"].tell(notice())


@given(line=st.text(max_size=2_000), text=st.text(max_size=500), value=st.text(max_size=80))
def test_whatever_a_conversation_says_vendors_get_json_within_their_limits(line, text, value):
    vendor = Vendor()
    for receiver in told_by(vendor):
        receiver.tell(notice(line=line, text=text, segment=Segment.of(topic=value)))
    pager, genie, hook = vendor.bodies
    assert len(pager["payload"]["summary"]) <= 1024
    assert len(genie["message"]) <= 130
    assert hook["segment"] == {"topic": value}


def test_what_is_private_in_a_line_does_not_leave():
    told = notice(line="asked by ann@example.com", text="call +1 212 555 0100 or ann@example.com")
    assert "ann@example.com" not in str(told.as_json())


# --- mail ------------------------------------------------------------------------------------------------


class Server:
    """A mail server at the end of ``connect``: it keeps what it is handed, or refuses it."""

    def __init__(self, failure=None) -> None:
        self.failure = failure
        self.sent: list[bytes] = []
        self.open = 0

    def __enter__(self):
        self.open += 1
        return self

    def __exit__(self, *_):
        self.open -= 1

    def send_message(self, message):
        if self.failure is not None:
            raise self.failure
        self.sent.append(message.as_bytes(policy=email.policy.SMTP))
        return {}

    @property
    def received(self):
        return [BytesParser(policy=email.policy.default).parsebytes(raw) for raw in self.sent]


def mail(server):
    return Mail(lambda: server, "Hark <hark@example.com>", ["oncall@example.com", "second@example.com"])


def test_mails_about_an_alert_are_one_thread_with_ids_of_their_own():
    server = Server()
    mail(server).tell(notice())
    mail(server).tell(notice(AlertState.ACKNOWLEDGED, is_first=False, updated_at=NOW + HOUR))
    mail(server).tell(notice(AlertState.RESOLVED, is_first=False, updated_at=NOW + 2 * HOUR))
    mail(server).tell(notice(AlertState.OPEN, is_first=False, updated_at=NOW + 3 * HOUR))
    root, *replies = server.received
    assert root["Message-ID"] == "<a-1@example.com>"
    assert root["In-Reply-To"] is None
    assert {reply["In-Reply-To"] for reply in replies} == {"<a-1@example.com>"}
    assert len({m["Message-ID"] for m in server.received}) == 4
    assert replies[0]["Subject"].startswith("Acknowledged: Refusal rate")
    assert root["To"] == "oncall@example.com, second@example.com"
    assert server.open == 0


@given(line=st.text(max_size=400), text=st.text(max_size=400), value=st.text(max_size=80))
def test_no_text_adds_a_header_or_a_recipient_to_a_mail(line, text, value):
    server = Server()
    hostile = f"{line}\r\nBcc: thief@example.com\n\nHello"
    mail(server).tell(notice(line=hostile, text=text, segment=Segment.of(topic=value)))
    [got] = server.received
    assert got["Bcc"] is None
    assert sorted(got.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    )
    assert got["To"] == "oncall@example.com, second@example.com"
    assert got.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (smtplib.SMTPDataError(451, b"later"), Busy),
        (smtplib.SMTPDataError(554, b"spam"), BadInput),
        (smtplib.SMTPAuthenticationError(535, b"who?"), BadInput),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"none")}), BadInput),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"greylisted"), "b": (451, b"later")}), Busy),
        (smtplib.SMTPNotSupportedError("STARTTLS"), BadInput),
        (smtplib.SMTPServerDisconnected("gone"), Busy),
        (ConnectionRefusedError(), Busy),
        (TimeoutError(), Busy),
    ],
)
def test_what_a_mail_server_refuses_is_given_up_and_what_it_cannot_do_now_is_tried_again(failure, expected):
    with pytest.raises(expected):
        mail(Server(failure)).tell(notice())


def test_a_mail_server_that_is_not_there_is_tried_again():
    nobody = MailServer(host="127.0.0.1", port=1, tls="none")
    with pytest.raises(Busy):
        Mail(nobody.connect, "hark@example.com", ["a@example.com"]).tell(notice())


def test_settings_make_every_kind_of_receiver():
    kinds = {
        "hook": ReceiverSettings(kind="webhook", url="https://hooks.example.com/"),
        "pager": ReceiverSettings(kind="pagerduty", key_env="K"),
        "genie": ReceiverSettings(kind="opsgenie", key_env="K"),
        "mail": ReceiverSettings(kind="email", host="h.example.com", sender="a@example.com", to=("b@example.com",)),
    }
    made = receivers_of(kinds, {}, FakeClock(NOW))
    assert {name: type(one) for name, one in made.items()} == {
        "hook": Webhook, "pager": PagerDuty, "genie": Opsgenie, "mail": Mail,
    }  # fmt: skip
