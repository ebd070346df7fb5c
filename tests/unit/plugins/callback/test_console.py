# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the console says, fed with the events of real tasks: of files that count as the collection's own, and of others."""

from __future__ import annotations

import importlib
import json
import re
from types import SimpleNamespace

import pytest
from ansible import context
from ansible.executor import task_result
from ansible.inventory.host import Host
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.utils.display import Display
from ansible_collections.gantry.platform.plugins.callback import console
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report
from ansible_collections.gantry.platform.plugins.plugin_utils import _voice
from ansible_collections.gantry.platform.plugins.plugin_utils._live_line import Passing
from ansible_collections.gantry.platform.tests.kit.clock import Clock
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import change, meta, plan_of, planned, result, sealed

MODEL, DECLARE, APPLY = ({f"gantry.platform.{name}": {}} for name in ("platform_model", "declare", "kube_apply"))
PLAN, WRITE = {"platform_stage": "plan"}, {"platform_stage": "apply"}


def told(task, answer, host="prod"):
    """A result as the ansible-core in use hands it to callbacks: from 2.21 on it wraps another one, which hides what is to be hidden."""
    if not hasattr(task_result, "censor_result"):
        unified = importlib.import_module("ansible._internal._task").UnifiedTaskResult
        return task_result.CallbackTaskResult(Host(host), task, unified.from_action_result_dict(answer))
    shown = task_result.censor_result(answer) if task.no_log else answer
    return task_result.CallbackTaskResult(Host(host), task, shown, {})


class Screen:
    """A callback, the tasks of one play, and what was shown."""

    def __init__(self, tmp_path, capsys, monkeypatch, verbosity=0):
        self._folders = {True: tmp_path / "collection" / "playbooks", False: tmp_path / "elsewhere"}
        monkeypatch.setattr(console, "_ROOT", str(tmp_path / "collection"))
        monkeypatch.setattr(Display(), "verbosity", verbosity)
        self.clock = Clock()
        monkeypatch.setattr(_voice, "time", self.clock)
        monkeypatch.setattr(context, "CLIARGS", ImmutableDict(check=False))
        self.callback = console.CallbackModule()
        options = {"show": "always", "display_failed_stderr": False, "show_custom_stats": False, "check_mode_markers": False}
        options |= {"result_format": "json", "pretty_results": None, "html": None}
        self.callback.get_option = lambda name: options.get(name, True)
        self.callback.v2_playbook_on_start(SimpleNamespace(_file_name="book.yml"))
        self._capsys = capsys
        self._number = 0

    def task(self, content, ours=True, variables=None, name="Do it"):
        """A task of a file, begun."""
        self._number += 1
        path = self._folders[ours] / f"{self._number}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        tasks = [{"name": name, **content, "vars": variables or {}}]
        path.write_text(json.dumps(tasks), encoding="utf-8")
        loader = DataLoader()
        play = Play.load({"name": "The play", "hosts": "all"}, loader=loader)
        self.callback._play, self.callback._play_name = play, "The play"
        (task,) = Block.load({"block": loader.load_from_file(str(path))}, play=play, loader=loader).block
        self.callback.v2_playbook_on_task_start(task, False)
        return task

    def did(self, task, how="ok", host="prod", **answer):
        """The task has ended on a host."""
        ended = told(task, {"failed": how == "failed", **answer}, host)
        self.callback._current_task_result = ended
        getattr(self.callback, f"v2_runner_on_{how}")(ended)

    def end(self):
        """All that was shown, the run's end included."""
        summary = dict.fromkeys(("ok", "changed", "unreachable", "failures", "skipped", "rescued", "ignored"), 0)
        stats = SimpleNamespace(processed={"prod": 1}, summarize=lambda _host: summary, custom={})
        self.callback.v2_playbook_on_stats(stats)
        return self.said()

    def said(self):
        out, err = self._capsys.readouterr()
        return out + err

    def publish(self, tmp_path, report):
        """The report that the run wrote."""
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(report), encoding="utf-8")
        task = self.task({"gantry.platform.run_report": {}})
        self.did(task, id=report["run"], files=[str(path)])
        self.did(task, report_file=str(path))
        return path


@pytest.fixture
def screen(tmp_path, capsys, monkeypatch):
    made = Screen(tmp_path, capsys, monkeypatch)
    yield made
    made.callback._voice.end()


