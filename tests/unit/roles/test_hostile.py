# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No text of the inventory reaches another language unquoted: every template of the collection, with hostile text in every text."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jmespath
import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis import grafana
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import read_document as read_rest_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.hcl import parse, policy_text
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT
from ansible_collections.gantry.platform.tests.unit.roles.hostile import Twin, hostile, infest, places

HOST = "prod-euw1"
DIGEST = "sha256:" + "a" * 64
FILES = {
    "settings": "all/20_platform.yml",
    "teams": "all/30_teams.yml",
    "services": "all/40_services.yml",
    "slos": "all/50_slos.yml",
    "security": "all/60_security.yml",
    "recovery": "all/70_recovery.yml",
    "environment": "prod/00_environment.yml",
    "foundation": "prod/10_foundation.yml",
    "finops": "prod/80_finops.yml",
    "secret_references": "prod/90_secret_references.yml",
    "release": "prod/release.yml",
    "cluster": f"../host_vars/{HOST}.yml",
}
MORE: dict[str, Any] = {
    "cluster": {"kubeconfig": "x", "context": "x", "identity": "x"},
    "settings": {
        "components": {
            "cert-manager": {"secrets": {"one": {"key": "file:x"}}, "ignore": [{"kind": "Secret", "name": "x", "path": "data"}]},
            "prometheus-operator": {},
        },
        "areas": {"monitoring": True, "tracing": True, "logging": True},
        "edge": {"token": "file:x", "waf": {"managed": ["x"], "rules": {"one": {"expression": "x"}}}},
        "oncall": {"token": "file:x", "orchestration": "x"},
        "monitoring": {
            "thanos": {"bucket": {"type": "s3", "name": "history", "endpoint": "s3.example", "credentials": "file:x"}},
            "scrape": {
                "one": {
                    "targets": ["one.example:80"],
                    "cidrs": ["10.0.0.0/8"],
                    "scheme": "https",
                    "ca": "file:x",
                    "basic_auth": {"username": "file:x", "password": "file:x"},
                }
            },
            "grafana": {
                "url": "https://grafana.example",
                "admin_password": "file:x",
                "api": {"url": "https://grafana.example", "password": "file:x", "ca_cert": "x"},
                "sso": {
                    "name": "x",
                    "issuer": "https://id.example",
                    "client": "x",
                    "client_secret": "file:x",
                    "roles": {"admins": ["x"], "editors": ["x"], "viewers": ["x"]},
                },
            },
        },
        "tracing": {
            "storage": {
                "kind": "opensearch",
                "url": "https://search.example:9200",
                **{key: "file:x" for key in ("username", "password", "ca")},
            },
            "redaction": {"drop": ["order.id"], "keep": ["dose.kind"]},
        },
        "logging": {
            "api": {"url": "https://logs.example:9200", "password": "file:x", "ca_cert": "x"},
            "reader": {"password": "file:x", "ca": "file:x"},
            "shipping": {
                "host": "logs.example",
                "cidr": "10.0.0.0/24",
                **{key: "file:x" for key in ("password", "certificate", "key", "ca")},
            },
            "redaction": {"drop": ["order.id"], "keep": ["dose.kind"]},
            "prices": {"currency": "EUR", "source": "x", **dict.fromkeys(("hot", "warm", "cold", "snapshots"), "0.1")},
        },
        "alerting": {"receivers": {name: {"url": "file:x"} for name in ("teams", "webhook", "automation")}},
        "source_control": {
            "token": "file:x",
            "checks": ["x"],
            "environments": {"prod": {"secrets": {"ONE": "file:x"}}},
        },
    },
    "teams": {"trust": {"oncall": "x"}},
    "services": {
        "dream-scheduler": {
            "metrics": {"path": "/x"},
            "repository": {"name": "dreams", "checks": ["x"], "secrets": {"ONE": "file:x"}},
            "config": {"MODE": "x"},
            "probes": {name: {"path": "/x"} for name in ("readiness", "liveness", "startup")},
        }
    },
    "security": {
        "exceptions": {"one": {"rule": "x", "service": "memory-store", "reason": "x", "expires": "2027-01-31"}},
        "vault": {
            "seal": {
                "type": "transit",
                "config": {"address": "https://keys.example:8200", "key_name": "x", "mount_path": "transit/"},
                "environment": {"VAULT_TOKEN": "env:X"},
            },
            "people": {"type": "oidc", "config": {"oidc_client_id": "x"}, "role": {"groups_claim": "x"}},
            "policy_tests": {"one": {"policies": ["x"], "may": {"secret/x": ["read"]}, "may_not": {"secret/y": ["read"]}}},
            "prune": {"mode": "delete", "data": ["x"]},
            "removable": ["x"],
        },
    },
    "secret_references": {"services": {"memory-store": {"LICENCE": "env:X"}}},
}
EXACT = {("secret_references", "services", "*", "*"): lambda path: f"vault:prod/{path[2]}/{{}}#{{}}"}
"""A service's references lie below its own path, whatever their form would allow."""
_BUCKET = ("settings", "logging", "snapshots", "bucket")
INSTEAD = {(*_BUCKET, "credentials"): (*_BUCKET, "access_key")}
"""What may not stand beside another, and that, which is tried: both are references that go the same way."""
GIVEN = {
    "sandbox": {
        "sandbox_status": {
            "servers": [{"name": "vault", "state": "running", "ports": {"https": 1}}],
            "access": {"vault": "https://127.0.0.1:1"},
            "simulated": ["x"],
        },
        "sandbox_zones": "{{ platform_cluster.zones }}",
    },
    "alerting": {"platform_cluster_access": {"kubeconfig": "/k", "context": "c"}, "platform_verify_timeout": 1},
    "vault": {"platform_cluster_access": {"kubeconfig": "/k", "context": "c"}},
    "new_platform": {
        "item": "site",
        "new_platform_version": "1.0.0",
        "new_platform_product": "shop",
        "new_platform_domain": "shop.example",
        "new_platform_source": "gantry.platform",
        "new_platform_packages": ["boto3"],
        "new_platform_written": {"written": ["x"]},
        "new_platform_code_owner": "@x",
    },
}
"""What a template reads besides the model and its role's own variables."""
SET_ROLES = ("cluster_baseline", "vault", "monitoring", "tracing", "logging", "workloads")


