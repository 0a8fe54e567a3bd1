"""Defining and editing campaigns, with options, files, an editor, and from each other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campledger.documents import strict

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

BASICS = ("--production", "other", "--kind", "nightly", "--description", "Look at it.")


def definition(file: Path) -> dict[str, Any]:
    document = strict.read(file.name, file.read_bytes())
    assert document.problems == ()
    value: dict[str, Any] = document.value
    return value


def defined(ledger: Path, done: subprocess.CompletedProcess[str]) -> Path:
    assert done.returncode == 0, done.stderr
    path: str = json.loads(done.stdout)["path"]
    return ledger / path


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Use a script as the editor; $1 is the file."""

    def use(script: str) -> None:
        file = tmp_path / "editor.sh"
        file.write_text(f"#!/bin/sh\nsleep 0.02\n{script}\ntouch -d '+2 seconds' \"$1\"\n")
        file.chmod(0o755)
        monkeypatch.setenv("EDITOR", str(file))

    return use


# define


def test_options_make_a_definition_that_is_committed(ledger: Path, campledger: Run, git: Git, sound: Sound) -> None:
    done = campledger(
        "define", "dp02-test-med-1", *BASICS, "--title", "A: title, #1", "--ticket", "DM-1", "--ticket", "DM-2",
        "--tag", "no", "--set", "scope.tracts=[3828, 3829]", "--set", "software.stack=w_2026_46",
        "--set", "plan.quanta=12",
        "--json",
    )  # fmt: skip
    file = defined(ledger, done)
    result = json.loads(done.stdout)
    assert (result["created"], result["commit"]) == (True, git("rev-parse", "HEAD"))
    value = definition(file)
    assert value == {
        "id": result["campaign"], "name": "dp02-test-med-1", "title": "A: title, #1", "production": "other",
        "kind": "nightly", "description": "Look at it.", "owner": "vera",
        "tickets": [{"key": "DM-1"}, {"key": "DM-2"}], "tags": ["no"], "scope": {"tracts": [3828, 3829]},
        "software": {"stack": "w_2026_46"}, "plan": {"quanta": 12},
    }  # fmt: skip
    assert file.read_text().startswith("# yaml-language-server: $schema=../../../../schemas/campaign.schema.json\n")
    assert (file.parent / "../../../../schemas/campaign.schema.json").exists()
    assert git("log", "-1", "--format=%s") == "define dp02-test-med-1"
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_a_dry_run_prints_what_would_be_written(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    before = snapshot()
    done = campledger("define", "x", *BASICS, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert strict.read("x", done.stdout.encode()).value["name"] == "x"
    assert snapshot() == before


def test_what_is_missing_is_named(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    before = snapshot()
    done = campledger("define", "x", "--kind", "nightly")
    assert done.returncode == 2
    assert "missing: --production, --description; or use --edit, --file, --from or --template" in done.stderr
    assert campledger("define").returncode == 2
    assert snapshot() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--kind", "nonsense"], "invalid value `nonsense` of `kind`"),
        (["--production", "dr"], "unknown production `dr`"),
        (["--owner", "nobody"], "unknown person `nobody`"),
        (["--set", "id=../../../evil"], "of `id`\n    for example"),
        (["--set", "id=2026-01-01-other-aaaa"], "id-directory"),
        (["--set", "data.exclude=[../../../../etc/passwd]"], "path-outside"),
        (["--set", "processing.pipelines=[../../x.yaml]"], "path-outside"),
        (["--set", "processing.memory=/etc/passwd", "--set", "processing.clustering=../x"], "path-outside"),
        (["--set", "name=../../x"], "invalid value `../../x` of `name`"),
        (["--set", "nam=x"], "nam"),
        (["--set", "scope.tracts=3828"], "tracts"),
        (["--set", "steps.0.name=x"], "steps"),
        (["--set", "derived_from=2026-01-01-nothing-aaaa"], "unknown campaign `2026-01-01-nothing-aaaa`"),
        (["--set", "name.x=1"], "name"),
        (["--set", "a..b=1"], ""),
        (["--set", ".=1"], ""),
        (["--set", "=1"], "is not path=value"),
        (["--set", "title="], "title"),
    ],
)
def test_a_bad_value_is_refused_whole(
    ledger: Path, campledger: Run, snapshot: Snapshot, options: list[str], said: str
) -> None:
    before = snapshot()
    done = campledger("define", "x", *BASICS, *options)
    assert done.returncode in {1, 2, 3}, done.stderr
    assert said in done.stderr
    assert snapshot() == before


def test_two_open_campaigns_cannot_have_one_name(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    before = snapshot()
    done = campledger("define", "hello-campledger", *BASICS)
    assert done.returncode == 3
    assert "duplicate-name" in done.stderr
    assert snapshot() == before


def test_a_file_is_taken_with_its_comments(ledger: Path, campledger: Run, tmp_path: Path, sound: Sound) -> None:
    text = "# mine\nname: from-file  # its name\nproduction: other\nkind: other\ndescription: |\n  Two\n  lines.\n"
    (tmp_path / "c.yaml").write_text(text)
    file = defined(ledger, campledger("define", "--file", tmp_path / "c.yaml", "--set", "tags=[a]", "--json"))
    written = file.read_text()
    assert "# mine\n" in written
    assert "name: from-file  # its name\n" in written
    assert definition(file)["tags"] == ["a"]
    sound()
    other = defined(ledger, campledger("define", "other", "--file", "-", "--json", stdin=text.encode()))
    assert definition(other)["name"] == "other"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (b"name: \xff\n", 1, "-:1:1: unreadable: not UTF-8 text"),
        (b"name: [\n", 1, "yaml-syntax"),
        (b"- a\n", 1, "a definition is a mapping"),
        (b"", 1, ""),
        (b"name: x\nname: y\n", 1, "yaml-duplicate-key"),
        (b"name: 012\n", 1, "yaml-ambiguous"),
        (b"production: other\n", 2, "a campaign needs a name"),
        (b"name: x\nproduction: other\n", 3, "`kind`"),
        (b"name: !!python/object:os.system x\n", 1, "yaml-unsafe"),
        (b"name: x\x00\n", 1, "unreadable"),
    ],
)
def test_a_file_that_is_no_definition_is_told(
    ledger: Path, campledger: Run, snapshot: Snapshot, text: bytes, code: int, said: str
) -> None:
    before = snapshot()
    done = campledger("define", "--file", "-", stdin=text)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr
    assert snapshot() == before


