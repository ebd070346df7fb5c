# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of every API that is a table share: a document of each, its stand-in, and a run."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from ansible_collections.gantry.platform.plugins.module_utils._core.http import Endpoint, Retry
from ansible_collections.gantry.platform.plugins.module_utils._core.reconcile import Request, reconcile
from ansible_collections.gantry.platform.plugins.module_utils._core.record import Record
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis import cloudflare, elasticsearch, github, grafana, pagerduty
from ansible_collections.gantry.platform.plugins.module_utils._rest.client import RestClient
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._rest.provider import RestProvider
from ansible_collections.gantry.platform.plugins.module_utils._rest.spec import Api
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest import statuspage
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.shelf import Shelf
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.standin import StandIn


class Killed(BaseException):
    """The run is dead."""


@dataclass(frozen=True)
class Case:
    """One API: a document, what was there before it (kind, fields), and ``then`` a second document, which changes and removes."""

    api: Api
    document: dict
    before: tuple[tuple[str, dict], ...]
    then: dict
    removable: frozenset[str] = field(default_factory=frozenset)
    secrets: dict = field(default_factory=lambda: {"WEBHOOK_SECRET": "c-a-n-a-r-y"})
    """What references to ``env:`` are."""

    def account(self):
        """A new account, with a shelf for records."""
        found = StandIn(self.api)
        for kind, row in self.before:
            found.add(kind, **row)
        found.shelf = Shelf()
        return found

    def run(self, server, document=None, owner="us", shelf=None, gate=lambda: None, holder="here", **options):
        """One call, with the first document unless another is given."""
        document = self.document if document is None else document
        headers = {**self.api.headers, "Authorization": self.api.authorization.format(token="t-o-k-e-n")}
        client = RestClient(Endpoint(server.url), headers, "tests", gate, retry=Retry(first_pause=0.001))
        try:
            request = Request(read_document(self.api, document), owner, **options)
            provider = RestProvider(client, self.api, owner, {name: document[name] for name in self.api.variables})
            return reconcile(provider, request, References(self.secrets), Record(shelf or server.shelf), f"{owner}@{holder}")
        finally:
            client.close()

    def things(self):
        """Ids of what the first document makes, in the order of the writes."""
        return [thing.id for thing in read_document(self.api, self.document) if self.api.kinds[thing.kind].written]


def changed(change, document):
    """A document with something changed."""
    found = copy.deepcopy(document)
    change(found)
    return found


def rows(result):
    """Action and fields of each change, by its id."""
    return {row["id"]: (row["action"], tuple(row["fields"])) for row in result["plan"]}


_SECRET = {"reference": "env:WEBHOOK_SECRET"}


def _layer(name):
    return {
        "name": name,
        "rotation_virtual_start": "2026-01-05T09:00:00+01:00",
        "rotation_turn_length_seconds": 604800,
        "users": ["ann@example.org", "bob@example.org"],
    }


