"""What a terminal gets to see: colours, a pager, ages; and Ctrl-C at any moment."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger.cli import terminal

Run = Callable[..., subprocess.CompletedProcess[str]]

COLOUR = "\x1b["


def seen(root: Path, *words: str, **variables: str) -> tuple[int, str]:
    """Run a command on a terminal of its own, 80 columns wide; return its exit code and what is seen."""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment |= {"TERM": "xterm", "COLUMNS": "80", "LINES": "24", **variables}
    pid, device = pty.fork()
    if pid == 0:
        os.chdir(root)
        os.execve(sys.executable, [sys.executable, "-m", "campledger", *words], environment)
    out = b""
    while True:
        try:
            piece = os.read(device, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    os.close(device)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out.decode().replace("\r\n", "\n")


@pytest.fixture
def started(ledger: Path, campledger: Run) -> Path:
    for words in (["start", "hello"], ["note", "hello", "\x1b[2Jclear\x07 \u202e"]):
        assert campledger(*words).returncode == 0
    return ledger


@pytest.mark.parametrize("words", [["list"], ["show", "hello"], ["log"], ["todo"], ["whatnext", "hello"]])
def test_colours_are_for_terminals_that_want_them(started: Path, words: list[str]) -> None:
    for pager in ("", "cat", "tee page"):
        code, out = seen(started, *words, CAMPLEDGER_PAGER=pager)
        assert code == 0
        if words != ["log"]:
            assert COLOUR in out, pager
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            code, out = seen(started, *words, CAMPLEDGER_PAGER=pager, **variables)
            assert (code, COLOUR in out) == (0, False), variables


@pytest.mark.parametrize("words", [["list"], ["show", "hello"], ["log"], ["todo"], ["whatnext", "hello"]])
def test_what_others_wrote_steers_no_terminal(started: Path, words: list[str]) -> None:
    for pager in ("", "cat", "tee page", "less -FRX"):
        _, out = seen(started, *words, CAMPLEDGER_PAGER=pager)
        plain = re.sub("\x1b(\\[[0-9;]*[mK]|\\[\\?1[hl]|[=>])", "", out)
        assert "\u202e" not in plain
        assert "\x1b" not in plain
        assert "\x07" not in plain


def test_a_pager_is_chosen_as_people_say(started: Path) -> None:
    for variables, expected in (
        ({"CAMPLEDGER_PAGER": "sed s/^/mine/", "PAGER": "sed s/^/theirs/"}, "mine"),
        ({"PAGER": "sed s/^/theirs/"}, "theirs"),
        ({"CAMPLEDGER_PAGER": "", "PAGER": "sed s/^/theirs/"}, "  2"),
        ({"CAMPLEDGER_PAGER": "no-such-pager --at-all"}, "  2"),
        ({"CAMPLEDGER_PAGER": "'unclosed"}, "  2"),
    ):
        code, out = seen(started, "log", **variables)
        assert (code, out[: len(expected)]) == (0, expected)
    code, out = seen(started, "log", CAMPLEDGER_PAGER="sh -c 'cat; echo $LESS'")
    assert out.endswith("FRX\n")
    code, out = seen(started, "log", CAMPLEDGER_PAGER="sh -c 'cat; echo $LESS'", LESS="S")
    assert out.endswith("\nS\n")


def test_a_pager_that_has_seen_enough_is_no_error(started: Path, campledger: Run) -> None:
    for number in range(30):
        assert campledger("note", "hello", f"{number} " + "x" * 4000).returncode == 0
    code, out = seen(started, "log", CAMPLEDGER_PAGER="head -c 10")
    assert (code, "Traceback" in out) == (0, False)
    assert seen(started, "log", CAMPLEDGER_PAGER="false")[0] == 0


def test_no_pager_where_nobody_reads(started: Path, spawn: Run) -> None:
    done = spawn("log", env={"CAMPLEDGER_PAGER": "sed s/^/mine/", "TERM": "xterm"})
    assert (done.returncode, "mine" in done.stdout) == (0, False)


def test_times_have_their_age_and_local_time_on_a_terminal(started: Path, spawn: Run) -> None:
    _, out = seen(started, "show", "hello", CAMPLEDGER_PAGER="", TZ="Asia/Kolkata")
    assert re.search(
        r"running\x1b\[0m since \d{4}-\d\d-\d\d \d\d:\d\d UTC \((now|\d+ min ago), \d\d:\d\d here\) by", out
    )
    assert re.search(r"  \d{4}-\d\d-\d\d \d\d:\d\d  +(now|\d+ min ago)  vera: started", out)
    assert re.search(r"  \d{4}-\d\d-\d\d \d\d:\d\d  vera: started", spawn("show", "hello").stdout)


class Tty:
    """A stream that says it is a terminal, and keeps what it is told."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "now"), (59, "now"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago"), (172799, "47 h ago"),
     (172800, "2 d ago"), (59 * 86400, "59 d ago"), (61 * 86400, ""), (-30, "now"), (-120, "")],
)  # fmt: skip
def test_ages(monkeypatch: pytest.MonkeyPatch, seconds: int, words: str) -> None:
    monkeypatch.setattr(sys, "stdout", Tty())
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
    assert terminal.ago(text) in {words, words.replace("59 min", "1 h").replace("now", "1 min ago")}


def test_a_long_reading_tells_how_far_it_is_and_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Tty()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(terminal, "_PATIENCE", 0.0)
    reading = terminal.ReadingProgress()
    for number in range(1, 1001):
        reading(number, 1000)
        time.sleep(0.0003)
    assert "\rreading campaigns: " in stream.text
    assert " of 1,000" in stream.text
    assert stream.text.endswith("\r\x1b[K")
    few = terminal.ReadingProgress()
    stream.text = ""
    few(100, 100)
    assert stream.text == ""


INTERRUPTING = """
import signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv[1:] = ["list"]
from campledger.__main__ import run
run()
"""


@pytest.mark.parametrize(
    "module",
    [
        "campledger.cli.main",
        "click",
        "campledger.cli.commands.list",
        "campledger.operations.read.find_campaigns",
        "git",
        "yaml",
    ],
)
def test_ctrl_c_while_modules_are_imported_is_told_without_a_traceback(ledger: Path, module: str) -> None:
    command = [sys.executable, "-c", INTERRUPTING.format(module=module)]
    done = subprocess.run(command, cwd=ledger, text=True, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "interrupted; nothing was left half-done"


def test_what_ignores_ctrl_c_goes_on(ledger: Path) -> None:
    command = f"trap '' INT; {sys.executable} -m campledger list & wait"
    process = subprocess.Popen(["bash", "-c", command], cwd=ledger, stdout=subprocess.PIPE, start_new_session=True)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert b"hello-campledger" in out
