"""Comparing campaigns, and telling what a change of the ledger means."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from campledger.cli.review_text import LIMIT, code

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

BASICS = ("--production", "other", "--kind", "nightly")


@pytest.fixture
def run(ledger: Path, campledger: Run) -> Callable[..., str]:
    """Run a command that has to succeed; return what it prints."""

    def runs(*words: str | Path) -> str:
        done = campledger(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return runs


@pytest.fixture
def hello(ledger: Path, run: Callable[..., str]) -> str:
    """hello-campledger, running, with step1/g submitted; `before` is a tag of that state."""
    run("start", "hello")
    run("record", "hello", "step1/g", "--run-id", "42")
    subprocess.run(["git", "tag", "before"], cwd=ledger, check=True)
    return next((ledger / "campaigns").glob("*/*/*-hello-campledger-*")).name


def test_a_campaign_is_compared_with_itself_at_a_commit(hello: str, run: Callable[..., str], git: Git) -> None:
    run("edit", "hello", "--set", "software.stack=w_2026_47", "--set", "scope.tracts=[9813, 9814]")
    run("edit", "hello", "--set", "steps.step2.groups=[{name: x}, {name: y}]")
    run("note", "hello", "deeper")
    commit = git("rev-parse", "before")[:10]
    assert run("diff", "hello@before", hello) == (
        f"--- {hello}@{commit}  running\n"
        f"+++ {hello}  running\n"
        "~ scope.tracts: added 9814\n"
        "~ software.stack: w_2026_46 → w_2026_47\n"
        "- group step2/all removed\n"
        "+ 2 groups step2/x, y added\n"
        + "".join(
            line for line in run("diff", "hello@before", hello).splitlines(keepends=True) if "note: deeper" in line
        )
        + "it is running:\n"
        "  ~ 1 group was submitted already, with other scope.tracts, software.stack: step1/g\n"
        "  ~ 1 group not submitted yet will run with what is new\n"
    )
    found = json.loads(run("diff", "hello@before", "hello", "--json"))
    assert found["before"] == {"id": hello, "commit": git("rev-parse", "before"), "state": "running"}
    assert found["definition"][1] == {
        "place": "", "key": "software.stack", "before": "w_2026_46", "after": "w_2026_47"
    }  # fmt: skip
    assert found["effect"]["submitted"] == {"step1/g": ["scope.tracts", "software.stack"]}
    assert [event["type"] for event in found["events"]] == ["note"]


def test_files_are_told_as_unified_diffs_and_sets_by_counts(
    ledger: Path, hello: str, run: Callable[..., str], campaign: Path, git: Git
) -> None:
    (campaign / "config").mkdir()
    (campaign / "config/isr.py").write_text("config.doFlat = True\n")
    (campaign / "picture.bin").write_bytes(b"\0\xff")
    git("add", ".")
    git("commit", "-m", "files")
    (ledger / "dataids").mkdir()
    (ledger / "dataids/bad.csv").write_text("instrument,visit\nHSC,1\n")
    git("add", ".")
    git("commit", "-m", "a set")
    run("edit", "hello", "--set", "processing.config_overrides=['isr:config/isr.py']", "--set", "data.exclude=[bad]")
    git("tag", "first")
    (campaign / "config/isr.py").write_text("config.doFlat = False\nconfig.doDark = True")
    (campaign / "picture.bin").write_bytes(b"\0\xff\0")
    git("commit", "-am", "files again")
    run("dataids", "add", "bad", "instrument=HSC", "visit=2", "--reason", "clouds")
    out = run("diff", "hello@first", "hello")
    assert out.partition("\n~ ")[2] == (
        "config/isr.py changed, 3 lines added and 1 line removed\n"
        "~ picture.bin changed, from 2 bytes to 3 bytes\n"
        "~ bad: 1 added; 2 data IDs now\n"
        "it is running:\n"
        "  ~ 1 group was submitted already, with other config/isr.py, bad: step1/g\n"
        "  ~ 2 groups not submitted yet will run with what is new\n"
        "\n"
        "--- a/config/isr.py\n"
        "+++ b/config/isr.py\n"
        "@@ -1 +1,3 @@\n"
        "-config.doFlat = True\n"
        "+config.doFlat = False\n"
        "+config.doDark = True\n"
        "\\ No newline at end of file\n"
    )
    review = run("review", "first..HEAD")
    assert "  ~ bad: 1 added; 2 data IDs now\n" in review
    assert review.count("bad: 1 added") == 1
    assert "other config/isr.py, bad: step1/g" in review


def test_three_campaigns_stand_side_by_side(hello: str, run: Callable[..., str]) -> None:
    run("define", "two", "--from", "hello", "--set", "scope.tracts=[1]", "--set", "steps.step1.groups=[{name: g}]")
    run("define", "three", "--from", "hello", "--set", "scope.tracts=[2, 3]")
    lines = run("diff", "hello", "two", "three").splitlines()
    rows = {line.split("  ")[0]: line.split() for line in lines[1:]}
    assert rows["state"][1:] == ["running", "defined", "defined"]
    assert rows["scope.tracts"][1:] == ["9813", "1", "2,", "3"]
    assert rows["step1/r"][1:] == ["there", "-", "there"]
    assert "title" not in rows
    found = json.loads(run("diff", "hello", "two", "three", "--json"))
    tracts = next(one for one in found["differences"] if one["key"] == "scope.tracts")
    assert tracts["values"] == [[9813], [1], [2, 3]]


def test_nothing_differs(hello: str, campledger: Run) -> None:
    done = campledger("diff", "hello", "hello@HEAD")
    assert (done.returncode, done.stderr) == (0, "nothing differs\n")
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["diff", "hello"], "name two campaigns, or three"),
        (["diff", "hello", "helo"], "unknown campaign `helo`: did you mean 2026-"),
        (["diff", "hello@", "hello"], "`hello@` names no commit after the @"),
        (["diff", "hello@--output=x", "hello"], "unknown commit `--output=x`"),
        (["review", "main"], "`main` is no span of commits: write BASE..HEAD"),
        (["review", "main..nowhere"], "unknown commit `nowhere`"),
        (["review", "--output=x..main"], "No such option"),
    ],
)
def test_what_makes_no_sense_is_refused(hello: str, campledger: Run, words: list[str], said: str) -> None:
    done = campledger(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_review_tells_all_that_a_branch_brings(
    ledger: Path, hello: str, run: Callable[..., str], git: Git, snapshot: Callable[[], object]
) -> None:
    git("switch", "--quiet", "--create", "side")
    run("define", "night", *BASICS, "--description", "Of a night.", "--ticket", "DM-1", "--set", "scope.bands=[g, r]")
    run("edit", "hello", "--set", "software.stack=w_2026_47")
    run("query", "save", "mine", "owner:me")
    settings = ledger / "campledger.yaml"
    settings.write_text(settings.read_text().replace("Data-processing", "Rubin's"))
    (ledger / "README.md").write_text("Read me.\n")
    broken = ledger / "campaigns/2026/11/2026-11-23-broken-aaaa/campaign.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("name: broken\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "by hand")
    git("switch", "--quiet", "main")
    run("record", "hello", "step1/r", "--run-id", "43")  # after the branch was made
    before = snapshot()
    night = next(name for name in git("ls-tree", "-r", "--name-only", "side").split() if "-night-" in name).split("/")[
        3
    ]
    base, head = git("merge-base", "main", "side")[:10], git("rev-parse", "side")[:10]
    assert run("review", "main...side") == (
        f"{base}..{head}  2 campaigns defined, 1 campaign changed, 3 other files changed, 3 problems introduced\n"
        "\n"
        "Problems introduced\n"
        + "".join(
            f"  ! campaigns/2026/11/2026-11-23-broken-aaaa/campaign.yaml:1:1 error schema: missing key `{key}`\n"
            for key in ("description", "kind", "production")
        )
        + "\n"
        "Effect on campaigns at work\n"
        f"  ~ {hello}, running\n"
        "      ~ 2 groups were submitted already, with other software.stack: step1/g, r\n"
        "      ~ 1 group not submitted yet will run with what is new\n"
        "\n"
        "Campaigns defined\n"
        f"  + {night}\n"
        "      + night\n"
        "      + nightly of other, owner vera, tickets DM-1\n"
        "      + Of a night.\n"
        "      + scope: bands g, r\n"
        "  + 2026-11-23-broken-aaaa\n"
        "      ~ cannot be read\n"
        "\n"
        "Campaigns changed\n"
        f"  ~ {hello}, running\n"
        "      ~ software.stack: w_2026_46 → w_2026_47\n"
        "\n"
        "Settings, queries and templates\n"
        "  ~ campledger.yaml changed\n"
        "      ~ title: Data-processing campaigns → Rubin's campaigns\n"
        "  + queries/mine.yaml added\n"
        "\n"
        "Other files\n"
        "  + README.md added\n"
    )
    assert snapshot() == before
    found = json.loads(run("review", "main...side", "--json"))
    assert [one["id"] for one in found["defined"]] == [night, "2026-11-23-broken-aaaa"]
    assert found["introduced"][0]["rule"] == "schema"


def test_a_review_turned_round_tells_what_is_removed_and_mended(
    ledger: Path, hello: str, run: Callable[..., str], git: Git
) -> None:
    broken = ledger / "campaigns/2026/11/2026-11-23-broken-aaaa/campaign.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("name: broken\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "by hand")
    out = run("review", "HEAD..before")
    assert "Campaigns removed\n  - 2026-11-23-broken-aaaa\n" in out
    assert "Problems mended\n  ~ mended: campaigns/2026/11/2026-11-23-broken-aaaa/campaign.yaml:1:1 error schema" in out
    assert run("review", "HEAD..").endswith("nothing differs\n")


def test_an_event_that_is_gone_is_a_problem(hello: str, run: Callable[..., str], campaign: Path, git: Git) -> None:
    events = campaign / "events.yaml"
    events.write_text(events.read_text().splitlines(keepends=True)[0])
    git("commit", "--quiet", "--all", "--message", "by hand")
    out = run("review", "before..HEAD")
    assert "error changed-event: the event" in out
    assert "1 event gone or rewritten" in out


def test_a_bare_repository_is_reviewed(hello: str, campledger: Run, ledger: Path, git: Git, tmp_path: Path) -> None:
    git("clone", "--quiet", "--bare", str(ledger), str(tmp_path / "bare.git"))
    done = campledger("review", "before~1..before", cwd=tmp_path / "bare.git")
    assert done.returncode == 0, done.stderr
    assert "vera: submitted a first run over step1/g, run 42" in done.stdout


def test_a_definition_that_says_the_same_is_told_as_such(
    hello: str, run: Callable[..., str], campaign: Path, git: Git
) -> None:
    (campaign / "campaign.yaml").write_text("# Mine.\n" + (campaign / "campaign.yaml").read_text())
    git("commit", "--quiet", "--all", "--message", "a comment")
    out = run("review", "before..HEAD")
    assert out.endswith(f"  ~ {hello}, running\n      ~ the definition changed in comments or layout only\n")


def test_another_repository_in_a_campaign_is_told_and_not_read(
    hello: str, run: Callable[..., str], campaign: Path, git: Git
) -> None:
    git("clone", "--quiet", ".", str(campaign / "inner"))
    git("-c", "advice.addEmbeddedRepo=false", "add", ".")
    git("commit", "--quiet", "--message", "another repository")
    place = f"campaigns/{hello[:4]}/{hello[5:7]}/{hello}/inner"
    assert run("review", "before..HEAD").endswith(f"Other files\n  ~ {place} changed\n")
    assert run("diff", "hello@before", "hello@HEAD").count("\n") == 2


def test_files_of_many_lines_are_compared_quickly(
    hello: str, run: Callable[..., str], campaign: Path, git: Git
) -> None:
    lines = [f"{number * 7919 % 100_003}\n" for number in range(100_000)]
    (campaign / "long.txt").write_text("".join(lines))
    git("add", ".")
    git("commit", "--quiet", "--message", "long")
    (campaign / "long.txt").write_text("".join([*sorted(lines), "one more\n"]))
    assert run("diff", "hello@HEAD", "hello").endswith("~ long.txt changed, 1 line added\n")


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colours_unless_it_wants_none(hello: str, ledger: Path, no_color: str, coloured: bool) -> None:
    control, terminal = os.openpty()
    words = [sys.executable, "-m", "campledger", "review", "before~1..before"]
    subprocess.run(words, cwd=ledger, stdout=terminal, check=True, env={**os.environ, "NO_COLOR": no_color})
    os.close(terminal)
    assert (b"\x1b[32m+\x1b[0m" in os.read(control, 65536)) is coloured
    os.close(control)


HOSTILE = [
    "@team", "<img src=x onerror=alert(1)>", "[click](http://evil.example)", "https://evil.example", "#1 !1 &1 ~bug",
    "a `b` ``c``", "`", "\\`", "![x](y)", "| a | b", "*x* _y_", "<!-- -->", "/close", "$`x`$", "\u202eevil",
]  # fmt: skip


def words_outside_code(markdown: str) -> str:
    """Return what a Markdown parser takes for anything but code, and the names of elements that it makes."""
    tokens = MarkdownIt("gfm-like", {"html": True}).parse(markdown)
    inside = [inner for token in tokens for inner in token.children or [token]]
    return "\n".join(f"{token.type} {token.content}" for token in inside if token.type != "code_inline")


@given(st.text(min_size=1) | st.text(alphabet="` \\\n@a<", min_size=1))
@example("`")
@example(" `` ")
def test_any_text_is_one_code_span(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"html": True}).parse(f"- words {code(text)} words\n- next\n")
    inline = [token for token in tokens if token.type == "inline"]
    assert [token.type for token in inline[0].children or []] == ["text", "code_inline", "text"]
    assert inline[1].content == "next"


def test_what_a_fork_wrote_is_text_only(hello: str, run: Callable[..., str], ledger: Path, git: Git) -> None:
    git("switch", "--quiet", "--create", "fork")
    for number, text in enumerate(HOSTILE[:-1]):
        run("define", f"evil-{number}", *BASICS, "--description", f"{text}\n\n{text}\n", "--title", text)
    run("edit", "hello", "--set", "title=@team <b>", "--set", 'extra={"@team": "<b>", "[x](http://evil.example)": 1}')
    run("note", "hello", "@team\n\n/close\n<b>")
    (ledger / "@team <b> [x](http:evil)").write_text("x")
    (ledger / "campaigns/2026/11/@team<b>").mkdir(parents=True)
    (ledger / "campaigns/2026/11/@team<b>/campaign.yaml").write_text("'@team <b>': https://evil.example\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "@team")
    markdown = run("review", "main...fork", "--format", "markdown")
    outside = words_outside_code(markdown)
    assert markdown.startswith("<!-- campledger review -->\n")
    assert [line for line in outside.splitlines() if line.startswith("html")] == [
        "html_block <!-- campledger review -->"
    ]
    for bad in ("@", "evil", "link_", "image", "<b", "#1", "/close", "*", "`"):
        assert bad not in outside.replace("heading_open", ""), bad
    assert "`@team <b>`" in markdown
    assert "\u202e" not in markdown


def test_a_long_review_is_cut_and_says_so(hello: str, run: Callable[..., str], ledger: Path, git: Git) -> None:
    for number in range(150):
        directory = ledger / f"campaigns/2026/11/2026-11-23-many-{number:04}"
        directory.mkdir(parents=True)
        text = (
            f"name: many-{number}\nproduction: nowhere\nkind: nightly\ndescription: {'x' * 500}\ntitle: {'t' * 190}\n"
        )
        steps = "".join(f"  - name: {'s' * 90}{step}\n" for step in range(30))
        (directory / "campaign.yaml").write_text(f"{text}steps:\n{steps}")
        (ledger / f"{'f' * 200}{number}").write_text("")
    run("edit", "hello", "--set", "extra={" + ", ".join(f"k{number}: {'v' * 150}" for number in range(400)) + "}")
    git("add", ".")
    git("commit", "--quiet", "--message", "many")
    markdown = run("review", "before..HEAD", "--format", "markdown")
    assert len(markdown) <= LIMIT
    assert "- and 100 more\n" in markdown
    base, head = git("rev-parse", "before")[:10], git("rev-parse", "HEAD")[:10]
    said = re.search(r"\n\n\*\*(\d+) lines more would be too long for a comment.\*\*\n\n(.*)", markdown)
    assert said is not None
    assert int(said[1]) > 0
    assert said[2].startswith(f"`campledger review {base}..{head}` tells all of it")
    assert len(run("review", "before..HEAD")) > LIMIT