def phases(text):
    return re.findall(r"^  ([a-z][a-z ]+?) +\d+\.\d s", text, re.MULTILINE)


def test_a_run_is_its_phases_and_the_table_and_no_line_of_a_task(screen, tmp_path):
    for content, variables in ((MODEL, PLAN), (DECLARE, PLAN), (APPLY, PLAN)):
        task = screen.task(content, variables=variables)
        screen.did(task, **(result() if content is APPLY else {}))
    screen.publish(tmp_path, plan_of(prod=planned(change("Namespace/-/cortex"))))
    text = screen.end()
    assert phases(text) == ["check the inventory", "declare", "plan"]
    assert text.count("Namespace/cortex") == 1
    assert text.rstrip().endswith(f"next: make apply ENV=prod PLAN={tmp_path}/plan.json  applies exactly this")
    assert "TASK" not in text and "Do it" not in text and "RECAP" not in text


def test_a_phase_whose_tasks_were_all_skipped_is_none(screen):
    screen.did(screen.task(MODEL))
    screen.did(screen.task(APPLY, variables=WRITE), "skipped", skipped=True)
    assert phases(screen.end()) == ["check the inventory"]


def test_a_phase_that_comes_again_and_is_brief_is_not_said_again(screen):
    for content, seconds in ((MODEL, 1), (DECLARE, 1), (MODEL, 1), (DECLARE, 3)):
        screen.did(screen.task(content))
        screen.clock.sleep(seconds)
    assert phases(screen.end()) == ["check the inventory", "declare", "declare"]


def test_one_problem_of_several_hosts_is_said_once_with_their_names(screen):
    task = screen.task(APPLY, variables=PLAN)
    screen.did(task, "ok", "c")
    screen.did(task, "failed", "a", msg="the lock is somebody's")
    screen.did(task, "failed", "b", msg="the lock is somebody's")
    text = screen.end()
    assert text.count("the lock is somebody's") == 1
    assert "error: a, b: the lock is somebody's" in text
    assert re.search(r"plan +\d+\.\d s  failed  a, b", text)


def test_a_problem_that_names_its_host_is_said_once_for_those_alike(screen):
    task = screen.task(MODEL)
    for host in ("prod-euw1", "prod-euw2", "prod-use1"):
        screen.did(task, "failed", host, msg=f"/k/{host}.kubeconfig does not exist")
    text = screen.end()
    assert text.count("does not exist") == 1
    assert "the same of prod-euw2, prod-use1" in text


def test_what_can_be_pasted_stays_as_it_is_and_is_whole_in_a_log(screen):
    cure = "\n".join(["paste:", *(f"  key{number}:   value" for number in range(300))])
    screen.did(screen.task(MODEL), "failed", msg=f"refused\n{cure}")
    assert f"error: refused\n{cure}\n" in screen.end()


def test_a_problem_that_another_host_has_later_is_named_and_not_repeated(screen):
    screen.did(screen.task(MODEL), "failed", "a", msg="no such team\n  and more")
    screen.did(screen.task(APPLY, variables=PLAN), "failed", "b", msg="no such team\n  and more")
    text = screen.end()
    assert text.count("and more") == 1
    assert "error: b: as above: no such team" in text


def test_an_error_that_was_said_is_not_said_again_by_the_table(screen, tmp_path):
    refused = {"msg": "no such team\n  a.yml:3: team: nobody", "failed": True}
    screen.did(screen.task(MODEL), "failed", **refused)
    note = {"stage": "declare", "wave": "", "task": "Check the inventory", "failed": True, "changed": False, "error": refused["msg"]}
    path = screen.publish(tmp_path, sealed(build_report(meta(), {"prod": [note]})))
    gate = screen.task({"gantry.platform.run_report": {}})
    screen.did(gate, "failed", msg="1 of 1 clusters cannot go on", report_file=str(path), statuses={"prod": "failed"})
    text = screen.end()
    assert text.count("no such team") == 1
    assert text.count("a.yml:3: team: nobody") == 1
    assert "cannot go on" not in text, "every host said why"
    assert "stopped at: Check the inventory" in text


def test_of_several_hosts_the_gate_says_which_stopped_the_others(screen):
    task = screen.task(MODEL)
    screen.did(task, "failed", "a", msg="no such team")
    screen.did(task, "ok", "b")
    gate = screen.task({"gantry.platform.run_report": {}})
    words = "1 of 2 clusters cannot go on (a); nothing was written to any of them"
    screen.did(gate, "failed", "a", msg=words, report_file="x", statuses={"a": "failed", "b": "changes"})
    assert "error: a: 1 of 2 clusters cannot go on (a); nothing was written to any of them" in screen.end()


