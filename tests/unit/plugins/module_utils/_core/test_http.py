# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server on the loopback that answers by a script; time does not pass, it is counted."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import http.server
import socket
import ssl
import threading
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import http as tested
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import (
    CancelledError,
    LostAnswerError,
    UnreachableError,
    UntrustedError,
)
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Endpoint, Pool, Retry, StreamRefused
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.certificates import Authority
from ansible_collections.gantry.platform.tests.kit.clock import Clock
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(tested, "time", clock)
    return clock


def answer(status=200, body=b"{}", cut=0, **headers):
    """An answer; ``cut`` leaves out that many bytes of its end and closes the connection."""
    return status, body, cut, {name.replace("_", "-"): value for name, value in headers.items()}


RESET = answer(body=b"0123456789", cut=5)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(types.SimpleNamespace(method=self.command, path=self.path, headers=self.headers, body=body))
        self.server.peers.add(self.client_address)
        script = self.server.script
        status, content, cut, headers = script.pop(0) if len(script) > 1 else script[0]
        (self.send_response_only if "Date" in headers else self.send_response)(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) - cut])
        self.close_connection = self.close_connection or bool(cut)

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = answer

    def do_CONNECT(self):
        self.server.seen.append(types.SimpleNamespace(method="CONNECT", path=self.path, headers=self.headers, body=b""))
        self.send_response(200)
        self.end_headers()
        self.close_connection = False  # HTTP/1.0 asks for it, a tunnel goes on

    def log_message(self, *_arguments):
        """Silence."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.seen, self.peers = list(script), [], set()
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


@pytest.fixture
def serve():
    servers = []

    def start(*script, tls=None):
        servers.append(Server(script, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def pool_of(server, **options):
    return Pool(Endpoint(server.url + "/base/"), "agent/run-7", **options)


def test_a_request_carries_prefix_user_agent_headers_and_body(serve, clock):
    server = serve(answer(201, b'{"a": 1}', Content_Type="application/json"))
    pool = pool_of(server, headers=lambda renew: {"Authorization": "Bearer t"})
    response = pool.request("PATCH", "/x?y=z", b"body", {"Content-Type": "text/plain"})
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("PATCH", "/base/x?y=z", b"body")
    assert seen.headers["User-Agent"] == "agent/run-7"
    assert seen.headers["Authorization"] == "Bearer t"
    assert (response.status, response.json(), response.is_json, response.attempts) == (201, {"a": 1}, True, 1)


def test_connections_are_kept_and_used_again(serve, clock):
    server = serve(answer())
    pool = pool_of(server)
    for _number in range(5):
        pool.request("GET", "/a")
    assert len(server.peers) == 1
    assert pool.requests == {"GET": 5}


def test_a_connection_that_the_server_closes_is_not_used_again(serve, clock):
    server = serve(answer(Connection="close"))
    pool = pool_of(server)
    assert [pool.request("GET", "/a").attempts for _number in range(3)] == [1, 1, 1]
    assert len(server.peers) == 3


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", sorted(tested.RETRIED_STATUSES))
def test_what_passes_by_itself_is_tried_again(serve, clock, method, status):
    server = serve(answer(status), answer(status), answer(200))
    response = pool_of(server).request(method, "/a", b"same")
    assert (response.status, response.attempts) == (200, 3)
    assert [seen.body for seen in server.seen] == [b"same"] * 3
    assert clock.passed > 0


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 501])
def test_what_does_not_pass_is_not_tried_again(serve, clock, status):
    server = serve(answer(status, b"no"))
    response = pool_of(server).request("PATCH", "/a", b"x")
    assert (response.status, response.body, len(server.seen), clock.passed) == (status, b"no", 1, 0)


def test_an_answer_that_is_known_to_be_permanent_is_not_tried_again(serve, clock):
    server = serve(answer(500, b"wrong type"))
    retry = Retry(permanent=lambda response: b"wrong" in response.body)
    assert pool_of(server).request("PATCH", "/a", retry=retry).status == 500
    assert len(server.seen) == 1


THEN = "Wed, 21 Oct 2026 07:28:20 GMT"
MUCH = "Wed, 10000000000 Oct 2026 07:28 GMT"


@pytest.mark.parametrize(
    ("said", "waited"), [("7", 7.0), ("45", 45.0), ("0", None), (THEN, 20.0), ("²", None), ("soon", None), ("-3", None), (MUCH, None)]
)
def test_the_server_says_how_long_to_wait_by_a_number_or_by_a_date_of_its_own_clock(serve, clock, said, waited):
    server = serve(answer(429, Retry_After=said, Date="Wed, 21 Oct 2026 07:28:00 GMT"), answer())
    assert pool_of(server).request("GET", "/a").status == 200
    assert clock.passed == waited if waited else 0 < clock.passed < 1


def test_a_date_that_has_passed_is_not_waited_for(serve, clock):
    server = serve(answer(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), answer())
    assert pool_of(server).request("GET", "/a").status == 200
    assert clock.passed < 1


@pytest.mark.parametrize("said", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_who_asks_to_wait_beyond_the_callers_deadline_has_said_no(serve, clock, said):
    assert pool_of(serve(answer(429, Retry_After=said))).request("GET", "/a").status == 429
    assert clock.passed == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("refusal", [answer(429), answer(403, Retry_After="3")], ids=["429", "403"])
def test_a_server_with_too_much_to_do_gets_fewer_requests_at_once(serve, clock, method, refusal):
    pool, told = pool_of(serve(refusal, answer())), []
    pool.limit.throttled = lambda: told.append("less")
    assert (pool.request(method, "/a").status, told) == (200, ["less"])
    assert pool_of(serve(answer(403), answer())).request(method, "/a").status == 403, "a refusal that says nothing of later"


def test_pauses_grow_up_to_a_longest_one():
    retry = Retry(first_pause=0.1, longest_pause=2.0)
    for attempt, most in ((1, 0.1), (2, 0.2), (3, 0.4), (9, 2.0), (400, 2.0)):
        assert most / 2 <= retry.pause(attempt) <= most


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_connection_that_breaks_in_the_middle_of_an_answer_is_tried_again(serve, clock, method):
    server = serve(RESET, RESET, answer(200, b"whole"))
    response = pool_of(server).request(method, "/a")
    assert (response.body, response.attempts) == (b"whole", 3)


def test_a_compressed_answer_is_inflated_and_a_torn_one_is_asked_for_again(serve, clock):
    packed = gzip.compress(b"text" * 100)
    headers = {"Content_Encoding": "gzip", "Content_Length": None, "Connection": "close"}
    server = serve(
        answer(200, packed, cut=12, **headers), answer(200, packed[:20] + b"?" + packed[21:], **headers), answer(200, packed, **headers)
    )
    response = pool_of(server).request("GET", "/a")
    assert (response.body, response.attempts) == (b"text" * 100, 3)


def test_who_gets_no_answer_learns_what_was_asked_how_often_and_what_happened(serve, clock):
    server = serve(RESET)
    with pytest.raises(UnreachableError) as problem:
        Pool(Endpoint(server.url), "a").request("GET", "/secrets?token=canary", retry=Retry(attempts=3))
    assert problem.value.message.startswith(f"GET {server.url}/secrets failed 3 times, last with IncompleteRead")
    assert "canary" not in problem.value.message


def test_a_server_that_is_not_there_is_tried_until_the_deadline(clock):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UnreachableError, match=r"failed \d+ times, last with ConnectionRefusedError"):
            Pool(Endpoint(url), "a").request("GET", "/a", retry=Retry(attempts=100, seconds=20))
    assert 15 <= clock.passed <= 20


def test_after_the_last_try_a_refusal_is_an_answer(serve, clock):
    server = serve(answer(503, b"busy"))
    response = pool_of(server).request("GET", "/a", retry=Retry(attempts=4))
    assert (response.status, response.body, response.attempts, len(server.seen)) == (503, b"busy", 4, 4)


# what must not be done twice


@pytest.mark.parametrize("body", [b"{}", b""], ids=["whole", "nothing"])
@pytest.mark.parametrize(("method", "options"), [("POST", {}), ("PUT", {"once": True})])
def test_a_request_that_is_not_idempotent_is_sent_once_and_a_lost_answer_is_told_as_such(serve, clock, method, options, body):
    server = serve(answer(201, body=body + b"12345", cut=5, Content_Length=str(len(body) + 5)), answer(201))
    with pytest.raises(
        LostAnswerError, match=f"^{method} .*/things was sent once, and its answer was lost .*whether it was done is not known"
    ):
        pool_of(server).request(method, "/things?token=canary", b"one", **options)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_got_no_answer_has_lost_it(serve, clock, status):
    server = serve(answer(status), answer(201))
    with pytest.raises(LostAnswerError, match=f"a gateway answered {status}"):
        pool_of(server).request("POST", "/things", b"one")
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_failed_is_not_asked_to_do_it_again(serve, clock, status):
    server = serve(answer(status), answer(201))
    assert pool_of(server).request("POST", "/things", b"one").status == status
    assert len(server.seen) == 1


def test_what_the_server_cannot_have_done_is_sent_again(serve, clock):
    server = serve(answer(429), answer(401), answer(201))
    assert pool_of(server).request("POST", "/things", b"one").status == 201
    assert len(server.seen) == 3


def test_what_was_never_sent_is_tried_again(clock):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UnreachableError, match="failed 3 times") as problem:
            Pool(Endpoint(url), "a").request("POST", "/a", retry=Retry(attempts=3))
    assert not isinstance(problem.value, LostAnswerError)


def test_a_connection_that_the_server_closed_while_it_was_idle_loses_nothing(serve, clock):
    server = serve(answer())
    pool = pool_of(server)
    pool.request("GET", "/a")
    (idle,) = pool._idle
    idle.sock.shutdown(socket.SHUT_RDWR)
    assert pool.request("POST", "/things", b"one").status == 200


def test_a_post_that_may_be_repeated_is(serve, clock):
    server = serve(RESET, answer(201))
    assert pool_of(server).request("POST", "/review", b"one", once=False).attempts == 2


# what never ends


@pytest.mark.parametrize("drips", ["head", "body"])
def test_a_server_that_drips_is_not_waited_for_without_end(drips, clock):
    """An hour passes before each byte, and none of them is late for whoever looks at a single read."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        begins = {"head": b"HTTP/1.1 200 OK\r\nX-A: ", "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"}[drips]

        def drip():
            peer, _address = listening.accept()
            with peer, contextlib.suppress(OSError):
                peer.recv(65536)
                peer.sendall(begins)
                for _byte in range(50):
                    clock.now += 3600
                    peer.sendall(b"X")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(UnreachableError, match="the answer was not whole in time"):
            Pool(Endpoint(url), "a", timeout=LONGEST).request("GET", "/a", retry=Retry(seconds=0.5))
        thread.join(LONGEST)


