# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How each service is traced, what its spans may say, and what cannot be right about where traces are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.schema import Path, Problem
from ..._privacy.words import mode_of
from ..look import Json, Say, entries, mapping, seconds, unknown

RULES: dict[str, str] = {
    "tracing_images": "servers of tracing run images of the first registry, unless one is named",
    "tracing_tier": "of a service so many traces are kept as settings.tracing.tiers says for its tier, unless it says so itself",
    "tracing_slow": "a service is slow where it takes longer than its objective of latency, or what settings.tracing.tiers says for its tier",
    "tracing_redaction": "what hipaa governs keeps technical attributes alone, what gdpr governs none about a person, unless "
    "settings.tracing.redaction.classes says otherwise",
    "tracing_endpoint": "where tracing is on, a service is told where its spans go, unless it says so itself",
}
IMAGES: dict[str, str] = {
    "collector": "otel/opentelemetry-collector-contrib:0.161.0",
    "jaeger": "jaegertracing/jaeger:2.13.0",
}
"""By what runs it, the image behind a registry."""
_STORED = ("url", "username", "password")
"""What a store that is no pod's memory needs."""


def derive(model: Json, say: Say) -> None:
    """Where the area is on: images, what is kept of each service, what is taken out, and where services send spans."""
    settings, environment = model["settings"], model["environment"]["name"]
    if not settings["areas"].get("tracing"):
        return
    own: Path = ("settings", "tracing")
    registry = settings["registries"][0].rstrip("/")
    for part, image in IMAGES.items():
        if "image" not in settings["tracing"][part]:
            say((*own, part, "image"), f"{registry}/{image}", "tracing_images", ("settings", "registries"))
    for name, found in model["security"]["data_classes"].items():
        if name not in settings["tracing"]["redaction"]["classes"]:
            here: Path = (*own, "redaction", "classes", name)
            say(here, mode_of(found["regulations"]), "tracing_redaction", ("security", "data_classes", name, "regulations"))
    strictest = sorted(
        (seconds(slo["threshold"]), name, slo["service"]) for name, slo in model["slos"].items() if slo["indicator"] == "latency"
    )
    latency = {service: (name, most) for most, name, service in reversed(strictest)}
    for name, service in model["services"].items():
        path: Path = ("services", name)
        tier: Path = (*own, "tiers", service["tier"])
        for key in ("share", "errors"):
            if key not in service.get("tracing", {}):
                say((*path, "tracing", key), settings["tracing"]["tiers"][service["tier"]][key], "tracing_tier", (*tier, key))
        if "slow" not in service.get("tracing", {}):
            slo, most = latency.get(name, ("", 0.0))
            slow = f"{round(most * 1000)}ms" if slo else settings["tracing"]["tiers"][service["tier"]]["slow"]
            say((*path, "tracing", "slow"), slow, "tracing_slow", ("slos", slo, "threshold") if slo else (*tier, "slow"))
        for key, value in _told(name, service, environment).items():
            if key not in service["config"]:
                say((*path, "config", key), value, "tracing_endpoint", ("settings", "areas", "tracing"))


def _told(name: str, service: Json, environment: str) -> dict[str, str]:
    """What SDKs read (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)."""
    return {
        # Of spans alone: nobody takes metrics and logs there.
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector.tracing.svc:4318/v1/traces",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
        "OTEL_PROPAGATORS": "tracecontext,baggage",
        "OTEL_RESOURCE_ATTRIBUTES": f"service.namespace={service['namespace']},deployment.environment.name={environment}",
        "OTEL_SERVICE_NAME": name,
        # Which traces are kept is decided when their end is known.
        "OTEL_TRACES_SAMPLER": "parentbased_always_on",
    }


def contributions(model: Json) -> dict[str, Any]:
    """Jaeger as a source of data, and where it and collectors are measured; in a trial nothing runs in their pods."""
    jaeger = {
        "title": "Jaeger", "type": "jaeger", "url": "http://jaeger.tracing.svc:16686", "json": {"nodeGraph": {"enabled": True}},
        "namespace": "tracing", "selector": {"app.kubernetes.io/name": "jaeger"},
    }  # fmt: skip
    found: dict[str, Any] = {"data_sources": {"jaeger": jaeger}}
    if mapping(model, "cluster").get("simulated_in") is None:
        common = {"namespace": "tracing", "port": "metrics", "scheme": "http", "path": "/metrics"}
        found["scrape_targets"] = {name: {**common, "selector": {"app.kubernetes.io/name": name}} for name in IMAGES}
    return found


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    settings = mapping(model, "settings")
    tracing = mapping(settings, "tracing")
    here: Path = ("settings", "tracing")
    for name in mapping(mapping(tracing, "redaction"), "classes"):
        known = entries(mapping(model, "security"), "data_classes")
        path: Path = (*here, "redaction", "classes", name)
        yield from unknown(path, "data class", name, known, at_key=True, home=("security", "data_classes"))
    if "service.name" in (mapping(tracing, "redaction").get("drop") or ()):
        yield Problem((*here, "redaction", "drop"), "has service.name, by which spans are known; allowed: any other attribute")
    if mapping(settings, "areas").get("tracing"):
        yield from _storage(
            mapping(tracing, "storage"), mapping(tracing, "jaeger").get("replicas"), mapping(model, "environment").get("stage")
        )


def _storage(storage: Mapping[str, Any], replicas: Any, stage: Any) -> Iterator[Problem]:
    path: Path = ("settings", "tracing", "storage")
    if storage.get("kind") != "memory":
        for key in _STORED:
            if key not in storage:
                yield Problem((*path, key), f"missing; traces in {storage.get('kind')} need {', '.join(_STORED)}", at_key=True)
        if ("namespace" in storage) == ("cidr" in storage):
            words = "has one of namespace and cidr: where the store is, which the network has to let Jaeger reach"
            yield Problem(path, words, at_key=True)
        return
    if stage == "production":
        yield Problem(
            (*path, "kind"), "found 'memory', which forgets all traces with its pod; allowed in production: elasticsearch, opensearch"
        )
    if isinstance(replicas, int) and replicas > 1:
        yield Problem(
            ("settings", "tracing", "jaeger", "replicas"), f"found {replicas}; of traces in memory each pod would show its own: allowed: 1"
        )
