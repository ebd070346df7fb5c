# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The fields of PagerDuty's REST API v2 that this collection uses, in our own words; tests compare them with the vendor's document.

A JSON Schema of each kind. It is Python and no JSON, since a module takes nothing else along to another machine.
"""

from __future__ import annotations

from typing import Any

FIELDS: dict[str, dict[str, Any]] = {
    "user": {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}, "name": {"type": "string"}}},
    "team": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "type": {"type": "string", "enum": ["team"]},
            "name": {"type": "string"},
            "description": {"type": "string", "default": ""},
            "default_role": {"type": "string", "enum": ["manager", "none"], "default": "manager"},
        },
    },
    "schedule": {
        "type": "object",
        "required": ["time_zone", "schedule_layers"],
        "properties": {
            "type": {"type": "string", "enum": ["schedule"]},
            "name": {"type": "string"},
            "description": {"type": "string", "default": ""},
            "time_zone": {"type": "string"},
            "teams": {"type": "array", "readOnly": True},
            "schedule_layers": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["name", "rotation_virtual_start", "rotation_turn_length_seconds", "users"],
                    "properties": {
                        "name": {"type": "string"},
                        "rotation_virtual_start": {"type": "string"},
                        "rotation_turn_length_seconds": {"type": "integer", "minimum": 1},
                        "users": {"type": "array", "minItems": 1},
                        "restrictions": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["type", "start_time_of_day", "duration_seconds"],
                                "properties": {
                                    "type": {"type": "string", "enum": ["daily_restriction", "weekly_restriction"]},
                                    "start_time_of_day": {"type": "string"},
                                    "duration_seconds": {"type": "integer", "minimum": 1},
                                    "start_day_of_week": {"type": "integer", "minimum": 1},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
    "escalation_policy": {
        "type": "object",
        "required": ["name", "escalation_rules"],
        "properties": {
            "type": {"type": "string", "enum": ["escalation_policy"]},
            "name": {"type": "string"},
            "description": {"type": "string", "default": ""},
            "num_loops": {"type": "integer", "minimum": 0, "default": 0},
            "on_call_handoff_notifications": {"type": "string", "enum": ["if_has_services", "always"]},
            "teams": {"type": "array", "default": []},
            "escalation_rules": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["escalation_delay_in_minutes", "targets"],
                    "properties": {
                        "escalation_delay_in_minutes": {"type": "integer", "minimum": 1},
                        "targets": {"type": "array", "minItems": 1},
                        "escalation_rule_assignment_strategy": {"type": "string", "enum": ["round_robin", "assign_to_everyone"]},
                    },
                },
            },
        },
    },
    "service": {
        "type": "object",
        "required": ["escalation_policy"],
        "properties": {
            "type": {"type": "string", "enum": ["service"]},
            "name": {"type": "string"},
            "description": {"type": "string", "default": ""},
            "escalation_policy": {"type": "object"},
            "acknowledgement_timeout": {"type": ["integer", "null"], "default": 1800},
            "auto_resolve_timeout": {"type": ["integer", "null"], "default": 14400},
            "alert_creation": {
                "type": "string",
                "enum": ["create_incidents", "create_alerts_and_incidents"],
                "default": "create_alerts_and_incidents",
            },
            "teams": {"type": "array", "readOnly": True},
        },
    },
    "integration": {
        "type": "object",
        "required": ["type"],
        "properties": {
            "name": {"type": "string"},
            "type": {
                "type": "string",
                "enum": [
                    "events_api_v2_inbound_integration",
                    "generic_events_api_inbound_integration",
                    "generic_email_inbound_integration",
                ],
            },
            "integration_email": {"type": "string"},
        },
    },
    "event_orchestration": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string", "default": ""},
            "team": {"type": "object"},
        },
    },
    "router": {
        "type": "object",
        "required": ["sets"],
        "properties": {
            "sets": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["id", "rules"],
                    "properties": {
                        "id": {"type": "string"},
                        "rules": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["conditions", "actions"],
                                "properties": {
                                    "label": {"type": "string"},
                                    "disabled": {"type": "boolean"},
                                    "conditions": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "required": ["expression"],
                                            "properties": {"expression": {"type": "string"}},
                                        },
                                    },
                                    "actions": {
                                        "type": "object",
                                        "required": ["route_to"],
                                        "properties": {"route_to": {"type": "string"}},
                                    },
                                },
                            },
                        },
                    },
                },
            },
            "catch_all": {
                "type": "object",
                "properties": {
                    "actions": {"type": "object", "properties": {"route_to": {"type": "string"}}},
                },
            },
        },
    },
}
