# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The fields of Cloudflare's API v4 that this collection uses, in our own words; tests compare them with the vendor's own client.

A JSON Schema of each kind. It is Python and no JSON, since a module takes nothing else along to another machine.
"""

from __future__ import annotations

from typing import Any

PHASES = (
    "ddos_l7",
    "http_config_settings",
    "http_ratelimit",
    "http_request_cache_settings",
    "http_request_dynamic_redirect",
    "http_request_firewall_custom",
    "http_request_firewall_managed",
    "http_request_late_transform",
    "http_request_origin",
    "http_request_transform",
    "http_response_compression",
    "http_response_headers_transform",
)
SETTINGS = (
    "always_online",
    "always_use_https",
    "automatic_https_rewrites",
    "brotli",
    "browser_cache_ttl",
    "browser_check",
    "cache_level",
    "challenge_ttl",
    "early_hints",
    "email_obfuscation",
    "hotlink_protection",
    "http2",
    "http3",
    "ip_geolocation",
    "ipv6",
    "min_tls_version",
    "opportunistic_encryption",
    "origin_error_page_pass_thru",
    "pseudo_ipv4",
    "rocket_loader",
    "security_header",
    "security_level",
    "ssl",
    "tls_1_3",
    "tls_client_auth",
    "true_client_ip_header",
    "websockets",
)
_TEXT: dict[str, Any] = {"type": "string"}
_POOLS: dict[str, Any] = {"type": "array", "minItems": 1, "items": _TEXT}
FIELDS: dict[str, dict[str, Any]] = {
    "zone": {"type": "object", "required": ["name"], "properties": {"name": _TEXT}},
    "managed_ruleset": {"type": "object", "properties": {"name": {**_TEXT, "readOnly": True}}},
    "setting": {"type": "object", "required": ["value"], "properties": {"value": {}}},
    "dns_record": {
        "type": "object",
        "required": ["type", "name"],
        "properties": {
            "type": {"type": "string", "enum": ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"]},
            # Cloudflare gives names back in small letters, without a dot at the end.
            "name": {"type": "string", "pattern": "^[^A-Z ]*[^A-Z .]$"},
            "content": _TEXT,
            "ttl": {"type": "integer", "minimum": 1, "maximum": 86400, "default": 1},
            "proxied": {"type": "boolean", "default": False},
            "priority": {"type": "integer", "minimum": 0, "maximum": 65535},
            "data": {"type": "object"},
            "comment": {"type": "string", "default": ""},
        },
    },
    "monitor": {
        "type": "object",
        "properties": {
            "description": _TEXT,
            "type": {"type": "string", "enum": ["http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp"]},
            "method": _TEXT,
            "path": _TEXT,
            "port": {"type": "integer", "minimum": 0, "maximum": 65535},
            "header": {"type": "object"},
            "expected_codes": _TEXT,
            "expected_body": _TEXT,
            "follow_redirects": {"type": "boolean"},
            "allow_insecure": {"type": "boolean"},
            "interval": {"type": "integer", "minimum": 1},
            "timeout": {"type": "integer", "minimum": 1},
            "retries": {"type": "integer", "minimum": 0},
            "consecutive_down": {"type": "integer", "minimum": 0},
            "consecutive_up": {"type": "integer", "minimum": 0},
        },
    },
    "pool": {
        "type": "object",
        "required": ["name", "origins"],
        "properties": {
            "name": _TEXT,
            "description": {"type": "string", "default": ""},
            "enabled": {"type": "boolean", "default": True},
            "minimum_origins": {"type": "integer", "minimum": 0},
            "monitor": _TEXT,
            "latitude": {"type": "number", "minimum": -90, "maximum": 90},
            "longitude": {"type": "number", "minimum": -180, "maximum": 180},
            "origins": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["name", "address"],
                    "properties": {
                        "name": _TEXT,
                        "address": _TEXT,
                        "enabled": {"type": "boolean"},
                        "weight": {"type": "number", "minimum": 0, "maximum": 1},
                        "port": {"type": "integer", "minimum": 0, "maximum": 65535},
                        "header": {"type": "object"},
                    },
                },
            },
        },
    },
    "load_balancer": {
        "type": "object",
        "required": ["name", "default_pools", "fallback_pool"],
        "properties": {
            "name": _TEXT,
            "description": {"type": "string", "default": ""},
            "enabled": {"type": "boolean", "default": True},
            "default_pools": _POOLS,
            "fallback_pool": _TEXT,
            "region_pools": {"type": "object", "additionalProperties": _POOLS},
            "proxied": {"type": "boolean", "default": False},
            "ttl": {"type": "number", "minimum": 10},
            "steering_policy": {
                "type": "string",
                "enum": ["off", "geo", "random", "dynamic_latency", "proximity", "least_outstanding_requests", "least_connections"],
            },
            "session_affinity": {"type": "string", "enum": ["none", "cookie", "ip_cookie", "header"]},
            "session_affinity_ttl": {"type": "number", "minimum": 30, "maximum": 604800},
        },
    },
    "ruleset": {
        "type": "object",
        "required": ["rules"],
        "properties": {
            "description": {"type": "string", "default": ""},
            "rules": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["ref", "action", "expression"],
                    "properties": {
                        "ref": _TEXT,
                        "action": {
                            "type": "string",
                            "enum": [
                                "block",
                                "challenge",
                                "compress_response",
                                "ddos_dynamic",
                                "execute",
                                "js_challenge",
                                "log",
                                "managed_challenge",
                                "redirect",
                                "rewrite",
                                "route",
                                "serve_error",
                                "set_cache_settings",
                                "set_config",
                                "skip",
                            ],
                        },
                        "expression": _TEXT,
                        "description": _TEXT,
                        "enabled": {"type": "boolean"},
                        "action_parameters": {"type": "object", "additionalProperties": True, "properties": {"id": _TEXT}},
                        "ratelimit": {
                            "type": "object",
                            "required": ["characteristics", "period"],
                            "properties": {
                                "characteristics": {"type": "array", "minItems": 1, "items": _TEXT},
                                "period": {"type": "integer", "minimum": 1},
                                "requests_per_period": {"type": "integer", "minimum": 1},
                                "mitigation_timeout": {"type": "integer", "minimum": 0},
                                "counting_expression": _TEXT,
                                "requests_to_origin": {"type": "boolean"},
                            },
                        },
                    },
                },
            },
        },
    },
}