class Unsafe(str):
    """A text that Ansible shall not take for a template."""


class Dumper(yaml.SafeDumper):
    """Writes such texts with Ansible's tag."""


Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


def unsafe(value: Any) -> Any:
    """The value with every text that has a brace marked as no template."""
    if isinstance(value, dict):
        return {key: unsafe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unsafe(item) for item in value]
    return Unsafe(value) if isinstance(value, str) and "{" in value else value


def merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: merged(below.get(key), item) for key, item in above.items()}}
    return above


def written(folder: Path, model: dict[str, Any]) -> Path:
    """The shipped inventory of production with this model."""
    inventories = copy_of_the_inventories(folder)
    for part, name in FILES.items():
        path = inventories / "group_vars" / name
        path.write_text(yaml.dump({f"platform_{part}": unsafe(model[part])}, Dumper=Dumper, allow_unicode=True), encoding="utf-8")
    inventory = {"all": {"children": {group: {"hosts": {HOST: None}} for group in ("prod", "eks", "hub", "workload")}}}
    (inventories / "prod.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    return inventories / "prod.yml"


def templates() -> list[tuple[str, str]]:
    """(role, name) of every template of the collection."""
    return sorted((path.parent.parent.name, path.name) for path in (CHECKOUT / "roles").glob("*/templates/*.j2"))


def render(folder: Path, inventory: Path) -> dict[str, str]:
    """Every template as its own role renders it, with the role's own defaults and variables; by ``role/name``."""
    roles = folder / "roles"
    tasks = []
    for role in dict.fromkeys(role for role, _name in templates()):
        own = roles / role
        own.mkdir(parents=True)
        for part in ("templates", "defaults", "vars", "files"):
            if (CHECKOUT / "roles" / role / part).exists():
                (own / part).symlink_to(CHECKOUT / "roles" / role / part)
        (own / "tasks").mkdir()
        own_templates = [name for one, name in templates() if one == role and name != "access.yaml.j2" or one == role == "vault"]
        texts = ", ".join(f"'{role}/{name}': lookup('ansible.builtin.template', '{name}') | string" for name in own_templates)
        (own / "tasks" / "main.yml").write_text(yaml.safe_dump([_keep(folder, role, texts)]), encoding="utf-8")
        tasks.append({"name": role, "ansible.builtin.include_role": {"name": role}, "vars": GIVEN.get(role, {})})
    play = {
        "name": "Render",
        "hosts": HOST,
        "gather_facts": False,
        "tasks": [
            {"name": "Expand", "gantry.platform.platform_model": {"read_only": True}, "register": "platform_model"},
            {
                "name": "Declare",
                "ansible.builtin.include_role": {"name": "gantry.platform.{{ item }}", "tasks_from": "declare"},
                "loop": [*SET_ROLES],
            },
            {
                "name": "Render the deployer's access, which is made of what was declared",
                "ansible.builtin.include_role": {"name": "cluster_baseline", "tasks_from": "access"},
            },
            *tasks,
        ],
    }
    access = "'cluster_baseline/access.yaml.j2': lookup('ansible.builtin.template', 'access.yaml.j2') | string"
    (roles / "cluster_baseline" / "tasks" / "access.yml").write_text(yaml.safe_dump([_keep(folder, "access", access)]), encoding="utf-8")
    book = folder / "render.yml"
    book.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    command = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "-i",
        str(inventory),
        str(book),
        "-e",
        f"platform_run_folder={folder}/run",
    ]
    surroundings = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_ROLES_PATH": str(roles)}
    done = subprocess.run(command, cwd=CHECKOUT, env=surroundings, capture_output=True, text=True, check=False, timeout=LONGEST)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, str] = {}
    for file in folder.glob("rendered-*.json"):
        found |= json.loads(file.read_text(encoding="utf-8"))
    assert sorted(found) == sorted(f"{role}/{name}" for role, name in templates())
    return found


