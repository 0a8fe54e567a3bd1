"""Writing a site: only into our own folder, only what changed, and nothing outside of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from campledger.errors import UsageError
from campledger.operations.site.build import build
from campledger.operations.site.serve import serve
from campledger.pages.engine.output_folder import MARKER, STAGE, Folder, locked, stamp, write

FILES = {"index.html": b"list", "campaigns/a.html": b"a", "static/site.css": b"css"}


def put(out: Path, files: dict[str, bytes]) -> tuple[int, int]:
    done = write(out, files.items())
    return done.written, done.removed


def listing(out: Path) -> list[str]:
    return sorted(file.relative_to(out).as_posix() for file in out.rglob("*") if not file.is_dir())


def test_a_new_folder(tmp_path: Path) -> None:
    out = tmp_path / "a" / "site"
    assert put(out, FILES) == (3, 0)
    assert listing(out) == [MARKER, "campaigns/a.html", "index.html", "static/site.css"]
    assert list(json.loads((out / MARKER).read_text())["files"]) == sorted(FILES)
    assert (out / "index.html").stat().st_mode & 0o777 == 0o644


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    put(tmp_path, FILES)
    before = (tmp_path / "index.html").stat().st_ino
    assert put(tmp_path, FILES | {"campaigns/a.html": b"A"}) == (1, 0)
    assert (tmp_path / "index.html").stat().st_ino == before


def test_what_is_gone_is_removed_with_its_folder(tmp_path: Path) -> None:
    put(tmp_path, FILES)
    assert put(tmp_path, {"index.html": b"list"}) == (0, 2)
    assert listing(tmp_path) == [MARKER, "index.html"]
    assert not (tmp_path / "campaigns").exists()


def test_what_others_put_there_stays(tmp_path: Path) -> None:
    put(tmp_path, FILES)
    (tmp_path / "CNAME").write_text("example.org")
    (tmp_path / "campaigns" / "mine.txt").write_text("mine")
    put(tmp_path, {"index.html": b"list"})
    assert listing(tmp_path) == [MARKER, "CNAME", "campaigns/mine.txt", "index.html"]


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="is not empty, and no site build made it"):
        put(tmp_path, FILES)
    assert listing(tmp_path) == ["thesis.tex"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(UsageError, match="is no folder"):
        put(tmp_path / "out", FILES)
    with pytest.raises(UsageError, match="is no folder"):
        put(tmp_path / "out" / "below", FILES)


@pytest.mark.parametrize(
    "listed",
    [
        ["../precious"],
        ["/etc/passwd"],
        ["a/../../precious"],
        ["campaigns//a"],
        [""],
        [MARKER],
        ["a\\..\\b"],
        [1],
        "index.html",
    ],
)
def test_a_marker_that_leads_out_is_refused(tmp_path: Path, listed: object) -> None:
    (tmp_path / "precious").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / MARKER).write_text(json.dumps({"format": 1, "files": listed}))
    with pytest.raises(UsageError, match="not what a site build writes"):
        put(out, FILES)
    assert (tmp_path / "precious").exists()


def test_a_marker_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text('{"format": 3, "files": []}')
    with pytest.raises(UsageError, match="not what a site build writes"):
        put(tmp_path, FILES)


def test_a_marker_of_depth_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("[" * 100_000)
    with pytest.raises(UsageError, match="not what a site build writes"):
        put(tmp_path, FILES)


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.html").write_text("precious")
    out = tmp_path / "out"
    put(out, {"index.html": b"list", "campaigns/a.html": b"a"})
    (out / "campaigns" / "a.html").unlink()
    (out / "campaigns").rmdir()
    (out / "campaigns").symlink_to(outside)
    for files in (FILES, {"index.html": b"list"}):
        with pytest.raises(UsageError, match="is no folder of the site"):
            put(out, files)
    assert (outside / "a.html").read_text() == "precious"


def test_a_linked_file_is_replaced_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("list")
    out = tmp_path / "out"
    put(out, FILES)
    (out / "index.html").unlink()
    (out / "index.html").symlink_to(precious)
    assert put(out, FILES) == (1, 0)
    assert not (out / "index.html").is_symlink()
    (out / MARKER).unlink()
    (out / MARKER).symlink_to(precious)
    with pytest.raises(UsageError, match="not what a site build writes"):
        put(out, FILES)
    assert precious.read_text() == "list"


def test_a_stopped_build_leaves_the_old_site(tmp_path: Path) -> None:
    put(tmp_path, FILES)

    def stopping() -> Iterator[tuple[str, bytes]]:
        yield "campaigns/b.html", b"b"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, stopping())
    assert listing(tmp_path) == sorted([f"{STAGE}/campaigns/b.html", MARKER, *FILES])
    assert (tmp_path / "index.html").read_bytes() == b"list"
    assert put(tmp_path, {"index.html": b"new"}) == (1, 2)
    assert listing(tmp_path) == [MARKER, "index.html"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    with pytest.raises(UsageError, match="cannot write"):
        put(out, FILES)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove anything")
def test_what_others_gathered_is_told(tmp_path: Path) -> None:
    put(tmp_path, FILES)
    (tmp_path / STAGE).mkdir()
    (tmp_path / STAGE / "x").write_text("x")
    (tmp_path / STAGE).chmod(0o500)
    with pytest.raises(UsageError, match=f"cannot remove .*{STAGE}"):
        put(tmp_path, FILES)
    (tmp_path / STAGE).chmod(0o700)


def test_a_file_where_files_are_gathered_is_removed(tmp_path: Path) -> None:
    put(tmp_path, FILES)
    (tmp_path / STAGE).write_text("x")
    assert put(tmp_path, FILES | {"index.html": b"new"}) == (1, 0)
    assert listing(tmp_path) == sorted([MARKER, *FILES])


def test_what_cannot_be_removed_is_told_and_tried_again(tmp_path: Path) -> None:
    put(tmp_path, FILES)
    stuck = tmp_path / "campaigns/a.html"
    stuck.unlink()
    stuck.mkdir()  # even root cannot unlink it
    for _ in range(2):
        with pytest.raises(UsageError, match=r"campaigns/a.html cannot be removed: Is a directory"):
            put(tmp_path, {"index.html": b"new", "list.html": b"list"})
        assert list(json.loads((tmp_path / MARKER).read_text())["files"]) == [
            "campaigns/a.html",
            "index.html",
            "list.html",
        ]
    assert (tmp_path / "index.html").read_bytes() == b"new"
    assert not (tmp_path / "static").exists()
    stuck.rmdir()
    stuck.write_bytes(b"a")
    assert put(tmp_path, {"index.html": b"new", "list.html": b"list"}) == (0, 1)


def test_temporary_files_of_a_build_that_was_killed_go(tmp_path: Path) -> None:
    left = ".campledger-ab_01xyz.tmp"
    out = tmp_path / "out"
    out.mkdir()
    (out / left).write_text("names of files")
    put(out, FILES)  # it was the first build
    assert listing(out) == sorted([MARKER, *FILES])
    (out / left).write_text("names of files")
    (out / ".campledger-notes.tmp").write_text("mine")
    assert put(out, FILES) == (0, 0)
    assert listing(out) == sorted([MARKER, ".campledger-notes.tmp", *FILES])


def test_a_file_that_was_begun_is_made_anew(tmp_path: Path) -> None:
    with locked(tmp_path):
        folder = Folder(tmp_path)
        folder.make("a.html", "", b"by a process that was killed")
        folder.put("a.html", "", b"a")
        folder.finish()
    assert (tmp_path / "a.html").read_bytes() == b"a"


def test_a_second_build_waits_then_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, FILES)
    monkeypatch.setattr("campledger.pages.engine.output_folder._PATIENCE", 0.2)
    with locked(tmp_path):
        assert listing(tmp_path) == sorted([MARKER, *FILES])
        with pytest.raises(UsageError, match=f"another build goes on in {tmp_path}"):
            put(tmp_path, {"index.html": b"new"})
    assert (tmp_path / "index.html").read_bytes() == b"list"
    assert put(tmp_path, {"index.html": b"new"}) == (1, 2)


@pytest.mark.parametrize("removed", [False, True])
def test_a_second_build_goes_on_after_the_first(tmp_path: Path, removed: bool) -> None:
    out = tmp_path / "out"
    put(out, FILES)
    second = threading.Thread(target=put, args=(out, {"index.html": b"second"}))
    with locked(out):
        second.start()
        time.sleep(0.3)
        assert second.is_alive()
        if removed:
            shutil.rmtree(out)
            out.mkdir()
    second.join(30)
    assert listing(out) == [MARKER, "index.html"]
    assert (out / "index.html").read_bytes() == b"second"


def test_the_state_of_a_folder_that_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    assert stamp(tmp_path / "nowhere") is None
    assert stamp(tmp_path) is not None


def test_a_second_build_writes_nothing(ledger: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    first = build(ledger, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    assert (first.removed, first.problems) == (0, ())
    assert first.written == seen[-1][0] == seen[-1][1]
    second = build(ledger, tmp_path / "out")
    assert (second.written, second.removed) == (0, 0)


def test_commits_and_work_tree(ledger: Path, tmp_path: Path) -> None:
    directory = next(ledger.glob("campaigns/*/*/*"))
    file = directory / "campaign.yaml"
    file.write_text(file.read_text().replace("description: ", "description: Anew. "))
    page = tmp_path / "out" / "campaigns" / f"{directory.name}.html"
    build(ledger, tmp_path / "out")
    assert "Anew." not in page.read_text()
    build(ledger, tmp_path / "out", worktree=True)
    assert "Anew." in page.read_text()
    assert "Last changed in\nthe work tree on" in page.read_text()
    subprocess.run(["git", "commit", "-qam", "Anew"], cwd=ledger, check=True)
    assert build(ledger, tmp_path / "out", commit="HEAD~1").commit != build(ledger, tmp_path / "out").commit
    assert "Anew." in page.read_text()
    with pytest.raises(UsageError, match="unknown commit"):
        build(ledger, tmp_path / "out", commit="nowhere")
    with pytest.raises(UsageError, match="exclude each other"):
        build(ledger, tmp_path / "out", commit="HEAD", worktree=True)


def test_a_ledger_below_its_repository(ledger: Path, tmp_path: Path) -> None:
    (ledger / "below").mkdir()
    for name in ("campledger.yaml", "campaigns"):
        (ledger / name).rename(ledger / "below" / name)
    subprocess.run("git add -A && git commit -qm below", cwd=ledger, check=True, shell=True)
    build(ledger / "below", tmp_path / "out")
    assert (tmp_path / "out/campaigns/2026-09-01-comcam-redo-pq3r.html").is_file()


def test_a_work_tree_outside_git(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "campledger.yaml").write_text("title: New\nproductions: {alert: Alert Production}\n")
    result = build(root, tmp_path / "out", worktree=True)
    assert result.commit is None


def test_an_unreadable_campaign_is_reported_and_does_not_stop(rich: Path, tmp_path: Path) -> None:
    result = build(rich, tmp_path / "out")
    assert (tmp_path / "out/campaigns/2026-10-03-dp2-visits-k7mq.html").is_file()
    of_campaigns = {problem.rule for problem in result.problems if problem.path.startswith("campaigns/")}
    assert of_campaigns == {"yaml-syntax", "missing-reason", "url-scheme"}


@pytest.fixture
def served(ledger: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    out = tmp_path / "out"
    build(ledger, out)
    server = serve(out, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", out
    server.shutdown()
    server.server_close()
    thread.join()


def ask(url: str, host: str | None = None) -> tuple[int, str, str]:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, "", ""


def test_serving(served: tuple[str, Path]) -> None:
    base, _ = served
    assert ask(f"{base}/")[:2] == (200, "text/html; charset=utf-8")
    assert ask(f"{base}/static/list.js")[:2] == (200, "text/javascript; charset=utf-8")
    assert ask(f"{base}/static/site.css")[:2] == (200, "text/css; charset=utf-8")
    assert ask(f"{base}/api/v1/campaigns.json")[:2] == (200, "application/json")
    assert ask(f"{base}/nothing.html")[0] == 404


def test_serving_nothing_else(served: tuple[str, Path]) -> None:
    base, out = served
    (out.parent / "secret.txt").write_text("secret")
    (out / "static" / "link.txt").symlink_to(out.parent / "secret.txt")
    (out / "linked").mkdir()
    (out / "linked" / "index.html").symlink_to(out.parent / "secret.txt")
    unsafe = ("/../secret.txt", "/%2e%2e/secret.txt", "/static/link.txt", "/linked/", "/%00", "/" + 400 * "a")
    for path in ("/campaigns/", "/static/", "/static", *unsafe):
        assert ask(base + path)[0] == 404, path
    assert ask(f"{base}/", host="evil.example.org")[0] == 403


def test_serving_needs_a_site_and_a_port(ledger: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no site in"):
        serve(ledger, 0)
    build(ledger, tmp_path / "out")
    with pytest.raises(UsageError, match="cannot listen on port"):
        serve(tmp_path / "out", 99_999)
