"""What must not be published is not, whichever way it could come into the site."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from campledger.errors import DataError
from campledger.operations.site.build import build
from campledger.pages.engine.embargo import NOT_PUBLIC, Hidden
from tests.pages.conftest import SETTINGS, Log, commit, definition, git, put_campaign, put_set, put_settings

OPEN, SECRET = "2026-09-01-open-aaaa", "2026-09-03-secret-cccc"
EMBARGOED = {"butler": "embargo"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ledger with a public campaign and an embargoed one, not committed yet."""
    root = tmp_path / "ledger"
    put_settings(root)
    put_campaign(root, OPEN, definition("open"))
    put_campaign(root, SECRET, definition("secret", data=EMBARGOED))
    return root


def texts(out: Path) -> str:
    """Return everything that a site holds, names of files included, in lower case."""
    files = [file for file in sorted(out.rglob("*")) if file.is_file()]
    found = (f"{file.relative_to(out)}\n{file.read_bytes().decode('utf-8', 'replace')}" for file in files)
    return "\n".join(found).lower()


def published(root: Path, **which: Any) -> str:
    """Commit, publish, and return all that the site holds."""
    commit(root)
    build(root, root.parent / "out", public=True, **which)
    return texts(root.parent / "out")


def put_members(root: Path, name: str, exposure: int, **about: str) -> None:
    put_set(root, f"{name}.json", {**about, "members": [{"instrument": "LSSTCam", "exposure": exposure}]})


def receipt(log: Log, name: str, butler: str, **data: Any) -> None:
    log.add("uploaded", set=name, name=f"u/{butler}/{name}", revision=1, digest=f"sha256:{'0' * 64}", count=1,
            dimensions=["exposure"], butler=butler, registry=f"{butler}-registry", **data)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"2026-11-22-{SECRET}.txt",
        f"2026-11-22-after-{SECRET}",
        f"2026-09-03-secret-ccc{SECRET}",
        f"12026-11-22{SECRET.upper()}x",
        f"{SECRET}{SECRET}-{SECRET}",
    ],
)
def test_an_id_is_found_inside_a_word_like_an_id(text: str) -> None:
    left = Hidden([SECRET]).without(text.encode()).decode().lower()
    assert SECRET not in left
    assert left == text.lower().replace(SECRET, NOT_PUBLIC)


def test_a_file_named_by_a_hidden_id_is_not_listed(root: Path) -> None:
    named = f"2026-11-22-after-{SECRET}"
    directory = put_campaign(root, OPEN, definition("open", description=f"See {named}."))
    (directory / f"{named}.log").write_text("x")
    found = published(root)
    assert SECRET not in found
    assert f"see 2026-11-22-after-{NOT_PUBLIC}" in found


def test_a_name_that_is_no_id_hides_no_campaign_whose_id_begins_so(root: Path, tmp_path: Path) -> None:
    put_campaign(root, "2026-09-01-openair-bbbb", definition("openair"))
    directory = put_campaign(root, "2026-09-01-open", definition("odd", description="Zwicky"))
    (directory / "README.md").write_text("Zwicky")
    put_campaign(root, "2026-09-02-says-dddd", definition("says", description="From 2026-09-01-open."))
    found = published(root)
    assert "zwicky" not in found
    assert f"from {NOT_PUBLIC}." in found
    assert f"campaigns/{OPEN}.html" in found
    assert "campaigns/2026-09-01-openair-bbbb.html" in found


def test_a_campaign_whose_id_holds_a_hidden_one_is_counted(root: Path, tmp_path: Path) -> None:
    put_campaign(root, f"{SECRET}-eeee", definition("again", data={"butler": "main", "include": ["hush"]}))
    put_members(root, "hush", 831101)
    commit(root)
    result = build(root, tmp_path / "out", public=True)
    assert result.notes == ("2 campaigns left out: embargoed, or not readable",)
    assert "hush" not in texts(tmp_path / "out")


def test_a_campaign_that_cannot_be_read_may_use_any_set(root: Path) -> None:
    directory = put_campaign(root, SECRET, definition("secret", data={**EMBARGOED, "include": ["hush"]}))
    put_campaign(root, OPEN, definition("open", data={"butler": "main", "include": ["used"]}))
    for name, number in (("hush", 831101), ("nobodys", 831102), ("used", 831103)):
        put_members(root, name, number)
    found = published(root)
    assert "831101" not in found
    assert "831102" in found
    (directory / "campaign.yaml").write_text("nmae: [\n")
    found = published(root)
    assert "hush" not in found
    assert "831101" not in found
    assert "831103" in found


