"""HTTP to addresses that a person typed in, without becoming a door into the private network.

A name says nothing about where it leads: ``0x7f000001``, ``2130706433`` and ``127.1`` are all the machine itself, and a
name may resolve to something else a moment later. So the resolved addresses are checked, and the connection goes to
exactly the address that was checked. Redirects are not followed and proxies of the environment are not used.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias, cast

import httpx

from traces import limits
from traces.clock import Clock, as_utc
from traces.errors import BadInput, Busy, TooLarge
from traces.wire import inflate, read_json

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver: TypeAlias = Callable[[str, int], list[str]]
"""Host and port to the texts of all its addresses; raises ``OSError`` when there are none."""

_NOT_PUBLIC: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        # What ``is_global`` of Python 3.11 lets through although it leads inside or nowhere.
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "ff00::/8",
    )
)
_CONNECT_S: Final = 5.0
_READ_S: Final = 20.0
_DEFAULT_RETRY_S: Final = 60
_LONGEST_RETRY_S: Final = 3600


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet; an IPv4 address inside an IPv6 one is judged itself."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class UrlGuard:
    """Decides which address a URL may be fetched from.

    Args:
        allow: Hosts, addresses and networks (``phoenix.internal``, ``127.0.0.1``, ``10.0.0.0/8``) that may be private
            and may be spoken to without TLS.
        resolver: How names become addresses.

    Raises:
        BadInput: When an entry that looks like a network is none.
    """

    def __init__(self, allow: Iterable[str] = (), resolver: Resolver = resolve) -> None:
        self._resolver = resolver
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for entry in allow:
            try:
                self._networks.append(ipaddress.ip_network(entry.strip("[] "), strict=False))
            except ValueError:
                if "/" in entry or not entry.strip():
                    raise BadInput(f"{entry[:80]!r} is neither a host name, an address nor a network") from None
                self._hosts.add(_plain(entry))

    def address_of(self, url: httpx.URL) -> str:
        """The checked address to connect to.

        Raises:
            BadInput: When the URL, or any address that its host resolves to, is not allowed.
            Busy: When the host cannot be resolved now.
        """
        host = _host_of(url)
        addresses = self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        allowed = [self._is_allowed(host, address) for address in addresses]
        for address, is_allowed in zip(addresses, allowed, strict=True):
            if not is_allowed and not is_public(address):
                raise BadInput(
                    f"{host} leads to {address}, which is not public; allow it in the settings if it is meant"
                )
        if url.scheme != "https" and not all(allowed):
            raise BadInput(f"{host} must be spoken to by https; allow it in the settings if http is meant")
        return str(addresses[0])

    def _resolve(self, host: str, port: int) -> list[Address]:
        try:
            addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in self._resolver(host, port)]
        except (UnicodeError, ValueError):
            raise BadInput(f"{host[:80]!r} is not a host name") from None
        except OSError:
            addresses = []
        if not addresses:
            raise Busy(f"{host} cannot be resolved now", _DEFAULT_RETRY_S)
        return addresses

    def _is_allowed(self, host: str, address: Address) -> bool:
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return _plain(host) in self._hosts or any(
            address in network for network in self._networks if network.version == address.version
        )


def _plain(host: str) -> str:
    return host.strip().rstrip(".").lower()


def _host_of(url: httpx.URL) -> str:
    if url.scheme not in ("http", "https"):
        raise BadInput("the URL must begin with https://")
    if url.userinfo:
        raise BadInput("the URL must not hold a user name or password")
    if not url.host:
        raise BadInput("the URL has no host")
    return url.host


class _Pinned(httpx.BaseTransport):
    """Connects to the address that the guard checked, with the host's own name in TLS and in the Host header."""

    def __init__(self, guard: UrlGuard, inner: httpx.BaseTransport) -> None:
        self._guard = guard
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        address = self._guard.address_of(request.url)
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return self._inner.handle_request(pinned)

    def close(self) -> None:
        self._inner.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer in JSON; the names of ``headers`` are in lower case."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class GuardedClient:
    """Fetches JSON through a guard, within caps on size and time.

    Args:
        guard: Decides where requests may go.
        clock: Tells how far away a ``Retry-After`` date is.
        transport: What sends a request once its address is checked.
        deadline_s: Longest time for one answer, from first to last byte.
        seconds: A clock that only ever goes forward.
    """

    def __init__(
        self,
        guard: UrlGuard,
        clock: Clock,
        *,
        transport: httpx.BaseTransport | None = None,
        deadline_s: float = 60.0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        inner = transport or httpx.HTTPTransport(trust_env=False, retries=0)
        self._clock = clock
        self._deadline_s = deadline_s
        self._seconds = seconds
        self._client = httpx.Client(
            transport=_Pinned(guard, inner),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S),
            headers={"accept": "application/json", "accept-encoding": "gzip", "user-agent": "hark"},
        )

    def close(self) -> None:
        self._client.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """One request; answers other than 2xx, 404, 409 and 422 are errors.

        Raises:
            BadInput: When the URL is not allowed, the server refuses the credentials or the request, redirects, or
                does not answer in JSON.
            TooLarge: When the answer passes ``limits.INFLATED_BYTES``.
            Busy: When the server asks to come back later, fails, or cannot be reached.
        """
        response, body = self._fetched(method, url, params=params, headers=headers, json=json)
        told = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, read_json(body) if body else None, told)

    def reach(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
    ) -> int:
        """One request of which only the status matters, whatever the answer holds; raises as ``request`` does."""
        response, _ = self._fetched(method, url, params=params, headers=headers, json=json, content=content)
        return response.status_code

    def _fetched(self, method: str, url: str, **more: Any) -> tuple[httpx.Response, bytes]:
        try:
            with self._client.stream(method, url, **more) as response:
                self._check(response)
                return response, inflate(self._read(response), response.headers.get("content-encoding", ""))
        except httpx.InvalidURL:
            raise BadInput("the URL is not valid") from None
        except httpx.UnsupportedProtocol:
            raise BadInput("the URL must begin with https://") from None
        except httpx.HTTPError as failure:
            raise Busy(f"{_where(url)} cannot be reached now: {type(failure).__name__}", _DEFAULT_RETRY_S) from None

    def _check(self, response: httpx.Response) -> None:
        status, where = response.status_code, _where(str(response.request.url))
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Busy(f"{where} answered {status}", self._retry_after_s(response))
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise BadInput(f"{where} refused the API key ({status})")
        if response.has_redirect_location or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise BadInput(f"{where} redirects, which is not followed; give the URL it leads to")
        kept = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
        if status >= HTTPStatus.BAD_REQUEST and status not in kept:
            raise BadInput(f"{where} refused the request ({status})")

    def _retry_after_s(self, response: httpx.Response) -> int:
        said = response.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdecimal():
            return min(max(int(said[:9]), 1), _LONGEST_RETRY_S)
        try:
            wait_s = (as_utc(parsedate_to_datetime(said)) - self._clock.now()).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return _DEFAULT_RETRY_S
        return min(max(int(wait_s) + 1, 1), _LONGEST_RETRY_S)

    def _read(self, response: httpx.Response) -> bytes:
        began, size, parts = self._seconds(), 0, []
        for part in cast(httpx.SyncByteStream, response.stream):
            size += len(part)
            if size > limits.INFLATED_BYTES:
                raise TooLarge(f"the answer is larger than {limits.INFLATED_BYTES} bytes")
            if self._seconds() - began > self._deadline_s:
                raise Busy(f"{_where(str(response.request.url))} took longer than {self._deadline_s:g} s")
            parts.append(part)
        return b"".join(parts)


def _where(url: str) -> str:
    """A URL without its query, which may hold what should not be in a log."""
    return url.partition("?")[0][:200]