def test_a_file_that_is_not_there_or_a_folder(ledger: Path, campledger: Run) -> None:
    assert (
        campledger("define", "--file", "nothing.yaml").stderr == "campledger: nothing.yaml: No such file or directory\n"
    )
    assert campledger("define", "--file", ".").returncode == 2


def test_a_campaign_is_repeated_with_its_files_and_without_its_history(
    ledger: Path, campaign: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    (campaign / "pipelines").mkdir()
    (campaign / "pipelines/my own.yaml").write_text("description: p\n")
    (campaign / "pipelines/link.yaml").symlink_to("my own.yaml")
    text = (campaign / "campaign.yaml").read_text()
    (campaign / "campaign.yaml").write_text(text.replace("description:", "# why\ndescription:", 1))
    git("add", "--all")
    git("commit", "--quiet", "-m", "files")
    parent = git("rev-parse", "--short=12", "HEAD")
    assert campledger("start", "hello").returncode == 0
    file = defined(
        ledger, campledger("define", "again", "--from", "hello", "--set", "software.stack=w_2026_47", "--json")
    )
    value, old = definition(file), definition(campaign / "campaign.yaml")
    assert value["derived_from"].startswith(f"{campaign.name}@")
    assert value["software"] == {"stack": "w_2026_47"}
    assert {key: value[key] for key in ("steps", "scope", "data")} == {
        key: old[key] for key in ("steps", "scope", "data")
    }
    assert "# why\n" in file.read_text()
    assert sorted(one.name for one in file.parent.rglob("*")) == ["campaign.yaml", "my own.yaml", "pipelines"]
    assert json.loads(campledger("show", "again", "--json").stdout)["state"] == "defined"
    at = defined(ledger, campledger("define", "earlier", "--from", f"hello@{parent}", "--json"))
    assert definition(at)["derived_from"] == f"{campaign.name}@{parent}"
    sound()


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("nobody", "unknown campaign `nobody`"),
        ("hello@nonsense", "unknown commit `nonsense`"),
        ("hello@--output=x", "unknown commit `--output=x`"),
        ("--upload-pack=x", "unknown campaign `--upload-pack=x`"),
        ("@HEAD", "names no campaign"),
        ("hello@HEAD~1", "unknown campaign `hello`"),
    ],
)
def test_a_parent_that_is_not_there_is_told(
    ledger: Path, campledger: Run, snapshot: Snapshot, reference: str, said: str
) -> None:
    before = snapshot()
    done = campledger("define", "again", f"--from={reference}")
    assert done.returncode == 2
    assert said in done.stderr
    assert snapshot() == before


