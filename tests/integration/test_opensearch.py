# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real OpenSearch as the judge of index templates, data streams and what known lines become in them.

It is no Elasticsearch, and of what is declared it has no lifecycle policies, no roles, here no processors, and ``flat_object`` in the place of
``flattened``: what a test leaves out for that stands in ``of_opensearch``. It runs where GANTRY_OPENSEARCH is ``build``, which fetches it with Maven
(51 MB), or where that was done before, and where GANTRY_OPENSEARCH is the address of one that holds nothing else, such as http://127.0.0.1:9200;
else it is said that nothing ran.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import RemovalLimits
from ansible_collections.gantry.platform.plugins.module_utils._logging.lifecycle import document
from ansible_collections.gantry.platform.plugins.module_utils._logging.streams import streams
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import cache_folder
from ansible_collections.gantry.platform.tests.integration.maven import unpacked
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._logging import test_lifecycle, test_pipeline
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import ELASTICSEARCH, Shelf, rows

VERSION = "2.19.0"
MISSING = "not run: OpenSearch is not here; GANTRY_OPENSEARCH=build fetches it, which wants Java 17 and Maven"
FLAT = "labels"
"""The field that holds whatever else a line had."""


class OpenSearch:
    """A real server; ``shelf`` has the record."""

    def __init__(self, url):
        self.url, self.shelf = url, Shelf()

    def call(self, method, path, body=None):
        """(status, answer)."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=LONGEST) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def ask(self, method, path, body=None):
        """The answer to what has to succeed."""
        status, answer = self.call(method, path, body)
        assert status in (200, 201), answer
        return answer


def archive():
    """The folder of an OpenSearch; none where it is not at hand and nobody asks for it."""
    folder = cache_folder(os.environ).parent / f"opensearch-{VERSION}"
    wanted = os.environ.get("GANTRY_OPENSEARCH") == "build"
    if folder.is_dir() or not wanted:
        assert not wanted or shutil.which("java"), "OpenSearch wants Java"
        return folder if folder.is_dir() and shutil.which("java") else None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        unpacked(f"org.opensearch.distribution.integ-test-zip:opensearch:{VERSION}:zip", Path(made))
        shutil.move(Path(made) / folder.name, folder)
    return folder


@contextlib.contextmanager
def serving(folder):
    """The address of one on loopback. It refuses to run as root, and nobody else may read root's folders: it runs from a copy of its own."""
    with tempfile.TemporaryDirectory() as own:
        home = shutil.copytree(folder, Path(own) / "home")
        port, log, root = free_port(), Path(own) / "log", os.geteuid() == 0
        settings = {"http.port": port, "transport.port": free_port(), "discovery.type": "single-node", "cluster.name": "tests"}
        settings["path.repo"] = f"{own}/repositories"
        command = [
            "java",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.security.manager=allow",
            "-Dlog4j2.disable.jmx=true",
        ]
        command += [f"-Dopensearch.path.home={home}", f"-Dopensearch.path.conf={home}/config", "-Dopensearch.distribution.type=zip"]
        command += ["-cp", f"{home}/lib/*", "org.opensearch.bootstrap.OpenSearch", *(f"-E{key}={value}" for key, value in settings.items())]
        if root:
            for path in (Path(own), *Path(own).rglob("*")):
                shutil.chown(path, "nobody")
        with log.open("wb") as output:
            who = {"user": "nobody", "extra_groups": []} if root else {}
            server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=own, **who)
        found = OpenSearch(f"http://127.0.0.1:{port}")

        def serves():
            assert server.poll() is None, log.read_text(encoding="utf-8")[-3000:]
            with contextlib.suppress(OSError):
                return found.call("GET", "/")[0] == 200
            return False

        try:
            until(serves, "OpenSearch to serve")
            yield found.url
        finally:
            # It would wait half a minute for its only node to leave.
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def address():
    """None where nothing can run."""
    said = os.environ.get("GANTRY_OPENSEARCH", "")
    if said.startswith("http"):
        yield said
        return
    folder = archive()
    if folder is None:
        yield None
        return
    with serving(folder) as url:
        yield url


