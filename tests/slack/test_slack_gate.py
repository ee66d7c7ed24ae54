"""Nothing that Slack did not sign gets past the gate, and nothing of it gets into the log."""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from http.client import HTTPConnection
from itertools import islice
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_house import NOON, SECRET, house, put_alert
from slack_people import FORM, MIA, Hands, signed
from web_double import ALERTS, SlackDouble

from bot.slack.gate import MAX_BODY_BYTES, refusal

MUTATIONS = 10_000
_CANARY = b"canary4711"


def _original(hark) -> bytes:
    put_alert(hark.store)
    hark.deliver()
    ts = hark.slack.roots(ALERTS)[0]["ts"]
    return Hands(hark.slack).press(ALERTS, ts, "alert_acknowledge", MIA, canary=_CANARY.decode()).form()


def _flip(data: bytes, chance: random.Random) -> bytes:
    place, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
    return data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


def _mutations(body: bytes, chance: random.Random):
    """Requests that are each a signed one with something wrong: ``(body, headers)``."""
    now = NOON.timestamp()
    good = {name.encode(): value.encode() for name, value in signed(SECRET, now, body).items()}
    stamp, signature = b"X-Slack-Request-Timestamp", b"X-Slack-Signature"

    def with_header(name: bytes, value: bytes):
        return body, {**good, name: value}

    def stale(seconds: int):
        return body, {k.encode(): v.encode() for k, v in signed(SECRET, now + seconds, body).items()}

    def flipped_digit():
        digits = good[signature].decode()
        place = chance.randrange(3, len(digits))
        other = chance.choice([d for d in "0123456789abcdef" if d != digits[place]])
        return with_header(signature, (digits[:place] + other + digits[place + 1 :]).encode())

    def garbage(most: int) -> bytes:
        return bytes(chance.choice(range(0x21, 0x100)) for _ in range(chance.randrange(1, most)))

    kinds = [
        lambda: (_flip(body, chance), good),
        flipped_digit,
        lambda: with_header(signature, garbage(80)),
        lambda: with_header(stamp, garbage(14)),
        lambda: with_header(signature, good[signature].upper()),
        lambda: with_header(signature, "v0=ü".encode() + good[signature][5:]),
        lambda: with_header(signature, b"v1=" + good[signature][3:]),
        lambda: with_header(signature, b"v0=" + b"0" * chance.randrange(30_000)),
        lambda: with_header(stamp, chance.choice([b"abc", b"inf", b"nan", b"-1", b"1e9", b"", b"17951760000"])),
        lambda: with_header(stamp, str(int(now) + chance.choice([-299, -1, 1, 299])).encode()),
        lambda: stale(chance.choice([-301, -302, -9_999, 301, 400, 86_400])),
        lambda: (body, {k: v for k, v in good.items() if k != chance.choice([stamp, signature])}),
        lambda: (body, {b"Content-Type": good[b"Content-Type"]}),
        lambda: (body[: chance.randrange(len(body))], good),
        lambda: (body + garbage(20), good),
        lambda: (b"", good),
        lambda: (b"payload=notjson", good),
        lambda: (b"payload=[" + _CANARY + b"]", good),
        lambda: (b"ssl_check=1&token=" + _CANARY, {}),
        lambda: (
            b'{"type": "url_verification", "challenge": "' + _CANARY + b'"}',
            {**good, b"Content-Type": FORM.encode()},
        ),
        lambda: (b"[" * chance.choice([1, 1_000, 100_000]), {**good, b"Content-Type": b"application/json"}),
        lambda: (b"payload=" + b"[" * 100_000, good),
    ]
    while True:
        made, headers = chance.choice(kinds)()
        if (made, headers) != (body, good):
            yield made, headers


def _statuses(endpoint: str, requests):
    """What each of the requests is answered, over one connection; a client library would be most of the time."""
    place = urlsplit(endpoint)
    connection = HTTPConnection(place.hostname, place.port, timeout=20)
    for made, headers in requests:
        connection.putrequest("POST", place.path)
        for name, value in {**headers, b"Content-Length": str(len(made)).encode()}.items():
            connection.putheader(name, value)
        connection.endheaders(made)
        answer = connection.getresponse()
        answer.read()
        if answer.will_close:
            connection.close()
        yield answer.status
    connection.close()


def test_ten_thousand_mutated_requests_are_all_refused_without_a_word_in_the_log(hark, caplog):
    body, chance = _original(hark), random.Random(20_261_120)
    before = hark.state()
    caplog.set_level(logging.INFO)
    statuses = Counter(_statuses(hark.endpoint, islice(_mutations(body, chance), MUTATIONS)))
    assert sum(statuses.values()) == MUTATIONS
    assert set(statuses) <= {400, 401, 413}, statuses
    assert statuses[401] > 0.9 * MUTATIONS
    hark.settle()
    assert hark.state() == before
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert _CANARY.decode() not in logged
    assert "block_actions" not in logged


def test_a_signed_request_that_nothing_listens_to_is_not_written_to_the_log(hark, caplog):
    caplog.set_level(logging.DEBUG)
    body = urlencode({"payload": json.dumps({"type": "shortcut", "callback_id": _CANARY.decode()})}).encode()
    answer = httpx.post(hark.endpoint, content=body, headers=signed(SECRET, NOON.timestamp(), body), trust_env=False)
    assert answer.status_code == 404
    assert _CANARY.decode() not in caplog.text


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(hark):
    body = b"payload=" + b"x" * MAX_BODY_BYTES
    answer = httpx.post(hark.endpoint, content=body, headers=signed(SECRET, NOON.timestamp(), body), trust_env=False)
    assert answer.status_code == 413


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_signature_is_good_for_five_minutes_either_way(seconds):
    headers = {k.lower(): v for k, v in signed(SECRET, NOON.timestamp() + seconds, b"x").items()}
    assert refusal(b"x", headers, SECRET, NOON) is None
    assert refusal(b"y", headers, SECRET, NOON) == "the signature does not match"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_that_is_older_or_from_the_future_has_expired(seconds):
    headers = {k.lower(): v for k, v in signed(SECRET, NOON.timestamp() + seconds, b"x").items()}
    assert refusal(b"x", headers, SECRET, NOON) == "the signature has expired"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "actions",
                    "view",
                    "user",
                    "team",
                    "container",
                    "action_id",
                    "callback_id",
                    "command",
                    "id",
                    "state",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
_KINDS = st.sampled_from(["block_actions", "view_submission", "shortcut", "message_action", "event_callback", "other"])


@settings(max_examples=150, deadline=None)
@given(
    payload=_JSON
    | st.builds(
        lambda kind, rest: {**rest, "type": kind},
        _KINDS,
        st.dictionaries(
            st.sampled_from(["actions", "view", "user", "team", "container", "event", "callback_id"]), _JSON, max_size=5
        ),
    )
)
def test_whatever_is_signed_is_answered_and_never_with_a_fault_of_ours(signed_slack, payload):
    status = signed_slack(payload)
    assert status < 500, payload


@pytest.fixture(scope="module")
def signed_slack(tmp_path_factory):
    """Sends any JSON as a signed interaction; returns the status."""
    database = f"sqlite:///{tmp_path_factory.mktemp('gate') / 'hark.db'}"
    with SlackDouble() as slack, house(slack, database) as hark, httpx.Client(trust_env=False, timeout=20) as client:

        def send(payload) -> int:
            body = urlencode({"payload": json.dumps(payload)}).encode()
            return client.post(hark.endpoint, content=body, headers=signed(SECRET, NOON.timestamp(), body)).status_code

        yield send
