"""A build makes what changed and nothing else, and what it leaves is what a cold build would make."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campledger.errors import DataError
from campledger.ledger.ledger import Ledger
from campledger.ledger.sets import Sets
from campledger.operations.site.build import build
from campledger.pages.content import campaign_page
from campledger.pages.engine import incremental_build, page_kinds, render
from campledger.pages.engine.gather import Survey, page_path
from campledger.pages.engine.output_folder import MARKER, STAGE
from campledger.repository.file_trees import WorkTree
from tests.pages.conftest import Log, commit, definition, git, put_campaign, put_settings, rich_ledger

ONE, TWO, THREE = "2026-09-01-one-aaaa", "2026-09-02-two-bbbb", "2026-09-03-three-cccc"


def contents(out: Path) -> dict[str, bytes]:
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in sorted(out.rglob("*")) if not file.is_dir()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "ledger"
    put_settings(root)
    put_campaign(root, ONE, definition("one"), Log(seed="on"))
    put_campaign(root, TWO, definition("two", derived_from=ONE, data={"butler": "main", "exclude": ["bad"]}))
    put_campaign(root, THREE, definition("three"))
    (root / "dataids").mkdir()
    (root / "dataids/bad.json").write_text('[{"instrument": "LSSTCam", "exposure": 1}]')
    commit(root)
    return root


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that were rendered."""
    paths: list[str] = []
    plain = render.page

    def page(templates: object, content: dict[str, object]) -> bytes:
        paths.append(str(content["path"]))
        return plain(templates, content)  # type: ignore[arg-type]

    monkeypatch.setattr(render, "page", page)
    return paths


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The campaigns that were read."""
    ids: list[str] = []
    plain = Survey.load

    def load(self: Survey, wanted: Iterator[str]) -> None:
        listed = [one for one in wanted if one not in self._records]
        ids.extend(listed)
        plain(self, listed)

    monkeypatch.setattr(Survey, "load", load)
    return ids


def same_as_cold(root: Path, out: Path, tmp_path: Path, **which: object) -> None:
    """Hold a site to what a build from nothing makes, cache and all."""
    cold = tmp_path / "cold"
    clone = tmp_path / "clone"
    for folder in (cold, clone):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root, clone, symlinks=True)
    shutil.rmtree(clone / ".git/campledger", ignore_errors=True)
    build(clone, cold, **which)  # type: ignore[arg-type]
    assert contents(cold) == contents(out)


def edit(root: Path, name: str, old: str, new: str) -> None:
    file = next(root.glob(f"campaigns/*/*/{name}/campaign.yaml"))
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_nothing_changed(root: Path, tmp_path: Path, rendered: list[str], read: list[str]) -> None:
    first = build(root, tmp_path / "out")
    rendered.clear()
    read.clear()
    marker = (tmp_path / "out" / MARKER).stat()
    again = build(root, tmp_path / "out")
    assert (again.written, again.removed, again.pages, again.problems) == (0, 0, first.pages, first.problems)
    assert (rendered, read) == ([], [])
    assert (tmp_path / "out" / MARKER).stat() == marker


def test_a_commit_that_changes_nothing_of_the_ledger(root: Path, tmp_path: Path, read: list[str]) -> None:
    build(root, tmp_path / "out")
    read.clear()
    (root / "README.md").write_text("About\n")
    head = commit(root, "About")
    result = build(root, tmp_path / "out")
    assert read == []
    changed = [file for file, data in contents(tmp_path / "out").items() if head[:10].encode() in data]
    assert result.written <= len(changed) <= 15  # only the few that name the site's commit
    assert not any(path.startswith("campaigns/") for path in changed)
    same_as_cold(root, tmp_path / "out", tmp_path)


def changes(root: Path) -> dict[str, tuple[Callable[[], object], set[str]]]:
    """What may change, and whose pages are then to be made again."""
    return {
        "a definition": (lambda: edit(root, THREE, "Runs three.", "Walks."), {THREE}),
        "a title, which a child names": (lambda: edit(root, ONE, "name: one", "name: one\ntitle: First"), {ONE, TWO}),
        "an event": (lambda: put_campaign(root, ONE, definition("one"), started()), {ONE}),
        "a file": (lambda: put_campaign(root, THREE, definition("three"), notes_DOT_md="x\n"), {THREE}),
        "a set": (lambda: (root / "dataids/bad.json").write_text('[{"instrument": "A", "exposure": 2}]'), {TWO}),
        "a set that is gone": ((root / "dataids/bad.json").unlink, {TWO}),
        "the settings": (
            lambda: put_settings(root, {"title": "Anew", "productions": {"data-release": "DRP"}}),
            {ONE, TWO, THREE},
        ),
        "a campaign that is gone": (lambda: shutil.rmtree(next(root.glob(f"campaigns/*/*/{TWO}"))), {ONE}),
        "a child": (lambda: put_campaign(root, "2026-09-04-x-dddd", definition("x", derived_from=THREE)), {THREE}),
        "nothing to be read": (lambda: edit(root, ONE, "name: one", "nmae: ["), {TWO}),
    }


def started() -> Log:
    log = Log(seed="on")
    log.status("defined", "running")
    return log


@pytest.mark.parametrize("what", list(changes(Path())))
def test_what_changed_is_made_again_and_nothing_else(
    root: Path, tmp_path: Path, rendered: list[str], what: str
) -> None:
    build(root, tmp_path / "out")
    rendered.clear()
    change, pages = changes(root)[what]
    change()
    commit(root, what)
    build(root, tmp_path / "out")
    again = {
        path.removeprefix("campaigns/").removesuffix(".html") for path in rendered if path.startswith("campaigns/")
    }
    assert again - {"2026-09-04-x-dddd"} == pages
    same_as_cold(root, tmp_path / "out", tmp_path)
    git(root, "checkout", "--quiet", "HEAD~1")
    build(root, tmp_path / "out")
    same_as_cold(root, tmp_path / "out", tmp_path)


def test_another_row_of_a_table_of_groups_makes_its_campaign_again(
    root: Path, tmp_path: Path, rendered: list[str]
) -> None:
    steps = [{"name": "step1", "groups": {"template": "t.yaml", "table": "t.csv"}}]
    template = 'payload: {dataQuery: "visit > LOWVISIT"}\n'
    home = put_campaign(
        root, THREE, definition("three", steps=steps), t_DOT_yaml=template, t_DOT_csv="G,LOWVISIT\n1,7\n"
    )
    commit(root)
    build(root, tmp_path / "out")
    rendered.clear()
    (home / "t.csv").write_text("G,LOWVISIT\n1,7\n2,8\n")
    commit(root)
    build(root, tmp_path / "out")
    assert [path for path in rendered if path.startswith("campaigns/")] == [f"campaigns/{THREE}.html"]
    assert "0 of 2 groups accepted" in (tmp_path / f"out/campaigns/{THREE}.html").read_text()
    same_as_cold(root, tmp_path / "out", tmp_path)


def test_the_work_tree_is_known_again_too(root: Path, tmp_path: Path, rendered: list[str], read: list[str]) -> None:
    build(root, tmp_path / "out", worktree=True)
    rendered.clear()
    read.clear()
    assert build(root, tmp_path / "out", worktree=True).written == 0
    assert (rendered, read) == ([], [])
    edit(root, ONE, "Runs one.", "Walks.")
    build(root, tmp_path / "out", worktree=True)
    assert [path for path in rendered if path.startswith("campaigns/")] == [f"campaigns/{ONE}.html"]
    same_as_cold(root, tmp_path / "out", tmp_path, worktree=True)


def test_a_page_names_the_commit_that_changed_it_last(root: Path, tmp_path: Path) -> None:
    first = git(root, "rev-parse", "HEAD")
    git(root, "switch", "--quiet", "--create", "side")
    edit(root, TWO, "Runs two.", "Walks.")
    side = commit(root, "On the side")
    git(root, "switch", "--quiet", "main")
    edit(root, THREE, "Runs three.", "Walks.")
    third = commit(root, "On main")
    build(root, tmp_path / "out")
    git(root, "merge", "--quiet", "--no-edit", "side")
    merge = git(root, "rev-parse", "HEAD")
    build(root, tmp_path / "out")
    pages = {name: (tmp_path / f"out/campaigns/{name}.html").read_text() for name in (ONE, TWO, THREE)}
    assert first in pages[ONE]
    assert third in pages[THREE]
    assert merge in pages[TWO]
    assert side not in pages[TWO].partition("<footer")[2]
    assert merge in (tmp_path / "out/static/built.js").read_text()
    same_as_cold(root, tmp_path / "out", tmp_path)
    # Another branch's way does not lead past what is known.
    git(root, "checkout", "--quiet", "side")
    build(root, tmp_path / "out")
    assert side in (tmp_path / f"out/campaigns/{TWO}.html").read_text()
    same_as_cold(root, tmp_path / "out", tmp_path)


def test_a_rich_ledger_is_the_same_by_either_way(tmp_path: Path) -> None:
    root = rich_ledger(tmp_path / "rich")
    build(root, tmp_path / "out", commit="HEAD")
    for file in sorted(root.glob("campaigns/*/*/*/events.yaml"))[:3]:
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(lines[:-1]))
    commit(root, "Without the last events")
    build(root, tmp_path / "out")
    same_as_cold(root, tmp_path / "out", tmp_path)


@pytest.mark.parametrize("harm", ["gone", "changed", "longer", "a link", "a folder"])
def test_what_somebody_did_to_the_site_is_mended(root: Path, tmp_path: Path, harm: str) -> None:
    out = tmp_path / "out"
    build(root, out)
    good = contents(out)
    page = out / f"campaigns/{ONE}.html"
    data = page.read_bytes()
    if harm != "changed":
        page.unlink()
    match harm:
        case "changed":
            page.write_bytes(data.replace(b"Runs one", b"Runs two"))
        case "longer":
            page.write_bytes(data + b"\n")
        case "a link":
            (tmp_path / "elsewhere").write_bytes(data)
            page.symlink_to(tmp_path / "elsewhere")
    result = build(root, out)
    assert result.written == 1
    assert contents(out) == good
    assert not page.is_symlink()


@pytest.mark.parametrize("harm", ["deleted", "nonsense", "another form", "a folder", "unwritable"])
def test_a_cache_that_is_gone_or_broken_changes_nothing_but_time(
    root: Path, tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    build(root, out)
    cache = root / ".git/campledger/derived.sqlite3"
    assert cache.is_file()
    shutil.rmtree(cache.parent)
    if harm == "a folder":
        cache.mkdir(parents=True)
    elif harm == "unwritable":
        cache.parent.write_text("in the way")
    elif harm != "deleted":
        cache.parent.mkdir()
        cache.write_bytes(b"SQLite format 3\0 or not" if harm == "nonsense" else b"")
    edit(root, ONE, "Runs one.", "Walks.")
    commit(root, "Anew")
    build(root, out)
    same_as_cold(root, out, tmp_path)
    assert build(root, out).written == 0


def test_rows_of_nonsense_in_the_cache_are_worked_out_again(root: Path, tmp_path: Path) -> None:
    import sqlite3

    build(root, tmp_path / "out")
    with sqlite3.connect(root / ".git/campledger/derived.sqlite3") as connection:
        connection.execute("UPDATE derived SET value = '{'")
    connection.close()
    shutil.rmtree(tmp_path / "out")
    build(root, tmp_path / "out")
    same_as_cold(root, tmp_path / "out", tmp_path)


def test_a_stopped_build_leaves_the_old_site_whole(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    build(root, out)
    good = contents(out)
    edit(root, ONE, "Runs one.", "Walks.")
    edit(root, TWO, "Runs two.", "Walks.")
    commit(root, "Both")
    plain = campaign_page.page

    def stopping(one: object, survey: Survey) -> dict[str, object]:
        if one.id == ONE:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        return plain(one, survey)  # type: ignore[arg-type]

    kinds = (page_kinds.OfCampaign(page_path, campaign_page.key, stopping),)
    with monkeypatch.context() as patched:
        patched.setattr(incremental_build, "OF_CAMPAIGNS", kinds)
        with pytest.raises(KeyboardInterrupt):
            build(root, out)
    assert contents(out) == good
    assert not (out / STAGE).exists()
    build(root, out)
    same_as_cold(root, out, tmp_path)


def test_a_build_that_was_killed_while_moving_is_finished_by_the_next(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    build(root, out)
    edit(root, ONE, "Runs one.", "Walks.")
    shutil.rmtree(next(root.glob(f"campaigns/*/*/{THREE}")))
    commit(root, "Both")

    def killed(*_: object) -> bool:
        raise SystemError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr("campledger.pages.engine.output_folder._remove", killed)
        with pytest.raises(SystemError):
            build(root, out)
    assert (out / f"campaigns/{THREE}.html").exists()
    build(root, out)
    assert not (out / f"campaigns/{THREE}.html").exists()
    same_as_cold(root, out, tmp_path)


def test_a_site_of_the_first_format_is_taken_over(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(root, out)
    paths = [path for path in contents(out) if path != MARKER]
    (out / "index.json").write_text("{}")
    (out / MARKER).write_text(json.dumps({"format": 1, "files": sorted([*paths, "index.json"])}))
    result = build(root, out)
    assert result.removed == 1
    same_as_cold(root, out, tmp_path)


def test_settings_that_cannot_be_read_stop_no_build(root: Path, tmp_path: Path) -> None:
    build(root, tmp_path / "out")
    (root / "campledger.yaml").write_text("title: [\n")
    commit(root, "Broken")
    build(root, tmp_path / "out")
    same_as_cold(root, tmp_path / "out", tmp_path)
    with pytest.raises(DataError, match="nothing is published while the settings are wrong"):
        build(root, tmp_path / "out", public=True)


def test_several_processes_make_the_same_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = rich_ledger(tmp_path / "rich")
    build(root, tmp_path / "out")
    good = contents(tmp_path / "out")
    shutil.rmtree(root / ".git/campledger")
    for module in ("gather", "page_kinds"):
        monkeypatch.setattr(f"campledger.pages.engine.{module}.BATCH", 2)
    monkeypatch.setattr("campledger.pages.engine.worker_processes._processors", lambda: 3)
    monkeypatch.setattr(incremental_build, "_MANY", 0)
    build(root, tmp_path / "shared")
    assert contents(tmp_path / "shared") == good
    assert build(root, tmp_path / "shared").written == 0


def of_exposure(number: int) -> str:
    return json.dumps([{"instrument": "LSSTCam", "exposure": number}])


def put_pinned(root: Path, pin: str) -> None:
    """Let a campaign and a set name a version of the set `bad`."""
    put_campaign(root, ONE, definition("one", data={"butler": "main", "exclude": [f"bad@{pin}"]}))
    (root / "dataids/made.json").write_text(json.dumps({"name": "made", "derived": {"union": [f"bad@{pin}"]}}))


def digest_of(root: Path, exposure: int) -> str:
    (root / "dataids/bad.json").write_text(of_exposure(exposure))
    return Sets(Ledger(WorkTree(root))).evaluate("bad").digest


def test_a_pinned_version_comes_into_the_history(root: Path, tmp_path: Path) -> None:
    put_pinned(root, digest_of(root, 7))
    (root / "dataids/bad.json").write_text(of_exposure(8))
    before = commit(root, "Pin a version that never was")
    out = tmp_path / "out"
    build(root, out)
    for exposure in (7, 8):
        (root / "dataids/bad.json").write_text(of_exposure(exposure))
        commit(root, f"Exposure {exposure}")
        build(root, out)
        same_as_cold(root, out, tmp_path)
    build(root, out, commit=before)
    git(root, "checkout", "--quiet", before)
    same_as_cold(root, out, tmp_path, commit=before)  # wherever HEAD is


def test_a_branch_as_a_version_moves(root: Path, tmp_path: Path) -> None:
    put_pinned(root, "side")
    git(root, "branch", "side")
    commit(root, "Pin a branch")
    out = tmp_path / "out"
    build(root, out)
    git(root, "checkout", "--quiet", "side")
    (root / "dataids/bad.json").write_text(of_exposure(12345))
    commit(root, "On the branch")
    git(root, "checkout", "--quiet", "main")
    assert build(root, out).written > 0
    assert "12345" in (out / page_path(ONE)).read_text()
    same_as_cold(root, out, tmp_path)


def test_a_shallow_clone_gets_its_history(root: Path, tmp_path: Path) -> None:
    old = digest_of(root, 1)
    commit(root, "The old version")
    (root / "dataids/bad.json").write_text(of_exposure(2))
    commit(root, "The new version")
    put_pinned(root, old)
    commit(root, "Pin the old version")
    clone, out = tmp_path / "shallow", tmp_path / "out"
    git(tmp_path, "clone", "--quiet", "--depth=1", root.as_uri(), str(clone))
    assert build(clone, out).notes
    for depth in ("--deepen=1", "--unshallow"):
        git(clone, "fetch", "--quiet", depth)
        build(clone, out)
        same_as_cold(clone, out, tmp_path)


def test_a_set_that_a_campaign_pins_is_removed(root: Path, tmp_path: Path) -> None:
    put_pinned(root, git(root, "rev-parse", "HEAD"))
    commit(root, "Pin a commit from before the campaign had the pin")
    late = "2026-09-04-late-dddd"
    put_campaign(root, late, definition("late", data={"exclude": [f"bad@{git(root, 'rev-parse', 'HEAD~1')}"]}))
    (root / "dataids/bad.json").unlink()
    commit(root, "Remove the set")
    build(root, tmp_path / "out")
    assert "1 data ID" in (tmp_path / "out" / page_path(late)).read_text()
    same_as_cold(root, tmp_path / "out", tmp_path)


def test_the_address_of_the_site_is_in_every_feed(root: Path, tmp_path: Path) -> None:
    build(root, tmp_path / "out")
    settings = root / "campledger.yaml"
    settings.write_text(settings.read_text() + "site:\n  url: https://example.org/campaigns/\n")
    commit(root, "Say where the site is")
    build(root, tmp_path / "out")
    same_as_cold(root, tmp_path / "out", tmp_path)
    feeds = list((tmp_path / "out/feeds").rglob("*.xml"))
    assert feeds
    assert all('href="https://example.org/campaigns/' in feed.read_text() for feed in feeds)


def test_the_history_of_a_set_that_is_not_there_is_mended(root: Path, tmp_path: Path) -> None:
    history = root / "dataids/gone.events.yaml"
    history.write_text("nonsense\n")
    commit(root, "Break it")
    assert any(problem.path.endswith("gone.events.yaml") for problem in build(root, tmp_path / "out").problems)
    history.write_text("")
    commit(root, "Mend it")
    assert not any(problem.path.endswith("gone.events.yaml") for problem in build(root, tmp_path / "out").problems)
    same_as_cold(root, tmp_path / "out", tmp_path)


def test_a_file_that_changes_while_a_site_is_built_stops_the_build(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(root, tmp_path / "out", worktree=True)
    good = contents(tmp_path / "out")
    edit(root, ONE, "Runs one.", "Runs it.")
    plain = Survey.load

    def load(self: Survey, wanted: Iterator[str]) -> None:
        if "Runs it." in self.ledger.files.read([f"campaigns/2026/09/{ONE}/campaign.yaml"]).popitem()[1].decode():
            edit(root, ONE, "Runs it.", "Runs it again.")
        plain(self, wanted)

    with monkeypatch.context() as patched:
        patched.setattr(Survey, "load", load)
        with pytest.raises(DataError, match=r"campaign\.yaml:0:0: unreadable: it changed while it was read"):
            build(root, tmp_path / "out", worktree=True)
    assert contents(tmp_path / "out") == good
    edit(root, ONE, "Runs it again.", "Runs one.")
    assert build(root, tmp_path / "out", worktree=True).written == 0


def test_a_file_that_goes_away_while_files_are_listed(root: Path) -> None:
    passing = root / f"campaigns/2026/09/{ONE}/4913"
    passing.write_text("")
    files = WorkTree(root)
    assert files.paths
    passing.unlink()
    survey = Survey(Ledger(files), None)
    assert [one.id for one in survey.readable] == [THREE, TWO, ONE]
    assert "4913" not in survey.by_id[ONE].record.files


def test_a_strange_trailer_stops_no_build(root: Path, tmp_path: Path) -> None:
    git(root, "commit", "--quiet", "--allow-empty", "-m", "Strange\n\nCampledger-Event: a\x0cb\u2028c\n")
    build(root, tmp_path / "out")
    same_as_cold(root, tmp_path / "out", tmp_path)
