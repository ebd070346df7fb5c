# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a call of alertmanager_check does: configurations, their templates and whom they tell, before amtool, the project's own judge."""

from __future__ import annotations

import functools
import glob
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._alertmanager.texts import FORMS, Text, defined, line_of, samples, texts
from .._core.concurrency import map_threads
from .._core.errors import InputError
from .._core.suggest import did_you_mean
from .._core.words import clean
from .._kube.form.yaml import load_yaml
from .._kube.options import AUTH_SPEC
from .._kube.wire.errors import ApiError
from .face import Call, Face, Result
from .kube import cluster

SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "configs": {"type": "list", "elements": "path", "default": []},
    "service": {
        "type": "dict",
        "options": {
            "namespace": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "port": {"type": "str", "required": True},
        },
    },
    "templates": {"type": "list", "elements": "path", "default": []},
    "routes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "labels": {"type": "dict", "required": True},
            "receivers": {"type": "list", "elements": "str", "required": True},
        },
    },
    "amtool": {"type": "path"},
    "without_amtool": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
    "wait_timeout": {"type": "int", "default": 0},
}
_ADDRESS = re.compile(r'\bparse "(?:[^"\\]|\\.)*"')
"""An address that cannot be read is repeated whole, and that of a webhook is a secret."""
_LONGEST = 400
_WITHIN = 60
_AT_ONCE = 4
_NO_NEWS = ("Checking ", "Found:", " - ", "amtool: error: failed to validate", "WARNING: Expected receivers")


@dataclass(frozen=True)
class Config:
    """One configuration: what it is called, its text, the file that amtool reads, and the globs of its templates."""

    source: str
    written: str
    file: Path
    templates: Sequence[str]


class Amtool:
    """The program at ``path``, working in a folder of its own."""

    def __init__(self, path: str, folder: Path) -> None:
        self._path = path
        # Nothing is rendered without a file of templates.
        self._none = folder / "none.tmpl"
        self._none.touch()
        self._samples = {words: folder / f"sample-{number}.json" for number, words in enumerate(samples())}
        for words, sample in samples().items():
            self._samples[words].write_text(json.dumps(sample), encoding="utf-8")

    def config(self, config: Config) -> list[str]:
        """What it says against a configuration and the files of templates that this names, by its lines."""
        found = []
        for line in self._said(["check-config", str(config.file)]) or []:
            line = (
                re.sub(rf"^Checking '{re.escape(str(config.file))}'\s*", "", line)
                .removeprefix("FAILED: ")
                .removesuffix("unmarshal errors:")
            )
            numbered = re.match(r"(?:yaml: )?line ([0-9]+): (.*)", line)
            named = re.search(r'(?:undefined [a-z ]+|name) "([^"]+)"', line)
            place = f":{numbered[1]}" if numbered else self._named(named[1], config) if named else ""
            if line.strip() not in ("", "SUCCESS", "yaml:"):
                found.append(f"{config.source}{place}: {numbered[2] if numbered else line}")
        return found

    @staticmethod
    def _named(name: str, config: Config) -> str:
        """The line of what is called so, else of what calls it so."""
        return line_of(f"name: {name}", config.written) or line_of(f" {name}", config.written)

    def text(self, config: Config, one: tuple[Text, bool]) -> list[str]:
        """What it says against a template; one that is called by its name is right with any dot that Alertmanager has."""
        text, called = one
        ways = [f'{{{{ template "{text.text}" {form} }}}}' for form in FORMS] if called else [text.text]
        globs = [f"--template.glob={one}" for one in (self._none, *config.templates)]
        for words, sample in self._samples.items():
            wrong = ""
            for way in ways:
                options = [
                    *globs,
                    f"--template.type={'html' if text.html else 'text'}",
                    f"--template.data={sample}",
                    f"--template.text={way}",
                ]
                said = self._said(["template", "render", *options])
                if said is None:
                    break
                wrong = wrong or re.sub(r"^amtool: error: template: (<[^>]*>)?:?", "", (said or ["it does not render"])[0])
            else:
                return [f"{text.place}: cannot be rendered for alerts {words}: {wrong[:_LONGEST]}"]
        return []

    def route(self, config: Config, numbered: tuple[int, Mapping[str, Any]]) -> list[str]:
        """Whether alerts with these labels reach those receivers, in this order."""
        number, row = numbered
        labels = [f"{name}={json.dumps(str(value), ensure_ascii=False)}" for name, value in sorted(row["labels"].items())]
        wanted = ",".join(row["receivers"])
        said = self._said(["config", "routes", "test", f"--config.file={config.file}", f"--verify.receivers={wanted}", *labels])
        if said is None:
            return []
        place = f"routes[{number}]: {{{', '.join(labels)}}} in {config.source}"
        return [f"{place}: reaches {(said or ['nobody'])[0].removeprefix('amtool: error: ')}; expected {wanted}"]

    def _said(self, words: Sequence[str]) -> list[str] | None:
        """The lines of what it says against something, none where it has nothing against it."""
        try:
            done = subprocess.run([self._path, *words], capture_output=True, text=True, check=False, timeout=_WITHIN)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"amtool: {self._path} does not run: {type(error).__name__}") from error
        if done.returncode == 0:
            return None
        lines = [_ADDRESS.sub("parse an address", clean(line)).strip() for line in (done.stdout + done.stderr).splitlines()]
        return [line for line in lines if line and not (line.startswith(_NO_NEWS) and "FAILED" not in line) and not line.startswith("- ")]


