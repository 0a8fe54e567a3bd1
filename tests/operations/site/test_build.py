"""Which state of a ledger a site shows, how much of it, and by whose templates."""

from __future__ import annotations

import re
import shutil
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from campledger.errors import DataError, UsageError
from campledger.operations.site.build import build
from campledger.operations.site.serve import changes, serve
from campledger.pages.engine import overrides, render
from campledger.pages.engine.embargo import NOT_PUBLIC, Hidden
from campledger.pages.engine.output_folder import write
from campledger.repository.file_trees import WorkTree
from tests.pages.conftest import Log, commit, definition, git, isolate_git, put_campaign, put_settings

OPEN, CHILD, SECRET = "2026-09-01-open-aaaa", "2026-09-02-child-bbbb", "2026-09-03-secret-cccc"
LATER, LONGER = "2026-09-03-secret-event-dddd", "2026-09-03-secret-cccc-eeee"
GROUPED = "2026-09-03-grouped-gggg"
BROKEN = "2026-09-04-broken-ffff"


@pytest.fixture(autouse=True)
def _git_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    isolate_git(monkeypatch)


def texts(out: Path) -> str:
    """Return everything that a site holds, names of files included."""
    files = [file for file in sorted(out.rglob("*")) if file.is_file()]
    return "\n".join(f"{file}\n{file.read_bytes().decode('utf-8', 'replace')}" for file in files)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with campaigns that are embargoed for all reasons there are, and named wherever one can be."""
    root = tmp_path / "ledger"
    put_settings(root)
    secret = {"butler": "embargo", "exclude": ["secret-set", "both"]}
    put_campaign(root, SECRET, definition("secret", data=secret, description="Zwicky"))
    put_campaign(root, LONGER, definition("longer", data={"butler": "unheard-of"}, description="Zwicky"))
    log = Log(seed="la")
    log.add("collected", butler="embargo", registry="x", collection="u/x/zwicky", dataset_types=["raw"],
            count={"raw": 3}, from_=["x"])  # fmt: skip
    put_campaign(root, LATER, definition("later", description="Zwicky"), log)
    group = [{"name": "step1", "groups": [{"name": "g", "data": {"butler": "embargo"}}]}]
    put_campaign(root, GROUPED, definition("grouped", steps=group, description="Zwicky"))
    put_campaign(root, OPEN, definition("open", data={"butler": "main", "exclude": ["both", "made"]}))
    log = Log(seed="ch")
    log.add("note", text=f"as {SECRET.upper()} did, and {LATER}, and {LONGER}; not {OPEN}")
    put_campaign(
        root, CHILD,
        definition("child", derived_from=f"{SECRET}@main", description=f"Repeats {SECRET}.", links=[
            {"type": "other", "url": f"https://example.org/{LONGER}?x={BROKEN}", "title": SECRET}
        ]),
        log, notes_DOT_md=f"See campaigns/2026/09/{SECRET}/campaign.yaml\n",
    )  # fmt: skip
    directory = put_campaign(root, BROKEN, definition("broken"))
    (directory / "campaign.yaml").write_text("name: [Zwicky\n")
    sets = root / "dataids"
    sets.mkdir()
    for name, seed in (("secret-set", 831101), ("both", 831102), ("behind", 831103), ("nobodys", 831104)):
        (sets / f"{name}.json").write_text(f'[{{"instrument": "LSSTCam", "exposure": {seed}}}]')
    (sets / "made.json").write_text('{"name": "made", "derived": {"union": ["behind", "both"]}}')
    (sets / f"{SECRET}.json").write_text('[{"instrument": "LSSTCam", "exposure": 831105}]')
    commit(root, f"Define {SECRET}")
    return root


def test_nothing_embargoed_is_published(ledger: Path, tmp_path: Path) -> None:
    everything = build(ledger, tmp_path / "all")
    assert SECRET in texts(tmp_path / "all")
    result = build(ledger, tmp_path / "out", public=True)
    assert result.notes == ("5 campaigns left out: embargoed, or not readable",)
    assert result.pages < everything.pages
    found = texts(tmp_path / "out")
    for name in (SECRET, LATER, LONGER, GROUPED, BROKEN, "zwicky", "secret-set", "nobodys", "831101", "831105"):
        assert name not in found.lower(), name
    for name in (OPEN, CHILD, NOT_PUBLIC, "behind"):
        assert name in found
    assert all(SECRET not in problem.as_text() for problem in result.problems)


def test_what_is_published_changes_with_the_embargo(ledger: Path, tmp_path: Path) -> None:
    build(ledger, tmp_path / "out", public=True)
    put_settings(ledger, {"title": "T", "productions": {"data-release": "DRP"}, "butlers": {"main": {}, "embargo": {}}})
    commit(ledger, "Lifted")
    build(ledger, tmp_path / "out", public=True)
    found = texts(tmp_path / "out")
    assert SECRET in found
    assert LONGER not in found
    put_settings(ledger)
    commit(ledger, "Put back")
    build(ledger, tmp_path / "out", public=True)
    assert SECRET not in texts(tmp_path / "out").lower()
    build(ledger, tmp_path / "cold", public=True)
    assert texts(tmp_path / "cold").replace("/cold/", "/out/") == texts(tmp_path / "out")


def test_a_folder_that_cannot_be_read_to_the_end_is_never_taken_as_known(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr("campledger.operations.site.build.stamp", lambda _: None)
    build(ledger, out, public=True)
    build(ledger, out)
    assert SECRET in texts(out)
    build(ledger, out, public=True)
    assert SECRET not in texts(out)
    shutil.rmtree(out)
    build(ledger, out, public=True)
    assert (out / "index.html").is_file()


def test_no_other_build_comes_between_a_site_and_what_is_kept_of_it(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    refused: list[str] = []

    def stamp(out: Path) -> str:
        with pytest.raises(UsageError, match="another build goes on") as caught:
            write(out, [("index.html", b"another's")])
        refused.append(str(caught.value))
        return "stamp"

    monkeypatch.setattr("campledger.pages.engine.output_folder._PATIENCE", 0.0)
    monkeypatch.setattr("campledger.operations.site.build.stamp", stamp)
    build(ledger, out)
    assert len(refused) == 1


def test_a_new_embargoed_campaign_changes_only_what_names_it(ledger: Path, tmp_path: Path) -> None:
    new = "2026-09-09-new-gggg"
    put_campaign(ledger, "2026-09-08-says-hhhh", definition("says", description=f"like {new}"))
    commit(ledger)
    build(ledger, tmp_path / "out", public=True)
    before = {file: file.stat().st_ino for file in tmp_path.glob("out/campaigns/*.html")}
    put_campaign(ledger, new, definition("new", data={"butler": "embargo"}))
    commit(ledger)
    build(ledger, tmp_path / "out", public=True)
    after = {file: file.stat().st_ino for file in tmp_path.glob("out/campaigns/*.html")}
    assert [file.name for file in after if after[file] != before[file]] == ["2026-09-08-says-hhhh.html"]
    assert new not in texts(tmp_path / "out")


def test_ids_are_found_wherever_they_stand() -> None:
    hidden = Hidden([SECRET, LONGER])
    text = f"{SECRET} x{SECRET}y 1{SECRET} {SECRET.upper()} {LONGER}-{SECRET} 2026-09-03-secret-cccd".encode()
    left = hidden.without(text)
    assert SECRET not in left.decode().lower()
    assert b"2026-09-03-secret-cccd" in left
    assert hidden.without(left) == left


def dated(monkeypatch: pytest.MonkeyPatch, root: Path, day: str) -> str:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_DATE", f"{day}T12:00:00Z")
    name = f"{day}-on-{day.replace('-', '')[4:]}"
    put_campaign(root, name, definition(name[11:]))
    return commit(root, day)


def test_as_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "ledger"
    put_settings(root)
    days = [dated(monkeypatch, root, day) for day in ("2026-09-01", "2026-09-02", "2026-09-03")]
    git(root, "switch", "--quiet", "--create", "side", days[0])
    dated(monkeypatch, root, "2026-09-02")
    expected = {"2026-09-02": 1, "2026-09-02T11:59:59Z": 0, "2026-09-02T12:00": 1, "2030-01-01": 2,
                "2026-09-02T13:59:59+02:00": 0, days[2][:10]: 2}  # fmt: skip
    for moment, number in expected.items():
        assert build(root, tmp_path / "out", commit=moment).commit == days[number], moment
    with pytest.raises(UsageError, match="no commit of `main` is as early as 2026-08-31:"):
        build(root, tmp_path / "out", commit="2026-08-31")
    with pytest.raises(UsageError, match="invalid time `2026-09-31`"):
        build(root, tmp_path / "out", commit="2026-09-31")
    with pytest.raises(UsageError, match="unknown commit `yesterday`"):
        build(root, tmp_path / "out", commit="yesterday")
    with pytest.raises(UsageError, match="exclude each other"):
        build(root, tmp_path / "out", commit="2030-01-01", worktree=True)


def test_a_shallow_clone_says_so(ledger: Path, tmp_path: Path) -> None:
    (ledger / "README.md").write_text("x")
    commit(ledger)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{ledger}", "shallow")
    assert build(ledger, tmp_path / "out").notes == ()
    (note,) = build(tmp_path / "shallow", tmp_path / "shallow-out").notes
    assert "fetch --unshallow" in note
    assert build(tmp_path / "shallow", tmp_path / "shallow-out").notes == (note,)


def override(root: Path, name: str, text: str | bytes) -> None:
    file = root / "overrides" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_overrides_extend_the_packaged_templates(ledger: Path, tmp_path: Path) -> None:
    build(ledger, tmp_path / "out")
    head = '{% block head %}<meta name="x">{% endblock %}'
    footer = '{% block footer %}{{ super() }}<p>{{ campaign["owner"]["name"] }} &amp; Co</p>{% endblock %}'
    override(ledger, "templates/base.html", f'{{% extends "packaged/base.html" %}}\n{head}')
    override(ledger, "templates/campaign.html", f'{{% extends "packaged/campaign.html" %}}\n{footer}')
    override(ledger, "static/logo.svg", "<svg/>")
    override(ledger, "README.md", "ours")
    commit(ledger, "Overrides")
    build(ledger, tmp_path / "out")
    page = (tmp_path / f"out/campaigns/{OPEN}.html").read_text()
    assert "<p>Vera Rubin &amp; Co</p>" in page
    assert "built by campledger" in page
    assert (tmp_path / "out/static/logo.svg").read_text() == "<svg/>"
    assert "index.html" in {file.name for file in (tmp_path / "out").iterdir()}
    git(ledger, "rm", "-rqf", "overrides")
    commit(ledger, "Without")
    build(ledger, tmp_path / "out")
    assert "&amp; Co" not in (tmp_path / f"out/campaigns/{OPEN}.html").read_text()
    assert not (tmp_path / "out/static/logo.svg").exists()


PAGE = "templates/campaign.html"
BAD: dict[str, tuple[str, str | bytes, str]] = {
    "syntax": (PAGE, "\n\n{% block main %}", f"overrides/{PAGE}:3:0: "),
    "undefined": (PAGE, "\n{{ nothing.there }}", f"overrides/{PAGE}:2:0: UndefinedError"),
    "division": (PAGE, "\n{{ 1 // 0 }}", f"overrides/{PAGE}:2:0: ZeroDivisionError"),
    "itself": (PAGE, '{% extends "campaign.html" %}', f"overrides/{PAGE}:1:0: .*itself"),
    "python": (PAGE, "\n{{ ''.__class__.__mro__[1].__subclasses__() }}", f"overrides/{PAGE}:2:0: SecurityError"),
    "parentheses": (PAGE, "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", f"overrides/{PAGE}:0:0: RecursionError"),
    "loops": (PAGE, "{% for x in [1] %}" * 40 + "{% endfor %}" * 40, f"overrides/{PAGE}:0:0: SyntaxError"),
    "conditions": (PAGE, "{% if 1 %}" * 120 + "{% endif %}" * 120, f"overrides/{PAGE}:0:0: IndentationError"),
    "digits": (PAGE, "{{ 10**5000 }}", f"overrides/{PAGE}:0:0: ValueError"),
    "extended": ("templates/base.html", "{{ 10**5000 }}", "overrides/templates/base.html:0:0: ValueError"),
    "endless": (PAGE, "{% for x in range(10 ** 9) %}x{% endfor %}", f"overrides/{PAGE}:1:0: OverflowError"),
    "missing": (PAGE, '\n{% include "../../etc/passwd" %}', f"overrides/{PAGE}:2:0: TemplateNotFound"),
    "bytes": (PAGE, b"a\n\xff", f"overrides/{PAGE}:2:0: unreadable"),
    "place": ("campaign.html", "x", "overrides/campaign.html:0:0: .* overrides/templates/ or overrides/static/"),
}


@pytest.mark.parametrize("harm", list(BAD))
def test_overrides_that_are_wrong_are_told_with_their_place(ledger: Path, tmp_path: Path, harm: str) -> None:
    build(ledger, tmp_path / "out")
    good = texts(tmp_path / "out")
    name, text, message = BAD[harm]
    override(ledger, name, text)
    commit(ledger, "Wrong")
    with pytest.raises(DataError, match=message):
        build(ledger, tmp_path / "out")
    assert texts(tmp_path / "out") == good


def test_an_override_replaces_nothing_that_a_build_makes(ledger: Path, tmp_path: Path) -> None:
    build(ledger, tmp_path / "out")
    static = (tmp_path / "out/static").rglob("*.*")
    paths = {file.relative_to(tmp_path / "out").as_posix() for file in static}
    made = paths - set(render.static_files())
    assert {"static/built.js", "static/ledger.js", f"static/definitions/{OPEN}.js"} <= made
    for path in sorted(made):
        override(ledger, path, "mine")
        with pytest.raises(DataError, match=f"overrides/{path}:0:0: a build makes this file"):
            overrides.read(WorkTree(ledger))
        (ledger / "overrides" / path).unlink()
    override(ledger, f"static/definitions/{OPEN}.js", "mine")
    for out in ("out", "new"):
        with pytest.raises(DataError, match=f"overrides/static/definitions/{OPEN}.js:0:0: "):
            build(ledger, tmp_path / out, worktree=True)


def test_an_override_is_no_link(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (ledger / "overrides/static").mkdir(parents=True)
    (ledger / "overrides/static/x.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match=r"overrides/static/x.txt:0:0: path-outside"):
        build(ledger, tmp_path / "out", worktree=True)


def wait_for(rounds: Iterator[None]) -> threading.Thread:
    thread = threading.Thread(target=lambda: next(rounds), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("worktree", [False, True])
def test_changes_are_noticed(ledger: Path, worktree: bool) -> None:
    rounds = changes(ledger, worktree=worktree)
    next(rounds)
    waiting = wait_for(rounds)
    time.sleep(0.7)
    assert waiting.is_alive()
    put_campaign(ledger, "2026-10-01-new-aaaa", definition("new"))
    if not worktree:
        time.sleep(0.7)
        assert waiting.is_alive()
        commit(ledger)
    waiting.join(20)
    assert not waiting.is_alive()


def test_a_ledger_that_cannot_be_read_is_a_change(ledger: Path) -> None:
    rounds = changes(ledger, worktree=True)
    next(rounds)
    (ledger / "queries").write_text("no folder")
    next(rounds)
    (ledger / "queries").unlink()
    next(rounds)
    ledger.rename(ledger.parent / "moved")
    next(rounds)


def test_pages_served_ask_whether_they_changed(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(ledger, out)
    with serve(out, 0, reloading=True) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}"

        def ask(path: str) -> str:
            with urllib.request.urlopen(base + path) as answer:
                return str(answer.read().decode())

        assert '<script src="/-/reload.js" defer></script>' in ask("/")
        assert "campledgerState" in ask("/-/reload.js")
        before = ask("/-/state.js?1")
        assert re.fullmatch(r"campledgerState\(\d+\);", before)
        assert ask("/-/state.js") == before
        put_campaign(ledger, "2026-10-01-new-aaaa", definition("new"))
        build(ledger, out, worktree=True)
        assert ask("/-/state.js") != before
        assert "reload.js" not in (out / "index.html").read_text()
        server.shutdown()


DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = re.compile(r"`(overrides/templates/\w+\.html)`:\n\n```jinja\n(.*?)```", re.DOTALL)


def test_the_documented_example_adds_a_logo_and_a_column(ledger: Path, tmp_path: Path) -> None:
    examples = EXAMPLE.findall((DOCS / "site.md").read_text())
    assert [name for name, _ in examples] == ["overrides/templates/base.html", "overrides/templates/sets.html"]
    for name, text in examples:
        override(ledger, name.removeprefix("overrides/"), text)
    override(ledger, "static/institute.svg", "<svg/>")
    override(ledger, "static/institute.css", ".institute { margin: 0 }")
    commit(ledger, "Ours")
    build(ledger, tmp_path / "out")
    for page in (tmp_path / "out").rglob("*.html"):
        text = page.read_text()
        root = "../" * (len(page.relative_to(tmp_path / "out").parts) - 1)
        assert f'<img src="{root}static/institute.svg" alt="Institute of Astronomy"' in text
        assert f'<link rel="stylesheet" href="{root}static/institute.css">' in text
        assert f'<link rel="stylesheet" href="{root}static/site.css">' in text
    sets = (tmp_path / "out/sets/index.html").read_text()
    assert '<th scope="col">Changed by</th>' in sets
    assert "<td>Vera Rubin</td></tr>" in sets
