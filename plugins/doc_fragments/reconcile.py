# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every module that reconciles is told alike; the options are those of ``module_utils/_core/guards``."""

    DOCUMENTATION = r"""
options:
  allowed_impact:
    description: Impacts that a change may have. A plan with another one is refused before the first write.
    type: list
    elements: str
    choices: [safe, restart, disruptive, destroys_data]
    default: [safe, restart, disruptive, destroys_data]
  allowed_impact_variable:
    description: Deprecated, and removed in version 1.0.0; O(variables) names it.
    type: str
  approved_digest:
    description: RV(digest) of the plan that was approved. Any other plan is refused before the first write.
    type: str
  variables:
    description:
      - Names of the variables behind options, such as C(my_prune) for C(prune). Messages that say what to change name them instead of the
        option.
    type: dict
    default: {}
"""

    OWNER = r"""
options:
  owner:
    description:
      - Name of this installation. Several may work on one system; each has a record of its own, and each is told from the others by this name.
    type: str
    default: gantry
"""

    PRUNE = r"""
options:
  prune:
    description: What happens to what O(owner) recorded as its own and nobody declares any more, and within which limits.
    type: dict
    suboptions:
      mode:
        description: V(none) leaves it, V(report) tells of it, V(delete) removes it.
        type: str
        choices: [none, report, delete]
        default: none
      max_count:
        description: Most removals of one run. A plan with more is refused before the first write.
        type: int
        default: 20
      max_percent:
        description: Most removals of one run, in percent of all that is held. Not looked at up to five removals.
        type: int
        default: 25
      data:
        description:
          - What holds data goes only where it is named here.
          - For M(gantry.platform.kube_apply) kinds (Namespace, PersistentVolume, PersistentVolumeClaim, CustomResourceDefinition).
          - For M(gantry.platform.vault_config) mounts (V(kv-old)), auth methods (V(auth/ldap)), and the paths of transit keys and issuers.
        type: list
        elements: str
        default: []
        aliases: [kinds]
"""