def test_an_answer_that_was_slow_leaves_its_connection_as_it_was(serve):
    server = serve(answer())
    pool = pool_of(server, timeout=30.0)
    pool.request("GET", "/a", retry=Retry(seconds=5))
    assert pool._idle[0].sock.gettimeout() == 30.0
    assert pool.request("GET", "/a").status == 200
    assert len(server.peers) == 1


# whether a request may go out


def test_a_gate_is_asked_when_the_connection_stands_right_before_each_try(serve, clock, monkeypatch):
    server = serve(answer(503), answer())
    pool, out, send = pool_of(server), [], http.client.HTTPConnection.send
    monkeypatch.setattr(http.client.HTTPConnection, "send", lambda self, data: (out.append(data[-8:]), send(self, data)))
    assert pool.request("PATCH", "/a", b'{"a": 1}', gate=lambda: out.append(len(server.seen))).status == 200
    assert out == [0, b'{"a": 1}', 1, b'{"a": 1}']  # in one piece

    def shut():
        raise CancelledError("not now")

    with pytest.raises(CancelledError, match="not now"):
        pool.request("PATCH", "/a", b"x", gate=shut)
    assert len(server.seen) == 2


def test_what_a_gate_asks_does_not_wait_for_those_who_wait_for_the_gate(serve):
    server = serve(answer())
    pool = pool_of(server, limit=tested.AdaptiveLimit(1, 1))
    renewed = []

    def renew():
        renewed.append(pool.request("PUT", "/lock", b"x", limited=False).status)

    asking = threading.Thread(target=lambda: pool.request("PATCH", "/a", b"x", gate=renew), daemon=True)
    asking.start()
    asking.join(LONGEST)
    assert renewed == [200] and not asking.is_alive()