def check(call: Call) -> Result:
    """``alertmanager_check``."""
    params = call.params
    if not params["configs"] and not params["service"]:
        raise InputError("nothing to check: name configs (files), or the service of an Alertmanager that runs")
    _expected(params["routes"])
    path = params["amtool"] or shutil.which("amtool", path=call.environment.get("PATH"))
    if not path or (params["without_amtool"] == "warn" and not Path(path).is_file()):
        cure = "name it with amtool, such as that of a sandbox, .gantry/sandbox/bin/amtool"
        missing = f"{path} does not exist" if path else "amtool is not on PATH"
        if params["without_amtool"] == "fail":
            raise InputError(f"{missing}; {cure}")
        words = f"who is told of which alert was not checked: {missing}; {cure}"
        return {"changed": False, "checked": 0, "rendered": 0, "routed": 0, "problems": [], "warnings": [words]}
    with tempfile.TemporaryDirectory(prefix="alertmanager-check-") as folder:
        amtool = Amtool(path, Path(folder))
        until = time.monotonic() + params["wait_timeout"]
        while True:
            result = _checked(call, amtool, Path(folder))
            if not result["problems"] or not params["service"] or time.monotonic() >= until:
                break
            call.tell(f"{len(result['problems'])} problems of the running configuration, which may be an old one yet")
            time.sleep(1.0)
    if result["problems"]:
        return {**result, "failed": True, "msg": "\n  ".join(["amtool refuses:", *result["problems"]])}
    proven = (
        f"{result['routed']} kinds of alerts reach whom they have to, by amtool" if result["routed"] else "amtool has nothing against it"
    )
    return {**result, "verdicts": [{"name": "alertmanager-routes", "meaning": proven, "passed": True, "found": "holds"}]}


def _checked(call: Call, amtool: Amtool, folder: Path) -> Result:
    """One look at all of it."""
    routes, problems, rendered = call.params["routes"], [], 0
    configs = list(_configs(call, folder))
    for config in configs:
        call.gate()
        wrong = amtool.config(config)
        problems += wrong
        if wrong:
            continue  # What cannot be read has neither templates nor routes.
        read = load_yaml(config.written, config.source)
        found = [(one, False) for one in texts(read, config.source, config.written)]
        found += [(one, True) for file in _files(config) for one in defined(str(file), file.read_text(encoding="utf-8"))]
        rendered += len(found)
        names = {one["name"] for one in read["receivers"]}
        unknown = [
            f"routes[{number}]: no receiver of {config.source} is called {name!r}{did_you_mean(name, names)}"
            for number, row in enumerate(routes)
            for name in row["receivers"]
            if name not in names
        ]
        walked = [] if unknown else list(enumerate(routes))
        for lines in (
            map_threads(functools.partial(amtool.text, config), found, _AT_ONCE),
            [unknown],
            map_threads(functools.partial(amtool.route, config), walked, _AT_ONCE),
        ):
            problems += [line for some in lines for line in some]
    return {
        "changed": False,
        "checked": len(configs),
        "rendered": rendered,
        "routed": len(routes) * len(configs),
        "problems": problems,
    }


def _configs(call: Call, folder: Path) -> Iterator[Config]:
    """What is to be checked: files, and what an Alertmanager says that it runs with."""
    for name in call.params["configs"]:
        try:
            written = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"configs: {name} cannot be read: {type(error).__name__}") from error
        said = load_yaml(written, name)
        named = said.get("templates") if isinstance(said, Mapping) else None
        beside = [str(Path(name).parent / str(one)) for one in named or []] if isinstance(named, list) else []
        yield Config(name, written, Path(name), call.params["templates"] or beside)
    if call.params["service"]:
        yield _running(call, folder)


def _running(call: Call, folder: Path) -> Config:
    """The configuration by which an Alertmanager in the cluster runs. It never tells its secrets. Raises InputError."""
    namespace, name, port = (urllib.parse.quote(call.params["service"][key], safe="") for key in ("namespace", "name", "port"))
    with cluster(call, "alertmanager_check") as client:
        try:
            answer = client.get(f"/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy/api/v2/status")
        except ApiError as error:
            raise InputError(f"service: {namespace}/{name} says nothing of its configuration: {error.message}") from error
    written = (answer.get("config") or {}).get("original") if isinstance(answer, Mapping) else None
    source = f"what {namespace}/{name} runs with"
    if not isinstance(written, str):
        raise InputError(f"service: {namespace}/{name} is no Alertmanager: it answers /api/v2/status without a configuration")
    config = load_yaml(written, source)
    templates = config.pop("templates", None) if isinstance(config, dict) else None
    if templates and not call.params["templates"]:
        raise InputError(
            f"service: {namespace}/{name} runs with files of templates ({', '.join(templates)}), which lie there; name them here with templates"
        )
    file = folder / "running.yml"
    # Without its templates: those paths are of another machine. JSON is YAML.
    file.write_text(json.dumps(config), encoding="utf-8")
    return Config(source, written, file, call.params["templates"])


def _files(config: Config) -> list[Path]:
    return [Path(path) for pattern in config.templates for path in sorted(glob.glob(pattern))]


def _expected(routes: Sequence[Mapping[str, Any]]) -> None:
    """Refuse rows that say nothing. Raises InputError with all of them."""
    problems = [f"routes[{number}]: labels are empty; say which alert it is" for number, row in enumerate(routes) if not row["labels"]]
    problems += [
        f"routes[{number}]: receivers are empty; nobody is a receiver too, by its name"
        for number, row in enumerate(routes)
        if not row["receivers"]
    ]
    if problems:
        raise InputError("\n".join(problems))


CHECK = Face("alertmanager_check", SPEC, check)
