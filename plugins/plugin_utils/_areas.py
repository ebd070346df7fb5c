# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What areas declare, by their rows: each role's set out of its templates, and the components that are its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._core.errors import InputError
from ..module_utils._core.suggest import did_you_mean
from ..module_utils._kube.declare.setfile import set_file, summary
from ..module_utils._kube.declare.store import write_set
from ..module_utils._kube.form.documents import load_text
from ..module_utils._kube.form.yaml import load_yaml
from ..module_utils._model.rows import EVERY_COMPONENT, Row, rows
from ._components import declare_components
from ._inprocess import plain, task_environment
from ._role_scope import RoleScope

NAMESPACE = "gantry-system"
"""Where the records of the sets are."""
EXPECTATIONS, HANDED_OVER = "expectations.yaml.j2", "handed_over.yaml.j2"


def declare_areas(action: ActionBase, areas: Sequence[str], store: str, task_vars: Mapping[str, Any]) -> dict[str, Any]:
    """Write every set of these areas into the store. Returns ``sets``, ``left_out`` and ``namespaces`` of components.

    Raises InputError for an area that there is not, and whatever is wrong with what a role says.
    """
    found: dict[str, Any] = {"sets": [], "left_out": [], "namespaces": []}
    for area in areas:
        row = rows().get(area)
        if row is None:
            raise InputError(f"there is no area {area!r}{did_you_mean(area, rows())}")
        scope = RoleScope(action, row.role, task_vars)
        for name in row.sets:
            if "<" not in name:
                found["sets"].append(_declare_set(name, row, scope, store))
        charts = scope.value(f"{row.role}_charts", {})
        if charts or EVERY_COMPONENT in row.components:
            for key, value in declare_components(_components(action, row, charts, store, scope), task_environment(action)).items():
                found[key] += value
    return found


def rows_of(text: str, name: str) -> list[dict[str, Any]]:
    """The mappings of a template that renders to a list of them. Raises InputError."""
    found = load_yaml(text, name) or []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InputError(f"{name}: the template must render to a list of mappings")
    return found


def _declare_set(name: str, row: Row, scope: RoleScope, store: str) -> dict[str, Any]:
    """The set out of the role's templates: ``<role>_templates``, what it expects and hands over where it has such templates."""
    templates = scope.value(f"{row.role}_templates", ["objects.yaml.j2"])
    documents = [document for template in templates for document in load_text(scope.render(template), template)]
    handed_over = plain(scope.value(f"{row.role}_handed_over", []))
    expected, more = ([*rows_of(scope.render(of), of)] if scope.has(of) else [] for of in (EXPECTATIONS, HANDED_OVER))
    content = set_file(name, NAMESPACE, documents, row.role, expected, [*handed_over, *more])
    write_set(store, content)
    return summary(content)


def _components(action: ActionBase, row: Row, charts: Any, store: str, scope: RoleScope) -> dict[str, Any]:
    """The arguments of ``declare_components`` as role ``component`` has them for this area."""
    own = RoleScope(action, "component", scope.variables, component_area=row.area, component_derived=charts)
    said = {
        "catalog": "component_catalog",
        "components": "component_list",
        "kubernetes_version": "component_kubernetes_version",
        "repositories": "component_repositories",
        "helm": "component_helm_path",
        "deployer": "component_deployer",
    }
    of_role = {key: own.value(variable) for key, variable in said.items()}
    fixed = {
        "store": store,
        "namespace": NAMESPACE,
        "role": row.role,
        "namespaces": row.namespaces,
        "modules": str(own.folder / "files" / "modules"),
    }
    return dict(plain({**of_role, **fixed}))
