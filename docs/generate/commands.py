"""The pages on commands: one for each section of `campledger --help`."""

from __future__ import annotations

from docs.generate import markdown as md
from docs.generate.manual import Listing, Manual, manual, sections


def pages() -> dict[str, str]:
    """Return the pages, by their paths below docs/."""
    whole = manual()
    parts = sections(whole)
    return {_path(title): _page(title, commands) for title, commands in parts.items()} | {
        "reference/commands/README.md": _index(whole, parts)
    }


def link(title: str, folder: str = "") -> str:
    """Return a link to a command, from a page that has this folder's pages in that one."""
    for section, commands in sections(manual()).items():
        if any(one.title == title for top in commands for one in top.walk()):
            return md.link(title, f"{folder}{section.lower()}.md")
    raise LookupError(title)


def _path(title: str) -> str:
    return f"reference/commands/{title.lower()}.md"


def _index(whole: Manual, parts: dict[str, list[Manual]]) -> str:
    lines = [f"# Commands\n\n{md.GENERATED}", _body(whole), _options(whole)]
    for title, commands in parts.items():
        page = f"{title.lower()}.md"
        rows = [[md.link(one.title, page), md.prose(one.summary)] for top in commands for one in top.walk()]
        lines.append(f"## [{title}]({page})\n\n{md.table(['Command', 'What it does'], rows)}")
    return "\n".join(lines)


def _page(title: str, commands: list[Manual]) -> str:
    shown = [one for top in commands for one in top.walk()]
    contents = md.table(["Command", "What it does"], [[md.link(one.title), md.prose(one.summary)] for one in shown])
    head = f"# Commands: {title}\n\n{md.GENERATED}\n[All commands](README.md)\n\n{contents}"
    return "\n".join([head, *(_command(one) for one in shown)])


def _command(one: Manual) -> str:
    usage = md.block(" ".join([*one.words, *one.usage]))
    below = ""
    if one.below:
        below = "\nIts commands: " + ", ".join(md.link(each.title) for each in one.below) + ".\n"
    return f"## {one.title}\n\n{usage}\n{_body(one)}{below}\n{_options(one)}"


def _body(one: Manual) -> str:
    return "\n".join(
        [f"{md.prose(paragraph)}\n" for paragraph in one.prose] + [_listing(each) for each in one.listings]
    )


def _listing(one: Listing) -> str:
    lines = "\n".join(one.lines)
    if not one.are_commands:
        return f"**{one.title}**\n\n{md.block(lines)}"
    # A line that is indented goes on with the one before; a shell shows that with its second prompt.
    typed = "\n".join(f"> {line.strip()}" if line.startswith(" ") else f"$ {line}" for line in one.lines)
    return md.block(typed, "console")


def _options(one: Manual) -> str:
    rows = [[md.code(name), md.prose(about)] for name, about in one.options]
    return md.table(["Option", "What it is for"], rows)