PAGERDUTY = Case(
    pagerduty.API,
    {
        "teams": {"core": {"description": "the engine"}, "ops": {}},
        "schedules": {"primary": {"time_zone": "Europe/Berlin", "schedule_layers": [_layer("night"), _layer("day")]}},
        "escalation_policies": {
            "tier-0": {
                "teams": ["ops", "core"],
                "escalation_rules": [
                    {"escalation_delay_in_minutes": 5, "targets": [{"schedule": "primary"}, {"user": "ann@example.org"}]},
                    {"escalation_delay_in_minutes": 15, "targets": [{"user": "Bob@Example.org"}]},
                ],
            }
        },
        "services": {
            "engine": {
                "escalation_policy": "tier-0",
                "acknowledgement_timeout": 600,
                "integrations": {"events": {"type": "events_api_v2_inbound_integration"}},
            }
        },
        "event_orchestrations": {
            "alerts": {
                "description": "who hears of what",
                "team": "core",
                "paths": {
                    "router": {
                        "sets": [
                            {
                                "id": "start",
                                "rules": [
                                    {
                                        "label": "the engine's",
                                        "conditions": [{"expression": "event.custom_details.service matches 'engine'"}],
                                        "actions": {"route_to": "engine"},
                                    }
                                ],
                            }
                        ],
                        "catch_all": {"actions": {"route_to": "unrouted"}},
                    }
                },
            }
        },
    },
    tuple(("user", {"email": f"{name}@example.org", "name": name.title()}) for name in ("ann", "bob", "cas", "dan")),
    {
        "teams": {"core": {"description": "what thinks"}, "night": {}},
        "schedules": {
            "primary": {"time_zone": "Etc/UTC", "schedule_layers": [_layer("day")]},
            "second": {"time_zone": "Etc/UTC", "schedule_layers": [_layer("all")]},
        },
        "escalation_policies": {
            "tier-1": {"teams": ["core"], "escalation_rules": [{"escalation_delay_in_minutes": 5, "targets": [{"schedule": "second"}]}]}
        },
        "services": {
            "memory": {"escalation_policy": "tier-1", "integrations": {"events": {"type": "events_api_v2_inbound_integration"}}},
            "dreams": {"escalation_policy": "tier-1"},
        },
    },
    frozenset({"service/engine"}),
)
_ACCOUNT = "0123456789abcdef0123456789abcdef"


def _pool(region, **more):
    origins = [{"name": f"{region}-{number}", "address": f"192.0.2.{number}", "weight": 1, "enabled": True} for number in (1, 2)]
    return {"monitor": "ready", "minimum_origins": 1, "origins": origins, **more}


def _rule(ref, action, **more):
    return {"ref": ref, "action": action, "expression": "true", **more}


