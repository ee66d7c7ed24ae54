from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import orjson
import pytest

from traces import limits
from traces.clock import FakeClock
from traces.errors import BadInput, Busy, TooLarge
from traces.urlguard import GuardedClient, UrlGuard

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PUBLIC = "93.184.216.34"


def numeric(host: str, port: int) -> list[str]:
    """The system's own reading of an address, without asking any name server."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [str(entry[4][0]) for entry in found]


def named(**names: list[str]) -> Callable[[str, int], list[str]]:
    def resolver(host: str, port: int) -> list[str]:
        if host.replace(".", "_") not in names:
            raise socket.gaierror(-2, "Name or service not known")
        return names[host.replace(".", "_")]

    return resolver


INSIDE = [
    "127.0.0.1", "127.1", "127.0.1", "0.0.0.0", "0",  # noqa: S104
    "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "0x7f000001", "0x7f.1", "2130706433",
    "0177.0.0.1", "017700000001", "3232235777", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[::10.0.0.1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]", "[2002:a00:1::]", "[2001::1]", "[fe80::1]", "[fc00::1]", "[fd12::1]",
    "[ff02::1]", "[2001:db8::1]", "[fec0::1]", "①27.0.0.1", "127.0.0.1.",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_no_form_of_an_inside_address_is_connected_to(host: str) -> None:
    with pytest.raises((BadInput, Busy, httpx.InvalidURL)):
        UrlGuard(resolver=numeric).address_of(httpx.URL(f"https://{host}/"))


@pytest.mark.parametrize(
    "host", ["93.184.216.34", "8.8.8.8", "1.1.1.1", "[2606:4700:4700::1111]", "[2a00:1450:4001:81b::200e]"]
)
def test_public_addresses_are_connected_to(host: str) -> None:
    assert UrlGuard(resolver=numeric).address_of(httpx.URL(f"https://{host}/")) == host.strip("[]")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com/", "must be spoken to by https"),
        ("ftp://example.com/", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("https://user:pass@example.com/", "must not hold a user name"),
        ("https:///path", "has no host"),
        ("https://mixed.test/", "which is not public"),
    ],
)
def test_a_url_that_is_not_allowed_is_refused_with_its_reason(url: str, said: str) -> None:
    guard = UrlGuard(resolver=named(example_com=[PUBLIC], mixed_test=[PUBLIC, "10.0.0.1"]))
    with pytest.raises(BadInput, match=said):
        guard.address_of(httpx.URL(url))


def test_a_name_without_an_address_is_a_reason_to_try_later() -> None:
    with pytest.raises(Busy, match=r"nowhere\.test cannot be resolved now"):
        UrlGuard(resolver=named()).address_of(httpx.URL("https://nowhere.test/"))


@pytest.mark.parametrize("allow", ["phoenix.internal", "PHOENIX.internal.", "10.0.0.0/8", "10.0.0.5"])
def test_what_the_settings_allow_may_be_private_and_without_tls(allow: str) -> None:
    guard = UrlGuard(allow=[allow], resolver=named(phoenix_internal=["10.0.0.5"]))
    assert guard.address_of(httpx.URL("http://phoenix.internal:6006/")) == "10.0.0.5"


def test_allowing_one_network_allows_no_other() -> None:
    guard = UrlGuard(allow=["10.0.0.0/8"], resolver=named(phoenix_internal=["192.168.0.5"]))
    with pytest.raises(BadInput, match="not public"):
        guard.address_of(httpx.URL("http://phoenix.internal/"))


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "", "300.1.1.1/8"])
def test_an_entry_that_allows_nothing_is_a_mistake(entry: str) -> None:
    with pytest.raises(BadInput, match="neither a host name"):
        UrlGuard(allow=[entry])


# --- the client --------------------------------------------------------------------------------------------


class Server:
    """A fake server at the HTTP edge; remembers where it was reached."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def client(server: Server, resolver: Callable[[str, int], list[str]] | None = None, **fields: object) -> GuardedClient:
    guard = UrlGuard(resolver=resolver or named(example_com=[PUBLIC]))
    return GuardedClient(guard, FakeClock(NOW), transport=httpx.MockTransport(server), **fields)  # type: ignore[arg-type]


