"""What GitHub and GitLab run for a ledger, run for real: on a remote with a fork's branch, and an API that listens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml

from campledger import __version__

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

MARKER = "<!-- campledger review -->"


class Host(ThreadingHTTPServer):
    """As much of a host's API as the comments of one pull request take; it answers only who has the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.writes: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Host

    def _answer(self, value: Any, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _may(self) -> bool:
        said = (self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN"))
        return "Bearer s3cret" in said or "s3cret" in said

    def do_GET(self) -> None:
        if not self._may():
            self._answer({}, 401)
        elif self.path == "/user":
            self._answer({"id": 5})
        elif re.search(r"/merge_requests\?state=opened&target_branch=main&", self.path):
            self._answer([{"iid": 7}])
        elif re.search(r"/(issues|merge_requests)/7/(comments|notes)\?", self.path):
            self._answer(self.server.comments)
        else:
            self._answer({}, 404)

    def _write(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"])).decode()
        body = json.loads(data)["body"] if data.startswith("{") else parse_qs(data)["body"][0]
        self.server.writes.append(f"{self.command} {self.path}")
        if not self._may():
            self._answer({}, 401)
        elif self.command == "POST" and self.path.endswith(("/issues/7/comments", "/merge_requests/7/notes")):
            bot = {"login": "github-actions[bot]", "id": 5}
            self.server.comments.append({"id": 101, "user": bot, "author": bot, "body": body})
            self._answer({}, 201)
        elif self.command in {"PATCH", "PUT"} and self.path.endswith(("/issues/comments/101", "/7/notes/101")):
            next(one for one in self.server.comments if one["id"] == 101)["body"] = body
            self._answer({})
        else:
            self._answer({}, 404)

    do_POST = do_PATCH = do_PUT = _write  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    stranger = {"login": "mallory", "id": 6}
    server.comments.append({"id": 100, "user": stranger, "author": stranger, "body": f"{MARKER}\nnot ours"})
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def remote(ledger: Path, campledger: Run, git: Git, tmp_path: Path) -> Path:
    """A host's repository: the main branch with the workflows, and a fork's commits, which no branch of ours has."""
    for name in ("github", "gitlab"):
        assert campledger("ci", name, "--write").returncode == 0
    git("add", ".")
    git("commit", "--quiet", "--message", "let the host check and review")
    git("switch", "--quiet", "--create", "fork")
    words = ("--production", "other", "--kind", "nightly", "--description", "From @mallory <b>")
    assert campledger("define", "theirs", *words).returncode == 0
    broken = ledger / "campaigns/2026/11/2026-11-23-broken-aaaa/campaign.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("name: 012\n")
    (ledger / "campledger").mkdir()
    for trap in ("campledger/__init__.py", "sitecustomize.py", "jq", "curl"):
        (ledger / trap).write_text("raise SystemExit('the code of a fork was run')\n")
        (ledger / trap).chmod(0o755)
    git("add", ".")
    git("commit", "--quiet", "--message", "$(touch /tmp/pwned) @team")
    git("switch", "--quiet", "main")
    bare = tmp_path / "bare.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=bare)
    git("push", "--quiet", str(bare), "main")
    git("push", "--quiet", str(bare), "fork:refs/pull/7/head", "fork:refs/merge-requests/7/head")
    git("switch", "--quiet", "--detach", "main")
    git("merge", "--quiet", "--no-ff", "--message", "merge", "fork")
    git("push", "--quiet", str(bare), "HEAD:refs/pull/7/merge")
    return bare


@pytest.fixture
def clone(remote: Path, git: Git, tmp_path: Path) -> Path:
    """What the host's machine has checked out: the main branch."""
    git("clone", "--quiet", f"file://{remote}", str(tmp_path / "runner"))
    return tmp_path / "runner"


def document(clone: Path, name: str) -> Any:
    return yaml.safe_load((clone / name).read_text())


def perform(
    script: str, cwd: Path, variables: Mapping[str, str], options: str = "-e"
) -> subprocess.CompletedProcess[str]:
    """Run a script as the host's machine does."""
    command = ["bash", "--noprofile", "--norc", *options.split(), "-c", script]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=cwd, env=environment, text=True, capture_output=True, check=False, timeout=120)


WORKFLOWS = [".github/workflows/campledger-check.yml", ".github/workflows/campledger-review.yml"]


def test_the_workflows_have_no_more_permissions_than_they_need(clone: Path) -> None:
    check, review = (document(clone, name) for name in WORKFLOWS)
    assert check["permissions"] == {"contents": "read"}
    assert "permissions" not in check["jobs"]["check"]
    assert review["permissions"] == {}
    assert review["jobs"]["review"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    # PyYAML reads `on` as YAML 1.1 does
    assert set(check[True]) == {"pull_request", "push"}
    assert check[True]["push"] == {"branches": ["main"]}
    assert set(review[True]) == {"pull_request_target"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_text_of_an_event_reaches_a_script_and_no_fork_is_checked_out(clone: Path, name: str) -> None:
    [job] = document(clone, name)["jobs"].values()
    for step in job["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"actions/(checkout|setup-python)@v\d+", step["uses"])
            assert not {"ref", "repository"} & step.get("with", {}).keys()
        for value in step.get("env", {}).values():
            assert re.fullmatch(r"\$\{\{ github\.(token|event\.pull_request\.(number|(base|head)\.sha)) \}\}", value)
    assert job["steps"][2]["run"] == f"pip install 'campledger[tables]=={__version__}'"


def steps_of(clone: Path, name: str) -> dict[str, str]:
    [job] = document(clone, name)["jobs"].values()
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step and step["name"] != "Install"}


def test_github_checks_what_a_pull_request_brings(remote: Path, clone: Path, git: Git) -> None:
    git("fetch", "--quiet", "--depth=2", "origin", "refs/pull/7/merge", cwd=clone)
    git("switch", "--quiet", "--detach", "FETCH_HEAD", cwd=clone)
    steps = steps_of(clone, WORKFLOWS[0])
    done = perform(steps["Check the pull request"], clone, {"CAMPLEDGER_LEDGER": "."})
    assert done.returncode == 1
    place = "campaigns/2026/11/2026-11-23-broken-aaaa/campaign.yaml,line=1,col=7"
    assert f"::error file={place},title=yaml-ambiguous::" in done.stdout
    git("switch", "--quiet", "main", cwd=clone)
    done = perform(steps["Check the branch"], clone, {"CAMPLEDGER_LEDGER": "."})
    assert (done.returncode, done.stdout.strip()) == (0, "")


def assert_only_read(clone: Path, git: Git) -> None:
    """The clone has the fork's commits, and none of its files."""
    assert git("rev-parse", "HEAD", cwd=clone) == git("rev-parse", "origin/main", cwd=clone)
    assert git("diff", "HEAD", "--name-only", cwd=clone) == ""
    assert not (clone / "sitecustomize.py").exists()


def test_github_comments_once_and_keeps_the_comment_up_to_date(
    host: Host, remote: Path, clone: Path, git: Git, tmp_path: Path
) -> None:
    variables = {
        "CAMPLEDGER_LEDGER": ".", "RUNNER_TEMP": str(tmp_path), "GITHUB_API_URL": host.address,
        "GITHUB_REPOSITORY": "lsst-dm/ledger", "NUMBER": "7", "TOKEN": "s3cret",
        "BASE": git("rev-parse", "main", cwd=remote), "HEAD": git("rev-parse", "refs/pull/7/head", cwd=remote),
    }  # fmt: skip
    for _ in range(2):
        for script in steps_of(clone, WORKFLOWS[1]).values():
            done = perform(script, clone, variables)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert host.writes == [
        "POST /repos/lsst-dm/ledger/issues/7/comments",
        "PATCH /repos/lsst-dm/ledger/issues/comments/101",
    ]
    assert host.comments[0]["body"] == f"{MARKER}\nnot ours"
    comment = host.comments[1]["body"]
    assert comment.startswith(f"{MARKER}\n### What this changes in the ledger\n")
    assert "`From @mallory <b>`" in comment
    assert_only_read(clone, git)


def test_a_refused_comment_fails_the_job(host: Host, clone: Path, tmp_path: Path) -> None:
    (tmp_path / "review.md").write_text("x")
    variables = {
        "RUNNER_TEMP": str(tmp_path), "GITHUB_API_URL": host.address, "GITHUB_REPOSITORY": "a/b", "NUMBER": "7",
        "TOKEN": "wrong",
    }  # fmt: skip
    assert perform(steps_of(clone, WORKFLOWS[1])["Comment"], clone, variables).returncode != 0
    assert len(host.comments) == 1


def test_gitlab_checks_merge_requests_without_a_secret(clone: Path, remote: Path, git: Git) -> None:
    job = document(clone, ".gitlab-ci.yml")["campledger-check"]
    base = git("rev-parse", "main", cwd=remote)
    git("fetch", "--quiet", "origin", "refs/merge-requests/7/head", cwd=clone)
    git("switch", "--quiet", "--detach", "FETCH_HEAD", cwd=clone)
    variables = {"CAMPLEDGER_LEDGER": ".", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    report, check = (perform(line, clone, variables, "-eo pipefail") for line in job["script"])
    assert (report.returncode, check.returncode) == (0, 1)
    found = json.loads((clone / job["artifacts"]["reports"]["codequality"]).read_text())
    assert {one["check_name"] for one in found} == {"yaml-ambiguous"}
    git("switch", "--quiet", "main", cwd=clone)
    variables["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = ""
    assert [perform(line, clone, variables).returncode for line in job["script"]] == [0, 0]
    assert "CAMPLEDGER_TOKEN" not in json.dumps(job)


def test_gitlab_comments_from_the_main_branch_only(host: Host, clone: Path, git: Git) -> None:
    job = document(clone, ".gitlab-ci.yml")["campledger-review"]
    [rule] = job["rules"]
    assert rule["if"].endswith("&& $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH")
    assert "merge_request" not in rule["if"]
    variables = {
        "CAMPLEDGER_LEDGER": ".", "CI_API_V4_URL": host.address, "CI_PROJECT_ID": "3", "CI_DEFAULT_BRANCH": "main",
        "CAMPLEDGER_TOKEN": "s3cret",
    }  # fmt: skip
    for _ in range(2):
        done = perform(job["script"][0], clone, variables, "-eo pipefail")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    place = "/projects/3/merge_requests/7/notes"
    assert host.writes == [f"POST {place}", f"PUT {place}/101"]
    assert "`From @mallory <b>`" in host.comments[1]["body"]
    assert_only_read(clone, git)
    assert perform(job["script"][0], clone, {**variables, "CAMPLEDGER_TOKEN": "wrong"}, "-eo pipefail").returncode != 0


def test_what_is_there_is_not_overwritten(ledger: Path, campledger: Run) -> None:
    (ledger / ".gitlab-ci.yml").write_text("mine: {}\n")
    done = campledger("ci", "gitlab", "--write")
    assert done.returncode == 3
    assert ".gitlab-ci.yml is there already" in done.stderr
    assert (ledger / ".gitlab-ci.yml").read_text() == "mine: {}\n"
    (ledger / ".github").symlink_to(ledger.parent)
    assert campledger("ci", "github", "--write").returncode == 3
    assert not (ledger.parent / "workflows").exists()


def test_what_is_printed_is_what_is_written(ledger: Path, campledger: Run) -> None:
    printed = campledger("ci", "github").stdout
    assert campledger("ci", "github", "--write").stdout.splitlines()[:2] == [f"{name}: written" for name in WORKFLOWS]
    assert printed == "---\n".join(f"# {name}\n{(ledger / name).read_text()}" for name in WORKFLOWS)
    assert campledger("ci", "github", "--write").stdout.splitlines() == [
        f"{name}: is there already" for name in WORKFLOWS
    ]


def test_a_new_ledger_in_a_repository_has_them_at_its_top(campledger: Run, git: Git, tmp_path: Path) -> None:
    git("init", "--quiet", str(tmp_path / "around"))
    assert campledger("init", str(tmp_path / "around/a/b"), "--ci", "gitlab").returncode == 0
    assert document(tmp_path / "around", ".gitlab-ci.yml")["variables"]["CAMPLEDGER_LEDGER"] == "a/b"
    assert git("status", "--porcelain", cwd=tmp_path / "around") == ""
    assert campledger("ci", "gitlab", "--write", cwd=tmp_path / "around/a/b").stdout == (
        ".gitlab-ci.yml: is there already\n"
    )
    assert campledger("init", str(tmp_path / "alone"), "--ci", "github").returncode == 0
    assert document(tmp_path / "alone", WORKFLOWS[0])["jobs"]["check"]["env"]["CAMPLEDGER_LEDGER"] == "."


def test_github_publishes_what_is_public(clone: Path, campledger: Run) -> None:
    assert campledger("ci", "github-pages", "--write", cwd=clone).returncode == 0
    name = ".github/workflows/campledger-site.yml"
    workflow = document(clone, name)
    assert workflow["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    assert workflow[True]["push"] == {"branches": ["main"]}
    assert workflow["jobs"]["publish"]["steps"][0]["with"]["fetch-depth"] == 0
    scripts = steps_of(clone, name)
    assert list(scripts) == ["Check", "Build"]
    assert " --public " in scripts["Build"]
    for script in scripts.values():
        done = perform(script, clone, {"CAMPLEDGER_LEDGER": "."})
        assert done.returncode == 0, done.stderr
    assert (clone / "public/index.html").is_file()