def _keep(folder: Path, name: str, texts: str) -> dict[str, Any]:
    """A task that keeps texts by name."""
    files = {f"rendered-{name}.json": f"{{{{ {{{texts}}} | to_json }}}}"}
    return {
        "name": name,
        "gantry.platform.new_files": {"dest": str(folder), "files": files},
        "register": "kept",
        "failed_when": "not kept.changed",
    }


@pytest.fixture(scope="module")
def twins() -> list[Twin]:
    return []


@pytest.fixture(scope="module")
def rendered(tmp_path_factory, twins) -> tuple[dict[str, str], dict[str, str]]:
    """(harmless, hostile) of every template."""
    base = CHECKOUT / "inventories" / "group_vars"
    model = {part: yaml.safe_load((base / name).read_text(encoding="utf-8"))[f"platform_{part}"] for part, name in FILES.items()}
    harmless, hostile_one = infest(merged(copy.deepcopy(model), MORE), twins, EXACT)
    found = []
    for name, content in (("harmless", harmless), ("hostile", hostile_one)):
        folder = tmp_path_factory.mktemp(name)
        found.append(render(folder, written(folder, content)))
    return found[0], found[1]


_OBJECT = re.compile(r"(memory-store|perception-gateway)-vault-[a-z0-9-]+")
"""A Secret of the operator is named after the path that it brings, in signs of its own and with a digest."""


def forms(text: str) -> list[str]:
    """A text as each of the languages writes it inside one of its own texts."""
    ascii_only, whole = json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
    literal = ascii_only.replace("`", "\\u0060")
    return [text, ascii_only, whole, literal, literal.replace("$", "\\u0024"), whole.replace("${", "\\u0024{"), quote(text)]