def test_who_was_stopped_may_still_say_what_it_did_for_a_few_seconds(serve, clock):
    def gate():
        raise CancelledError("stopped")

    server = serve(answer())
    pool = pool_of(server, gate=gate)
    with pool.last_words():
        assert pool.request("GET", "/a").status == 200
        clock.now += 60
        with pytest.raises(CancelledError):
            pool.request("GET", "/a")
    with pytest.raises(CancelledError):
        pool.request("GET", "/a")
    assert len(server.seen) == 1


def test_credentials_are_renewed_once_after_a_401(serve, clock):
    asked = []

    def headers(renew):
        asked.append(renew)
        return {"Authorization": "new" if renew else "old"}

    server = serve(answer(401), answer(200))
    assert pool_of(server, headers=headers).request("GET", "/a").status == 200
    assert [seen.headers["Authorization"] for seen in server.seen] == ["old", "new"]
    assert pool_of(serve(answer(401)), headers=headers).request("GET", "/a").status == 401
    assert asked == [False, True, False, True]


def test_the_gate_stops_a_run_before_a_try_and_within_a_pause(serve, clock):
    server = serve(answer(503, Retry_After="20"))

    def gate():
        if clock.passed > 3:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError, match="stopped"):
        pool_of(server, gate=gate).request("GET", "/a")
    assert (len(server.seen), clock.passed < 4) == (1, True)