@pytest.fixture(autouse=True)
def told(address):
    """Each test that cannot run says so."""
    if address is None:
        print(MISSING)


@pytest.fixture(scope="module")
def server(address):
    if address is None:
        yield None
        return
    found = OpenSearch(address)
    # It is somebody's, where its address was given: what it holds would go in the end.
    assert found.ask("GET", "/_data_stream")["data_streams"] == [] and found.ask("GET", "/_index_template")["index_templates"] == []
    try:
        yield found
    finally:
        emptied(found)


def emptied(server):
    """Without data streams and templates."""
    for what in ("_data_stream", "_index_template", "_component_template"):
        server.ask("DELETE", f"/{what}/*")
    server.shelf = Shelf()


def of_opensearch(found):
    """What is declared, as OpenSearch can have it."""
    found = copy.deepcopy(found)
    for section in ("ilm_policies", "ism_policies", "roles", "users", "ingest_pipelines", "slm_policies"):
        found.pop(section, None)
    # Folders stand for buckets, where it is ours: another has none that it may write to.
    of_ours = not os.environ.get("GANTRY_OPENSEARCH", "").startswith("http")
    for name, repository in (found.pop("snapshot_repositories", {}) if of_ours else {}).items():
        location = {"location": f"{name}-{repository['type']}", "compress": repository["settings"].get("compress", False)}
        found.setdefault("snapshot_repositories", {})[name] = {"type": "fs", "settings": location}
    for template in found["component_templates"].values():
        template["template"].get("settings", {}).pop("index.lifecycle.name", None)
        fields = template["template"].get("mappings", {}).get("properties", {})
        if FLAT in fields:
            assert fields[FLAT] == {"type": "flattened", "ignore_above": 1024}
            fields[FLAT] = {"type": "flat_object"}
    return found


@pytest.fixture(scope="module")
def declared():
    """Of the services whose lines are known."""
    settings = test_lifecycle.SETTINGS | {"redaction": test_pipeline.SETTINGS["redaction"]}
    return of_opensearch(document(streams(settings, test_pipeline.SERVICES, {"health": 20}), "prod", test_lifecycle.COPIES))


@pytest.fixture(scope="module")
def made(server, declared):
    """(what the first run did, what a second one did): all tests but the last share what that made."""
    return server and (ELASTICSEARCH.run(server, declared), ELASTICSEARCH.run(server, declared))


@pytest.fixture(scope="module")
def indexed(server, made):
    """What the server answered to each known line."""
    return server and index(server, list(known_lines()))


def known_lines():
    """What leaves the node of each known line, as Fluent Bit ships it."""
    for number, row in enumerate(test_pipeline.LINES):
        yield test_pipeline.wanted(row) | {"@timestamp": f"2026-11-30T04:00:{number % 60:02}.{number:06}Z"}


def leaves(value, path=""):
    """The fields of a document, by their whole names; ``labels`` are one."""
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        if isinstance(item, dict) and here != FLAT:
            yield from leaves(item, here)
        else:
            yield here, item


def index(server, lines):
    """Write them, each into the stream that it names; what the server answers to each."""
    body = b""
    for line in lines:
        stream = "-".join(line["data_stream"][key] for key in ("type", "dataset", "namespace"))
        body += json.dumps({"create": {"_index": stream}}).encode() + b"\n" + json.dumps(line).encode() + b"\n"
    return [one["create"] for one in server.ask("POST", "/_bulk?refresh=true", body)["items"]]


