# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test has: the collection's import path, Ansible's settings of this checkout, and a home that is not the user's."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parents[1]
# In the checkout the collections lie below it. A copy for ansible-test or an installed collection lies among them itself.
COLLECTIONS = CHECKOUT.parents[2] if CHECKOUT.parents[1].name == "ansible_collections" else CHECKOUT / ".ansible" / "collections"

SHOWN = 4000
"""Characters of a failure that are told at once, its last ones; the summary has all."""

settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Continuous integration runs the same examples each time: a red run is a change's fault, not a die's.
settings.register_profile("ci", parent=settings.get_profile("local"), derandomize=True, database=None)


def _prepare() -> None:
    """Before anything of the collection is imported, the conftest of a folder below included: `pytest` needs no variable set."""
    if not (COLLECTIONS / "ansible_collections" / "gantry" / "platform").exists():
        pytest.exit(f"{COLLECTIONS} has no gantry.platform; run `make deps` first", returncode=4)
    if str(COLLECTIONS) not in sys.path:
        sys.path.insert(0, str(COLLECTIONS))
    os.environ["ANSIBLE_CONFIG"] = str(CHECKOUT / "ansible.cfg")
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    # Two checkouts under test, or a test and the user's own work, never share a home.
    home = CHECKOUT / ".gantry" / "tests" / "ansible"
    home.mkdir(parents=True, exist_ok=True)
    os.environ["ANSIBLE_HOME"] = str(home)
    # Ansible's own loader from the first import on: one that came later would not know what is loaded by then.
    importlib.import_module("ansible.plugins.loader").init_plugin_loader([str(COLLECTIONS)])
    # What was imported by now stays, and what a test leaves is looked for more seldom: some six percent of their CPU time.
    importlib.import_module("ansible_collections.gantry.platform.plugins.plugin_utils._garbage").keep_what_is_there()
    settings.load_profile("ci" if os.environ.get("CI") else "local")


_prepare()


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Root of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def collections() -> Path:
    """Folder that holds ``ansible_collections``."""
    return COLLECTIONS


class AtOnce:
    """Tells why a test failed when it fails: a run that is ended from outside never comes to its summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.write_line(f"\nFAILED in {report.when}: {report.nodeid}\n{report.longreprtext[-SHOWN:]}")


def pytest_configure(config: pytest.Config) -> None:
    """Workers of xdist tell nobody; whoever started them does."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(config))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test said that it could not run here stands at the end of every run: it has passed nothing."""
    for report in terminalreporter.stats.get("passed", []):
        for line in report.capstdout.splitlines():
            if line.startswith("not run: "):
                terminalreporter.write_line(f"{line} ({report.nodeid})")
