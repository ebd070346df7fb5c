# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What an inventory says of logs, what follows from it, and what cannot be right about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ..._core.schema import Path, Problem
from ..._logging.lifecycle import READER
from ..._logging.streams import KINDS, OTHERS, SWEEP, part, streams
from ..._privacy.words import mode_of
from ..look import Json, Say, entries, mapping, seconds, unknown

RULES: dict[str, str] = {
    "logging_images": "servers of logging run images of the first registry, unless one is named",
    "logging_definitions": "where logging is on, the definitions of ECK, whose objects it declares, are there as well",
    "logging_redaction": "what hipaa governs keeps technical fields alone, what gdpr governs none about a person, unless "
    "settings.logging.redaction.classes says otherwise",
    "logging_retention": "no log is kept longer than the data class of its service, unless settings.logging.retention.classes says otherwise",
    "logging_prefix": "an environment has its own part of a bucket, since each deletes what it finds there to be too old",
    "logging_streams": "the logs of a service are in the stream of its data class and tier, those of the rest in that of what they are",
}
FLUENT_BIT = "fluent/fluent-bit:4.2.3"
_ELASTIC = ("elasticsearch", "kibana", "logstash")
_COMPONENT, _NAMESPACE, _COLLECTION = "eck-operator", "logging", "log-collection"
_DAY = 86400
_SECRETS = ("password", "certificate", "key", "ca")
"""What production ships by."""
_BUCKETS = {"s3": ("region", "access_key", "secret_key"), "gcs": ("credentials",)}
"""What a bucket needs besides its name."""
_OTHERS = {"s3": {"credentials"}, "gcs": {"region", "access_key", "secret_key", "endpoint"}}
"""What belongs to another type of bucket."""