def test_a_set_that_nobody_uses_does_not_publish_what_it_is_made_from(root: Path) -> None:
    put_campaign(root, SECRET, definition("secret", data={**EMBARGOED, "include": ["made"]}))
    put_members(root, "hush", 831101)
    put_set(root, "made.json", {"derived": {"union": ["hush"]}})
    put_set(root, "part.json", {"derived": {"union": ["hush", "fine"]}})
    put_members(root, "fine", 831102)
    found = published(root)
    for name in ("hush", "831101", "sets/made", "sets/part"):
        assert name not in found, name
    assert "831102" in found
    # What a public campaign uses is public, whoever else does.
    put_campaign(root, OPEN, definition("open", data={"butler": "main", "include": ["part"]}))
    found = published(root)
    assert "831101" in found
    assert "sets/part" in found
    assert "sets/made" not in found


def test_a_set_that_nobody_uses_is_judged_by_its_butlers(root: Path) -> None:
    put_members(root, "hush-asked", 831101, butler="embargo", query="visit > 2026")
    put_members(root, "hush-unknown", 831102, butler="unheard-of")
    put_members(root, "hush-uploaded", 831103)
    put_members(root, "hush-torn", 831104)
    for name, butler in (("hush-uploaded", "embargo"), ("hush-torn", "main")):
        log = Log()
        receipt(log, name, butler)
        end = "- {" if name == "hush-torn" else ""
        (root / f"dataids/{name}.events.yaml").write_text(log.text() + end)
    put_set(root, "hush-broken.json", {"members": [831105]})
    put_set(root, "hush-made.json", {"derived": {"union": ["hush-asked"]}})
    put_members(root, "fine", 831106, butler="main")
    found = published(root)
    assert "hush" not in found
    assert "831106" in found
    for number in range(831101, 831106):
        assert str(number) not in found


@pytest.mark.parametrize("gone", [False, True])
def test_an_older_version_of_a_set_goes_through_the_sieve_in_a_folder_that_had_all(
    root: Path, tmp_path: Path, gone: bool
) -> None:
    member = {"instrument": "LSSTCam", "exposure": 1}
    put_set(root, "s.json", {"members": [{**member, "comment": f"see {SECRET}"}]})
    old = commit(root)[:10]
    put_set(root, "s.json", {"members": [member]})
    if gone:
        (root / "dataids/s.json").unlink()
    put_campaign(root, OPEN, definition("open", data={"butler": "main", "exclude": [f"s@{old}"]}))
    commit(root)
    page = tmp_path / f"out/campaigns/{OPEN}.html"
    build(root, tmp_path / "out")
    assert f"see {SECRET}" in page.read_text()
    build(root, tmp_path / "out", public=True)
    assert SECRET not in texts(tmp_path / "out")
    assert f"see {NOT_PUBLIC}" in page.read_text()
    build(root, tmp_path / "out")
    assert f"see {SECRET}" in page.read_text()


@pytest.mark.parametrize("harm", ["a key", "a cut", "twice"])
def test_an_event_that_cannot_be_read_may_name_any_butler(root: Path, harm: str) -> None:
    log = Log()
    log.add("note", text="x")
    plain = log.text()
    log.add("collected", butler="embargo", registry="x", collection="u/x/y", dataset_types=["raw"],
            count={"raw": 3}, from_=["x"])  # fmt: skip
    line = log.text().removeprefix(plain)
    if harm == "a key":
        line = line.replace('"count"', '"extra_": 1, "count"')
    elif harm == "a cut":
        line = line.rstrip("\n")
    else:
        line = line.replace(log.events[1]["id"], log.events[0]["id"])
    directory = put_campaign(root, OPEN, definition("open", description="Zwicky"))
    (directory / "events.yaml").write_text(plain + line)
    assert "zwicky" not in published(root)


def test_an_event_that_does_not_follow_hides_nothing(root: Path) -> None:
    log = Log()
    log.status("paused", "running")
    put_campaign(root, OPEN, definition("open"), log)
    assert OPEN in published(root)


def test_embargoed_butlers_are_not_named(root: Path) -> None:
    butlers = {"zwicky": {"description": "Vault", "embargoed": True}, "main": {"description": "Open data"}}
    put_settings(root, {**SETTINGS, "butlers": butlers})
    put_campaign(root, OPEN, definition("open", data={"butler": "main", "include": ["both"]}))
    put_campaign(root, SECRET, definition("secret", data={"butler": "zwicky", "include": ["both"]}))
    put_members(root, "both", 831101)
    log = Log()
    receipt(log, "both", "zwicky")
    receipt(log, "both", "main")
    log.add("note", text="Kept.")
    lines = log.text().splitlines(keepends=True)
    receipts = root / "dataids/both.events.yaml"
    receipts.write_text("".join([lines[0], "- {\n", *lines[1:], '- {"butler": "zwicky"']))
    found = published(root)
    assert "zwicky" not in found
    assert "main-registry" in found
    assert "kept." in found
    offered = (root.parent / "out/static/ledger.js").read_text()
    assert '"butlers":["main"]' in offered.replace(" ", "")
    # The state of the embargo is part of what each file is made from.
    put_settings(root, {**SETTINGS, "butlers": {**butlers, "zwicky": {}}})
    assert "zwicky-registry" in published(root)


