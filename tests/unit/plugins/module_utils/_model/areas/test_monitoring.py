# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.areas.monitoring import IMAGES
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model


def with_monitoring(on=True, service=None, components=None, **monitoring):
    """The example with the area on, and the service ``store`` saying more."""
    services = copy.deepcopy(VALUES["platform_services"])
    services["store"].update(service or {})
    settings = {
        **VALUES["platform_settings"],
        "areas": {"monitoring": on},
        "components": {"prometheus-operator": {}} if components is None else components,
        **({"monitoring": monitoring} if monitoring else {}),
    }
    return inventory(platform_settings=settings, platform_services=services)


def test_images_come_from_the_first_registry_unless_they_are_named():
    own = "images.mind.example/mirror/prometheus:v3.5.1"
    found = model(with_monitoring(prometheus={"image": own})).effective["settings"]["monitoring"]
    assert found["prometheus"]["image"] == own
    assert found["alertmanager"]["image"] == f"images.mind.example/{IMAGES['alertmanager']}"
    assert found["config_reloader"]["image"] == f"images.mind.example/{IMAGES['config_reloader']}"


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        ({"metrics": {}, "port": 8443}, {"port": 8443, "path": "/metrics", "interval": "15s"}),
        ({"metrics": {"port": 9102, "path": "/m", "interval": "1m"}}, {"port": 9102, "path": "/m", "interval": "1m"}),
        ({}, None),
    ],
)
def test_a_service_is_measured_where_it_says(service, wanted):
    found = model(with_monitoring(service=service, scrape_interval="15s")).effective["services"]["store"]
    assert found.get("metrics") == wanted


def test_what_it_contributes_is_said_in_words_of_the_model():
    found = model(with_monitoring(alertmanager={"replicas": 5})).effective["contributions"]["alerts"]["monitoring"]
    rules = {rule["alert"]: rule for rule in found["monitoring"]["rules"]}
    assert rules["AlertmanagersApart"]["expr"].endswith(" < 5")


@pytest.mark.parametrize(
    ("inventory", "words"),
    [
        (with_monitoring(components={}), "settings.areas.monitoring: needs the definitions of the component prometheus-operator"),
        (with_monitoring(components={"prometheus-operator": {"enabled": False}}), "add settings.components.prometheus-operator: {}"),
        (with_monitoring(service={"protocol": "grpc", "metrics": {}}), "services.store.metrics.port: missing"),
        (with_monitoring(scrape_interval="5m"), "at most 2m"),
        (with_monitoring(service={"metrics": {"interval": "10m"}}), "services.store.metrics.interval: found"),
        (with_monitoring(service={"metrics": {"path": "/$(POD_NAME)"}}), "a path such as /metrics"),
        (with_monitoring(service={"metrics": {"path": "/a?b=c"}}), "a path such as /metrics"),
        (with_monitoring(alertmanager={"retention": "5d"}), "hours such as 120h"),
        (with_monitoring(scrape_interval="0s"), "seconds or minutes such as 30s or 1m"),
        (with_monitoring(prometheus={"replicas": 0}), "replicas"),
        (with_monitoring(prometheus={"retention": "two weeks"}), "hours or days such as 120h or 15d"),
        (with_monitoring(prometheus={"retentoin": "15d"}), "did you mean 'retention'"),
        (
            with_monitoring(alertmanager={"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}}),
            "settings.monitoring.alertmanager.resources.limits.memory: found '512Mi', below the request",
        ),
        (
            with_monitoring(components={"prometheus-operator": {}, "kube-prometheus-stack": {"namespace": "monitoring"}}),
            "found 'monitoring'; allowed: any other",
        ),
    ],
)
def test_what_cannot_be_right_is_said_with_its_cure(inventory, words):
    found = errors(inventory)
    assert len(found) == 1 and words in found[0], found


def test_off_it_asks_for_nothing():
    assert errors(with_monitoring(on=False, components={})) == []
