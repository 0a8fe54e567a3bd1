"""Groups from a table: cut from a list, read as if they were listed, rendered for BPS."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger.documents import strict
from campledger.documents.text import Report
from campledger.ledger.groups import MAX_BYTES, MAX_GROUPS, read_table

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

TEMPLATE = """\
# The template of step1.
pipelineYaml: "${DRP_PIPE_DIR}/x.yaml#step1"
campaign: w_2026_46/step1_GNUM
payload:
  payloadName: try
  output: "u/me/{payloadName}"
  butlerConfig: /repo/main
  inCollection: HSC/raw/all
  dataQuery: "instrument='HSC' and exposure >= LOWEXP and exposure <= HIGHEXP"
"""
TABLE = "GNUM,LOWEXP,HIGHEXP\n1,1,5\n2,7,11\n3,13,13\n"
CUT = ("--by", "exposure", "--size", "3")


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def home(ledger: Path, campaign: Path, campledger: Run, git: Git) -> Path:
    """The campaign's directory, with a template; step1 has no groups of its own."""
    (campaign / "bps").mkdir()
    (campaign / "bps/step1.yaml").write_text(TEMPLATE)
    git("add", "-A")
    git("commit", "-m", "a template")
    ok(campledger("edit", "hello", "--set", "steps.step1.groups=null"))
    ok(campledger("edit", "hello", "--set", "steps.step1.processing.bps.file=bps/step1.yaml"))
    return campaign


@pytest.fixture
def exposures(tmp_path: Path) -> Path:
    """A list with an id a line, in no order, one of them twice."""
    file = tmp_path / "exposures.txt"
    file.write_text("# a list\n13\n1\n3\n5\n7\n9\n11\n3\n")
    return file


def definition(home: Path) -> dict[str, object]:
    value: dict[str, object] = strict.read("", (home / "campaign.yaml").read_bytes()).value
    return value


def test_a_list_becomes_a_table_and_groups_in_one_commit(
    home: Path, exposures: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    before = git("rev-parse", "HEAD")
    done = campledger("groups", "hello", "step1", "--from-list", exposures, *CUT)
    assert (
        f"{home.name}/step1: cut into 3 groups of 7 exposures, commit {git('rev-parse', '--short=10', 'HEAD')}"
        in ok(done)
    )
    assert f"next: campledger render {home.name} step1/1" in done.stdout
    assert (home / "bps/step1-groups.csv").read_text() == TABLE
    assert git("rev-list", "--count", f"{before}..HEAD") == "1"
    assert git("log", "-1", "--format=%s") == f"cut step1 of {home.name} into 3 groups"
    assert sorted(Path(one).name for one in git("show", "--name-only", "--format=", "HEAD").split()) == [
        "campaign.yaml", "step1-groups.csv",
    ]  # fmt: skip
    shown = json.loads(ok(campledger("show", "hello", "--json")))
    assert shown["definition"]["steps"][0]["groups"] == {"template": "bps/step1.yaml", "table": "bps/step1-groups.csv"}
    assert list(shown["groups"]) == ["step1/1", "step1/2", "step1/3", "step2/all"]
    assert ok(campledger("check", "--strict")) == ""
    again = campledger("groups", "hello", "step1", "--from-list", exposures, *CUT)
    assert "it says so already; nothing was changed" in ok(again)
    sound()


def test_a_dry_run_prints_the_table_and_writes_nothing(
    home: Path, exposures: Path, campledger: Run, snapshot: Snapshot
) -> None:
    before = snapshot()
    done = campledger("groups", "hello", "step1", "--from-list", exposures, *CUT, "--dry-run")
    assert ok(done) == TABLE
    assert "would be cut into 3 groups" in done.stderr
    assert snapshot() == before


def test_groups_of_a_table_count_as_if_they_were_listed(home: Path, exposures: Path, campledger: Run) -> None:
    ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT))
    assert "3 waiting" in ok(campledger("show", "hello"))
    ok(campledger("start", "hello"))
    ok(campledger("record", "hello", "step1/2", "step1/3", "--run-id", "7"))
    ok(campledger("outcome", "7", "succeeded"))
    ok(campledger("accept", "7"))
    states = json.loads(ok(campledger("show", "hello", "--json")))["groups"]
    assert states == {"step1/1": "waiting", "step1/2": "accepted", "step1/3": "accepted", "step2/all": "waiting"}
    assert "2/4" in ok(campledger("list", "--columns", "name,groups"))
    done = campledger("record", "hello", "step1/4")
    assert done.returncode != 0
    assert "step1/4" in done.stderr


