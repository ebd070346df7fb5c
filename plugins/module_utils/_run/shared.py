# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Two hosts of an inventory that turn out to be one cluster: one of them was led astray."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def shared_clusters(notes: Mapping[str, Iterable[Mapping[str, Any]]], same_as: Mapping[str, str]) -> list[str]:
    """A line for each cluster that several hosts reached, by its uid, unless all but one say in ``same_as`` whose it is as well."""
    by_uid: dict[str, list[str]] = {}
    for host, told in notes.items():
        uid = next((str(note["cluster_uid"]) for note in told if note.get("cluster_uid")), "")
        if uid:
            by_uid.setdefault(uid, []).append(host)
    found = []
    for uid, hosts in sorted(by_uid.items()):
        unrelated = [host for host in hosts if same_as.get(host) not in set(hosts) - {host}]
        if len(unrelated) > 1:
            found.append(
                f"{', '.join(sorted(hosts))} are one cluster (uid {uid}): look at the kubeconfig and context of each; where that is meant, "
                f"write same_cluster_as: {sorted(hosts)[0]} in platform_cluster of the others"
            )
    return found
