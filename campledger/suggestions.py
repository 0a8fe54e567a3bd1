"""What may have been meant by a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_COMPARED = 100
"""Characters of a word that are looked at: to compare takes their square, and nothing known is as long."""


def closest(word: str, known: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the known words that are most like another one, in upper or lower case, at most so many of them."""
    folded: dict[str, str] = {}
    for one in known:
        folded.setdefault(one.lower(), one)
    return [folded[one] for one in get_close_matches(word[:_COMPARED].lower(), folded, count, cutoff)]


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return a question for the known word that is most like another one, or nothing where none is like it."""
    return "".join(f"did you mean `{near}`?" for near in closest(word, known, 1, cutoff))