def test_a_parent_that_cannot_be_read_is_told(
    ledger: Path, campaign: Path, campledger: Run, git: Git, snapshot: Snapshot
) -> None:
    for text in (b"name: [\n", b"name: x\nname: y\n", b"\xff\n", None):
        if text is None:
            (campaign / "campaign.yaml").unlink()
            (campaign / "events.yaml").write_text("")
        else:
            (campaign / "campaign.yaml").write_bytes(text)
        git("add", "--all")
        git("commit", "--quiet", "-m", "broken")
        before = snapshot()
        for words in (["define", "again", "--from", campaign.name], ["edit", campaign.name, "--set", "title=x"]):
            done = campledger(*words)
            assert done.returncode in {1, 2}, done.stderr
            assert "Traceback" not in done.stderr
        assert snapshot() == before


def test_a_key_opens_one_campaign_however_often_it_is_asked_for(
    ledger: Path, campledger: Run, git: Git, snapshot: Snapshot, sound: Sound
) -> None:
    words = ("define", "night", *BASICS, "--key", "nightly/LSSTCam/20260102")
    first = json.loads(campledger(*words, "--json").stdout)
    before = snapshot()
    second = json.loads(campledger(*words, "--json").stdout)
    assert (first["created"], second["created"], second["commit"]) == (True, False, None)
    assert second["campaign"] == first["campaign"]
    done = campledger(*words)
    assert done.stdout == f"{first['campaign']}: was defined with this key already; nothing was changed\n"
    assert snapshot() == before
    assert campledger("cancel", "night", "--reason", "x").returncode == 0
    assert json.loads(campledger(*words, "--json").stdout)["created"] is False
    sound()


@pytest.mark.parametrize("written", ["nightly/x y", '"nightly/x y"', "'nightly/x y'  # by hand"])
def test_a_key_written_by_hand_is_found(
    ledger: Path, campaign: Path, campledger: Run, git: Git, snapshot: Snapshot, written: str
) -> None:
    with (campaign / "campaign.yaml").open("a") as file:
        file.write(f"key: {written}\n")
    git("commit", "--quiet", "-am", "a key")
    before = snapshot()
    done = campledger("define", "other", *BASICS, "--key", "nightly/x y", "--json")
    assert json.loads(done.stdout)["campaign"] == campaign.name
    assert snapshot() == before


def test_a_key_of_a_campaign_that_was_never_committed_is_told(
    ledger: Path, campaign: Path, campledger: Run, snapshot: Snapshot
) -> None:
    with (campaign / "campaign.yaml").open("a") as file:
        file.write("key: nightly/1\n")
    before = snapshot()
    done = campledger("define", "other", *BASICS, "--key", "nightly/1")
    assert done.returncode == 4
    assert "has this key, and is not committed" in done.stderr
    assert snapshot() == before


# The editor


def test_the_editor_starts_from_a_commented_template(
    ledger: Path, campledger: Run, editor: Callable[[str], None], tmp_path: Path, sound: Sound
) -> None:
    editor(
        f'cp "$1" {tmp_path}/seen\n'
        'sed -i -e "s/^production: .*/production: other/" -e "s/^kind: .*/kind: nightly/" '
        '-e "s/^description: .*/description: written by hand/" "$1"'
    )
    file = defined(ledger, campledger("define", "by-hand", "--edit", "--json"))
    seen = (tmp_path / "seen").read_text()
    assert "name: by-hand\n" in seen
    assert "# One of data-release, alert, calibration, other.\nproduction: TODO\n" in seen
    assert "# Only name, production, kind and description are required.\n" in seen
    value = definition(file)
    assert (value["description"], value["owner"]) == ("written by hand", "vera")
    assert campledger("check").returncode == 0
    sound()