def test_every_template_and_stream_is_made_as_declared_and_a_second_run_writes_nothing(server, declared, made):
    if server is None:
        return
    done, again = made
    assert done["warnings"] == [] and all(row["action"] == "create" for row in done["plan"])
    assert again["plan"] == [] and set(again["requests"]) == {"GET"}
    fields = declared["component_templates"]["gantry-logs-fields"]["template"]["mappings"]
    assert len(mappings(server)) == len(declared["data_streams"])
    for mapping in mappings(server).values():
        told = {name: kind for name, kind in types(mapping)}
        assert told.items() >= {name: kind for name, kind in types(fields)}.items() and mapping["dynamic"] == "false"
        assert (told["@timestamp"], told["trace.id"], told["source.ip"]) == ("date", "keyword", "ip")


def mappings(server):
    """Of every stream's index."""
    return {name: one["mappings"] for name, one in server.ask("GET", "/logs-*/_mapping").items()}


def test_every_known_line_is_taken_and_every_field_of_it_is_one_that_is_declared(server, declared, indexed):
    if server is None:
        return
    assert [one["error"] for one in indexed if "error" in one] == [] and {one["status"] for one in indexed} == {201}
    assert {one["_index"].removeprefix(".ds-")[: -len("-000001")] for one in indexed} == {*declared["data_streams"]}, (
        "no stream is left out"
    )
    before = mappings(server)
    (told,) = index(server, [{**next(known_lines()), "made_up": {"of": "a line"}}])
    assert told["status"] == 201 and mappings(server) == before, "no line makes a field"
    server.ask("DELETE", f"/{told['_index']}/_doc/{told['_id']}?refresh=true")

    hits = server.ask("POST", "/logs-*/_search", {"size": 1000, "fields": ["*"]})["hits"]["hits"]
    assert len(hits) == len(indexed) > 100
    for hit in hits:
        named = {name for name, _value in leaves(hit["_source"])}
        unknown = {name for name in named if not any(found == name or found.startswith(f"{name}.") for found in hit["fields"])}
        assert (unknown, hit.get("_ignored", [])) == (set(), []), hit["_source"]


def types(mapping, path=""):
    """(name, type) of every field of a mapping."""
    for name, one in mapping.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        if "type" in one:
            yield here, one["type"]
        yield from types(one, here)


def test_what_lines_became_is_found_by_what_it_is(server, indexed):
    """Words are found whole, numbers by more and less, addresses by their network, times by an age."""
    if server is None:
        return
    lines = list(known_lines())
    held = [dict(leaves(line)) for line in lines]

    def count(query):
        return server.ask("POST", "/logs-*/_count", {"query": query})["count"]

    trace = next(one["trace.id"] for one in held if "trace.id" in one)
    assert count({"term": {"trace.id": trace}}) == sum(one.get("trace.id") == trace for one in held) > 0
    assert count({"term": {"trace.id": trace[:16]}}) == 0, "a word is no text"
    failed = sum(one.get("http.response.status_code", 0) >= 500 for one in held)
    assert count({"range": {"http.response.status_code": {"gte": 500}}}) == failed > 0
    assert count({"range": {"@timestamp": {"gte": "2026-11-30", "lt": "2026-12-01"}}}) == len(lines)
    assert count({"range": {"@timestamp": {"lt": "2026-11-30"}}}) == 0
    near = sum(str(one.get("source.ip", "")).startswith("10.") for one in held)
    assert count({"term": {"source.ip": "10.0.0.0/8"}}) == near > 0
    secret = sum(one["data_stream.dataset"] == "health.t2" for one in held)
    assert server.ask("POST", "/logs-health.t2-prod/_count")["count"] == secret > 0, "who may read one class reads no other"


@pytest.mark.parametrize(
    "change",
    [
        {"http": {"response": {"status_code": "many"}}},
        {"@timestamp": "yesterday"},
        {"log": "a text in the place of fields"},
        {"event": {"duration": "5 ms"}},
        {"labels": "a text"},
        {"trace": {"id": {"high": 1}}},
    ],
    ids=lambda change: "".join(change),
)
def test_a_line_that_is_something_else_than_declared_is_refused(server, indexed, change):
    """Beside the same line without the change, which was taken."""
    if server is None:
        return
    (told,) = index(server, [{**next(known_lines()), **change}])
    assert told["status"] == 400 and told["error"]["type"] == "mapper_parsing_exception", told