def same(harmless: Any, hostile_one: Any, twins: list[Twin], where: str) -> list[str]:
    """What differs but for the texts, each with its place."""
    if isinstance(harmless, dict) and isinstance(hostile_one, dict):
        if len(harmless) != len(hostile_one):
            return [f"{where}: {sorted(map(str, harmless))} became {sorted(map(str, hostile_one))}"]
        rows = []
        for (key, item), (other_key, other) in zip(harmless.items(), hostile_one.items(), strict=True):
            rows += same(key, other_key, twins, f"{where}.<key {key}>") + same(item, other, twins, f"{where}.{key}")
        return rows
    if isinstance(harmless, list) and isinstance(hostile_one, list) and len(harmless) == len(hostile_one):
        return [
            row for index, pair in enumerate(zip(harmless, hostile_one, strict=True)) for row in same(*pair, twins, f"{where}[{index}]")
        ]
    if harmless == hostile_one:
        return []
    if isinstance(harmless, str) and isinstance(hostile_one, str):
        if _OBJECT.fullmatch(harmless) and _OBJECT.fullmatch(hostile_one):
            return []
        inside = [twin for twin in twins if twin.harmless in harmless]
        for number in range(len(forms(""))):
            expected = harmless
            for twin in inside:
                expected = expected.replace(twin.harmless, forms(twin.hostile)[number])
            if expected == hostile_one:
                return []
    return [f"{where}: {harmless!r} became {hostile_one!r}"]


def read(name: str, text: str) -> Any:
    """What a template rendered to, as who takes it reads it."""
    stem = name.removesuffix(".j2")
    if stem.endswith((".yaml", ".yml")):
        return list(yaml.safe_load_all(text))
    if stem.endswith(".json"):
        return json.loads(text)
    if stem.endswith(".hcl"):
        return parse(text)
    return text.splitlines()


@pytest.mark.parametrize("name", [f"{role}/{name}" for role, name in templates()])
def test_a_template_says_the_same_whatever_its_texts_say(rendered, twins, name):
    harmless, hostile_one = (read(name, one[name]) for one in rendered)
    # A digest of texts differs with them, and is no text itself.
    found = [
        row for row in same(harmless, hostile_one, twins, name) if not re.search(r"\.gantry\.dev/(config|bucket-digest): '[0-9a-f]+'", row)
    ]
    assert found == []


def test_conditions_are_still_expressions_and_policies_still_grant_the_same(rendered):
    harmless, hostile_one = rendered
    for role in SET_ROLES:
        name = f"{role}/expectations.yaml.j2"
        for row in yaml.safe_load(hostile_one[name]):
            assert "condition" not in row or jmespath.compile(row["condition"])
    granted = []
    for one in (harmless, hostile_one):
        document = yaml.safe_load(one["vault/shared.yaml.j2"])
        assert read_document(document, "gantry")
        granted.append({name: parse(policy_text(rules)) for name, rules in document["policies"].items()})
    assert granted[0] == granted[1]


def test_who_may_what_in_grafana_is_a_document_that_its_api_takes(rendered):
    for one in rendered:
        document = yaml.safe_load(one["monitoring/rights.yaml.j2"])
        things = {thing.id: thing.body for thing in read_rest_document(grafana.API, document)}
        assert {"folder/Platform", "folder/trust", "team/trust", "members/trust/members"} <= set(things)
        assert {"teamId": "trust", "permission": 2} in things["permissions/trust/permissions"]["items"]


def test_every_text_of_the_schema_that_may_be_hostile_was(rendered, twins):
    tried = {tuple(map(str, twin.path)) for twin in twins}
    for place, part in places():
        if place[-1] == "<name>" or hostile(part) is None:
            continue
        place = INSTEAD.get(place, place)
        assert any(len(path) == len(place) and all(want in ("*", got) for want, got in zip(place, path, strict=True)) for path in tried), (
            f"{'.'.join(place)} may hold hostile text, and this test puts none there: add it to MORE"
        )


def test_a_set_is_declared_with_hostile_text_as_with_any_other(rendered, twins):
    assert any("\n" in twin.hostile for twin in twins), "a text of several lines is among them"
    assert any("{{ 7*7 }}" in text and "49" not in text for text in rendered[1].values())