CLOUDFLARE = Case(
    cloudflare.API,
    {
        "account": _ACCOUNT,
        "monitors": {"ready": {"type": "https", "path": "/ready", "expected_codes": "200"}},
        "pools": {"eu": _pool("eu", description="Europe"), "us": _pool("us")},
        "zones": {
            "example.org": {
                "settings": {"ssl": {"value": "strict"}, "tls_client_auth": {"value": "on"}},
                "records": {
                    "A www.example.org": {"content": "192.0.2.1", "proxied": True},
                    "TXT example.org v=spf1 -all": {"ttl": 300},
                    "TXT example.org another": {},
                },
                "load_balancers": {
                    "app.example.org": {
                        "default_pools": ["eu", "us"],
                        "fallback_pool": "us",
                        "region_pools": {"WEU": ["eu"]},
                        "proxied": True,
                        "steering_policy": "geo",
                    }
                },
                "rulesets": {
                    "http_request_firewall_managed": {
                        "rules": [_rule("managed", "execute", action_parameters={"id": "Cloudflare Managed Ruleset"})]
                    },
                    "http_request_firewall_custom": {"rules": [_rule("admin", "block"), _rule("bots", "managed_challenge", enabled=True)]},
                    "http_ratelimit": {
                        "rules": [
                            _rule(
                                "login",
                                "block",
                                ratelimit={"characteristics": ["ip.src", "cf.colo.id"], "period": 60, "requests_per_period": 20},
                            )
                        ]
                    },
                },
            }
        },
    },
    (
        ("zone", {"name": "example.org"}),
        ("zone", {"name": "example.net"}),
        ("managed_ruleset", {"name": "Cloudflare Managed Ruleset"}),
        ("managed_ruleset", {"name": "Cloudflare OWASP Core Ruleset"}),
        ("managed_ruleset", {"name": "DDoS L7 ruleset"}),
    ),
    {
        "account": _ACCOUNT,
        "monitors": {"ready": {"type": "https", "path": "/healthz", "expected_codes": "2xx"}},
        "pools": {"eu": _pool("eu", description="Europe"), "ap": _pool("ap")},
        "zones": {
            "example.org": {
                "settings": {"ssl": {"value": "full"}},
                "records": {
                    "A www.example.org": {"content": "192.0.2.9", "proxied": False},
                    "CNAME api.example.org": {"content": "www.example.org"},
                },
                "load_balancers": {"app.example.org": {"default_pools": ["ap"], "fallback_pool": "eu", "proxied": True}},
                "rulesets": {
                    "http_request_firewall_managed": {
                        "rules": [
                            _rule("owasp", "execute", action_parameters={"id": "Cloudflare OWASP Core Ruleset"}),
                            _rule(
                                "managed", "execute", action_parameters={"id": "Cloudflare Managed Ruleset", "overrides": {"action": "log"}}
                            ),
                        ]
                    }
                },
            }
        },
    },
)
STATUSPAGE = Case(
    statuspage.API,
    {
        "page": "p1",
        "groups": {"core": {"description": "What thinks", "collapsed": False}, "edge": {}},
        "components": {
            "engine": {"group_id": "core", "showcase": True, "start_date": "2026-01-01"},
            "memory": {"group_id": "core", "description": "What it knows"},
            "dreams": {"group_id": "core"},
            "senses": {"group_id": "edge"},
            "gateway": {"group_id": "edge", "showcase": True},
        },
        "webhooks": {"https://example.org/hook": {"email": "ops@example.org", "secret": _SECRET}},
    },
    (),
    {
        "page": "p1",
        "groups": {"core": {"description": "Everything", "collapsed": True}, "inner": {}, "outer": {}},
        "components": {
            "engine": {"group_id": "inner", "start_date": "2026-01-01"},
            "memory": {"group_id": "core", "description": "What it has seen", "showcase": True},
            "consent": {"group_id": "outer"},
            "values": {"group_id": "outer"},
            "identity": {"group_id": "outer", "description": "Who is who"},
        },
        "webhooks": {
            "https://example.org/hook": {"email": "sre@example.org", "secret": _SECRET},
            "https://example.org/two": {"email": "ops@example.org"},
        },
    },
)
GRAFANA = Case(
    grafana.API,
    {
        "folders": {
            "platform": {"uid": "all"}, "services": {}, "slos": {}, "audit": {},
            "costs": {"parts": {"permissions": {"items": [{"permission": 2, "teamId": "cortex"}, {"permission": 1, "role": "Viewer"}]}}},
        },
        "teams": {
            "cortex": {
                "email": "cortex@example.org",
                "parts": {"members": {"members": ["cas@example.org", "Ann@example.org"], "admins": ["bob@example.org"]}},
            }, "memory": {},
        },
        "datasources": {
            "prometheus": {
                "type": "prometheus",
                "url": "http://prometheus:9090",
                "access": "proxy",
                "isDefault": True,
                "jsonData": {"timeInterval": "30s", "manageAlerts": False},
                "secureJsonData": {"httpHeaderValue1": _SECRET},
            },
            "jaeger": {"type": "jaeger", "url": "http://jaeger:16686", "basicAuth": True, "basicAuthUser": "reader"},
        },
    },
    (
        ("datasource", {"name": "by-hand", "type": "loki", "uid": "U1"}),
        *(("user", {"email": f"{name}@example.org", "userId": number}) for number, name in enumerate(("ann", "bob", "cas"), 1)),
    ),
    {
        "folders": {
            "platform": {}, "teams": {}, "audit": {"parts": {"permissions": {"items": []}}},
            "costs": {"parts": {"permissions": {"items": [{"permission": 2, "teamId": "ops"}, {"permission": 1, "role": "Viewer"}]}}},
        },
        "teams": {
            "cortex": {"email": "brain@example.org", "parts": {"members": {"members": ["cas@example.org"]}}},
            "ops": {"email": "ops@example.org"}, "consent": {},
        },
        "datasources": {
            "prometheus": {"type": "prometheus", "url": "http://thanos:9090", "jsonData": {"timeInterval": "15s"}},
            "elasticsearch": {"type": "elasticsearch", "url": "http://logs:9200", "jsonData": {"index": "logs-*"}},
            "alertmanager": {"type": "alertmanager", "url": "http://alertmanager:9093"},
        },
    },
    frozenset({"folder/services", "folder/slos"}),
)  # fmt: skip


