"""What help and documentation tell to type can be typed: the command is there, and takes these options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from campledger.cli.expressions import require_words
from campledger.cli.main import main

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def walk(command: click.Command, *words: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from walk(below, *words, name)


COMMANDS = list(walk(main))


def calls(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of campledger in lines for a shell."""
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        for inner in re.findall(r"\$\((campledger [^)]*)\)", line):
            yield shlex.split(inner)[1:]
        split = shlex.shlex(re.sub(r"(^|\s)#\s.*", "", line), posix=True, punctuation_chars=True)
        split.whitespace_split = True
        words = list(split)
        while words:
            end = next((n for n, word in enumerate(words) if set(word) <= set("();<>|&")), len(words))
            if words[:1] == ["campledger"]:
                yield words[1:end]
            words = words[end + 1 :]


def parse(arguments: list[str]) -> None:
    """Read arguments as the command line does, and do nothing. Raise UsageError for what it would refuse."""
    try:
        context = main.make_context("campledger", list(arguments))
        while isinstance(context.command, click.Group):
            # click keeps the name of the command apart from what follows it.
            rest = [*getattr(context, "_protected_args", ()), *context.args]
            name, command, rest = context.command.resolve_command(context, rest)
            assert name is not None
            assert command is not None
            context = command.make_context(name, rest, parent=context)
        if context.ignore_unknown_options:
            with context:
                require_words(context.params.get("expression") or context.params.get("campaigns") or ())
    except click.exceptions.Exit:  # of --help and --version
        pass


def examples(command: click.Command) -> str:
    found = re.search(r"^ *Examples?:\n((?: +.*\n?)+)", command.help or "", re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_help_has_a_summary_options_that_say_what_for_and_examples_that_can_be_typed(
    words: tuple[str, ...], command: click.Command
) -> None:
    summary = command.get_short_help_str(1000)
    assert summary[0].isupper()
    assert "\n" not in summary
    assert (command.help or "").replace("\n", " ").split(".")[0].strip().startswith(summary.split(".")[0].rstrip("."))
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help, option.opts
    called = list(calls(examples(command)))
    assert any(call[: len(words)] == list(words) for call in called), "no example of the command itself"
    for call in called:
        parse(call)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_can_be_typed(page: Path) -> None:
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        typed = [line[2:] for line in block.replace("\\\n> ", "").splitlines() if line.startswith("$ ")]
        for call in calls("\n".join(typed)):
            try:
                parse(call)
            except click.UsageError as error:
                pytest.fail(f"campledger {shlex.join(call)}\n{error.format_message()}")


@pytest.mark.parametrize(
    "line", ["campledger lst", "campledger list --colums id", "x && campledger site bild", "a $(campledger nte k x)"]
)
def test_a_call_that_is_none_is_found(line: str) -> None:
    with pytest.raises(click.UsageError):
        for call in calls(line):
            parse(call)
