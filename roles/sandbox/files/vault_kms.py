# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the cloud around the sandbox's key service, a small Vault with the transit engine: it is always there and always open.

Initialises it once, unseals it whenever it is sealed, keeps a key for the sandbox's Vault, and writes the seal stanza that names a
token for it. Its own port answers 200 while all of that holds. Runs alone, under the supervisor: standard library only.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import ssl
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

KEY = "sandbox"
TOKEN_PERIOD = "768h"
"""Vault renews the token while it runs; a new one is made at each start of this program."""


class Kms:
    """The key service at ``url``; ``folder`` is the sandbox's, ``keys`` what opens it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.authority = folder / "pki" / "ca.crt"
        self.keys_file = folder / "vault-kms-keys.json"
        self._tls = ssl.create_default_context(cafile=str(self.authority))
        self._stanza_written = False

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> dict[str, Any]:
        """One request. Raises OSError, HTTPError among it."""
        request = urllib.request.Request(f"{self.url}/v1/{path}", json.dumps(body).encode() if body is not None else None, method=method)
        request.add_header("X-Vault-Request", "true")
        if token:
            request.add_header("X-Vault-Token", token)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._tls))
        with opener.open(request, timeout=10) as answer:
            content = answer.read()
        return dict(json.loads(content)) if content else {}

    def tend(self) -> None:
        """Make true whatever is not: initialised, unsealed, with a key and a token for it."""
        status = self.call("GET", "sys/seal-status")
        if not status["initialized"]:
            write_private(self.keys_file, "")
            answer = self.call("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
            write_private(self.keys_file, json.dumps({"key": answer["keys_base64"][0], "root_token": answer["root_token"]}))
            status = {"sealed": True}
        if status["sealed"]:
            self.call("PUT", "sys/unseal", {"key": json.loads(self.keys_file.read_text())["key"]})
        if not self._stanza_written:
            self._stanza(json.loads(self.keys_file.read_text())["root_token"])
            self._stanza_written = True

    def _stanza(self, root: str) -> None:
        if "transit/" not in self.call("GET", "sys/mounts", token=root)["data"]:
            self.call("PUT", "sys/mounts/transit", {"type": "transit"}, root)
        self.call("PUT", f"transit/keys/{KEY}", {}, root)
        rules = {f"transit/{word}/{KEY}": {"capabilities": ["update"]} for word in ("encrypt", "decrypt")}
        self.call("PUT", "sys/policies/acl/seal", {"policy": json.dumps({"path": rules})}, root)
        token = self.call("PUT", "auth/token/create-orphan", {"policies": ["seal"], "period": TOKEN_PERIOD}, root)["auth"]["client_token"]
        stanza = {"address": self.url, "token": token, "key_name": KEY, "mount_path": "transit/", "tls_ca_cert": str(self.authority)}
        write_private(self.folder / "vault-seal.json", json.dumps({"seal": {"transit": stanza}}))


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may ever read it."""
    temporary = path.with_name(f".{path.name}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(descriptor)
    temporary.rename(path)


def main() -> None:
    """Look after it until the supervisor ends this."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    kms = Kms(given.url, given.folder)
    holds = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200 if holds.is_set() else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    last = ""
    while True:
        try:
            kms.tend()
            holds.set()
            last = ""
        except (OSError, KeyError, ValueError) as error:
            holds.clear()
            said = f"{type(error).__name__}: {error}"
            if said != last:
                print(said, flush=True)
                last = said
        time.sleep(1.0 if holds.is_set() else 0.2)


if __name__ == "__main__":
    main()