def _protected(reviews, *checks):
    parameters = {
        "required_approving_review_count": reviews,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": reviews > 1,
        "required_review_thread_resolution": True,
    }
    strict = {"strict_required_status_checks_policy": True, "required_status_checks": [{"context": check} for check in checks]}
    return {
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [
            {"type": "pull_request", "parameters": parameters},
            {"type": "required_status_checks", "parameters": strict},
            {"type": "required_linear_history"},
            {"type": "non_fast_forward"},
        ],
    }


def _secret(name):
    return {"value": {"reference": f"env:{name}"}}


GITHUB = Case(
    github.API,
    {
        "owner": "consciousness-dev",
        "teams": {"cortex": {"description": "the engine", "privacy": "closed"}, "ops": {}},
        "repositories": {
            "engine": {
                "description": "what thinks",
                "visibility": "private",
                "delete_branch_on_merge": True,
                "security_and_analysis": {"secret_scanning": {"status": "enabled"}},
                "teams": {"cortex": {"permission": "push"}, "ops": {"permission": "admin"}},
                "security": {"vulnerability-alerts": {}, "automated-security-fixes": {}},
                "code_scanning": {"default-setup": {"state": "configured", "query_suite": "extended"}},
                "files": {".github/CODEOWNERS": {"content": "* @consciousness-dev/cortex\n"}},
                "variables": {"REGION": {"value": "eu"}},
                "secrets": {"REGISTRY_TOKEN": _secret("REGISTRY")},
                "environments": {
                    "prod": {
                        "wait_timer": 10,
                        "prevent_self_review": True,
                        "reviewers": [{"team": "ops"}, {"user": "Ann"}],
                        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
                        "branches": {"main": {}, "release/*": {}},
                        "variables": {"CLUSTER": {"value": "prod-euw1"}},
                        "secrets": {"DEPLOYER": _secret("DEPLOYER")},
                    },
                    "dev": {"variables": {"CLUSTER": {"value": "dev-euw1"}}},
                },
                "rulesets": {"main": _protected(2, "lint", "test")},
            },
            "memory": {"environments": {"prod": {"secrets": {"DEPLOYER": _secret("REGISTRY")}}}},
        },
    },
    (("user", {"login": "ann"}), ("user", {"login": "Bob"})),
    {
        "owner": "consciousness-dev",
        "teams": {"cortex": {"description": "what thinks"}, "night": {}},
        "repositories": {
            "engine": {
                "description": "what thinks, and more",
                "archived": False,
                "teams": {"cortex": {"permission": "maintain"}},
                "security": {"vulnerability-alerts": {}, "automated-security-fixes": {}},
                "code_scanning": {"default-setup": {"state": "configured", "query_suite": "default"}},
                "files": {".github/CODEOWNERS": {"content": "* @consciousness-dev/night\n"}},
                "variables": {"REGION": {"value": "eu"}, "ZONE": {"value": "euw1"}},
                "secrets": {"REGISTRY_TOKEN": _secret("DEPLOYER")},
                "environments": {
                    "prod": {
                        "reviewers": [{"user": "bob"}],
                        "branches": {"main": {}, "hotfix/*": {}},
                        "variables": {"CLUSTER": {"value": "prod-euc1"}},
                        "secrets": {"DEPLOYER": _secret("DEPLOYER")},
                    }
                },
                "rulesets": {
                    "main": _protected(1, "test"),
                    "tags": {"target": "tag", "enforcement": "active", "rules": [{"type": "deletion"}]},
                },
            }
        },
    },
    frozenset({"repository/memory"}),
    {"REGISTRY": "r3g1stry-t0ken", "DEPLOYER": "d3pl0yer-t0ken"},
)


def _policy(days):
    return {
        "policy": {
            "phases": {"hot": {"actions": {"rollover": {"max_age": "1d"}}}, "delete": {"min_age": f"{days}d", "actions": {"delete": {}}}}
        }
    }


