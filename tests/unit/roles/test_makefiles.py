# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody types at make, of the collection's Makefile and of that of a live repository: which variables there are, they say themselves."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

CHECKOUT = Path(__file__).parents[3]
MAKEFILES = ["Makefile", "roles/new_platform/templates/Makefile.j2"]
COMMANDS = ("ansible-playbook", "ansible-galaxy", "tail")
HOSTILE = [
    """a"; touch x; "b'; touch x; 'c; touch x $(touch x)`touch x`$(shell touch x)$$(touch x)${HOME}$HOME$""",
    "-- @a\ntouch x\n b  c # d & touch x | touch x > x * ? ~ % \\",
    "{{ lookup('pipe', 'touch x') }}{% for one in [1] %}{# é 🦊 #}",
]
RECORDER = """#!/bin/sh
test "$1" != -c || exec {python} -S -E "$@"
printf '%s\\0' "${{0##*/}}" "$@" "${{GANTRY_PLAN_HTML:+HTML=$GANTRY_PLAN_HTML}}" >> recorded
"""


class Made:
    """A Makefile in a folder of its own, in which every command that it calls notes with what."""

    def __init__(self, name, folder):
        self.text, self.folder = (CHECKOUT / name).read_text(encoding="utf-8"), folder
        (folder / "Makefile").write_text(self.text, encoding="utf-8")
        (folder / "inventories").mkdir()
        (folder / "inventories" / "dev.yml").touch()
        (folder / ".venv" / "bin").mkdir(parents=True)
        for command in (*COMMANDS, "python", "python3", "python3.11"):
            path = folder / ".venv" / "bin" / command
            path.write_text(RECORDER.format(python=sys.executable), encoding="utf-8")
            path.chmod(0o755)
        # What a live Makefile installs is there.
        for one in ("requirements.txt", "requirements.yml", ".ansible/installed"):
            (folder / one).parent.mkdir(exist_ok=True)
            (folder / one).touch()

        found = re.findall(r"^([a-z-]+):[^=\n]*?(?:## (.*))?\n((?:\t.*\n)*)", self.text, re.MULTILINE)
        macros = dict(re.findall(r"^([A-Z]+) = (.*)$", self.text, re.MULTILINE))
        whole = {target: recipe for target, _words, recipe in found if recipe and target != "help"}
        for _ in macros:
            whole = {target: re.sub(r"\$\(([A-Z]+)\)", lambda it: macros.get(it[1], it[0]), recipe) for target, recipe in whole.items()}
        self.recipes = whole
        """What each target does, with what its macros stand for."""
        self.documented = {name for _target, words, _recipe in found for name in re.findall(r"\b([A-Z]+)=", words)}

    def read(self, form):
        """The variables that recipes read in a form, by target."""
        return {target: set(re.findall(form, recipe)) for target, recipe in self.recipes.items()}

    def telling(self):
        """The targets that read a variable in a way in which none before them does."""
        seen = set()
        for target, recipe in self.recipes.items():
            ways = set(re.findall(r'\$\(call \w+,[^()]*\)|"\$\$\{?[A-Z]+|value [A-Z]+', recipe))
            if ways - seen:
                yield target
            seen |= ways

    def run(self, targets, **typed):
        done = subprocess.run(
            ["make", "-k", "--no-print-directory", *targets, *(f"{name}={value}" for name, value in typed.items())],
            cwd=self.folder,
            # What was typed at the make that runs this test is not typed here.
            env={name: value for name, value in os.environ.items() if name != "PYTHON" and not name.startswith("MAKE")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not (self.folder / "x").exists(), "what was typed was run"
        note = self.folder / "recorded"
        words = note.read_bytes().decode().split("\0") if note.exists() else []
        note.unlink(missing_ok=True)
        return done, words


@pytest.fixture(params=MAKEFILES)
def made(request, tmp_path):
    return Made(request.param, tmp_path)


SAID = r"call said,([A-Z]+)"
ENVIRONMENT = r"call environment,([A-Z]+)"
QUOTED = r'"\$\$\{?([A-Z]+)'
ASKED = r"value ([A-Z]+)"


def every(read):
    return set().union(*read.values())


def test_a_makefile_calls_only_what_it_defines(made):
    called = set(re.findall(r"\$\(call (\w+)", made.text))
    assert called and called <= set(re.findall(r"^(\w+) = ", made.text, re.MULTILINE))


def test_no_recipe_reads_a_variable_in_any_other_way(made):
    """Raw it would be words of a shell; of a file's own only what the file itself sets."""
    own = {"CURDIR", "THERE", "FOUND", "MAKEFILE_LIST", "TYPED"}
    assert every(made.read(r"\$[({]([A-Z_]+)[)}]")) - {"PYTHON"} <= own
    known = every(made.read(SAID)) | every(made.read(ENVIRONMENT)) | every(made.read(QUOTED)) | every(made.read(ASKED))
    assert made.documented <= known | {"ENV", "PYTHON"} and {"ENV", "PLAN", "HOST", "AREA", "QUERY"} <= known


def test_what_people_do_every_day_is_in_both():
    ours, live = (re.findall(r"\b(\w+)\.yml\b", (CHECKOUT / name).read_text(encoding="utf-8")) for name in MAKEFILES)
    playbooks = {path.stem for path in (CHECKOUT / "playbooks").glob("*.yml")}
    # A live repository is there already, and nothing in it is a trial that may be wiped out.
    assert playbooks & (set(ours) - set(live)) == {"new_platform", "destroy"}


def arrived(words):
    """The values that commands were called with: what Ansible makes of its extra variables, and of what it finds in them."""
    loader = DataLoader()
    for flag, word in itertools.pairwise(["", *words]):
        if flag != "-e" or not word.startswith("{"):
            yield word.removesuffix(".log")
            continue
        variables = loader.load(trust_as_template(word))
        (value,) = Templar(loader, variables=variables).template(variables).values()
        yield value[-1] if isinstance(value, list) else value


@pytest.mark.parametrize("hostile", HOSTILE, ids=["quotes", "lines", "templates"])
def test_what_is_typed_arrives_as_it_stands_and_runs_nothing(made, hostile):
    said, environments = made.read(SAID), made.read(ENVIRONMENT)
    names = every(said) | every(made.read(QUOTED)) | every(made.read(ASKED))
    typed = {name: f"{hostile}<{name}>" for name in names - {"PYTHON"}}
    done, words = made.run(made.telling(), **{**typed, **dict.fromkeys(every(environments), "dev")})
    assert (done.returncode, done.stderr) == (0, "")
    # What names an environment in one target may be any text in another.
    for name in every(environments) & every(said):
        targets = [target for target in made.recipes if name in said[target] - environments[target]]
        done, more = made.run(targets, **{**typed, "ENV": "dev"}) if targets else (done, [])
        assert (done.returncode, done.stderr) == (0, "")
        words += more
    found = {name for name, value in typed.items() if any(one.endswith(value) for one in arrived(words))}
    flags = every(made.read(ASKED)) - every(said) - every(environments) - every(made.read(QUOTED))
    only_named = {
        name for name in every(environments) if all(name in environments[target] for target in made.recipes if name in said[target])
    }
    assert found == set(typed) - flags - only_named and "dev" in set(arrived(words))


@pytest.mark.parametrize("hostile", ["dev ;touch x", "dev;touch x", "a`touch x`$(shell touch x)", "%"])
def test_an_environment_is_one_that_there_is(made, hostile):
    read = made.read(ENVIRONMENT)
    for target in ["plan", *(target for target, names in read.items() if names - {"ENV"})]:
        for name in read[target]:
            done, words = made.run([target], **{**dict.fromkeys(read[target], "dev"), name: hostile})
            assert (done.returncode, "There is no environment" in done.stderr) == (2, True), (target, name, done.stderr)
            assert not any("playbooks/" in word for word in words)


def test_a_python_that_is_typed_is_one_command(made):
    (made.folder / ".ansible" / "installed").unlink()
    (made.folder / ".venv" / "bin" / "python").unlink()
    target = next(target for target in made.recipes if target in ("ready", "lint"))
    done, words = made.run([target], PYTHON=HOSTILE[0])
    assert done.returncode == 2 and 'a"; touch x' in done.stderr and words == [], done.stderr
