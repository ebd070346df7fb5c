# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of Elasticsearch's table is OpenSearch's own, beside the vendor's client in TypeScript, which is made from its API's specification.

The folder ``opensearch`` in GANTRY_VENDOR_DOCUMENTS is the npm package @opensearch-project/opensearch.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.elasticsearch import API

KIND = API.kinds["ism_policy"]
CALLS = {"GET": "getPolicy", "PUT": "putPolicy", "DELETE": "deletePolicy"}
SHAPES = {"array": ("[]",), "string": ("string",), "object": ("Policy", "ErrorNotification")}


def differences(folder):
    """What the table says and the client does not, one line each."""
    for verb, call in CALLS.items():
        sent = re.search(r"const path = '([^']+)' \+ policy_id;\s+const method = '(\w+)'", text(folder, f"ism/{call}.js"))
        if sent is None or (sent[2], f"{sent[1]}{{id}}") != (verb, KIND.at("one")):
            yield f"the client has no {verb} {KIND.at('one')}"
    for parameter in KIND.guard:
        if f"{parameter}?:" not in text(folder, "ism/putPolicy.d.ts"):
            yield f"{parameter} is unknown to putPolicy"
    types = text(folder, "_types/ism._common.d.ts")
    for field in KIND.guard.values():
        if field not in fields(types, "Metadata"):
            yield f"{field} is unknown to Metadata"
    described = API.described["ism_policy"]["properties"]
    said = {
        "PolicyEnvelope": {"policy": described["policy"]},
        "Policy": described["policy"]["properties"],
        "States": described["policy"]["properties"]["states"]["items"]["properties"],
    }
    for model, mine in said.items():
        known = fields(types, model)
        for field, one in mine.items():
            if not any(shape in known.get(field, "") for shape in SHAPES[one["type"]]):
                yield f"{field} is {known.get(field, 'nothing')} in {model}"


def text(folder, name):
    return (folder / "api" / name).read_text(encoding="utf-8")


def fields(types, model):
    """The TypeScript type of each field of a model."""
    found = re.search(rf"export type {model} = {{\n(.*?)\n}}", types, re.DOTALL)
    return dict(re.findall(r"(\w+)\??: (.+);", found[1])) if found else {}


def test_the_table_is_the_vendors():
    folder = Path(os.environ.get("GANTRY_VENDOR_DOCUMENTS", "")) / "opensearch"
    if not os.environ.get("GANTRY_VENDOR_DOCUMENTS") or not folder.is_dir():
        print("not run: the vendor's client of opensearch is not at hand; name its folder in GANTRY_VENDOR_DOCUMENTS")
        return
    assert list(differences(folder)) == []


def test_what_the_table_has_wrong_is_told(tmp_path):
    for verb, call in CALLS.items():
        path = tmp_path / "api" / "ism" / f"{call}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"const path = '/_plugins/_ism/{'rules' if verb == 'GET' else 'policies'}/' + policy_id;\n  const method = '{verb}';"
        )
    (tmp_path / "api" / "ism" / "putPolicy.d.ts").write_text("if_seq_no?: number;")
    models = {
        "Metadata": "_primary_term?: number;\n  _seq_no?: number;",
        "PolicyEnvelope": "policy?: Policy;",
        "Policy": "default_state?: string;\n  description?: string;\n  error_notification?: ErrorNotification | undefined;\n"
        "  ism_template?: IsmTemplate[];\n  states?: string;",
        "States": "actions?: Action[];\n  name?: string;",
    }
    (tmp_path / "api" / "_types").mkdir()
    body = "\n\n".join(f"export type {model} = {{\n  {said}\n}}" for model, said in models.items())
    (tmp_path / "api" / "_types" / "ism._common.d.ts").write_text(body)
    assert list(differences(tmp_path)) == [
        "the client has no GET /_plugins/_ism/policies/{id}",
        "if_primary_term is unknown to putPolicy",
        "states is string in Policy",
        "transitions is nothing in States",
    ]