FIELDS, ONE = "gantry-logs-fields", "gantry-logs-internal.t1"
MUTATIONS = {
    "a type that nobody has": ("component_templates", FIELDS, ("template", "mappings", "properties", "message"), {"type": "txt"}),
    "an analyser that nobody has": ("component_templates", FIELDS, ("template", "mappings", "properties", "message"),
                                    {"type": "text", "analyzer": "of_nobody"}),
    "a parameter that the type has not": ("component_templates", FIELDS, ("template", "mappings", "properties", "@timestamp"),
                                          {"type": "date", "ignore_above": 1}),
    "a rule of dynamic fields that nobody has": ("component_templates", FIELDS, ("template", "mappings", "dynamic"), "never"),
    "a setting that nobody has": ("component_templates", ONE, ("template", "settings", "index.number_of_replica"), 1),
    "no shards": ("component_templates", ONE, ("template", "settings", "index.number_of_shards"), 0),
    "a codec that nobody has": ("component_templates", ONE, ("template", "settings", "index.codec"), "smallest"),
    "a field inside of a word": ("component_templates", FIELDS, ("template", "mappings", "properties", "trace"),
                                 {"type": "keyword", "properties": {"id": {"type": "keyword"}}}),
    "streams that another template has": ("index_templates", ONE, ("index_patterns",), ["logs-platform-prod"]),
    "no stream": ("index_templates", ONE, ("data_stream",), []),
}  # fmt: skip


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_template_that_cannot_be_right_is_refused_and_what_was_there_stays(server, declared, made, what):
    if server is None:
        return
    section, name, (*outer, last), value = MUTATIONS[what]
    found = copy.deepcopy(declared[section][name])
    inner = found
    for key in outer:
        inner = inner[key]
    inner[last] = value
    status, told = server.call("PUT", f"/_{section.removesuffix('s')}/{name}", found)
    assert status == 400, told
    assert ELASTICSEARCH.run(server, declared)["plan"] == []


def test_what_is_there_is_made_as_declared_changed_and_taken_away(server):
    if server is None:
        return
    emptied(server)
    first, then = of_opensearch(ELASTICSEARCH.document), of_opensearch(ELASTICSEARCH.then)
    options = {"prune": Prune("delete", data=ELASTICSEARCH.removable)}
    try:
        plan = ELASTICSEARCH.run(server, first, check_mode=True)
        done = ELASTICSEARCH.run(server, first)
        assert (done["digest"], done["warnings"]) == (plan["digest"], [])
        again = ELASTICSEARCH.run(server, first)
        assert again["plan"] == [] and set(again["requests"]) == {"GET"}

        template = server.ask("GET", "/_component_template/settings")["component_templates"][0]["component_template"]
        template["template"]["settings"]["index"]["number_of_shards"] = "7"
        server.ask("PUT", "/_component_template/settings", template)
        assert rows(ELASTICSEARCH.run(server, first, check_mode=True)) == {
            "component_template/settings": ("update", ('template.settings."index.number_of_shards"',))
        }
        for name, one in first.get("snapshot_repositories", {}).items():
            assert server.ask("GET", f"/_snapshot/{name}")[name]["settings"]["location"] == one["settings"]["location"]
        ELASTICSEARCH.run(server, then, **options)
        assert ELASTICSEARCH.run(server, then, **options)["plan"] == []
    finally:
        streams = frozenset(f"data_stream/{name}" for document in (first, then) for name in document["data_streams"])
        ELASTICSEARCH.run(server, {}, prune=Prune("delete", RemovalLimits(max_percent=100), streams))