def test_a_task_that_only_ends_the_play_after_the_table_is_silent(screen):
    screen.did(screen.task(APPLY, variables=WRITE))
    screen.did(screen.task({"ansible.builtin.fail": {}}, variables={"platform_table_says": True}), "failed", msg="see the table")
    text = screen.end()
    assert "see the table" not in text
    assert "failed" not in text, "the phase before it did not fail"


def test_what_failed_without_its_own_judgement_says_where(screen):
    screen.did(screen.task({"ansible.builtin.assert": {"that": "x"}}), "failed", msg="Task failed: 'x' is undefined")
    text = screen.end()
    assert "error: Task failed: 'x' is undefined" in text
    assert re.search(r"at \S+1\.yml:1; -vvv shows more", text)


def test_an_unreachable_host_is_a_problem(screen):
    screen.did(screen.task(MODEL), "unreachable", msg="no route to host", unreachable=True)
    text = screen.end()
    assert "error: cannot be reached: no route to host" in text
    assert "failed" in text.splitlines()[0]


def test_warnings_of_the_report_are_left_to_the_table_and_others_are_said(screen, tmp_path):
    screen.did(screen.task(APPLY, variables=PLAN), **{**result(change("Namespace/-/x")), "warnings": ["it is deprecated", "only here"]})
    screen.publish(tmp_path, sealed(build_report(meta(), {"prod": planned(change("Namespace/-/x"), warnings=["it is deprecated"])})))
    text = screen.end()
    assert text.count("it is deprecated") == 1
    assert text.count("only here") == 1
    assert text.index("only here") < text.index("Plan for prod") < text.index("it is deprecated")


def test_what_tasks_have_to_say_comes_last_as_lines_and_once(screen, tmp_path):
    screen.did(screen.task(MODEL))
    task = screen.task({"ansible.builtin.debug": {}})
    for host in ("a", "b"):
        screen.did(task, host=host, msg=["it runs at", "  127.0.0.1"])
    screen.publish(tmp_path, plan_of(prod=planned()))
    text = screen.end()
    assert text.endswith("\nit runs at\n  127.0.0.1\n")
    assert text.count("127.0.0.1") == 1


