"""Keys let clients in, in whichever header they come, and wrong ones stay outside."""

from __future__ import annotations

import base64
import stat
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.keys import APPLICATION, Door, Keyring, is_loopback, make_key, pepper_of, presented
from traces.errors import BadInput

PEPPER = b"p" * 32


async def tell(_request):
    return JSONResponse({"application": APPLICATION.get()})


def inner():
    paths = ["/v1/traces", "/hooks/retell", "/hooks/vapi", "/healthz", "/slack/events", "/info"]
    return Starlette(routes=[Route(path, tell, methods=["GET", "POST"]) for path in paths])


class Client:
    """What a client sees of a Hark behind keys."""

    def __init__(self, store, clock, *, required=True):
        self.clock = clock
        keyring = Keyring(store, PEPPER, clock)
        self.door = Door(inner(), keyring, clock, required=required, signed=["/hooks/retell"])

    def send(self, path="/v1/traces", method="POST", **headers):
        import asyncio

        async def go():
            transport = httpx.ASGITransport(app=self.door)
            async with httpx.AsyncClient(transport=transport, base_url="http://hark") as client:
                return await client.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})

        return asyncio.run(go())

    def asked(self, scope):
        """The status of a request whose path is not tidied up first."""
        import asyncio

        said = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            said.append(message.get("status"))

        asyncio.run(self.door(scope, receive, send))
        return said[0]


@pytest.fixture
def client(store, clock):
    return Client(store, clock)


def basic(user, password):
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    "headers",
    [
        lambda key: {"authorization": f"Bearer {key}"},
        lambda key: {"authorization": key},
        lambda key: {"authorization": basic(key, "")},
        lambda key: {"authorization": basic("pk-lf-1", key)},
        lambda key: {"x_api_key": key},
        lambda key: {"x_auth_token": key},
        lambda key: {"helicone_auth": f"Bearer {key}"},
    ],
)
def test_a_key_opens_the_door_in_every_header_that_clients_use(client, store, headers):
    _, key = make_key(store, PEPPER, NOW, name="shop", application="shop")
    answer = client.send(**headers(key))
    assert (answer.status_code, answer.json()) == (200, {"application": "shop"})


def test_a_webhook_that_its_platform_signs_needs_no_key_and_is_held_to_one_that_it_shows(client, store):
    key, text = make_key(store, PEPPER, NOW, name="calls", application="front desk")
    assert client.send("/hooks/retell").status_code == 200
    assert client.send("/hooks/vapi").status_code == 401
    assert client.send("/hooks/retell", x_api_key=text).json() == {"application": "front desk"}
    assert client.send("/hooks/retell", x_api_key=f"hark_{key.key_id}_{'x' * 43}").status_code == 401


def test_without_a_key_or_with_a_wrong_one_nothing_gets_in(client, store):
    _, key = make_key(store, PEPPER, NOW, name="shop")
    for headers in ({}, {"authorization": f"Bearer {key[:-1]}{'A' if key[-1] != 'A' else 'B'}"}, {"x_api_key": "sk-1"}):
        answer = client.send(**headers)
        assert answer.status_code == 401
        assert "key" in answer.json()["error"]
        assert "\n" not in answer.json()["error"]
    assert client.send("/healthz", "GET").status_code == 200
    assert client.send("/slack/events").status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/traces?key={}", "/v1/traces?x-api-key={}", "/v1/traces?authorization=Bearer%20{}", "/v1/traces#{}"]
)
def test_a_key_in_the_address_is_none(client, store, path):
    _, key = make_key(store, PEPPER, NOW, name="shop")
    assert client.send(path.format(key)).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/slack/events/../v1/traces",
        "/healthz/",
        "/healthz/../v1/traces",
        "/slack/events/x",
        "/healthzz",
        "//healthz",
        "/v1/traces",
    ],
)
def test_only_the_very_paths_that_are_open_need_no_key(client, path):
    scope = {
        "type": "http",
        "path": path,
        "headers": [],
        "method": "POST",
        "client": ("10.0.0.1", 1),
        "query_string": b"",
    }
    assert client.asked(scope) == 401


