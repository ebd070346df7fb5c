# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""HTTP/1.1 on kept-alive connections, with retries: one pool per server, shared by all threads of a run."""

from __future__ import annotations

import base64
import contextlib
import datetime
import email.utils
import functools
import gzip
import http.client
import json
import random
import select
import socket
import ssl
import threading
import time
import urllib.parse
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .concurrency import AdaptiveLimit
from .errors import CancelledError, LostAnswerError, UnreachableError, UntrustedError
from .tls import client_context

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
_UNDECIDED = frozenset({502, 504})
"""What a gateway says that got no answer: the server may have done what was asked."""
_LAST_WORDS = 15.0
"""Seconds in which a run that was told to stop may still say what it did."""
_RESET = (OSError, http.client.HTTPException, EOFError, zlib.error)
"""What a broken connection looks like; the last two are a compressed answer that was cut."""
_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
"""How a certificate fails whose authority is not trusted (X509_V_ERR_… of OpenSSL's x509_vfy.h)."""


@dataclass(frozen=True)
class Endpoint:
    """Where a server is. ``url`` has scheme, host, optional port and path prefix; ``proxy`` is an ``http://`` URL.

    ``compressed`` says whether answers may be.
    """

    url: str
    tls: ssl.SSLContext | None = None
    server_hostname: str | None = None
    proxy: str | None = None
    compressed: bool = True