def test_paths_are_those_that_somebody_would_type(screen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    screen.did(screen.task(MODEL))
    screen.did(screen.task({"ansible.builtin.debug": {}}), msg=f"kubectl --kubeconfig {tmp_path}/.gantry/k get pods")
    assert "\nkubectl --kubeconfig .gantry/k get pods\n" in screen.end()


def test_a_warning_of_the_report_is_annotated_too(screen, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    screen.publish(tmp_path, sealed(build_report(meta(), {"prod": planned(change("Namespace/-/x"), warnings=["a.yml:7: outdated"])})))
    assert "\n::warning file=a.yml,line=7::outdated\n" in screen.end()


@pytest.mark.parametrize("where", ["msg", "errors"])
def test_places_are_annotated_for_github(screen, monkeypatch, where, tmp_path):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    file = str(tmp_path / "a.yml") if where == "errors" else "a.yml"
    screen.did(screen.task(MODEL), "failed", msg=f'1 error\n  {file}:3: services."x": 100% wrong, did you mean: y')
    assert '\n::error file=a.yml,line=3::services."x": 100%25 wrong, did you mean: y\n' in screen.end()


def test_no_annotation_elsewhere(screen, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    screen.did(screen.task(MODEL), "failed", msg="a.yml:3: wrong")
    assert "::" not in screen.end()


def test_of_other_playbooks_changes_failures_messages_and_the_recap_are_shown(screen):
    quiet, loud = screen.task({"ansible.builtin.stat": {}}, ours=False, name="Look"), {"ansible.builtin.command": "x"}
    screen.did(quiet)
    screen.did(screen.task(loud, ours=False, name="Write"), changed=True)
    screen.did(screen.task({"ansible.builtin.debug": {}}, ours=False, name="Say"), msg="hello")
    failing = screen.task(loud, ours=False, name="Break")
    screen.did(failing, "failed", msg="non-zero return code", rc=3, stderr="line one\nthe reason")
    text = screen.end()
    assert "Look" not in text
    assert "Write\n  prod: changed\n" in text
    assert "Say\n  prod: hello\n" in text
    assert re.search(r"Break\n  prod: failed: non-zero return code\n.*line one\n.*the reason\n +at \S+4\.yml:1\n", text)
    assert "PLAY RECAP" in text


def test_a_failure_that_is_ignored_says_so(screen):
    ended = told(screen.task({"ansible.builtin.command": "x"}, ours=False), {"failed": True, "msg": "no"})
    screen.callback.v2_runner_on_failed(ended, ignore_errors=True)
    assert "prod: failed, which is ignored: no" in screen.end()


def test_failed_items_of_a_loop_each_say_why(screen):
    items = [{"failed": True, "msg": "no a"}, {"msg": "fine"}, {"failed": True, "msg": "no c"}]
    screen.did(screen.task({"ansible.builtin.command": "x"}, ours=False), "failed", msg="One or more items failed", results=items)
    text = screen.end()
    assert "no a" in text and "no c" in text and "fine" not in text and "One or more" not in text


@pytest.mark.parametrize("ours", [True, False])
def test_diffs_are_shown_as_ansible_shows_them(screen, ours):
    task = screen.task(APPLY, ours=ours, name="Reconcile")
    diff = [{"before_header": "x", "after_header": "x", "before": "cpu: 1\n", "after": "cpu: 2\n"}]
    screen.callback.v2_on_file_diff(told(task, {"changed": True, "diff": diff}))
    text = screen.said()
    assert text.startswith("Reconcile\n")
    assert "\n-cpu: 1\n+cpu: 2\n" in text
    screen.callback.v2_on_file_diff(told(task, {"changed": False, "diff": diff}))
    assert screen.said() == ""


def test_a_hidden_result_stays_hidden(screen):
    task = screen.task({"ansible.builtin.command": "x", "no_log": True}, ours=False)
    screen.did(task, "failed", msg="geheim", stdout="geheim", rc=1)
    text = screen.end()
    assert "geheim" not in text and "failed: the output has been hidden due to the fact that 'no_log: true'" in text


def test_words_of_others_are_shown_and_not_obeyed(screen):
    screen.did(screen.task({"ansible.builtin.debug": {}}, ours=False), msg="a\x1b[2Jb")
    screen.did(screen.task(MODEL), "failed", msg="c\x1b[2Jd\u202ee")
    text = screen.end()
    assert "\x1b" not in text and "\u202e" not in text
    assert "a\\x1b[2Jb" in text and "c\\x1b[2Jd" in text


def test_without_a_terminal_a_step_that_takes_long_is_told_seldom(screen):
    for second in range(0, 90, 5):
        Display().display(Passing(f"  prod: building kubectl (1 of 5), {second} s"))
        screen.clock.sleep(5)
    Display().display(Passing("  prod: starting etcd, 91 s"))
    said = screen.said().splitlines()
    assert said == [*(f"  prod: building kubectl (1 of 5), {second} s" for second in (0, 30, 60)), "  prod: starting etcd, 91 s"]


def test_an_interrupted_run_says_what_stands(screen, tmp_path):
    screen.did(screen.task(APPLY, variables=WRITE), **result(change("ConfigMap/n/made")))
    screen.publish(tmp_path, sealed(build_report(meta("site", process="m-1-b"), {"prod": []})))
    screen.callback._interrupted()
    text = screen.said()
    assert phases(text) == ["apply"]
    assert "interrupted" in text and "the next run goes on from there" in text


def test_an_interrupted_run_still_says_what_failed_before(screen):
    screen.did(screen.task(MODEL), "failed", msg="no such team")
    screen.callback._interrupted()
    assert "error: no such team" in screen.said()


def test_v_is_ansibles_own_output_and_the_table_below_it(tmp_path, capsys, monkeypatch):
    screen = Screen(tmp_path, capsys, monkeypatch, verbosity=1)
    screen.did(screen.task(MODEL, name="Check"), something="here")
    screen.publish(tmp_path, plan_of(prod=planned(change("Namespace/-/cortex"))))
    text = screen.end()
    assert "TASK [Check]" in text and '"something": "here"' in text
    assert "PLAY RECAP" in text
    assert text.index("PLAY RECAP") < text.index("Plan for prod")
    assert phases(text) == []