def test_a_secret_of_one_key_opens_no_other_and_another_pepper_opens_none(client, store, clock):
    one, text = make_key(store, PEPPER, NOW, name="shop")
    other, _ = make_key(store, PEPPER, NOW, name="till")
    assert client.send(x_api_key=text).status_code == 200
    assert client.send(x_api_key=text.replace(one.key_id, other.key_id)).status_code == 401
    keyring = Keyring(store, b"q" * 32, clock)
    assert keyring.find(one.key_id, text.rpartition(f"{one.key_id}_")[2]) is None


def test_a_key_that_only_reads_cannot_send(client, store):
    _, key = make_key(store, PEPPER, NOW, name="page", scope="read")
    assert client.send(authorization=f"Bearer {key}").status_code == 403
    assert client.send("/info", "GET", authorization=f"Bearer {key}").status_code == 200


def test_a_revoked_key_is_refused_within_seconds(client, store, clock):
    stored, key = make_key(store, PEPPER, NOW, name="shop")
    assert client.send(x_api_key=key).status_code == 200
    with store.begin() as tx:
        assert tx.keys.revoke(stored.key_id, NOW)
        assert not tx.keys.revoke(stored.key_id, NOW)
    clock.advance(timedelta(seconds=6))
    assert client.send(x_api_key=key).status_code == 401


def test_two_keys_of_one_client_both_work_while_it_changes_over(client, store):
    keys = [make_key(store, PEPPER, NOW, name="shop")[1] for _ in range(2)]
    assert [client.send(x_api_key=key).status_code for key in keys] == [200, 200]


def test_guessing_is_slowed_down_and_the_right_key_still_works(client, store, clock):
    _, key = make_key(store, PEPPER, NOW, name="shop")
    wrong = f"hark_aaaaaaaa_{'x' * 43}"
    codes = [client.send(x_api_key=wrong).status_code for _ in range(25)]
    assert (codes[0], codes[-1]) == (401, 429)
    assert client.send(x_api_key=key).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert client.send(x_api_key=wrong).status_code == 401


def test_on_the_machine_itself_no_key_is_needed_but_a_wrong_one_is_told(store, clock):
    client = Client(store, clock, required=False)
    assert client.send().json() == {"application": None}
    assert client.send(authorization="Bearer sk-other").status_code == 200
    assert client.send(x_api_key=f"hark_aaaaaaaa_{'x' * 43}").status_code == 401


def test_the_last_use_is_kept_coarsely(client, store, clock):
    _, key = make_key(store, PEPPER, NOW, name="shop")
    for _ in range(3):
        client.send(x_api_key=key)
        clock.advance(timedelta(seconds=6))
    with store.read() as tx:
        (stored,) = tx.keys.every()
    assert stored.used_at is not None
    assert NOW <= stored.used_at <= clock.now()


def test_neither_the_key_nor_its_secret_is_stored(store):
    stored, key = make_key(store, PEPPER, NOW, name="shop")
    secret = key.split("_", 2)[2]
    assert secret.encode() not in stored.digest
    assert key.startswith(f"hark_{stored.key_id}_")


def test_the_pepper_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    url = f"sqlite:///{tmp_path / 'data' / 'hark.db'}"
    made = pepper_of({}, url)
    (file,) = (tmp_path / "data").iterdir()
    assert pepper_of({}, url) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert pepper_of({"HARK_KEY_PEPPER": "e" * 40}, url) == b"e" * 40
    with pytest.raises(BadInput, match="at least"):
        pepper_of({"HARK_KEY_PEPPER": "short"}, url)


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False)])
def test_only_loopback_reaches_this_machine_alone(host, expected):
    assert is_loopback(host) is expected


@given(st.lists(st.tuples(st.sampled_from([b"authorization", b"x-api-key", b"cookie"]), st.binary(max_size=80))))
def test_whatever_stands_in_the_headers_is_a_key_or_none(headers):
    assert presented(headers) is None
