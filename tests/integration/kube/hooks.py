# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook of the tests' own on loopback, which an apiserver asks and believes."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import ssl
import threading
import uuid

from ansible_collections.gantry.platform.plugins.module_utils._sandbox.certificates import Authority


class Hook(http.server.ThreadingHTTPServer):
    """A webhook, converter and aggregated API: refuses what it is asked to admit, and keeps the paths that were asked for."""

    def __init__(self, cluster, namespace):
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked = []
        self.answer = {"allowed": False, "status": {"message": "the hook on loopback says no"}}
        self.name = f"hook-{uuid.uuid4().hex[:8]}"
        pki = cluster.root / "pki"
        Authority(pki).server(f"tests-{self.name}", [f"{self.name}.{namespace}.svc", "127.0.0.1"])
        self.authority = base64.b64encode((pki / "ca.crt").read_bytes()).decode()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pki / f"tests-{self.name}.crt", pki / f"tests-{self.name}.key")
        self.socket = tls.wrap_socket(self.socket, server_side=True)


class Answers(http.server.BaseHTTPRequestHandler):
    """Speaks as Kubernetes expects it of a webhook, and as an API group with nothing in it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        response = {"uid": review["request"]["uid"], **self.server.answer}
        self._answer({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})

    def do_GET(self):
        self._answer({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "", "resources": []})

    def _answer(self, body):
        self.server.asked.append(self.path.partition("?")[0])
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


@contextlib.contextmanager
def serving(cluster, namespace):
    """A webhook that serves meanwhile; what it answers is its ``answer``."""
    server = Hook(cluster, namespace)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