def test_the_connection_goes_to_the_checked_address_under_the_hosts_own_name() -> None:
    server = Server(httpx.Response(200, json={"ok": True}))
    answer = client(server).request(
        "GET", "https://example.com/v1", params={"a": 1}, headers={"authorization": "Bearer k"}
    )
    assert (answer.status, answer.body) == (200, {"ok": True})
    (request,) = server.requests
    assert request.url.host == PUBLIC
    assert request.headers["host"] == "example.com"
    assert request.extensions["sni_hostname"] == "example.com"


def test_a_name_that_changes_its_address_after_the_check_gains_nothing() -> None:
    asked = 0

    def rebinding(host: str, port: int) -> list[str]:
        nonlocal asked
        asked += 1
        return [PUBLIC] if asked == 1 else ["127.0.0.1"]

    server = Server(httpx.Response(200, json={}))
    rebound = client(server, rebinding)
    rebound.request("GET", "https://example.com/")
    with pytest.raises(BadInput, match="not public"):
        rebound.request("GET", "https://example.com/")
    assert [request.url.host for request in server.requests] == [PUBLIC]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(302, headers={"location": "http://169.254.169.254/"}), "redirects, which is not followed"),
        (httpx.Response(304), "redirects"),
        (httpx.Response(401), r"refused the API key \(401\)"),
        (httpx.Response(400), r"refused the request \(400\)"),
        (httpx.Response(200, text="<html>"), "not valid JSON"),
        (httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"nope")), "not valid gzip"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(answer: httpx.Response, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        client(Server(answer)).request("GET", "https://example.com/?key=hidden")


@pytest.mark.parametrize(
    ("status", "said", "wait_s"),
    [
        (429, "17", 17),
        (503, "Fri, 20 Nov 2026 12:00:30 GMT", 31),
        (429, "999999999", 3600),
        (429, "0", 1),
        (503, "soon", 60),
        (500, "", 60),
        (429, "Fri, 20 Nov 2020 12:00:30 GMT", 1),
    ],
)
def test_a_server_that_asks_to_wait_is_waited_for(status: int, said: str, wait_s: int) -> None:
    with pytest.raises(Busy) as busy:
        client(Server(httpx.Response(status, headers={"retry-after": said}))).request("GET", "https://example.com/")
    assert busy.value.retry_after_s == wait_s


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("?")]
)
def test_a_server_that_cannot_be_reached_is_tried_later(failure: Exception) -> None:
    with pytest.raises(Busy, match="cannot be reached now") as busy:
        client(Server(failure)).request("GET", "https://example.com/?key=hidden")
    assert "hidden" not in str(busy.value)


def test_an_answer_is_read_to_a_size_and_no_further() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield bytes(1024 * 1024)

    with pytest.raises(TooLarge, match="the answer is larger"):
        client(Server(httpx.Response(200, content=endless()))).request("GET", "https://example.com/")
    assert read <= limits.INFLATED_BYTES // (1024 * 1024) + 2


def test_an_answer_that_drips_is_given_up_after_its_deadline() -> None:
    ticks = iter(range(0, 1000, 10))

    def dripping() -> Iterator[bytes]:
        while True:
            yield b" "

    slow = client(Server(httpx.Response(200, content=dripping())), deadline_s=60, seconds=lambda: next(ticks))
    with pytest.raises(Busy, match="took longer than 60 s"):
        slow.request("GET", "https://example.com/")


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert client(Server(httpx.Response(200, json=1))).request("GET", "https://example.com/").body == 1


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = orjson.dumps({"host": self.headers["host"], "path": self.path})
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def test_a_real_connection_goes_to_the_allowed_machine_under_its_own_name() -> None:
    with HTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        guard = UrlGuard(allow=["127.0.0.1"], resolver=named(phoenix_internal=["127.0.0.1"]))
        real = GuardedClient(guard, FakeClock(NOW))
        answer = real.request("GET", f"http://phoenix.internal:{server.server_port}/v1?a=1")
        real.close()
        server.shutdown()
        thread.join()
    assert answer.body == {"host": f"phoenix.internal:{server.server_port}", "path": "/v1?a=1"}
