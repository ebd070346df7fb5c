# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""What the collection reads out of YAML is what the real kubectl reads, scalar by scalar and document by document."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.documents import load_text
from ansible_collections.gantry.platform.tests.integration.kube.objects import definition, identity, one_set, unused_group
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: x}\n"
SCALARS = """
22:30 1:2 190:20:30 -1:30 1:30.5 17 017 0017 0o17 0O17 -017 08 09 0_7 0b1 0b101 -0b11 0B1 0b2 0b+101 0x1F 0X1f -0x1F 0xg 0x_1F
1_000 1_0.5 _1 1_ +1 -1 +0x1F 0 -0 00 +0 1. .5 -.5 1.0 -0.0 1.5 1e3 1E3 1e+3 1e-3 1.e3 1e400 -1e400 1e 0x1p-2 +.5 ._5 .1_0 .1_ .1e1_0 .1__0 . .. ... -.-
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616
99999999999999999999 1e20 1e21 0xffffffffffffffff 0x1ffffffffffffffff 077777777777777777777777 0.1 3.14159265358979323846 1e-7
y Y yes Yes YES yEs n N no No NO on On ON oN off Off OFF true True TRUE tRue false False FALSE t f o ~ null Null NULL nUll
= << <<x 2001-01-01 2001-1-1 2001-12-14t21:59:43.10-05:00 2001-12-15T02:59:43.1Z 2001-12-14 20:01 12:30:45 1.2.3 1.2.3.4 v1 10Mi 100m 1Gi
.Inf. inf nan NaN Infinity -inf a.b .a +a -a ab: "1" 'yes' "22:30" '~' !!str 1 !!str yes !!str 22:30 !!int "3" !!float 3 !!float "1e3"
!!bool yes !!bool "no" !!null "" !!str !!timestamp 2001-01-01 ! 12 ! "12" &a1 12
""".split()
SPACED = [
    "2001-12-14 21:59:43.10 -5",
    "2001-01-01 10:00:00",
    "!!str 1",
    "!!str yes",
    "!!str 22:30",
    '!!int "3"',
    "!!float 3",
    '!!float "1e3"',
]
SPACED += ["!!bool yes", '!!bool "no"', '!!null ""', "!!str", "!!timestamp 2001-01-01", "! 12", '! "12"', "&a1 12", "", "a # b"]
SPACED += [
    '"\\u00e9\\x41\\n"',
    "'it''s'",
    "|\n  a\n  b",
    ">-\n  a\n  b\n\n  c",
    "|+\n  a\n",
    "{a: 1, b: }",
    "[1, 2, ]",
    "[y, n, 1:2]",
    "{a, b: c}",
]
TABLE = [text for text in SCALARS if not text.startswith(("!", "&", '"1', "ab:"))] + SPACED
DOCUMENTS = {
    "the empty ones": f"# a\n---\n# b\n---\n{HEAD}v: 1\n---\n---\n{HEAD}v: 2\n---\n",
    "an end mark": f"---\n{HEAD}v: 1\n...\n---\n{HEAD}v: 2\n...\n",
    "a comment behind the separator": f"--- # one\n{HEAD}v: 1\n---   # two\n{HEAD}v: 2\n",
    "a byte order mark": f"\ufeff{HEAD}v: 22:30\n",
    "line ends of Windows": f"{HEAD}v: 22:30\r\nw:\r\n- a\r\n".replace("\n", "\r\n").replace("\r\r", "\r"),
    "a key twice": f"{HEAD}v: 1\nv: 2\nw: {{a: 1, a: 2}}\n",
    "a merge": f"{HEAD}base: &b {{a: 1, b: 2}}\nv: {{<<: *b, a: 3}}\nw:\n  a: 3\n  <<: *b\n",
    "a merge of a list": f"{HEAD}one: &o {{a: 1, b: 1}}\ntwo: &t {{a: 2, c: 2}}\nv: {{<<: [*o, *t], c: 3}}\n",
    "a merge in quotes": f'{HEAD}v: {{"<<": {{a: 1}}}}\n',
    "anchors": f"{HEAD}v: &a [1, &b x]\nw: *a\nz: *b\nq: {{*b : 1}}\n",
    "keys that are no texts": f"{HEAD}v: {{1: a, 1.1: b, true: c, y: d, 08: e, 22:30: f, 1e30: g, 3.14159265358979: h, 0x10: i, 1234567.0: j}}\n",
    "the same key twice in two spellings": f"{HEAD}v: {{1: a, 0x1: b, true: c, y: d, 1.50: e, 1.5: f}}\n",
    "dates as keys": f"{HEAD}v: {{2001-01-01: a, .inf: b, =: c}}\n",
    "several of JSON": json.dumps({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "x"}, "v": [1.0, 1e3, 2**64 - 1]})
    * 2,
    "JSON with a twin": '{"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "x"}, "v": 1, "v": 2}',
    "flow style that begins like JSON": "{apiVersion: example.com/v1, kind: Gadget, metadata: {name: x}, v: 22:30}",
    "tabs between": f"{HEAD}v:\t22:30\t# c\nw: [a,\tb]\n",
    "a text over lines": f'{HEAD}v: 1\n  2\nw: yes\n  no\nz: "a\n  b"\n',
    "indented lists": f"{HEAD}v:\n- 1\n- - 2\n  - y\nw:\n  - a: 1\n    b: 2\n",
    "characters beyond ASCII": f'{HEAD}v: é\nw: 日本\nz: "\\U0001F600"\n',
}
REFUSED = [
    "v: .inf",
    "v: -.INF",
    "v: .NaN",
    "v: !!float .inf",
    "v: !!int x",
    "v: !!bool 1",
    "v: !!null x",
    "v: {~: 1}",
    "v: {? [a] : 1}",
    "v: *a",
]
REFUSED += [
    "v: &a [*a]",
    "v: {<<: 1}",
    "v: {<<: [1]}",
    "v: a: b",
    "v:\n\t- a",
    "v: @a",
    "v: `a`",
    "v: [1",
    'v: "a',
    "v: {18446744073709551615: a}",
]


