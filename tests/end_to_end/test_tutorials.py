"""The tutorials do what they say: their commands are run in order, and print what is shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campledger.model.ids import ALPHABET

ROOT = Path(__file__).parents[2]
TUTORIALS = [*sorted((ROOT / "docs/tutorials").glob("*.md")), ROOT / "docs/scripting.md"]

CAMPAIGN = rf"\d{{4}}-\d\d-\d\d-[a-z0-9-]+-[{ALPHABET}]{{4}}"
EVENT_OR_COMMIT = r"(?=\d*[a-z])(?=[a-z]*\d)(?:[0-9a-z]{10}|[0-9a-z]{12}|[0-9a-z]{40})"
MOMENT = r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\dZ)?)?"
MONTH = rf"\d{{4}}/\d\d/(?={CAMPAIGN}\b)"
VARYING = re.compile(rf"\b(?:{MONTH}|(?:{CAMPAIGN}|{EVENT_OR_COMMIT}|{MOMENT})\b)|…")


@dataclass
class Command:
    """A command of a tutorial, and the output that is shown below it; … stands for anything."""

    words: str
    shown: list[str] = field(default_factory=list)


@dataclass
class Screen:
    """What a reader sees where a page has ids, commits and the day of its writing: others, but the same each time."""

    written_on: frozenset[str]
    names: dict[str, str] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def shows(self, page: list[str], printed: str) -> bool:
        """Whether what was printed is what the page shows, which is nothing where it does not matter."""
        if not page:
            return True
        groups: dict[str, str] = {}
        lines = (".*" if line == "…" else self._pattern(line, groups) for line in page)
        found = re.fullmatch("\n".join(lines), printed.rstrip("\n"), re.DOTALL)
        if found is None:
            return False
        seen = [*self.names.values(), *(found[group] for group in groups.values())]
        if len(set(seen)) < len(seen):  # what has one name for the reader has two on the page
            return False
        self.names |= {name: found[group] for name, group in groups.items()}
        return True

    def _pattern(self, line: str, groups: dict[str, str]) -> str:
        made, at = "", 0
        for token in VARYING.finditer(line):
            made += re.escape(line[at : token.start()]) + self._pattern_of(token[0], groups)
            at = token.end()
        return made + re.escape(line[at:])

    def _pattern_of(self, token: str, groups: dict[str, str]) -> str:
        if token == "…":
            return "[^\n]*"
        if token.endswith("/"):
            return r"\d{4}/\d\d/"
        if token in self.names:
            return re.escape(self.names[token])
        if token in groups:
            return f"(?P={groups[token]})"
        if re.fullmatch(MOMENT, token):
            return (
                self._day() + re.sub(r"\d", r"\\d", token[10:]) if token[:10] in self.written_on else re.escape(token)
            )
        groups[token] = f"name{len(groups)}"
        of_campaign = f"{self._day()}{token[10:-4]}[{ALPHABET}]{{4}}"
        shape = of_campaign if re.fullmatch(CAMPAIGN, token) else f"[0-9a-z]{{{len(token)}}}"
        return f"(?P<{groups[token]}>{shape})"

    def _day(self) -> str:
        """Return a pattern of today, which midnight may have changed since the page was begun."""
        return f"(?:{self.began.date()}|{datetime.now(UTC).date()})"


def commands(text: str) -> Iterator[Command]:
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        found: list[Command] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:]))
            elif line.startswith(">"):
                found[-1].words += f"\n{line[2:]}"
            else:
                found[-1].shown.append(line)
        yield from found


def screen_of(text: str) -> Screen:
    return Screen(frozenset(name[:10] for name in re.findall(rf"{CAMPAIGN}\b", text)))


K7MQ, A3XZ = "2026-11-24-hello-k7mq", "2026-11-24-hello-a3xz"


@pytest.mark.parametrize(
    ("page", "printed", "same"),
    [
        (["step1  …", "…", "end"], "step1  2 ended\n1\n2\nend\n", True),
        (["step1 (2)"], "step1 (3)", False),
        (["a", "b"], "a\nb\nc", False),
        ([f"{K7MQ}: started", f"next: show {K7MQ}"], "{0}-hello-bbbb: started\nnext: show {0}-hello-bbbb", True),
        ([f"{K7MQ}: started", f"next: show {K7MQ}"], "{0}-hello-bbbb: started\nnext: show {0}-hello-cccc", False),
        ([f"{K7MQ} {A3XZ}"], "{0}-hello-bbbb {0}-hella-cccc", False),
        (["event jqh3fsh85kcc, commit 08767b820f"], "event abcdefghjkmn, commit 1234567890", True),
        (["event jqh3fsh85kcc of ur93fhv7bty4"], "event abcdefghjkmn of abcdefghjkmn", False),
        (["event jqh3fsh85kcc, commit 08767b820f"], "event abcdefghjkmn, commit 123456789", False),
        (["2026-11-24 08:00 vera, 2025-01-01"], "{0} 23:59 vera, 2025-01-01", True),
        (["2026-11-24 08:00 vera, 2025-01-01"], "{0} 23:59 vera, 2025-01-02", False),
        (["campaigns/2026/11/" + K7MQ], "campaigns/2031/01/{0}-hello-bbbb", True),
    ],
)
def test_a_page_is_held_to_what_it_shows(page: list[str], printed: str, same: bool) -> None:
    screen = Screen(frozenset({"2026-11-24"}))
    assert screen.shows(page, printed.format(screen.began.date())) is same


def test_an_id_is_the_same_from_screen_to_screen() -> None:
    screen = Screen(frozenset({"2026-11-24"}))
    seen = f"{screen.began.date()}-hello-bbbb"
    assert screen.shows([f"{K7MQ}: started"], f"{seen}: started")
    assert screen.shows([f"{K7MQ}: ended"], f"{seen}: ended")
    assert not screen.shows([f"{K7MQ}: ended"], f"{seen[:-4]}cccc: ended")
    assert not screen.shows([f"{A3XZ}: ended"], f"{seen}: ended")


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_what_a_reader_pastes_holds_no_id_that_is_another_for_each_reader(tutorial: Path) -> None:
    text = tutorial.read_text("utf-8")
    ends = {name[-4:] for name in re.findall(rf"{CAMPAIGN}\b", text)}
    ids = re.compile(rf"\b(?:{CAMPAIGN}|{EVENT_OR_COMMIT}|{'|'.join(ends) or CAMPAIGN})\b")
    assert [step.words for step in commands(text) if ids.search(step.words)] == []


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_does_what_it_says(tutorial: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "CAMPLEDGER": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    text = tutorial.read_text("utf-8")
    steps, screen = list(commands(text)), screen_of(text)
    assert steps
    where, status = tmp_path, 0
    (tmp_path / "variables").touch()
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        # One shell a command, so that each has its output; folder, exit code and the page's variables are carried over.
        typed = (
            f"source '{tmp_path}/variables'\n(exit {status})\n{step.words}\nSTATUS=$?\npwd >'{tmp_path}/where'\n"
            f"for NAME in $(compgen -A variable | grep '^[a-z]'); do declare -p $NAME; done >'{tmp_path}/variables'\n"
            "exit $STATUS"
        )
        done = subprocess.run(
            ["bash", "-c", typed],
            cwd=where, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        where, status = Path((tmp_path / "where").read_text().strip()), done.returncode
        # A page that looks at an exit code says which one it is.
        assert status == 0 or (after is not None and "$?" in after.words), f"{step.words}\n{done.stdout}"
        shown = "\n".join(step.shown)
        assert screen.shows(step.shown, done.stdout), f"{step.words}\nprinted\n{done.stdout}\nand not\n{shown}"
