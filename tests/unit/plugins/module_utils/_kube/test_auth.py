# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import datetime
import json
import ssl

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, UnreachableError
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire import auth as tested
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.auth import AuthOptions, Credentials, resolve_access
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.certificates import Authority

EXEC = "client.authentication.k8s.io/v1"
SERVER = "https://cluster.example:6443"


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("pki"))
    authority.client("ann", "ann", ["team"])
    authority.client("bob", "bob", [])
    return authority.folder


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No kubeconfig of whoever runs the tests, and no pod around them."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tested, "_IN_CLUSTER", str(tmp_path / "no-pod"))


def config(user=None, cluster=None, **more):
    return {
        "clusters": [{"name": "c", "cluster": {"server": SERVER, **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u", "namespace": "team"}}],
        "current-context": "main",
        **more,
    }


def access(kubeconfig=None, **options):
    return resolve_access(AuthOptions(kubeconfig, **{"environment": {}, **options}))


def header(found, renew=False):
    return found.headers(renew).get("Authorization")


def encoded(path):
    return base64.b64encode(path.read_bytes()).decode()


def problem(*arguments, **options):
    with pytest.raises(InputError) as refused:
        access(*arguments, **options)
    return refused.value.message


def test_a_kubeconfig_says_where_as_whom_and_in_which_namespace():
    found = access(config({"token": "t"}, {"tls-server-name": "other", "proxy-url": "http://proxy:3128"}))
    assert (found.endpoint.url, found.endpoint.server_hostname, found.endpoint.proxy) == (SERVER, "other", "http://proxy:3128")
    assert (header(found), found.namespace) == ("Bearer t", "team")


@pytest.mark.parametrize(
    ("cluster", "options", "checked"),
    [
        ({}, {}, True),
        ({"insecure-skip-tls-verify": True}, {}, False),
        ({"insecure-skip-tls-verify": True}, {"validate_certs": True}, True),
        ({}, {"validate_certs": False}, False),
    ],
)
def test_certificates_are_checked_unless_it_was_said_otherwise(cluster, options, checked):
    tls = access(config(cluster=cluster), **options).endpoint.tls
    assert (tls.verify_mode is ssl.CERT_REQUIRED, tls.check_hostname) == (checked, checked)


def test_an_option_of_the_task_wins_over_the_kubeconfig():
    found = access(config({"token": "theirs"}, {"proxy-url": "http://theirs"}), api_key="ours", proxy="http://ours")
    assert (header(found), found.endpoint.proxy) == ("Bearer ours", "http://ours")


def test_only_the_given_authority_is_believed(pki):
    of_data = access(config(cluster={"certificate-authority-data": encoded(pki / "ca.crt")})).endpoint.tls
    of_file = access(config(), ca_cert=str(pki / "ca.crt")).endpoint.tls
    for tls in (of_data, of_file):
        (authority,) = tls.get_ca_certs()
        assert ("commonName", "gantry sandbox") in authority["subject"][0]


def test_a_client_certificate_comes_from_data_files_or_options(pki, monkeypatch):
    loaded = []
    monkeypatch.setattr(tested, "_load_pair", lambda context, pair: loaded.append(pair))
    access(config({"client-certificate-data": encoded(pki / "ann.crt"), "client-key-data": encoded(pki / "ann.key")}))
    access(config({"client-certificate": str(pki / "ann.crt"), "client-key": str(pki / "ann.key")}))
    access(config({"client-certificate": "none"}), client_cert=str(pki / "ann.crt"), client_key=str(pki / "ann.key"))
    assert set(loaded) == {((pki / "ann.crt").read_text(), (pki / "ann.key").read_text())} and len(loaded) == 3


def test_a_certificate_and_a_key_that_fit_are_taken_and_others_are_refused(pki):
    user = {"client-certificate-data": encoded(pki / "ann.crt"), "client-key-data": encoded(pki / "ann.key")}
    assert header(access(config(user))) is None
    assert "do not fit together" in problem(config(user | {"client-key-data": encoded(pki / "bob.key")}))


def test_files_are_found_from_the_folder_of_the_kubeconfig(pki, tmp_path):
    (tmp_path / "token").write_text("from file\n")
    (tmp_path / "ca.crt").write_bytes((pki / "ca.crt").read_bytes())
    (tmp_path / "plugin").write_text('#!/bin/sh\necho \'{"status": {"token": "printed"}}\'\n')
    (tmp_path / "plugin").chmod(0o755)
    for user, expected in (
        ({"tokenFile": "token"}, "Bearer from file"),
        ({"exec": {"apiVersion": EXEC, "command": "./plugin"}}, "Bearer printed"),
    ):
        (tmp_path / "config").write_text(json.dumps(config(user, {"certificate-authority": "ca.crt"})))
        assert header(access(str(tmp_path / "config"))) == expected


def test_a_token_file_is_read_anew_each_time_for_it_is_rotated(tmp_path):
    (tmp_path / "token").write_text("one\n")
    found = access(config({"tokenFile": str(tmp_path / "token")}))
    first = header(found)
    (tmp_path / "token").write_text("two\n")
    assert (first, header(found)) == ("Bearer one", "Bearer two")


def user(content):
    return {"users": [{"name": "u", "user": content}]}


def place(content):
    return {"clusters": [{"name": "c", "cluster": {"server": SERVER, **content}}]}


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"context": "mian"}, "there is no context 'mian'; it has: main; did you mean 'main'?"),
        ({"current-context": None, "contexts": []}, {}, "there is no context None; it has: none"),
        ({"clusters": []}, {}, "context 'main' names the cluster 'c', which is not among its clusters"),
        ({"users": []}, {}, "context 'main' names the user 'u', which is not among its users"),
        ({"clusters": [{"name": "c", "cluster": {}}]}, {}, "the cluster 'c' has no server"),
        ({"users": [{"name": "u", "user": {"exec": {"args": []}}}]}, {}, "the exec plugin has no command"),
        ({"users": [{"name": "u", "user": {"client-certificate-data": "A"}}]}, {}, "client-certificate-data is not text in base64"),
        (user({"auth-provider": {"name": "gcp"}}), {}, "the user 'u' has auth-provider: client-go has given these up"),
        (user({"username": "me", "password": "p"}), {}, "the user 'u' has username: apiservers take no passwords"),
        (user({"as-groups": ["admins"]}), {}, "groups, a uid or extras to appear with, and nobody to appear as; write as"),
        (user({"as": "a\nb"}), {}, "a header takes one line of text"),
        (user({"as": 7}), {}, "the user 'u': as is a text, found int; a text that looks like something else needs quotes"),
        (user({"as-group": ["admins"]}), {}, "the user 'u': unknown key 'as-group'; did you mean 'as-groups'?"),
        (user({"as-groups": "admins", "as": "a"}), {}, "as-groups is a list of texts, found str"),
        (user({"exec": {"command": "x"}}), {}, "exec has the apiVersion None; it can be client.authentication.k8s.io/v1 or"),
        (user({"exec": {"command": "x", "apiVersion": EXEC, "interactiveMode": "Always"}}), {}, "asks at a terminal"),
        (user({"exec": {"command": "x", "apiVersion": EXEC, "env": [{"name": "A"}]}}), {}, "each row of env has a name and a value"),
        (place({"insecure-skip-tls-verify": True, "certificate-authority": "ca"}), {}, "an authority and insecure-skip-tls-verify"),
        (place({"insecure-skip-tls-verfy": True}), {}, "unknown key 'insecure-skip-tls-verfy'; did you mean 'insecure-skip-tls-verify'?"),
        (place({"server": "ftp://x"}), {}, "server is https://host:port, found 'ftp://x'"),
        (place({"proxy-url": "socks5://p:1"}), {}, "proxies are reached by http://host:port"),
        ({}, {"impersonate_groups": ("a",)}, "impersonate_groups needs impersonate_user"),
        (
            {"users": [{"name": "u", "user": {"client-certificate": "/none.crt"}}]},
            {},
            "certificate or key /none.crt cannot be read: No such file",
        ),
        ({}, {"client_cert": "/none.crt"}, "certificate or key /none.crt cannot be read"),
        ({}, {"ca_cert": "/none.crt"}, "the CA certificate /none.crt does not exist"),
    ],
)
def test_what_is_wrong_in_a_kubeconfig_is_named(change, options, words):
    assert words in problem(config() | change, **options)