def test_every_commented_example_of_the_template_is_a_legal_value(
    ledger: Path, campledger: Run, editor: Callable[[str], None], tmp_path: Path
) -> None:
    editor(f'cp "$1" {tmp_path}/seen\nexit 1')
    assert campledger("define", "by-hand", "--edit").returncode == 2
    lines = (tmp_path / "seen").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#") and line] != []
    assert strict.read("template", "\n".join(lines).encode()).problems == ()


def test_an_editor_closed_without_saving_defines_nothing(
    ledger: Path, campledger: Run, snapshot: Snapshot, editor: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot()
    monkeypatch.setenv("EDITOR", "true")
    done = campledger("define", "by-hand", "--edit")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing is defined" in done.stderr
    assert campledger("edit", "hello").stdout == "nothing was changed\n"
    editor(': > "$1"')
    assert "nothing is defined" in campledger("define", "by-hand", "--edit").stderr
    assert campledger("edit", "hello").stdout == "nothing was changed\n"
    monkeypatch.setenv("EDITOR", "false")
    assert campledger("edit", "hello").returncode == 2
    assert snapshot() == before


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("name: [", 1, "yaml-syntax"),
        ("kind: nonsense", 1, "invalid value `nonsense` of `kind`"),
        ("name: x\nproduction: no-such\nkind: other\ndescription: an hour of typing", 3, "unknown-production"),
        ("name: hello-campledger\nproduction: other\nkind: other\ndescription: an hour of typing", 3, "duplicate-name"),
    ],
)
def test_what_was_typed_is_kept_if_it_is_refused(
    ledger: Path, campledger: Run, snapshot: Snapshot, editor: Callable[[str], None], tmp_path: Path,
    typed: str, code: int, said: str,
) -> None:  # fmt: skip
    (tmp_path / "typed").write_text(typed)
    editor(f'cp {tmp_path}/typed "$1"')
    before = snapshot()
    done = campledger("define", "x", "--edit")
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    kept = ledger / ".git/campledger-rejected.yaml"
    assert str(kept) in done.stderr
    assert kept.read_text() == typed
    assert snapshot() == before


def test_what_was_typed_is_kept_if_git_refuses(
    ledger: Path, campledger: Run, git: Git, snapshot: Snapshot, editor: Callable[[str], None]
) -> None:
    git("checkout", "--quiet", "--detach")
    before = snapshot()
    editor('sed -i "s/^kind: .*/kind: other  # typed/" "$1"')
    done = campledger("edit", "hello")
    assert done.returncode == 4
    assert "# typed" in (ledger / ".git/campledger-rejected.yaml").read_text()
    assert snapshot() == before


def test_a_definition_that_changed_while_it_was_edited_is_not_overwritten(
    ledger: Path, campaign: Path, campledger: Run, git: Git, editor: Callable[[str], None], sound: Sound
) -> None:
    file = campaign / "campaign.yaml"
    editor(
        f'echo "# somebody else" >> {file}\ngit -C {ledger} commit --quiet -am "somebody else"\necho "# mine" >> "$1"'
    )
    done = campledger("edit", "hello")
    assert done.returncode == 3
    assert "changed in the meantime" in done.stderr
    assert file.read_text().endswith("# somebody else\n")
    assert (ledger / ".git/campledger-rejected.yaml").read_text().endswith("# mine\n")
    assert git("log", "-1", "--format=%s") == "somebody else"
    sound()


# edit