@dataclass
class Response:
    """An answer, its body already inflated. ``attempts`` above 1 means that an earlier try may have had its effect."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    attempts: int = 1

    def json(self) -> Any:
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)

    @property
    def is_json(self) -> bool:
        """Whether the server says that the body is JSON."""
        return "json" in (self.headers.get("Content-Type") or "")

    @property
    def warnings(self) -> list[str]:
        """Texts of the ``Warning`` headers (RFC 9111, code 299)."""
        found = []
        for header in self.headers.get_all("Warning") or []:
            first, last = header.find('"'), header.rfind('"')
            found.append(header[first + 1 : last].replace('\\"', '"') if 0 <= first < last else header)
        return found


@dataclass(frozen=True)
class Retry:
    """How long to keep trying: at most ``attempts``, and never beyond ``seconds`` after the first try began.

    ``seconds`` bounds everything: the pauses, what a server asks to wait, and an answer that comes in drops; the try that is under way
    then has its pool's ``timeout`` in all.
    ``permanent`` looks at an answer whose status is usually passing and says that it will not pass; ``tell`` hears of each answer
    that will be asked for again.
    """

    attempts: int = 12
    seconds: float = 60.0
    first_pause: float = 0.1
    longest_pause: float = 5.0
    permanent: Callable[[Response], bool] = field(default=lambda response: False)
    tell: Callable[[Response], None] = field(default=lambda response: None)

    def pause(self, attempt: int) -> float:
        """Seconds before the next try: exponential with full jitter, so that many clients spread out."""
        return random.uniform(0.5, 1.0) * min(self.longest_pause, self.first_pause * float(2 ** (attempt - 1)))


class _Guarded(http.client.HTTPConnection):
    """A connection whose requests go out in one piece, head and body, right after ``may_send`` was asked.

    Between asking and sending there is nothing to wait for: who is put to sleep there is the unluckiest of all.
    """

    response_class: Any = http.client.HTTPResponse
    _gathered: list[bytes] | None = None

    def send_whole(self, method: str, path: str, body: bytes | None, headers: Mapping[str, Any], may_send: Callable[[], None]) -> None:
        """One request on a connection that stands."""
        pieces: list[bytes] = []
        self._gathered = pieces
        try:
            self.request(method, path, body=body, headers=headers)
        finally:
            self._gathered = None
        may_send()
        self.send(b"".join(pieces))

    def send(self, data: Any) -> None:
        if self._gathered is None:
            super().send(data)
        else:
            self._gathered.append(data)

    def putheader(self, header: str | bytes, *values: Any) -> None:
        """A header with several values is sent as several lines; texts go out as UTF-8, as other clients send them."""
        for value in values:
            for one in value if isinstance(value, tuple) else (value,):
                super().putheader(header, one.encode() if isinstance(one, str) else one)


class _TunnelledTLS(_Guarded, http.client.HTTPSConnection):
    """An HTTPS connection whose certificate may be checked against another name than the address."""

    def __init__(self, host: str, port: int, name: str, context: ssl.SSLContext, timeout: float) -> None:
        super().__init__(host, port, context=context, timeout=timeout)
        self._name = name
        self._tls = context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


class _Bounded(http.client.HTTPResponse):
    """An answer that must be whole at a time of the monotonic clock, however many pieces it comes in."""

    def __init__(self, sock: socket.socket, *arguments: Any, until: float, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        raw: Any = self.fp.raw
        readinto = raw.readinto
        usual = sock.gettimeout() or 0.0

        def bounded(buffer: Any) -> Any:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer was not whole in time")
            if left < usual:
                sock.settimeout(left)
            return readinto(buffer)

        raw.readinto = bounded


class Pool:
    """Kept-alive connections to one server.

    ``headers`` is asked before each try (``renew`` is true after a 401), so that tokens can be renewed in mid-run.
    ``gate`` is called before each try and raises to stop the run. ``user_agent`` carries the run's id into the server's
    audit log.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        user_agent: str,
        headers: Callable[[bool], Mapping[str, str | tuple[str, ...]]] = lambda renew: {},
        gate: Callable[[], None] = lambda: None,
        timeout: float = 30.0,
        limit: AdaptiveLimit | None = None,
    ) -> None:
        parts = urllib.parse.urlsplit(endpoint.url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._prefix = parts.path.rstrip("/")
        self._endpoint = endpoint
        self._user_agent = user_agent
        self._headers = headers
        self._gate = gate
        self._timeout = timeout
        self._idle: list[_Guarded] = []
        self._lock = threading.Lock()
        self._closed = False
        self._speaks_until = 0.0
        self._streams: set[http.client.HTTPConnection] = set()
        self.limit = limit or AdaptiveLimit()
        self.requests: dict[str, int] = {}

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        retry: Retry | None = None,
        gate: Callable[[], None] = lambda: None,
        once: bool | None = None,
        limited: bool = True,
    ) -> Response:
        """Send one request and return the answer, whatever its status, after the retries that ``retry`` allows.

        ``gate`` is asked right before each try is sent, when the connection stands. ``once`` says that doing it twice is not the
        same as doing it once, as with a POST, for which it is the default: such a request is sent again only where the server
        cannot have done it. Raises UnreachableError when no whole answer came within the deadline, and of a request that is
        sent once LostAnswerError, after which the caller reads what is there. What is not ``limited`` waits for no other request: what
        a gate has to ask must not wait for those who wait for the gate.
        """
        retry = retry or Retry()
        once = method == "POST" if once is None else once
        deadline = time.monotonic() + retry.seconds
        attempt = 0
        renew = False
        refusal: Response | None = None
        while True:
            attempt += 1
            self._may_go_on()
            sent = _Sent()
            until = max(deadline, time.monotonic() + self._timeout)
            with self.limit if limited else contextlib.nullcontext():
                try:
                    response: Response | None = self._once(method, path, body, headers or {}, renew, gate, until, sent, once)
                    problem: Exception | None = None
                except _RESET as error:
                    if isinstance(error, ssl.SSLCertVerificationError):
                        cure = "; name the authority that signed it as ca_cert" if error.verify_code in _UNKNOWN_AUTHORITY else ""
                        raise UntrustedError(f"{self._endpoint.url}: {error.verify_message or error}{cure}") from error
                    response, problem = None, error
            where = f"{method} {self._endpoint.url}{path.split('?')[0]}"
            if response is not None:
                response.attempts = attempt
                if response.status == 401 and not renew:
                    renew = True
                    continue
                if once and response.status in _UNDECIDED:
                    raise LostAnswerError(
                        f"{where} was sent once, and a gateway answered {response.status}: whether it was done is not known"
                    )
                throttled = response.status == 429 or (response.status == 403 and "Retry-After" in response.headers)
                passing = throttled or (not once and response.status in RETRIED_STATUSES)
                if not passing or retry.permanent(response):
                    self.limit.succeeded()
                    return response
                if throttled:
                    self.limit.throttled()
                retry.tell(response)
                refusal = response
                pause = _retry_after(response) or retry.pause(attempt)
            else:
                if once and sent.out:
                    raise LostAnswerError(
                        f"{where} was sent once, and its answer was lost ({type(problem).__name__}: {problem}): whether it was done is not known"
                    ) from problem
                pause = retry.pause(attempt)
            if attempt >= retry.attempts or time.monotonic() + pause > deadline:
                if refusal is not None:  # it says more than that a later try got no answer
                    return refusal
                raise UnreachableError(f"{where} failed {attempt} times, last with {type(problem).__name__}: {problem}") from problem
            self._sleep(pause)

    @contextlib.contextmanager
    def last_words(self) -> Iterator[None]:
        """In here the run's gate is not asked, for a few seconds: who was told to stop still says what it did."""
        self._speaks_until = time.monotonic() + _LAST_WORDS
        try:
            yield
        finally:
            self._speaks_until = 0.0

    def stream(self, path: str, headers: Mapping[str, str] | None = None, timeout: float = 30.0) -> Iterator[bytes]:
        """Send one GET and give its answer line by line while it comes; ends when the server or ``timeout`` ends it.

        Raises UnreachableError when the connection breaks, and ``StreamRefused`` when the status is not 200.
        """
        self._may_go_on()
        connection = self._connect(timeout)
        with self._lock:
            self._streams.add(connection)
        try:
            connection.request("GET", self._prefix + path, headers=self._all_headers(headers or {}, False))
            answer = connection.getresponse()
            if answer.status != 200:
                raise StreamRefused(answer.status, answer.read(65536))
            self._count("GET")
            while line := answer.readline():
                yield line
        except _RESET as error:
            raise UnreachableError(f"GET {path.split('?')[0]}: {type(error).__name__}: {error}") from error
        finally:
            with self._lock:
                self._streams.discard(connection)
            connection.close()

    def close(self) -> None:
        """Close every connection, streams that other threads read included; a request after that fails."""
        with self._lock:
            self._closed = True
            connections = self._idle + list(self._streams)
            self._idle = []
        for connection in connections:
            if connection.sock is not None:
                try:
                    connection.sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
            connection.close()

    def _once(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        renew: bool,
        gate: Callable[[], None],
        until: float,
        sent: _Sent,
        once: bool,
    ) -> Response:
        connection = self._take(once)
        try:
            if connection.sock is None:
                connection.connect()
            connection.response_class = functools.partial(_Bounded, until=until)

            def goes_out() -> None:
                gate()
                sent.out = True

            connection.send_whole(method, self._prefix + path, body, self._all_headers(headers, renew), goes_out)
            self._count(method)
            answer = connection.getresponse()
            content = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            connection.sock.settimeout(self._timeout)
            with self._lock:
                self._idle.append(connection)
        return Response(answer.status, answer.headers, content)

    def _count(self, method: str) -> None:
        with self._lock:
            self.requests[method] = self.requests.get(method, 0) + 1

    def _all_headers(self, extra: Mapping[str, str], renew: bool) -> dict[str, Any]:
        encoding = "gzip" if self._endpoint.compressed else "identity"
        return {"User-Agent": self._user_agent, "Accept-Encoding": encoding, **self._headers(renew), **extra}

    def _take(self, fresh: bool) -> _Guarded:
        """A connection; with ``fresh`` none that the server has closed while it was idle, as far as can be seen."""
        with self._lock:
            if self._closed:
                raise CancelledError("the connection pool is closed")
            idle = self._idle.pop() if self._idle else None
        if idle is None:
            return self._connect(self._timeout)
        if fresh and select.select([idle.sock], [], [], 0)[0]:
            idle.close()
            return self._connect(self._timeout)
        return idle

    def _may_go_on(self) -> None:
        if time.monotonic() >= self._speaks_until:
            self._gate()

    def _connect(self, timeout: float) -> _Guarded:
        host, port, tunnel = self._host, self._port, None
        headers: dict[str, str] = {}
        if self._endpoint.proxy:
            proxy = urllib.parse.urlsplit(self._endpoint.proxy)
            tunnel = (host, port)
            host, port = proxy.hostname or "", proxy.port or 80
            if proxy.username:
                pair = f"{urllib.parse.unquote(proxy.username)}:{urllib.parse.unquote(proxy.password or '')}"
                headers["Proxy-Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        connection: _Guarded
        if self._secure:
            context = self._endpoint.tls or client_context()
            connection = _TunnelledTLS(host, port, self._endpoint.server_hostname or self._host, context, timeout)
        else:
            connection = _Guarded(host, port, timeout=timeout)
        if tunnel:
            connection.set_tunnel(*tunnel, headers=headers)
        return connection

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._may_go_on()
            time.sleep(min(left, 0.25))


class StreamRefused(Exception):
    """The server did not open the stream: ``status`` and the first bytes of its answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body


@dataclass
class _Sent:
    """Whether a try went out: what was never sent was not done."""

    out: bool = False


def _retry_after(response: Response) -> float:
    """Seconds that the server asks to wait, said as a number or as a date; 0 where it does not say.

    A date is read by the server's own clock where it tells it: ours may be another.
    """
    value = (response.headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    then, now = _date(value), _date(response.headers.get("Date") or "")
    if then is None:
        return 0.0
    return max(0.0, (then - (now or datetime.datetime.now(datetime.UTC))).total_seconds())


def _date(value: str) -> datetime.datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