@pytest.mark.parametrize("data", ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_an_authority_that_is_none_is_named(data):
    cluster = {"certificate-authority-data": base64.b64encode(data.encode()).decode()}
    assert "the CA certificate inside the kubeconfig holds no certificate" in problem(config(cluster=cluster))


def test_with_one_context_none_needs_to_be_named():
    assert access(config() | {"current-context": ""}).endpoint.url == SERVER


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "config does not exist"),
        (lambda path: path.mkdir(), "config cannot be read: Is a directory"),
        (lambda path: path.write_text("- a\n"), "config is not a kubeconfig"),
        (lambda path: path.write_text("a: b: c\n"), "config:1:5: "),
    ],
)
def test_a_kubeconfig_that_cannot_be_read_is_named(tmp_path, make, words):
    make(tmp_path / "config")
    assert words in problem(str(tmp_path / "config"))


def test_a_token_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(InputError, match="token file .*gone cannot be read: No such file"):
        access(config({"tokenFile": str(tmp_path / "gone")})).headers(False)


def test_several_kubeconfigs_are_one_and_the_first_wins(tmp_path):
    one, two = config({"token": "first"}), config({"token": "second"})
    two["contexts"].append({"name": "second", "context": {"cluster": "c2", "user": "u"}})
    two["clusters"] = [{"name": "c2", "cluster": {"server": "https://second.example"}}]
    for name, content in (("one", one), ("two", two)):
        (tmp_path / name).write_text(json.dumps(content))
    environment = {"KUBECONFIG": f"{tmp_path}/none:{tmp_path}/one:{tmp_path}/two"}
    assert header(access(environment=environment)) == "Bearer first"
    assert access(environment=environment, context="second").endpoint.url == "https://second.example"