def _states(days):
    gone = {"name": "gone", "actions": [{"delete": {}}], "transitions": []}
    hot = {"name": "hot", "actions": [{"rollover": {"min_index_age": "1d"}}]}
    then = [{"state_name": "gone", "conditions": {"min_index_age": f"{days}d"}}]
    return {"policy": {"default_state": "hot", "states": [{**hot, "transitions": then}, gone]}}


def _template(shards, **more):
    return {"template": {"settings": {"number_of_shards": shards, "index.refresh_interval": "5s"}, **more}}


def _snapshots(days, repository):
    config = {"indices": ["logs-*"], "include_global_state": False}
    retention = {"expire_after": f"{days}d"}
    return {"name": "<logs-{now/d}>", "schedule": "0 30 0 * * ?", "repository": repository, "config": config, "retention": retention}


ELASTICSEARCH = Case(
    elasticsearch.API,
    {
        "ilm_policies": {"t0": _policy(90), "t3": _policy(7)},
        "ism_policies": {"t0": _states(90), "t3": _states(7)},
        "ingest_pipelines": {
            "redact": {"description": "what is nobody's business", "processors": [{"gsub": {"field": "message", "pattern": "x"}}]}
        },
        "component_templates": {
            "settings": _template(2),
            "mappings": {**_template(1, mappings={"properties": {"level": {"type": "keyword"}}}), "version": 3},
        },
        "index_templates": {
            "logs": {"index_patterns": ["logs-*"], "composed_of": ["settings", "mappings"], "priority": 200, "data_stream": {}},
            "audit": {"index_patterns": ["audit-*"], "composed_of": ["settings"], "priority": 100, "data_stream": {}},
        },
        "data_streams": {"logs-cortex": {}, "audit-cortex": {}},
        "snapshot_repositories": {
            "bucket": {"type": "s3", "settings": {"bucket": "logs", "base_path": "a", "compress": True}},
            "second": {"type": "s3", "settings": {"bucket": "more"}},
        },
        "slm_policies": {"logs": _snapshots(7, "bucket"), "audit": _snapshots(30, "bucket")},
        "roles": {"reader": {"cluster": ["monitor"], "indices": [{"names": ["logs-*"], "privileges": ["read"]}]}},
        "users": {"boards": {"roles": ["reader", "viewer"], "password": _SECRET}},
    },
    (),
    {
        "ilm_policies": {"t0": _policy(365), "t1": _policy(30)},
        "ism_policies": {"t0": _states(365), "t1": _states(30)},
        "ingest_pipelines": {
            "redact": {"description": "nothing", "processors": [{"set": {"field": "a", "value": 1}}]},
            "more": {"processors": []},
        },
        "component_templates": {"settings": _template(4), "other": _template(1)},
        "index_templates": {
            "logs": {"index_patterns": ["logs-*", "log-*"], "composed_of": ["settings", "other"], "priority": 300, "data_stream": {}},
            "traces": {"index_patterns": ["traces-*"], "composed_of": ["other"], "priority": 10, "data_stream": {}},
        },
        "data_streams": {"logs-cortex": {}, "traces-cortex": {}},
        "snapshot_repositories": {
            "bucket": {"type": "gcs", "settings": {"bucket": "logs"}},
            "second": {"type": "s3", "settings": {"bucket": "more"}},
            "third": {"type": "fs", "settings": {}},
        },
        "slm_policies": {"logs": _snapshots(14, "third"), "audit": _snapshots(30, "bucket"), "more": _snapshots(1, "bucket")},
        "roles": {"reader": {"cluster": []}, "writer": {"run_as": ["fluent"]}},
        "users": {"boards": {"roles": ["writer"], "password": _SECRET, "full_name": "what ships"}},
    },
    frozenset({"data_stream/audit-cortex"}),
)
CASES = {
    "elasticsearch": ELASTICSEARCH,
    "pagerduty": PAGERDUTY,
    "cloudflare": CLOUDFLARE,
    "github": GITHUB,
    "grafana": GRAFANA,
    "statuspage": STATUSPAGE,
}