def test_a_group_with_a_submission_cannot_leave_its_table(
    home: Path, exposures: Path, campledger: Run, snapshot: Snapshot
) -> None:
    ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT))
    ok(campledger("start", "hello"))
    ok(campledger("record", "hello", "step1/3"))
    before = snapshot()
    done = campledger("groups", "hello", "step1", "--from-list", exposures, "--by", "exposure", "--size", "10")
    assert done.returncode == 3
    assert "unknown-step" in done.stderr
    assert snapshot() == before


@pytest.mark.parametrize(
    ("name", "content", "by", "query", "table"),
    [
        ("l.csv", "visit,band\n4,r\n2,g\n1,g\n3,r\n5,r\n", "visit", "visit >= LOWVISIT and visit <= HIGHVISIT",
         "GNUM,LOWVISIT,HIGHVISIT\n1,1,2\n2,3,4\n3,5,5\n"),
        ("l.csv", "visit,band\n4,r\n2,g\n1,g\n3,r\n5,r\n", "visit", "band='{BAND}' and visit in (VISITS)",
         'GNUM,BAND,VISITS\n1,r,"3, 4"\n2,r,5\n3,g,"1, 2"\n'),
        ("l.txt", "g 7\ng 8\nr 9\n", "visit", "band='x' and BAND and visit >= LOW_VISIT and visit < LAST_VISIT",
         "GNUM,BAND,LOW_VISIT,LAST_VISIT\n1,g,7,8\n2,r,9,9\n"),
        ("l.json", '{"members": [{"skymap": "s", "tract": 5}, {"skymap": "s", "tract": 3}, 9]}', "tract",
         "tract in (TRACTS)", None),
        ("l.json", '{"members": [{"skymap": "s", "tract": 5}, {"skymap": "s", "tract": 3}]}', "tract",
         "tract in (TRACTS)", 'GNUM,TRACTS\n1,"3, 5"\n'),
        ("l.ecsv", "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: exposure, datatype: int64}\nexposure\n8\n6\n",
         "exposure", "exposure BETWEEN MINEXP AND MAXEXP", "GNUM,MINEXP,MAXEXP\n1,6,8\n"),
    ],
)  # fmt: skip
def test_the_template_says_which_columns(
    home: Path,
    tmp_path: Path,
    campledger: Run,
    git: Git,
    name: str,
    content: str,
    by: str,
    query: str,
    table: str | None,
) -> None:
    (home / "bps/other.yaml").write_text(f'payload:\n  dataQuery: "{query}"\n')
    git("add", "-A")
    git("commit", "-m", "another")
    (tmp_path / name).write_text(content)
    options = ("--by", by, "--size", "2", "--template", "bps/other.yaml", "--table", "t.csv")
    done = campledger("groups", "hello", "step1", "--from-list", tmp_path / name, *options)
    if table is None:
        assert done.returncode == 1
        assert "rows of the list cannot be used" in done.stderr
        return
    ok(done)
    assert (home / "t.csv").read_text() == table
    assert ok(campledger("check", "--strict")) == ""


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("step1", "--by", "visit"), 2, "asks for `LOWEXP`, which is no visit"),
        (("step1", "--template", "bps/none.yaml"), 2, "put the template there"),
        (("step1", "--template", "../x.yaml"), 2, "is not in the campaign's directory"),
        (("step1", "--table", "/tmp/x.csv"), 2, "is not in the campaign's directory"),
        (("step1", "--table", "a b.csv"), 3, "invalid value `a b.csv` of `table`"),
        (("step1", "--size", "0"), 2, "0 is not in the range"),
        (("nothing",), 2, "has no step `nothing`: its steps are step1, step2"),
        (("step2",), 2, "which BPS file do the groups fill? --template PATH names it"),
        (("step1", "--template", "campaign.yaml"), 2, "has no words for what is in a group: write LOWEXP and HIGHEXP"),
    ],
)
def test_what_makes_no_groups_is_refused_whole(
    home: Path, exposures: Path, campledger: Run, snapshot: Snapshot, options: tuple[str, ...], status: int, said: str
) -> None:
    before = snapshot()
    step, *more = options
    done = campledger("groups", "hello", step, "--from-list", exposures, *CUT, *more)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot() == before


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        ("visit\n1\n", 2, "the list has no column `exposure`, but visit"),
        ("instrument,exposure\nHSC,1\nLATISS,2\n", 2, "the list has HSC and LATISS: one instrument at a time"),
        ("exposure\nx1\n2\n", 1, ":2:1: member-type: `x1` is no exposure"),
        ("", 1, "holds no rows"),
        (f"exposure\n1..{MAX_GROUPS * 3 + 1}\n", 2, "5,001 groups; 5,000 are the limit: make --size larger"),
    ],
)
def test_lists_that_do_not_do(
    home: Path, tmp_path: Path, campledger: Run, content: str, status: int, said: str
) -> None:
    (tmp_path / "list.csv").write_text(content)
    done = campledger("groups", "hello", "step1", "--from-list", tmp_path / "list.csv", *CUT)
    assert done.returncode == status, done.stderr
    assert said in done.stderr