def test_set_keeps_comments_order_and_quotes(
    ledger: Path, campaign: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    file = campaign / "campaign.yaml"
    text = file.read_text().replace("kind: development", "# what sort\nkind: 'development'  # here")
    file.write_text(text)
    git("commit", "--quiet", "-am", "comments")
    done = campledger(
        "edit", "hello", "--set", "software.stack=w_2026_47", "--set", "steps.step1.title=New: title",
        "--set", "steps.0.groups.r.name=rr", "--set", "title=012",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{campaign.name}: edited, commit {git('rev-parse', '--short=10', 'HEAD')}\n  ~ ")
    value = definition(file)
    assert value["software"]["stack"] == "w_2026_47"
    assert value["steps"][0]["title"] == "New: title"
    assert [group["name"] for group in value["steps"][0]["groups"]] == ["g", "rr"]
    assert value["title"] == "012"
    assert git("diff", "HEAD~1", "--numstat").split()[:2] == ["4", "4"]
    sound()


def test_an_edit_that_is_refused_changes_nothing(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    before = snapshot()
    for value in ("kind=nonsense", "steps.step9.title=x", "name.x=1", "id=x", "steps.step1.prerequisites=[step2]"):
        done = campledger("edit", "hello", "--set", value)
        assert done.returncode in {2, 3}, done.stderr
    done = campledger("edit", "hello", "--set", "title=Another", "--dry-run")
    assert (done.returncode, "title: Another\n" in done.stdout) == (0, True)
    assert campledger("edit", "hello", "--set", "kind=development").stdout == "nothing was changed\n"
    assert snapshot() == before


def test_a_group_in_use_cannot_be_edited_away(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    for words in (["start", "hello"], ["record", "hello", "step1", "--run-id", "1"]):
        assert campledger(*words).returncode == 0
    before = snapshot()
    done = campledger("edit", "hello", "--set", "steps.step1.groups=[{name: other}]")
    assert done.returncode == 3
    assert "unknown-step" in done.stderr
    assert snapshot() == before


def test_a_broken_definition_can_be_mended_in_the_editor(
    ledger: Path, campaign: Path, campledger: Run, git: Git, editor: Callable[[str], None], sound: Sound
) -> None:
    good = (campaign / "campaign.yaml").read_text()
    (campaign / "campaign.yaml").write_text(good + "name: twice\n")
    git("commit", "--quiet", "-am", "broken")
    editor('sed -i "/^name: twice/d" "$1"')
    done = campledger("edit", campaign.name)
    assert done.returncode == 0, done.stderr
    assert (campaign / "campaign.yaml").read_text() == good
    assert campledger("check").returncode == 0
    sound()


def test_an_edit_says_what_changed_and_why(ledger: Path, campaign: Path, campledger: Run, git: Git) -> None:
    done = campledger("edit", "hello", "--set", "software.stack=w_2026_47", "--set", "scope.bands=[g, r]")
    changes = ["~ software.stack: w_2026_46 → w_2026_47", "+ scope.bands: g, r"]
    commit = git("rev-parse", "--short=10", "HEAD")
    assert done.stdout == f"{campaign.name}: edited, commit {commit}\n" + "".join(f"  {one}\n" for one in changes)
    subject, _, body = git("log", "-1", "--format=%B").partition("\n\n")
    assert subject == "edit hello-campledger: software.stack: w_2026_46 → w_2026_47; scope.ban…"
    assert body == "\n".join([*changes, "", f"Campledger-Campaign: {campaign.name}"])
    done = campledger("edit", "hello", "--set", "scope.bands=null", "--reason", "all bands", "--json")
    assert json.loads(done.stdout) == {
        "campaign": campaign.name,
        "path": f"{campaign.relative_to(ledger)}/campaign.yaml",
        "differences": ["- scope.bands is gone: it was g, r"],
        "remarks": [],
        "commit": git("rev-parse", "HEAD"),
    }
    assert git("log", "-1", "--format=%s") == "edit hello-campledger: all bands"
    again = json.loads(campledger("edit", "hello", "--set", "scope.bands=null", "--json").stdout)
    assert (again["differences"], again["commit"]) == ([], None)


def test_a_long_reason_of_an_edit_stands_in_the_body(ledger: Path, campledger: Run, git: Git) -> None:
    reason = "the tracts " + "at the edge " * 10
    assert campledger("edit", "hello", "--set", "title=x", "--reason", reason).returncode == 0
    assert f"\n\n{reason.strip()}\n\n~ title: " in git("log", "-1", "--format=%B")
