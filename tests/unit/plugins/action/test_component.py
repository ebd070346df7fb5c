# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.action.component import ActionModule
from ansible_collections.gantry.platform.plugins.plugin_utils import _components as component

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec: {group: example.org, names: {kind: Thing}, scope: Namespaced}
"""
CHART = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec: {replicas: 2}
"""
ENTRY = {
    "purpose": "a thing",
    "chart": {"repository": "ours", "name": "thing-chart", "version": "1", "digest": None},
    "crds": {"module": "example.org/thing", "files": ["*.yaml"]},
    "requires": [],
    "licence": "Apache-2.0",
    "status": "active",
    "successor": None,
    "kubernetes": ["1.33", "1.36"],
    "tested": [],
}


class World:
    """What the action reaches: Go modules, chart repositories and helm. Counts what is asked of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.texts = {"thing": CHART}
        self.releases = {}
        self.charts = []
        self.helm = "v4.3"

    def module_folder(self, pin, module, environment):
        self.asked.append(f"module {module}")
        return self.folder / "module"

    def fetch(self, chart, cache, helm, environment):
        self.charts.append(chart)
        return self.folder / "chart.tgz", "sha256:" + "0" * 64

    def render_twice(self, helm, path, release, environment):
        self.asked.append(f"render {release.name}")
        self.releases[release.name] = release
        text = self.texts.get(release.name, CHART)
        return text, text


@pytest.fixture
def world(tmp_path, monkeypatch):
    found = World(tmp_path)
    for name in ("module", "store", "pins/thing", "pins/other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "module" / "crd.yaml").write_text(CRD)
    for name in ("thing", "other"):
        (tmp_path / "pins" / name / "go.sum").write_text("example.org/thing v1 h1:a\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(component, "templates_of", lambda path: {})
    for name in ("module_folder", "fetch", "render_twice"):
        monkeypatch.setattr(component, name, getattr(found, name))
    monkeypatch.setattr(component, "helm_binary", lambda path, environment: "helm")
    monkeypatch.setattr(component, "helm_version", lambda path, environment: found.helm)
    return found


@pytest.fixture
def declare(world):
    """Run the action; gives its result and the declared sets by name."""

    def call(components, catalog=None, version="1.36", **more):
        arguments = {
            "store": str(world.folder / "store"),
            "catalog": catalog or {"thing": ENTRY},
            "components": components,
            "modules": str(world.folder / "pins"),
            "kubernetes_version": version,
            "repositories": {"ours": "https://charts.example"},
            "deployer": "gantry:deployer",
            **more,
        }
        task = MagicMock(async_val=0, check_mode=True, args=arguments, environment=[])
        result = ActionModule(task, MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock()).run(None, {})
        return result, {file.stem: json.loads(file.read_text()) for file in (world.folder / "store").glob("*.json")}

    return call


def ids(content):
    return [f"{d['kind']}/{d['metadata'].get('namespace', '-')}/{d['metadata']['name']}" for d in content["documents"]]


def test_definitions_become_a_set_with_what_must_hold(declare):
    result, sets = declare({"thing": {}})
    assert [one["name"] for one in result["sets"]] == ["component-thing"]
    assert ids(sets["component-thing"]) == ["CustomResourceDefinition/-/things.example.org"]
    assert sets["component-thing"]["expectations"][0]["meaning"] == "Thing of thing can be used"
    assert result["changed"] is False


def test_a_pinned_module_is_read_once(declare, world):
    declare({"thing": {}})
    _result, first = declare({"thing": {}})
    assert world.asked == ["module example.org/thing"]
    (world.folder / "pins" / "thing" / "go.sum").write_text("example.org/thing v2 h1:b\n")
    _result, second = declare({"thing": {}})
    assert len(world.asked) == 2
    assert first == second


def test_a_disabled_component_declares_nothing(declare):
    result, sets = declare({"thing": {"enabled": False}})
    assert (result["sets"], sets) == ([], {})


def test_a_chart_gets_its_namespace_the_deployers_way_in_and_what_must_hold(declare):
    _result, sets = declare({"thing": {"source": "upstream"}})
    assert ids(sets["component-thing"]) == ["Namespace/-/thing", "RoleBinding/thing/gantry-deployer", "Deployment/thing/app"]
    labels = sets["component-thing"]["documents"][0]["metadata"]["labels"]
    assert sets["component-thing"]["documents"][0]["metadata"]["annotations"] == {"gantry.dev/pod-security-needed-by": "thing"}
    assert labels == {"owner": "thing", "pod-security.kubernetes.io/enforce": "baseline", "gantry.dev/component": "thing"}
    assert [row["meaning"] for row in sets["component-thing"]["expectations"]] == ["app of thing runs with all its pods"]


def test_components_that_share_a_namespace_have_it_once(declare):
    entry = {**ENTRY, "namespace": "shared", "pod_security": "privileged"}
    _result, sets = declare({name: {"source": "upstream"} for name in ("thing", "other")}, {"thing": entry, "other": entry})
    assert ids(sets["component-other"])[:2] == ["Namespace/-/shared", "RoleBinding/shared/gantry-deployer"]
    assert ids(sets["component-thing"]) == ["Deployment/shared/app"]


def test_a_shared_namespace_has_the_most_permissive_level_that_its_components_need(declare):
    catalog = {"thing": {**ENTRY, "namespace": "shared", "pod_security": "privileged"}, "other": {**ENTRY, "namespace": "shared"}}
    result, sets = declare({name: {"source": "upstream"} for name in ("thing", "other")}, catalog)
    home = sets["component-other"]["documents"][0]["metadata"]
    assert home["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert home["annotations"]["gantry.dev/pod-security-needed-by"] == "thing"
    assert result["namespaces"] == [{"namespace": "shared", "pod_security": "privileged", "needed_by": ["thing"]}]


def test_the_servers_own_namespace_is_not_declared(declare):
    _result, sets = declare({"thing": {"source": "upstream", "namespace": "kube-system"}})
    assert ids(sets["component-thing"]) == ["Deployment/kube-system/app"]


def test_a_namespace_that_the_chart_brings_is_marked_and_kept(declare, world):
    world.texts["thing"] += "---\n{apiVersion: v1, kind: Namespace, metadata: {name: thing, labels: {owner: chart, a: b}}}\n"
    _result, sets = declare({"thing": {"source": "upstream"}})
    assert ids(sets["component-thing"]) == ["Namespace/-/thing", "RoleBinding/thing/gantry-deployer", "Deployment/thing/app"]
    labels = sets["component-thing"]["documents"][0]["metadata"]["labels"]
    assert labels == {"owner": "chart", "a": "b", "pod-security.kubernetes.io/enforce": "baseline", "gantry.dev/component": "thing"}


def test_values_of_the_user_lie_over_ours(declare, world):
    entry = {**ENTRY, "values": {"crds": {"enabled": True, "keep": True}}}
    declare({"thing": {"source": "upstream", "values": {"crds": {"enabled": False}}}}, {"thing": entry})
    assert world.releases["thing"].values == {"crds": {"enabled": False, "keep": True}}


def test_a_release_pins_version_and_digest(declare, world):
    declare({"thing": {"source": "upstream", "version": "2", "digest": "sha256:" + "a" * 64}})
    chart = world.charts[0]
    assert (chart.component, chart.name, chart.version, chart.digest) == ("thing", "thing-chart", "2", "sha256:" + "a" * 64)


def test_a_render_is_kept_until_something_that_it_depends_on_changes(declare, world):
    ways = [
        ({"source": "upstream"}, "1.36", "v4.3"),
        ({"source": "upstream", "values": {"a": 1}}, "1.36", "v4.3"),
        ({"source": "upstream"}, "1.35", "v4.3"),
        ({"source": "upstream"}, "1.36", "v4.4"),
        ({"source": "upstream", "digest": "sha256:" + "a" * 64}, "1.36", "v4.3"),
    ]
    for number, (wanted, version, world.helm) in enumerate(ways, 1):
        for _time in range(2):
            declare({"thing": wanted}, version=version)
        assert len(world.asked) == number


def test_a_chart_that_writes_a_secret_out_is_refused_and_not_kept(declare, world):
    world.texts["thing"] = "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {password: Y2FuYXJ5}}"
    result, sets = declare({"thing": {"source": "upstream"}})
    assert pasted(result)["secrets"] == {"s": {"password": "env:THING_S_PASSWORD"}}
    assert "Y2FuYXJ5" not in result["msg"]
    assert sets == {}
    assert not list((world.folder / "cache").rglob("*.json"))


def pasted(result):
    """The settings of a component that a refusal offers."""
    text = result["msg"].partition("to a value of yours):\n")[2]
    return yaml.safe_load(text)["platform_settings"]["components"]["thing"]


def test_the_cure_that_a_refusal_offers_is_one(declare, world):
    world.texts["thing"] = (
        CHART + "---\n{apiVersion: v1, kind: Secret, metadata: {name: s}, type: kubernetes.io/tls, data: {tls.key: Y2FuYXJ5}}"
    )
    wanted = {"source": "upstream", "values": {"kept": True}}
    refused, _sets = declare({"thing": wanted})
    result, sets = declare({"thing": {**wanted, **pasted(refused)}})
    assert pasted(refused)["values"] == {"kept": True}
    secret = next(document for document in sets["component-thing"]["documents"] if document["kind"] == "Secret")
    assert (secret["type"], secret["data"]) == ("kubernetes.io/tls", {"tls.key": {"reference": "env:THING_S_TLS_KEY"}})
    assert not result.get("failed")


def test_the_catalogues_cure_is_tried_before_it_is_offered(declare, world, monkeypatch):
    secret = "---\n{apiVersion: v1, kind: Secret, metadata: {name: %s}, data: {key: Y2FuYXJ5}}\n"

    def render(helm, path, release, environment):
        text = CHART + secret % "always" + ("" if release.values.get("existing") else secret % "curable")
        return text, text

    monkeypatch.setattr(component, "render_twice", render)
    result, _sets = declare({"thing": {"source": "upstream"}}, {"thing": {**ENTRY, "reproducible_values": {"existing": "mine"}}})
    assert pasted(result) == {"values": {"existing": "mine"}, "secrets": {"always": {"key": "env:THING_ALWAYS_KEY"}}}


def test_a_component_that_nobody_waits_for_says_so_on_its_workloads(declare):
    _result, sets = declare({"thing": {"source": "upstream", "wait": False}})
    assert sets["component-thing"]["documents"][-1]["metadata"]["annotations"] == {"gantry.dev/wait": "false"}
    assert sets["component-thing"]["expectations"] == []


def test_what_a_component_cannot_do_without_is_refused_at_once(declare):
    required = [{"value": "name", "meaning": "the name", "example": "x"}, {"secret": "s", "keys": ["k"], "meaning": "the key"}]
    entry = {**ENTRY, "required": required}
    result, _sets = declare({"thing": {"source": "upstream"}}, {"thing": entry})
    assert "values.name is missing" in result["msg"]
    assert "secrets.s lacks k" in result["msg"]
    result, sets = declare({"thing": {"source": "upstream", "values": {"name": "a"}, "secrets": {"s": {"k": "env:K"}}}}, {"thing": entry})
    assert "Secret/thing/s" in ids(sets["component-thing"]), result


@pytest.mark.parametrize(
    ("wanted", "change", "words"),
    [
        ({"thnig": {}}, {}, "thnig: the catalogue has no such component; did you mean 'thing'?"),
        ({"thing": {}}, {"status": "eol", "successor": "better"}, "end of life; its successor is better"),
        ({"thing": {"delivery": "gitops"}}, {}, "use delivery: direct"),
        ({"thing": {"source": "upstream"}}, {"chart": None}, "use source: crds"),
        ({"thing": {}}, {"crds": None}, "use source: upstream"),
        ({"thing": {}}, {"crds": None, "chart": None}, "neither a chart nor definitions"),
        ({"thing": {}}, {"kubernetes": ["1.30", "1.35"]}, "supported on Kubernetes 1.30 to 1.35, the cluster is 1.36"),
        ({"thing": {}}, {"kubernetes": ["1.4", "1.9"]}, "the cluster is 1.36"),
        ({"thing": {}}, {"requires": ["other"]}, "requires other, which is not enabled"),
        (
            {"thing": {"source": "upstream"}},
            {"chart": {**ENTRY["chart"], "repository": "our"}},
            "no address for 'our'; did you mean 'ours'",
        ),
        ({"thing": {"source": "upstream"}}, {"chart": {**ENTRY["chart"], "version": None}}, "components.thing.version"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_cure_and_nothing_written(declare, wanted, change, words):
    result, sets = declare(wanted, {"thing": {**ENTRY, **change}})
    assert result["failed"]
    assert words in result["msg"]
    assert sets == {}


def test_every_refusal_is_told_at_once(declare):
    result, _sets = declare({"nothing": {}, "thing": {"delivery": "gitops"}})
    assert len(result["msg"].splitlines()) == 3


def test_the_examples_of_the_module_are_yaml():
    module = Path(component.__file__).parents[1] / "modules" / "component.py"
    text = module.read_text(encoding="utf-8").partition('EXAMPLES = r"""')[2].partition('"""')[0]
    assert yaml.safe_load(text)[0]["gantry.platform.component"]["store"]
