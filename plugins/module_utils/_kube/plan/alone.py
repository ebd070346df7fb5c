# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What exactly the server would make of our document if nobody else had written, its defaults and admission included.

Asked by a dry-run apply under an unused name, for cluster-scoped objects by a dry run that puts our document in the place of theirs:
their names have a meaning, and rights on them go by name.
"""

from __future__ import annotations

from typing import Any

from ..observe.subject import Subject
from ..wire.client import Document, KubeClient
from .preview import shadow_of


def declared_alone(client: KubeClient, manager: str, subject: Subject, live: Document) -> Document:
    """What would be there if nobody but us had written. Raises ApiError where this identity may not ask that."""
    if subject.ref.namespace:
        path, body = shadow_of(subject, subject.ref.namespace)
        answer = client.ask(path, body, manager)[0]
        answer["metadata"]["name"] = subject.ref.name
        return answer
    return client.json_patch(subject.path, _in_place(subject.body, live), manager, dry_run=True)


def _in_place(body: Document, live: Document) -> list[dict[str, Any]]:
    operations: list[dict[str, Any]] = [{"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]}]
    for at, ours, theirs in (
        ("", {key: value for key, value in body.items() if key != "metadata"}, live),
        ("/metadata", {key: value for key, value in body["metadata"].items() if key in ("labels", "annotations")}, live["metadata"]),
    ):
        replaceable = (
            {*ours, *theirs} & {"labels", "annotations"} if at else {*ours, *theirs} - {"apiVersion", "kind", "metadata", "status"}
        )
        for member in sorted(replaceable):
            path = f"{at}/{member}"
            operations.append({"op": "add", "path": path, "value": ours[member]} if member in ours else {"op": "remove", "path": path})
    return operations