def test_listed_groups_are_not_overwritten(ledger: Path, exposures: Path, campledger: Run) -> None:
    done = campledger("groups", "hello", "step1", "--from-list", exposures, *CUT)
    assert done.returncode == 3
    assert "step1 lists its groups in the definition" in done.stderr


def test_a_table_that_is_broken_is_made_anew(home: Path, exposures: Path, campledger: Run, git: Git) -> None:
    ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT))
    (home / "bps/step1-groups.csv").write_text("GNUM,GNUM\n")
    git("commit", "-am", "broken")
    assert campledger("check").returncode == 1
    assert "cannot be read" in ok(campledger("show", "hello"))
    ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT))
    assert ok(campledger("check", "--strict")) == ""


def test_groups_are_pushed(home: Path, exposures: Path, tmp_path: Path, campledger: Run, git: Git) -> None:
    git("init", "--bare", "--initial-branch=main", str(tmp_path / "server.git"))
    git("remote", "add", "origin", str(tmp_path / "server.git"))
    git("push", "-u", "origin", "main")
    assert "pushed to" in ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT, "--push"))
    assert git("rev-parse", "origin/main") == git("rev-parse", "HEAD")


def test_groups_are_proposed_on_a_branch(home: Path, exposures: Path, campledger: Run, git: Git) -> None:
    before = git("rev-parse", "HEAD")
    out = ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT, "--branch", "cut"))
    assert "cut on the branch cut into 3 groups of 7 exposures" in out
    assert git("rev-parse", "HEAD") == before == git("rev-parse", "cut~1")
    assert git("status", "--porcelain") == ""
    done = campledger("groups", "hello", "step1", "--from-list", exposures, *CUT, "--branch", "x", "--push")
    assert done.returncode == 2


def test_a_changed_row_is_a_changed_group_to_reviewers(home: Path, exposures: Path, campledger: Run, git: Git) -> None:
    ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT))
    ok(campledger("start", "hello"))
    ok(campledger("record", "hello", "step1/2"))
    (home / "bps/step1-groups.csv").write_text(TABLE.replace("2,7,11", "2,7,12") + "4,14,20\n")
    git("commit", "-qam", "other groups")
    found = json.loads(ok(campledger("diff", "hello@HEAD~1", "hello@HEAD", "--json")))
    changed = [(one["place"], one["key"]) for one in found["definition"]]
    assert ("step1/2", "processing.bps.variables.HIGHEXP") in changed
    assert ("step1/4", "") in changed
    assert "step1/1" not in dict(changed)
    assert "step1/2" in ok(campledger("review", "HEAD~1..HEAD"))


# render


def test_a_row_fills_the_template_without_a_butler(
    home: Path, exposures: Path, tmp_path: Path, campledger: Run
) -> None:
    ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT))
    expected = TEMPLATE.replace("GNUM", "2").replace("LOWEXP", "7").replace("HIGHEXP", "11")
    assert ok(campledger("render", "hello", "step1/2")) == expected
    out = tmp_path / "submit.yaml"
    assert ok(campledger("render", "hello", "step1/2", "--out", out)) == ""
    assert out.read_text() == expected
    done = campledger("render", "hello", "step1")
    assert done.returncode == 2
    assert "several groups: `step1`: name one of step1/1, step1/2, step1/3" in done.stderr


def test_listed_groups_and_steps_are_rendered_the_same_way(home: Path, campledger: Run) -> None:
    done = campledger("render", "hello", "step1")
    assert done.returncode == 1
    assert "nothing fills GNUM, HIGHEXP, LOWEXP for step1/all" in done.stderr
    assert done.stdout == ""
    groups = "[{name: a, processing: {bps: {variables: {GNUM: a, LOWEXP: 7, HIGHEXP: 11}}}}]"
    ok(campledger("edit", "hello", "--set", f"steps.step1.groups={groups}"))
    expected = TEMPLATE.replace("GNUM", "a").replace("LOWEXP", "7").replace("HIGHEXP", "11")
    assert ok(campledger("render", "hello", "step1/a")) == expected


