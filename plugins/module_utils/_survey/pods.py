# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which level of the Pod Security Standards a pod needs.

The rules are those of Kubernetes 1.35 (https://kubernetes.io/docs/concepts/security/pod-security-standards/). Judge: the pods that pass and fail in
the tests of k8s.io/pod-security-admission, where that module is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

_CAPABILITIES = frozenset(
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split()
)
_SYSCTLS = frozenset(
    """kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range
    net.ipv4.ip_unprivileged_port_start net.ipv4.ip_local_reserved_ports net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout
    net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_rmem net.ipv4.tcp_wmem""".split()
)
_SELINUX = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_VOLUMES = frozenset("configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret".split())
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def level_of(metadata: Json, spec: Json) -> tuple[str, list[str]]:
    """The strictest level that admits a pod, and what keeps it from a stricter one: fields, each once."""
    beyond = sorted(set(_beyond_baseline(metadata, spec)))
    if beyond:
        return "privileged", beyond
    beyond = sorted(set(_beyond_restricted(spec)))
    return ("baseline", beyond) if beyond else ("restricted", [])


def containers_of(spec: Json) -> Iterator[Json]:
    """Every container of a pod, of whatever sort."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def _beyond_baseline(metadata: Json, spec: Json) -> Iterator[str]:
    in_user_namespace = spec.get("hostUsers") is False
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name))
    yield from ("volumes.hostPath" for volume in spec.get("volumes") or () if "hostPath" in volume)
    yield from ("sysctls" for one in _context(spec).get("sysctls") or () if one.get("name") not in _SYSCTLS)
    for key, value in (metadata.get("annotations") or {}).items():
        if key.startswith(_APPARMOR) and value and value != "runtime/default" and not value.startswith("localhost/"):
            yield "appArmorProfile"
    for container in containers_of(spec):
        context = _context(container)
        if context.get("privileged"):
            yield "privileged"
        if set(_of(context, "capabilities").get("add") or ()) - _CAPABILITIES:
            yield "capabilities.add"
        if any(port.get("hostPort") for port in container.get("ports") or ()):
            yield "hostPort"
        if context.get("procMount", "Default") != "Default" and not in_user_namespace:
            yield "procMount"
        if any(_host_of(action) for action in _actions(container)):
            yield "host of a probe or handler"
    for context in (_context(spec), *map(_context, containers_of(spec))):
        linux = _of(context, "seLinuxOptions")
        if linux.get("type", "") not in _SELINUX or linux.get("user") or linux.get("role"):
            yield "seLinuxOptions"
        if _of(context, "seccompProfile").get("type") == "Unconfined":
            yield "seccompProfile"
        if _of(context, "appArmorProfile").get("type", "RuntimeDefault") not in ("RuntimeDefault", "Localhost"):
            yield "appArmorProfile"
        if _of(context, "windowsOptions").get("hostProcess"):
            yield "windowsOptions.hostProcess"


def _beyond_restricted(spec: Json) -> Iterator[str]:
    in_user_namespace = spec.get("hostUsers") is False
    windows = _of(spec, "os").get("name") == "windows"
    of_pod = _context(spec)
    # One without a source is an emptyDir.
    yield from ("volumes" for volume in spec.get("volumes") or () if not set(volume) <= {"name", *_VOLUMES})
    if of_pod.get("runAsUser") == 0 and not in_user_namespace:
        yield "runAsUser"
    if of_pod.get("runAsNonRoot") is False and not in_user_namespace:
        yield "runAsNonRoot"
    for container in containers_of(spec):
        context = _context(container)
        if not context.get("runAsNonRoot", of_pod.get("runAsNonRoot")) and not in_user_namespace:
            yield "runAsNonRoot"
        if context.get("runAsUser") == 0 and not in_user_namespace:
            yield "runAsUser"
        if context.get("procMount", "Default") != "Default":
            yield "procMount"
        if windows:
            continue
        if context.get("allowPrivilegeEscalation") is not False:
            yield "allowPrivilegeEscalation"
        if (_of(context, "seccompProfile") or _of(of_pod, "seccompProfile")).get("type") not in ("RuntimeDefault", "Localhost"):
            yield "seccompProfile"
        capabilities = _of(context, "capabilities")
        if "ALL" not in (capabilities.get("drop") or ()):
            yield "capabilities.drop"
        if set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
            yield "capabilities.add"


def _actions(container: Json) -> Iterator[Json]:
    yield from (_of(container, probe) for probe in ("livenessProbe", "readinessProbe", "startupProbe"))
    yield from (_of(_of(container, "lifecycle"), when) for when in ("postStart", "preStop"))


def _host_of(action: Json) -> str:
    return str(_of(action, "httpGet").get("host") or _of(action, "tcpSocket").get("host") or "")


def _context(holder: Json) -> Json:
    return _of(holder, "securityContext")


def _of(holder: Json, name: str) -> Json:
    return holder.get(name) or {}