def test_a_certificate_of_somebody_else_is_told_at_once(serve, clock, tmp_path):
    authority = Authority(tmp_path)
    authority.server("serving", ["127.0.0.1"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "serving.crt", tmp_path / "serving.key")
    server = serve(answer(), tls=tls)
    ours = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    assert Pool(Endpoint(server.url, ours), "a").request("GET", "/a").status == 200
    with pytest.raises(UntrustedError, match=f"{server.url}: .*certificate.*; name the authority that signed it as ca_cert"):
        Pool(Endpoint(server.url, ssl.create_default_context()), "a").request("GET", "/a")
    with pytest.raises(UntrustedError, match="Hostname mismatch.*other.example.[^;]*$"):
        Pool(Endpoint(server.url, ours, "other.example"), "a").request("GET", "/a")
    assert clock.passed == 0


def test_a_proxy_is_asked_for_a_tunnel_with_its_own_password(serve, clock):
    server = serve(answer(200, b"through"))
    proxy = server.url.replace("http://", "http://us:p%40ss@")
    response = Pool(Endpoint("http://cluster.example:8080", proxy=proxy), "a", lambda renew: {"Authorization": "Bearer t"}).request(
        "GET", "/a"
    )
    tunnel, request = server.seen
    assert (tunnel.method, tunnel.path, response.body) == ("CONNECT", "cluster.example:8080", b"through")
    assert tunnel.headers["Proxy-Authorization"] == "Basic dXM6cEBzcw=="
    assert "Authorization" not in tunnel.headers and "Proxy-Authorization" not in request.headers


def test_warnings_are_read_out_of_their_headers(serve, clock):
    server = serve(answer(Warning='299 - "would violate \\"restricted\\""'), answer(Warning="odd"), answer())
    pool = pool_of(server)
    found = [pool.request("GET", "/a").warnings for _number in range(3)]
    assert found == [['would violate "restricted"'], ["odd"], []]


def test_a_stream_is_given_line_by_line(serve):
    server = serve(answer(200, b"one\ntwo\n"))
    pool = pool_of(server)
    assert list(pool.stream("/watch?a=b")) == [b"one\n", b"two\n"]
    assert server.seen[0].path == "/base/watch?a=b"


def test_a_stream_that_is_refused_says_with_which_status(serve):
    with pytest.raises(StreamRefused) as problem:
        list(pool_of(serve(answer(410, b"too old"))).stream("/watch"))
    assert (problem.value.status, problem.value.body) == (410, b"too old")


def test_a_closed_pool_sends_nothing_and_ends_streams_that_others_read(serve):
    server = serve(answer(200, b"one\n" + b"." * 100, cut=0, Content_Length="1000"))
    pool = pool_of(server)
    stream = pool.stream("/watch", timeout=LONGEST)
    assert next(stream) == b"one\n"
    pool.close()
    try:
        rest = b"".join(stream)
    except UnreachableError as ended:
        rest = str(ended).encode()
    assert b"one" not in rest and b"timed out" not in rest
    with pytest.raises(CancelledError, match="closed"):
        pool.request("GET", "/a")
