"""Whatever stands in front of a body - lengths, headers, addresses - the server answers or hangs up, and never fails."""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections import Counter
from contextlib import closing, suppress

import pytest
from test_http_receiver import BOT_TOKEN, SECRET, Edge

from bot.cli.run import server_of
from bot.playground.serving import loopback_socket

PATHS = [
    "/v1/traces",
    "/v1/logs",
    "/v1/conversations",
    "/slack/events",
    "/slack/install",
    "/slack/oauth_redirect",
    "/healthz",
    "/nothing",
]
BODY = b'{"resourceSpans": []}'
GOOD = b"Content-Type: application/json\r\n"


def sized(count: int | bytes) -> bytes:
    return b"Content-Length: %s\r\n" % (count if isinstance(count, bytes) else str(count).encode())


HEADERS = {
    "a length that is too short": sized(3),
    "a length that is too long": sized(5_000),
    "a length below nothing": sized(-1),
    "a length with a sign": sized(b"+21"),
    "a length in other digits": sized("٢١".encode()),
    "a length of twenty digits": sized(10**20),
    "a length of a megabyte of digits": sized(b"9" * 1_000_000),
    "two lengths": sized(21) + sized(20),
    "two lengths in one": sized(b"21, 20"),
    "a length and chunks": sized(21) + b"Transfer-Encoding: chunked\r\n",
    "chunks of chunks": b"Transfer-Encoding: chunked, chunked\r\n",
    "an unknown transfer": b"Transfer-Encoding: gzip\r\n",
    "a header of a megabyte": b"X-Long: " + b"x" * 1_000_000 + b"\r\n" + sized(21),
    "ten thousand headers": b"X-A: b\r\n" * 10_000 + sized(21),
    "a NUL": b"X-Nul: a\x00b\r\n" + sized(21),
    "bytes that are no text": b"X-Bytes: \xff\xfe\x80\r\n" + sized(21),
    "bytes in a header's name": b"X-\xff: a\r\n" + sized(21),
    "a header without a colon": b"Nonsense\r\n" + sized(21),
    "a header on two lines": b"X-Folded: a\r\n b\r\n" + sized(21),
    "line feeds alone": b"X-A: b\nX-B: c\n" + sized(21),
    "a key that is no text": b"Authorization: Bearer hark_\xff\xfe\r\n" + sized(21),
    "a signature that is no text": b"X-Slack-Signature: v0=\xfc\r\nX-Slack-Request-Timestamp: inf\r\n" + sized(21),
    "an encoding that is no text": b"Content-Encoding: \xff\r\n" + sized(21),
    "cookies beyond measure": b"Cookie: " + b"a=b; " * 3_000 + b"\r\n" + sized(21),
    "a wish to be asked first": b"Expect: 100-continue\r\n" + sized(21),
    "a wish for another protocol": b"Connection: Upgrade\r\nUpgrade: websocket\r\n" + sized(21),
}
TARGETS = {
    "absolute": b"http://elsewhere.example%s",
    "with a user": b"http://a:b@elsewhere.example%s",
    "without a slash": b"x%s",
    "above the root": b"/../..%s",
    "back and forth": b"/slack/events/..%s",
    "encoded": b"/%%2e%%2e%s",
    "with a NUL": b"%s%%00",
    "with bytes": b"%s%%ff%%fe",
    "with half an escape": b"%s%%",
    "with a long query": b"%s?" + b"a=b&" * 10_000,
    "with an odd query": b"%s?team=%%00&code=%%ff&state=[]&error=%%0d%%0aSet-Cookie:a",
    "a star": b"*",
    "raw bytes": b"%s\xff",
}
METHODS = [b"POST", b"GET", b"CONNECT", b"TRACE", b"PROPFIND", b"G\xffT", b"A" * 300]


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """Hark behind the server that ``hark run`` has."""
    bound = loopback_socket()
    path = tmp_path_factory.mktemp("edge") / "hark.db"
    with closing(Edge(path, "http://127.0.0.1:9/api/", bot_token=BOT_TOKEN, signing_secret=SECRET)) as edge:
        server = server_of(edge.hark.receiver(edge.writer).app())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join(20)
        bound.close()


def status_of(port: int, request: bytes) -> int:
    """What the server answers first; 0 where it hangs up, or waits for what never comes."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        with suppress(OSError):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        said = b""
        with suppress(OSError):
            while b"\r\n" not in said and (part := connection.recv(4_096)):
                said += part
    words = said.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def request_of(method: bytes, target: bytes, headers: bytes) -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\nHost: hark\r\n" + GOOD + headers + b"\r\n" + BODY


def assert_unmoved(port, caplog, statuses):
    found = Counter(statuses)
    assert not [status for status in found if status >= 500], found
    assert found[0] < found.total(), "it hung up on everything"
    assert status_of(port, b"GET /healthz HTTP/1.1\r\nHost: hark\r\nConnection: close\r\n\r\n") == 200
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("path", PATHS)
def test_no_header_makes_the_server_fail(port, caplog, path):
    assert_unmoved(port, caplog, [status_of(port, request_of(b"POST", path.encode(), h)) for h in HEADERS.values()])


@pytest.mark.parametrize("path", PATHS)
def test_no_address_makes_the_server_fail(port, caplog, path):
    targets = [form.replace(b"%s", path.encode()).replace(b"%%", b"%") for form in TARGETS.values()]
    requests = [request_of(method, target, sized(21)) for target in targets for method in (b"POST", b"GET")]
    assert_unmoved(port, caplog, [status_of(port, request) for request in requests])


def test_no_method_makes_the_server_fail(port, caplog):
    requests = [request_of(method, path.encode(), sized(21)) for method in METHODS for path in PATHS]
    assert_unmoved(port, caplog, [status_of(port, request) for request in requests])


@pytest.mark.slow
def test_ten_thousand_damaged_requests_make_the_server_fail_in_no_case(port, caplog):
    chance = random.Random(20_261_121)
    whole = [request_of(b"POST", path.encode(), h) for path in PATHS for h in HEADERS.values() if len(h) < 500]

    def damaged() -> bytes:
        request = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(request))
            kind = chance.randrange(3)
            if kind == 0:
                request[place] ^= 1 << chance.randrange(8)
            elif kind == 1:
                request[place:place] = chance.randbytes(chance.randrange(1, 5))
            else:
                del request[place : place + chance.randrange(1, 9)]
        return bytes(request)

    assert_unmoved(port, caplog, [status_of(port, damaged()) for _ in range(10_000)])