@pytest.fixture
def kubectl(cluster):
    """Objects as the real kubectl reads them out of a text; an AssertionError with its words where it refuses."""

    def read(text: str) -> list[Any]:
        command = [str(cluster.root / "bin" / "kubectl"), "annotate", "--local", "--output=json", "--filename=-", "read=yes"]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        found, index, printed = [], 0, done.stdout.decode().strip()
        while index < len(printed):
            document, end = json.JSONDecoder().raw_decode(printed, index)
            index = end + len(printed[end:]) - len(printed[end:].lstrip())
            del document["metadata"]["annotations"]["read"]
            if not document["metadata"]["annotations"]:
                del document["metadata"]["annotations"]
            found.append(document)
        return found

    return read


def ours(text: str) -> list[Any]:
    return [document for document, _source in load_text(text, "f")]


def typed(value: Any) -> Any:
    """Values with their types; a number is a number, whole or not: JSON does not tell ``1e20`` from its digits."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return (float(value), "number") if isinstance(value, (int, float)) and not isinstance(value, bool) else (value, type(value).__name__)


def test_every_scalar_is_what_kubectl_reads(kubectl):
    text = HEAD + "".join(f"v{number}: {scalar}\n" for number, scalar in enumerate(TABLE))
    (mine,), (theirs,) = typed(ours(text)), typed(kubectl(text))
    names = {f"v{number}": scalar for number, scalar in enumerate(TABLE)}
    assert {names[key]: mine[key] for key in names if mine[key] != theirs[key]} == {
        names[key]: theirs[key] for key in names if mine[key] != theirs[key]
    }
    assert mine.keys() == theirs.keys()


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_every_document_is_what_kubectl_reads(kubectl, text):
    assert typed(ours(text)) == typed(kubectl(text))


@pytest.mark.parametrize("line", REFUSED)
def test_what_kubectl_refuses_is_refused_with_its_place(kubectl, line):
    with pytest.raises(AssertionError):
        kubectl(f"{HEAD}{line}\n")
    with pytest.raises(InputError, match=r"^f:[0-9]+:"):
        ours(f"{HEAD}{line}\n")


SIGNS = st.text(st.sampled_from("0189_.eE+-xXbBoO:fanNyTZ~="), min_size=1, max_size=8)


def test_scalars_that_nobody_thought_of(kubectl):
    @settings(max_examples=5)
    @given(st.lists(SIGNS, min_size=200, max_size=400))
    def compare(scalars):
        plain = [text for text in scalars if not text.startswith((":", "-:")) and not text.endswith(":") and text not in ("-", "---")]
        text = HEAD + "v:\n" + "".join(f"- {scalar}\n" for scalar in plain if scalar.lower().lstrip("+-") not in (".inf", ".nan"))
        assert typed(ours(text)) == typed(kubectl(text))

    compare()


def test_a_time_without_quotes_reaches_the_cluster_as_text(cluster, namespace, tmp_path):
    crd = definition(unused_group())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    source = tmp_path / "gadget.yml"
    source.write_text(
        f"apiVersion: {crd['spec']['group']}/v1\nkind: Gadget\nmetadata: {{name: x, namespace: {namespace}}}\nspec: {{window: 22:30, flag: off, many: 1e3}}\n"
    )
    wanted = [one_set("s", namespace, crd), {"name": "t", "namespace": namespace, "src": [str(source)]}]
    cluster.run(*wanted).ok()
    (gadget,) = ours(source.read_text())
    assert cluster.get(gadget)["spec"] == {"window": "22:30", "flag": False, "many": 1000}
    assert cluster.run(*wanted).ok().planned == {}
    assert identity(gadget).startswith("Gadget.")
