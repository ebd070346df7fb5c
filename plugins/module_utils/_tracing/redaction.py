# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What is taken out of spans, as statements of the collector's transform processor, by what their services may say.

Names are those of OpenTelemetry's semantic conventions, current and former. Where a statement fails the spans are refused, not let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._privacy import words
from .._privacy.words import as_words

Json = dict[str, Any]

SECRET = "(?i)" + as_words(words.SECRET) + r"|^process\.command(_line|_args)$"
PERSONAL = (
    r"(?i)^(enduser|user|client|source|device|geo|session)\.|^net\.(peer|sock\.peer)\.|^http\.(client_ip|url|target)$|^url\.(full|path|query)$"
    r"|^http\.(request|response)\.(header|body)\.|^db\.(statement|user|query\.(text|parameter\..*))$|^messaging\.message\.(body|id|conversation_id)"
    rf"|^gen_ai\.({'|'.join(words.CONTENT).replace(' ', '_')})|^(exception|error)\.(message|stacktrace)$|{as_words(words.PERSON)}"
    r"|^rpc\.((grpc|connect_rpc)\.)?(request|response)\.metadata\.|^db\.operation\.parameter\.|^url\.(original|fragment)$"
)
TECHNICAL = (
    r"^(http\.(request\.method|response\.status_code|route|method|status_code)|rpc\.(system|service|method|(grpc|connect_rpc)\.(status|error)_code)"
    r"|db\.(system(\.name)?|operation(\.name)?|collection\.name|namespace)|messaging\.(system|operation(\.(name|type))?|destination\.name)"
    r"|error\.type|exception\.type|server\.port|url\.scheme|network\.(protocol\.(name|version)|transport|type)|otel\..+)$"
)
RESOURCE = (
    r"^(service\.(name|namespace|version|instance\.id)|deployment\.environment(\.name)?|telemetry\..+|k8s\..+|cloud\..+|container\.(id|name)"
    r"|process\.(pid|runtime\..+)|os\.type|host\.arch)$"
)
_MAIL = r"[^\s/@=&?]+@[^\s/@=&?]+"
_IDS = rf"{_MAIL}|[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}|\b[0-9]+\b|[0-9]{{3,}}"
_URLS = ("url.full", "url.original", "http.url", "url.path", "http.target", "url.query")
SERVICE = 'resource.attributes["service.name"]'


def text(value: str) -> str:
    """A string of OTTL, whose quotes and escapes are those of JSON."""
    return json.dumps(value)


def of_services(names: Iterable[str]) -> str:
    """A condition of OTTL: the span is of one of these services. Of none of them where there is none."""
    found = sorted(names)
    return f"IsMatch({SERVICE}, {text('^(' + '|'.join(map(re.escape, found)) + ')$')})" if found else "false"


def statements(services: Mapping[str, str], drop: Sequence[str] = (), keep: Sequence[str] = ()) -> list[Json]:
    """``trace_statements`` of the transform processor; ``services`` are modes by the service's name.

    ``drop`` and ``keep`` are attributes besides: those go everywhere, these stay in spans of services that are strict. A span of a service
    that is not named counts as strict.
    """
    milder = of_services(name for name, mode in services.items() if mode != "strict")
    plain = of_services(name for name, mode in services.items() if mode == "plain")
    regulated, strict = f"not {plain}", f"not {milder}"
    gone = SECRET + "".join(rf"|^{re.escape(name)}$" for name in sorted(drop))
    stays = TECHNICAL + "".join(rf"|^{re.escape(name)}$" for name in sorted(keep))
    return [
        _of("resource", [], [_without("resource", gone)]),
        _of("resource", [regulated], [_without("resource", PERSONAL)]),
        _of("resource", [strict], [_only("resource", RESOURCE)]),
        _of("scope", [regulated], ['delete_matching_keys(scope.attributes, ".*")']),
        _of("span", [], [_without("span", gone), *_urls()]),
        _of("span", [regulated], [_without("span", PERSONAL), *_masked("span"), *_told()]),
        _of("span", [strict], [_only("span", stays)]),
        _of("spanevent", [], [_without("spanevent", gone)]),
        _of("spanevent", [regulated], [_without("spanevent", PERSONAL), *_masked("spanevent"), _named("spanevent")]),
        _of("spanevent", [strict], [_only("spanevent", stays), 'set(spanevent.name, "event") where spanevent.name != "exception"']),
    ]


def _of(context: str, conditions: list[str], found: list[str]) -> Json:
    return {"context": context, **({"conditions": conditions} if conditions else {}), "statements": found}


def _without(context: str, pattern: str) -> str:
    return f"delete_matching_keys({context}.attributes, {text(pattern)})"


def _only(context: str, pattern: str) -> str:
    return f"keep_matching_keys({context}.attributes, {text(pattern)})"


def _masked(context: str) -> list[str]:
    """Addresses of people in what is left."""
    return [f'replace_all_patterns({context}.attributes, "value", {text(_MAIL)}, "***")']


def _urls() -> list[str]:
    """Of addresses neither who logs in by them nor what is asked for."""
    found = []
    for name in _URLS:
        here = f"span.attributes[{text(name)}]"
        found.append(f"replace_pattern({here}, {text('//[^/@]*@')}, {text('//***@')})")
        found.append(f"replace_pattern({here}, {text('((?:^|[?&])[^=&?#/]+)=[^&#]*')}, {text('$1=***')})")
    return found


def _named(context: str) -> str:
    return f'replace_pattern({context}.name, {text(_IDS)}, "*")'


def _told() -> list[str]:
    """What a person's data gets into beside attributes: the name, the status, and what other tracers handed on."""
    return [_named("span"), 'set(span.status.message, "")', 'set(span.trace_state, "")']