def test_an_older_state_is_judged_by_the_present_one_too(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    put_settings(root, {**SETTINGS, "butlers": {"embargo": {}, "main": {}}})
    put_campaign(root, SECRET, definition("secret", data={**EMBARGOED, "include": ["hush"]}))
    put_members(root, "hush", 831101)
    old = commit(root)
    build(root, out, public=True, commit=old)
    assert SECRET in texts(out)
    assert "831101" in texts(out)
    put_settings(root)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-11-21T12:00:00Z")
    commit(root, "Embargoed")
    result = build(root, out, public=True, commit="2026-11-20")
    assert result.commit == old
    assert result.notes == ("1 campaign left out: embargoed, or not readable",)
    for name in (SECRET, "hush", "831101"):
        assert name not in texts(out), name
    # On a branch that is behind, and where the newer state was fetched only.
    git(root, "switch", "--quiet", "--create", "behind", old)
    build(root, out, public=True)
    assert SECRET not in texts(out)
    git(root, "update-ref", "refs/remotes/origin/main", "main")
    git(root, "branch", "--quiet", "--force", "main", old)
    build(root, out, public=True, commit="main")
    assert SECRET not in texts(out)
    # Nor is what only the older state hides brought back by the newer one.
    git(root, "update-ref", "-d", "refs/remotes/origin/main")
    git(root, "switch", "--quiet", "main")
    put_settings(root)
    hidden = commit(root, "Embargoed")
    put_settings(root, {**SETTINGS, "butlers": {"embargo": {}, "main": {}}})
    assert SECRET in published(root)
    assert SECRET not in published(root, commit=hidden)
    # Without a main branch, HEAD is the present.
    put_settings(root)
    commit(root, "Embargoed again")
    git(root, "branch", "--quiet", "--move", "main", "other")
    assert SECRET not in published(root, commit=old)


def test_a_present_state_that_cannot_be_judged_by_stops_the_build(root: Path, tmp_path: Path) -> None:
    old = commit(root)
    settings = (root / "campledger.yaml").read_text()
    (root / "campledger.yaml").write_text("title: [\n")
    new = commit(root)
    with pytest.raises(DataError, match=f"nothing is published while the settings at {new[:10]} are wrong"):
        build(root, tmp_path / "out", public=True, commit=old)
    (root / "campledger.yaml").write_text(settings)
    assert OPEN in published(root, commit=old)


def test_a_campaign_that_is_gone_is_not_named(root: Path, tmp_path: Path) -> None:
    child = "2026-09-05-child-eeee"
    put_campaign(root, child, definition("child", derived_from=SECRET))
    renamed = put_campaign(root, "2026-09-06-by-hand", definition("hand"))
    assert SECRET not in published(root)
    shutil.rmtree(root / f"campaigns/2026/09/{SECRET}")
    found = published(root)
    assert SECRET not in found
    assert child in found
    build(root, tmp_path / "all")
    assert SECRET in texts(tmp_path / "all")
    # A campaign that was given its right id stays, unless it is embargoed: then no id of it does.
    shutil.rmtree(renamed)
    put_campaign(root, "2026-09-06-by-hand-ffff", definition("hand"))
    put_campaign(root, child, definition("child", derived_from="2026-09-06-by-hand"))
    assert "campaigns/2026-09-06-by-hand-ffff.html" in published(root)
    put_campaign(root, "2026-09-06-by-hand-ffff", definition("hand", data=EMBARGOED))
    assert "2026-09-06-by-hand" not in published(root)
    # The work tree too knows what is gone, committed or not.
    shutil.rmtree(root / f"campaigns/2026/09/{OPEN}")
    put_campaign(root, child, definition("child", derived_from=OPEN))
    build(root, tmp_path / "out", public=True, worktree=True)
    assert OPEN not in texts(tmp_path / "out")


def test_people_of_the_settings_are_public(root: Path) -> None:
    people: dict[str, Any] = {**SETTINGS["people"], "jbell": {"name": "Jocelyn Bell"}}
    put_settings(root, {**SETTINGS, "people": people})
    put_campaign(root, SECRET, definition("secret", owner="jbell", data=EMBARGOED))
    found = published(root)
    assert "people/jbell.html" in found
    assert SECRET not in found
