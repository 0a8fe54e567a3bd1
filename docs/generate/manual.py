"""What a command's help says, in parts: the pages in Markdown and the man pages are made from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc

import click

from campledger.cli.main import SECTIONS, main

NAME = "campledger"


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of a help text that stand as they are, below a title: `Examples`, `Exit codes`."""

    title: str
    lines: tuple[str, ...]

    @property
    def are_commands(self) -> bool:
        """Whether the lines are there to be typed."""
        return self.title in {"Example", "Examples"}


@dataclass(frozen=True, slots=True)
class Manual:
    """A command as its help describes it."""

    words: tuple[str, ...]
    """How it is called: `campledger`, `site`, `build`."""
    summary: str
    """One sentence, without a stop."""
    usage: tuple[str, ...]
    """What follows the words."""
    prose: tuple[str, ...]
    """Paragraphs; the first one is the summary, or begins with it."""
    listings: tuple[Listing, ...]
    options: tuple[tuple[str, str], ...]
    """Each option with its value, and what it is for."""
    below: tuple[Manual, ...]
    """The commands of a group."""

    @property
    def title(self) -> str:
        """How it is called, as one text."""
        return " ".join(self.words)

    def walk(self) -> Iterator[Manual]:
        """Yield this command, and all below it."""
        yield self
        for one in self.below:
            yield from one.walk()


def manual() -> Manual:
    """Return the manual of all of campledger."""
    return _describe(main, click.Context(main, info_name=NAME), (NAME,))


def sections(whole: Manual) -> dict[str, list[Manual]]:
    """Return the commands as `campledger --help` parts them; what it forgets comes at the end."""
    by_name = {one.words[-1]: one for one in whole.below}
    parts = {title: [by_name.pop(name) for name in names if name in by_name] for title, names in SECTIONS.items()}
    return {title: commands for title, commands in {**parts, "More": [*by_name.values()]}.items() if commands}


def _describe(command: click.Command, context: click.Context, words: tuple[str, ...]) -> Manual:
    prose, listings = [], []
    for paragraph in cleandoc(command.help or "").split("\n\n"):
        lines = paragraph.splitlines()
        if lines and lines[0].strip() == "\b":
            shown = cleandoc("\n" + "\n".join(lines[2:])).splitlines()
            listings.append(Listing(lines[1].strip().rstrip(":"), tuple(shown)))
        else:
            prose.append(" ".join(line.strip() for line in lines))
    commands = command.commands if isinstance(command, click.Group) else {}
    records = [one.get_help_record(context) for one in command.params if isinstance(one, click.Option)]
    return Manual(
        words,
        command.get_short_help_str(1000).rstrip("."),
        tuple(command.collect_usage_pieces(context)),
        tuple(prose),
        tuple(listings),
        tuple(record for record in records if record is not None),
        tuple(
            _describe(one, click.Context(one, info_name=name, parent=context), (*words, name))
            for name, one in commands.items()
            if not one.hidden
        ),
    )