def derive(model: Json, say: Say) -> None:
    """Where the area is on: images, definitions, what is taken out, how long what is kept, and the streams with their costs."""
    settings = model["settings"]
    if not settings["areas"].get("logging"):
        return
    own: Path = ("settings", "logging")
    logging = settings["logging"]
    registry = settings["registries"][0].rstrip("/")
    images = {**{name: f"{name}/{name}:{logging['version']}" for name in _ELASTIC}, "fluent_bit": FLUENT_BIT}
    for name, image in images.items():
        if name not in logging["images"]:
            say((*own, "images", name), f"{registry}/{image}", "logging_images", ("settings", "registries"))
    if _COMPONENT not in settings["components"]:
        came: Json = {"enabled": True, "source": settings["component_source"], "delivery": settings["delivery"], "values": {}}
        say(("settings", "components", _COMPONENT), came, "logging_definitions", ("settings", "areas", "logging"))
    for name, found in model["security"]["data_classes"].items():
        of: Path = ("security", "data_classes", name)
        if name not in logging["redaction"]["classes"]:
            say((*own, "redaction", "classes", name), mode_of(found["regulations"]), "logging_redaction", (*of, "regulations"))
        if name not in logging["retention"]["classes"] and "retention" in found:
            days = int(seconds(found["retention"]) // _DAY)
            say((*own, "retention", "classes", name), days, "logging_retention", (*of, "retention"))
    if "prefix" not in logging.get("snapshots", {}).get("bucket", {"prefix": ""}):
        path: Path = (*own, "snapshots", "bucket", "prefix")
        say(path, f"logs/{model['environment']['name']}", "logging_prefix", ("environment", "name"))
    found = streams(logging, model["services"], logging["retention"]["classes"])
    say((*own, "streams"), found, "logging_streams", (*own, "retention"), (*own, "volume"), (*own, "snapshots"))


def words(model: Json) -> Mapping[str, Any]:
    """What the texts of its own contributions leave open."""
    # The other two stand for what a reader puts in.
    return {"domain": model["settings"]["domain"], "service": "<service>", "trace": "<trace>"}


def contributions(model: Json) -> dict[str, Any]:
    """How much each service may log in a day, beside the alert about it, and where Fluent Bit is measured: in a trial nothing runs in its pods."""
    found: dict[str, Any] = {}
    if budgets := [
        {
            "record": "gantry_log_budget_bytes",
            "expr": f"vector({int(Decimal(str(service['logging']['gigabytes_per_day'])) * 10**9)})",
            "labels": {"service": name, "namespace_of": service["namespace"]},
        }
        for name, service in sorted(model["services"].items())
        if service.get("logging", {}).get("gigabytes_per_day")
    ]:
        found["recording_rules"] = {"logging": {"namespace": _COLLECTION, "rules": budgets}}
    if mapping(model, "cluster").get("simulated_in") is None:
        common = {"namespace": _COLLECTION, "selector": {"app.kubernetes.io/name": "fluent-bit"}, "scheme": "http"}
        found["scrape_targets"] = {
            "fluent-bit": {**common, "port": "api", "path": "/api/v2/metrics/prometheus"},
            "fluent-bit-lines": {**common, "port": "lines", "path": "/metrics"},
        }
        reader = model["settings"]["logging"].get("reader")
        if reader and "hub" in mapping(model, "cluster").get("roles", ()):
            found["data_sources"] = {"logs": _source(reader, part(model["environment"]["name"]))}
    return found


def _source(reader: Mapping[str, Any], environment: str) -> Json:
    """Where boards find lines: Elasticsearch, asked over TLS by a user that only reads."""
    return {
        "title": "Logs", "type": "elasticsearch", "url": f"https://logs-es-http.{_NAMESPACE}.svc:9200", "user": READER,
        "secrets": {"basicAuthPassword": reader["password"], "tlsCACert": reader["ca"]},
        "json": {
            "index": f"logs-*-{environment}", "timeField": "@timestamp", "logMessageField": "message", "logLevelField": "log.level",
            "tlsAuthWithCACert": True,
        },
        "namespace": _NAMESPACE, "selector": {"app.kubernetes.io/name": "elasticsearch", "app.kubernetes.io/part-of": "logging"},
    }  # fmt: skip


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    settings = mapping(model, "settings")
    logging = mapping(settings, "logging")
    own: Path = ("settings", "logging")
    known = entries(mapping(model, "security"), "data_classes")
    for section in ("redaction", "retention"):
        for name in mapping(mapping(logging, section), "classes"):
            path: Path = (*own, section, "classes", name)
            yield from unknown(path, "data class", name, known, at_key=True, home=("security", "data_classes"))
    if not mapping(settings, "areas").get("logging"):
        return
    for name, one in mapping(mapping(model, "security"), "data_classes").items():
        kept = one.get("retention") if isinstance(one, Mapping) else None
        if isinstance(kept, str) and name not in mapping(mapping(logging, "retention"), "classes") and (seconds(kept) or _DAY) < _DAY:
            where: Path = ("security", "data_classes", name, "retention")
            yield Problem(where, f"found {kept}; logs are kept by days: allowed: at least 1d, or settings.logging.retention.classes.{name}")
    component = mapping(settings, "components").get(_COMPONENT)
    if isinstance(component, Mapping) and not component.get("enabled", True):
        yield Problem(
            ("settings", "components", _COMPONENT, "enabled"),
            "found false; the area logging declares objects of its definitions: leave it on",
        )
    yield from _snapshots(logging, entries(mapping(model, "security"), "data_classes"))
    yield from _nodes(logging, mapping(model, "environment").get("stage"))
    yield from _ways(logging, mapping(model, "cluster"), mapping(model, "environment").get("stage"))


def _snapshots(logging: Mapping[str, Any], classes: Mapping[str, Any]) -> Iterator[Problem]:
    """Buckets that cannot be reached, and copies that would outlive what they are copies of."""
    here: Path = ("settings", "logging", "snapshots")
    said = mapping(logging, "snapshots")
    if not said:
        return
    bucket = mapping(said, "bucket")
    for key in _BUCKETS.get(bucket.get("type", ""), ()):
        if key not in bucket:
            yield Problem((*here, "bucket", key), f"missing; a bucket of the type {bucket['type']} needs it", at_key=True)
    for key in sorted(_OTHERS.get(bucket.get("type", ""), set()) & {*bucket}):
        yield Problem((*here, "bucket", key), f"found beside the type {bucket['type']}: leave it out", at_key=True)
    without = [name for name in said.get("without", ()) if isinstance(name, str)]
    for number, name in enumerate(without):
        yield from unknown((*here, "without", number), "data class", name, classes, home=("security", "data_classes"))
    keep, kept = said.get("keep"), mapping(mapping(logging, "retention"), "classes")
    for name, one in classes.items():
        days = kept.get(name)
        if days is None and isinstance(one, Mapping) and isinstance(one.get("retention"), str):
            days = int((seconds(one["retention"]) or 0) // _DAY)
        if isinstance(days, int) and isinstance(keep, int) and name not in without and keep + SWEEP >= days:
            yield Problem(
                (*here, "keep"),
                f"found {keep}; logs of the data class {name} go after {days} days, those in snapshots as well, and up to a day passes "
                f"until an old one goes: allowed: at most {days - SWEEP - 1}, or {name} in settings.logging.snapshots.without",
            )
    if mapping(logging, "prices") and "snapshots" not in mapping(logging, "prices"):
        yield Problem(("settings", "logging", "prices", "snapshots"), "missing; there are snapshots, which cost something", at_key=True)


def _nodes(logging: Mapping[str, Any], stage: Any) -> Iterator[Problem]:
    """Servers that cannot hold what they are told to."""
    here: Path = ("settings", "logging", "nodes")
    said = {kind: mapping(mapping(logging, "nodes"), kind).get("count") for kind in ("masters", *KINDS)}
    count = {kind: one for kind, one in said.items() if isinstance(one, int)}
    if len(count) < len(said):
        return
    if count["hot"] < 1:
        yield Problem((*here, "hot", "count"), "found 0; nobody would take in logs: allowed: at least 1")
    deciding = "masters" if count["masters"] else "hot"
    if stage == "production" and count[deciding] < 3:
        yield Problem(
            (*here, deciding, "count"),
            f"found {count[deciding]}; in production three have to be there that decide, so that one may be away",
        )
    if count["masters"] and count["masters"] % 2 == 0:
        yield Problem((*here, "masters", "count"), f"found {count['masters']}; an even one adds nothing: allowed: 1, 3, 5 …")
    for kind in KINDS:
        copies = mapping(logging, "copies").get(kind)
        if isinstance(copies, int) and count[kind] and copies >= count[kind]:
            words = f"found {copies}; {count[kind]} {kind} nodes hold {count[kind] - 1} copies beside the first at most"
            yield Problem(("settings", "logging", "copies", kind), words)
        for of in ("t0", "t1", "t2", "t3", *OTHERS):
            days = mapping(mapping(logging, "retention"), of).get(kind, 0)
            if isinstance(days, int) and days and not count[kind]:
                path: Path = ("settings", "logging", "retention", of, kind)
                yield Problem(path, f"found {days}; there are no {kind} nodes: allowed: 0, or settings.logging.nodes.{kind}.count")


def _ways(logging: Mapping[str, Any], cluster: Mapping[str, Any], stage: Any) -> Iterator[Problem]:
    """How logs get to the hub, and a run to Elasticsearch."""
    if not cluster or cluster.get("provider") == "sandbox":
        return
    shipping, api = mapping(logging, "shipping"), mapping(logging, "api")
    hub = "hub" in (cluster.get("roles") or ())
    here: Path = ("settings", "logging", "shipping")
    given = [key for key in _SECRETS if key in shipping]
    for key in _SECRETS:
        if key not in shipping and (stage == "production" or given):
            words = "missing; logs are shipped by a certificate and a password" + (" in production" if not given else "")
            yield Problem((*here, key), f"{words}: {', '.join(_SECRETS)}", at_key=True)
    for key in () if hub else ("host", "cidr"):
        if key not in shipping:
            yield Problem((*here, key), "missing; a cluster that is not the hub ships its logs there", at_key=True)
    for key in ("url", "password") if hub else ():
        if key not in api:
            yield Problem(("settings", "logging", "api", key), "missing; a run tells Elasticsearch how long logs are kept", at_key=True)