def test_paths_of_each_of_several_kubeconfigs_are_from_its_own_folder(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token").write_text(name)
        content = config({"tokenFile": "token"}) | {"current-context": ""}
        content["contexts"] = [{"name": name, "context": {"cluster": "c", "user": name}}]
        content["users"][0]["name"] = name
        (tmp_path / name / "config").write_text(json.dumps(content | ({"current-context": "two"} if name == "two" else {})))
    environment = {"KUBECONFIG": f"{tmp_path}/one/config:{tmp_path}/two/config"}
    assert header(access(environment=environment, context="one")) == "Bearer one"
    assert header(access(environment=environment)) == "Bearer two", "an empty current-context is none"


def test_who_is_to_appear_as_somebody_else_does_so_with_everything(tmp_path):
    extra = {"as-user-extra": {"Example.org/scope": ["a", "b"], "reason": ["c"]}}
    found = access(config({"token": "t", "as": "ann", "as-uid": "7", "as-groups": ["x", "y,z"], **extra}))
    assert found.headers(False) == {
        "Authorization": "Bearer t",
        "Impersonate-User": "ann",
        "Impersonate-Uid": "7",
        "Impersonate-Group": ("x", "y,z"),
        "Impersonate-Extra-example.org%2Fscope": ("a", "b"),
        "Impersonate-Extra-reason": ("c",),
    }
    told = access(config({"as": "ann", "as-uid": "7"}), impersonate_user="bob", impersonate_groups=("g",))
    assert told.headers(False) == {"Impersonate-User": "bob", "Impersonate-Group": ("g",)}


def test_what_lies_in_the_kubeconfig_wins_over_a_file_it_names(pki):
    found = access(config(cluster={"certificate-authority-data": encoded(pki / "ca.crt"), "certificate-authority": "/none.crt"}))
    assert len(found.endpoint.tls.get_ca_certs()) == 1
    mixed = {"client-certificate-data": encoded(pki / "ann.crt"), "client-certificate": "/none", "client-key": str(pki / "ann.key")}
    assert access(config(mixed)).certificate == (pki / "ann.crt").read_text()


def test_compression_a_proxy_and_a_name_are_as_the_kubeconfig_says():
    found = access(config(cluster={"disable-compression": True, "proxy-url": "http://p:3128", "tls-server-name": "n"})).endpoint
    assert (found.compressed, found.proxy, found.server_hostname) == (False, "http://p:3128", "n")
    assert access(config(cluster={"server": "cluster.example:6443"})).endpoint.url == SERVER


@pytest.mark.parametrize(
    ("cluster", "options", "said"),
    [
        ({}, {}, []),
        ({"insecure-skip-tls-verify": True}, {}, [f"the certificate of {SERVER} is not checked"]),
        ({}, {"validate_certs": False}, [f"the certificate of {SERVER} is not checked"]),
        ({"server": "http://cluster.example"}, {}, ["http://cluster.example is spoken to without TLS"]),
        ({"server": "http://127.0.0.1:8001"}, {}, []),
    ],
)
def test_a_way_that_anybody_may_listen_on_is_said(cluster, options, said):
    found = access(config(cluster=cluster), **options).warnings
    assert [warning[: len(text)] for warning, text in zip(found, said, strict=True)] == said


def test_a_host_needs_no_kubeconfig_and_is_meant_with_https():
    found = access("/none", host="cluster.example:6443", api_key="t")
    assert (found.endpoint.url, header(found)) == (SERVER, "Bearer t")
    assert access(host="http://local:8080").endpoint.url == "http://local:8080"


@pytest.mark.parametrize(("address", "url"), [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443")])
def test_a_pod_speaks_as_its_service_account(pki, tmp_path, address, url):
    folder = tmp_path / "no-pod"
    folder.mkdir()
    for name, content in (("token", "pod\n"), ("namespace", "team\n"), ("ca.crt", (pki / "ca.crt").read_text())):
        (folder / name).write_text(content)
    found = access(environment={"KUBERNETES_SERVICE_HOST": address, "KUBERNETES_SERVICE_PORT": "443"})
    assert (found.endpoint.url, header(found), found.namespace) == (url, "Bearer pod", "team")


def test_who_names_no_cluster_learns_every_way_to_name_one():
    message = problem()
    for word in ("kubeconfig", "K8S_AUTH_KUBECONFIG", "KUBECONFIG", "host and api_key", "not a pod"):
        assert word in message


class Plugin:
    """An exec plugin that counts how often it ran and prints what it is told."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "plugin").write_text(
            f'#!/bin/sh\necho x >> {folder}/runs\necho "$KUBERNETES_EXEC_INFO" > {folder}/info\necho "$SECRET $1" >> {folder}/told\n'
            f"cat {folder}/prints\n[ -f {folder}/fails ] && echo no login >&2 && exit 3\nexit 0\n"
        )
        (folder / "plugin").chmod(0o755)

    def prints(self, **status):
        (self.folder / "prints").write_text(json.dumps({"kind": "ExecCredential", "status": status}))

    @property
    def runs(self):
        return len((self.folder / "runs").read_text().splitlines())

    def user(self, **more):
        return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(self.folder / "plugin"), **more}}


@pytest.fixture
def plugin(tmp_path):
    return Plugin(tmp_path)


def stamp(**delta):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_plugin_runs_once_while_its_token_lives_and_again_when_the_server_refuses_it(plugin):
    plugin.prints(token="one", expirationTimestamp=stamp(hours=1))
    found = access(config(plugin.user(args=["login"], env=[{"name": "SECRET", "value": "s"}])))
    assert [header(found), header(found)] == ["Bearer one"] * 2
    assert (plugin.runs, (plugin.folder / "told").read_text()) == (1, "s login\n")
    plugin.prints(token="two")
    assert (header(found, renew=True), plugin.runs) == ("Bearer two", 2)
    assert json.loads((plugin.folder / "info").read_text())["apiVersion"] == "client.authentication.k8s.io/v1"


def test_a_token_is_renewed_before_it_ends(plugin):
    plugin.prints(token="one", expirationTimestamp=stamp(seconds=20))
    found = access(config(plugin.user()))
    header(found)
    before = plugin.runs
    plugin.prints(token="two", expirationTimestamp=stamp(hours=1))
    assert (header(found), plugin.runs) == ("Bearer two", before + 1)


def test_a_plugin_may_print_a_certificate(plugin, pki):
    plugin.prints(clientCertificateData=(pki / "ann.crt").read_text(), clientKeyData=(pki / "ann.key").read_text())
    found = access(config(plugin.user()))
    assert (header(found), plugin.runs) == (None, 1)


@pytest.mark.parametrize("printed", ["", "text", "[]", "{}", '{"status": null}'])
def test_a_plugin_that_prints_something_else_is_named(plugin, printed):
    (plugin.folder / "prints").write_text(printed)
    with pytest.raises(UnreachableError, match="plugin' did not print an ExecCredential with a status"):
        access(config(plugin.user()))


def test_a_plugin_that_fails_is_named_with_its_last_words(plugin):
    plugin.prints()
    (plugin.folder / "fails").touch()
    with pytest.raises(UnreachableError, match="plugin' failed with 3: no login"):
        access(config(plugin.user()))


def test_a_plugin_that_is_not_there_says_how_to_get_it():
    credentials = Credentials(plugin={"command": "gantry-no-such-plugin", "installHint": "install it from there"})
    with pytest.raises(UnreachableError, match="'gantry-no-such-plugin' did not run .*; install it from there"):
        credentials.token()


def test_a_plugin_that_wants_to_know_the_cluster_is_told(plugin):
    plugin.prints(token="t")
    extensions = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}]
    kubeconfig = config(plugin.user(provideClusterInfo=True), {"tls-server-name": "n", "extensions": extensions})
    assert header(access(kubeconfig)) == "Bearer t"
    told = json.loads((plugin.folder / "info").read_text())["spec"]
    assert told == {"interactive": False, "cluster": {"server": SERVER, "tls-server-name": "n", "config": {"audience": "x"}}}


def test_a_plugin_is_not_run_where_the_kubeconfig_has_a_token(plugin):
    assert header(access(config({**plugin.user(), "token": "t"}))) == "Bearer t"
    assert not (plugin.folder / "runs").exists()


def test_a_token_that_was_given_is_not_asked_for(plugin):
    found = access(config(plugin.user()), api_key="given")
    assert header(found) == "Bearer given" and not (plugin.folder / "runs").exists()


@pytest.mark.parametrize("url", ["https://me:secret@proxy:3128", "socks5://me:secret@proxy:1080", "proxy:3128", "http://"])
def test_a_proxy_that_cannot_be_spoken_to_is_refused_without_its_password(url):
    for message in (
        problem(config({"token": "t"}, {"proxy-url": url})),
        problem(config({"token": "t"}), proxy=url),
        problem(host=SERVER, proxy=url),
    ):
        assert "http://host:port" in message
        assert "secret" not in message