def test_what_the_file_leaves_out_comes_from_the_definition(home: Path, campledger: Run, git: Git) -> None:
    (home / "bps/step1.yaml").write_text("pipelineYaml: x.yaml\n")
    git("commit", "-am", "shorter")
    made = strict.read("", ok(campledger("render", "hello", "step1")).encode()).value
    assert made["payload"] == {
        "inCollection": "HSC/raw/all,HSC/calib,refcats,skymaps",
        "dataQuery": "(instrument='HSC') AND (skymap='hsc_rings_v1') AND (tract=9813)",
    }


def test_sets_need_a_butler_and_it_is_said(
    home: Path, exposures: Path, ledger: Path, campledger: Run, git: Git
) -> None:
    ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT))
    (ledger / "dataids").mkdir()
    (ledger / "dataids/bad.csv").write_text("instrument,exposure\nHSC,3\n")
    git("add", "-A")
    git("commit", "-m", "a set")
    ok(campledger("edit", "hello", "--set", "data.exclude=[bad]"))
    done = campledger("render", "hello", "step1/1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "step1/1 has no Butler for the DataId sets that it includes or excludes: give --butler ALIAS" in done.stderr


def test_pipetask_does_not_take_the_data_of_all_groups(home: Path, exposures: Path, campledger: Run) -> None:
    ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT))
    done = campledger("pipetask", "hello", "step1/1", "--print")
    assert done.returncode == 2
    assert "campledger render hello step1/1` makes it, for `bps submit`" in done.stderr


@pytest.mark.parametrize("text", ["a: [", "- a\n", "a: !!python/object:x {}\n"])
def test_a_template_that_is_none_is_told(home: Path, campledger: Run, text: str) -> None:
    (home / "bps/step1.yaml").write_text(text)
    done = campledger("render", "hello", "step1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr


# the bounds of a table


@pytest.mark.parametrize(
    ("data", "rule", "place"),
    [
        (b"G\n" + b"".join(b"%d\n" % number for number in range(MAX_GROUPS + 1)), "unreadable", (MAX_GROUPS + 2, 1)),
        (b"x" * (MAX_BYTES + 1), "unreadable", (0, 0)),
        (b"G\n" + b"x" * 200_000, "unreadable", (2, 1)),
        (b"G,H\n1," + b"x" * 70_000, "schema", (2, 3)),
        (b"G\n\xff\n", "unreadable", (2, 1)),
        (b"\xef\xbb\xbfG\n1\n", "unreadable", (1, 1)),
        (b"G\n<<<<<<< x\n", "conflict-marker", (2, 1)),
        (b'G,H\n1,"a\nb"\n', "schema", (2, 3)),
    ],
)
def test_a_table_is_bounded(data: bytes, rule: str, place: tuple[int, int]) -> None:
    report = Report("t.csv")
    read_table(data, report, "t.yaml")
    (problem,) = report.problems()
    assert (problem.rule, (problem.line, problem.column)) == (rule, place)


def test_a_table_of_the_largest_size_is_read_whole() -> None:
    report = Report("t.csv")
    table = read_table(b"G\r\n" + b"".join(b"%d\r\n" % number for number in range(MAX_GROUPS)), report, "t.yaml")
    assert table is not None
    assert len(table.groups) == MAX_GROUPS
    assert report.problems() == ()


def test_a_batch_cuts_groups_as_the_command_does(home: Path, campledger: Run, exposures: Path) -> None:
    ids = [13, 1, 3, 5, 7, 9, 11, 3]
    act = {"act": "groups", "campaign": "hello", "step": "step1", "by": "exposure", "size": 3}
    told = ok(campledger("groups", "hello", "step1", "--from-list", exposures, *CUT, "--dry-run"))
    for given in ({"ids": ids}, {"from_list": str(exposures)}):
        line = json.dumps({**act, **given, "table": f"bps/{next(iter(given))}.csv"}).encode()
        ok(campledger("batch", "-", stdin=line))
        assert (home / f"bps/{next(iter(given))}.csv").read_text() == told
    again = campledger("batch", "-", stdin=line)
    assert again.stdout == "nothing to do: there are no acts in it that were not made before\n"
    both = campledger("batch", "-", stdin=json.dumps(act).encode())
    assert (both.returncode, "give `ids`, or `from_list`" in both.stderr) == (3, True)
