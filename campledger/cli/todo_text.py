"""To-do items, as lines for people and as values for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from campledger.cli.printing import clean

if TYPE_CHECKING:
    from campledger.model.todo import TodoItem


def item_value(matter: TodoItem) -> dict[str, Any]:
    """Return a to-do item as a value for JSON."""
    return {
        "need": matter.need,
        "words": matter.words,
        "submission": matter.submission or None,
        "since": matter.since or None,
        "commands": matter.commands,
    }


def item_lines(matter: TodoItem) -> Iterator[str]:
    """Yield a to-do item as lines: what it is, and its commands."""
    yield f"  {' '.join(clean(matter.words).split())}"
    yield from (f"    {clean(command)}" for command in matter.commands)
