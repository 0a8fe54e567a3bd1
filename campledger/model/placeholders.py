"""Words in a BPS file that stand for a value until somebody puts one there, as LOWEXP does in a template of groups.

BPS itself knows `{name}` only. Rubin's templates have words in capitals too, which scripts replace before submitting.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

_CAPITALS = re.compile(r"(?<![\w.'-])[A-Z][A-Z_]*[A-Z](?![\w.'-]|\s*\()")
_TEMPLATE_WORDS = re.compile(
    r"""(?<![A-Za-z0-9])(?:
    (?:LOW|HIGH|MIN|MAX|FIRST|LAST|START|END)_?(?:EXP(?:OSURE)?|VISIT|DET(?:ECTOR)?|TRACT|NUM)
  | [A-Z]*NUM(?:BER)? | GROUP | GRP
    )(?![A-Za-z0-9])""",
    re.VERBOSE,
)
_QUERY_WORDS = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL", "TRUE", "FALSE", "OVERLAPS"})
_FILLER = re.compile(r"\b[A-Z]+-X{2,}\b|\b[a-z]_Y{4}_W{2}\b|<[A-Za-z_ ]{2,}>|\b(?:TODO|TBD|FIXME|CHANGE_?ME)\b")
_VARIABLE = re.compile(r"(?<!\$)\{([A-Za-z_][A-Za-z0-9_]*)(?:![rsa])?(?::[^{}]*)?\}")
_WORD = re.compile(r"[A-Z][A-Z0-9_]*")
_OTHERS = ("campaign", "output", "outputRun", "payloadName", "inCollection")

Scalar = str | int | float | bool
"""What a placeholder may stand for."""


def template_words(query: str, others: Sequence[str], left: Collection[str]) -> tuple[str, ...]:
    """Return words in capitals that stand for a value: any in a query outside of quotes, elsewhere the usual ones.

    Elsewhere capitals are names (HSC, DC2, COSMOS), unless templates use the word or it is a variable of nowhere;
    ``left`` are those.
    """
    bare = re.sub(r"'[^']*'|\"[^\"]*\"|\$\{[^}]*\}|\$\w+", " ", query)
    words = {word for word in _CAPITALS.findall(bare) if word not in _QUERY_WORDS}
    words |= set(_TEMPLATE_WORDS.findall("\n".join((query, *others)))) | set(_FILLER.findall("\n".join(others)))
    return tuple(sorted(words | {name for name in left if re.fullmatch(r"[A-Z][A-Z_]+", name)}))


def words_of(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the placeholders of a BPS file by itself, without what it includes."""
    payload = template.get("payload")
    own = {**template, **(payload if isinstance(payload, Mapping) else {})}
    text = {key: value for key in (*_OTHERS, "dataQuery") if isinstance(value := own.get(key), str)}
    query = text.pop("dataQuery", "")
    known = set(_keys(template))
    left = {name for value in (query, *text.values()) for name in _VARIABLE.findall(value)} - known
    # A word in braces is a variable, which `left` has if nothing defines it.
    return template_words(_VARIABLE.sub(" ", query), [_VARIABLE.sub(" ", one) for one in text.values()], left)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield str(key)
            yield from _keys(below)


def filled(text: str, values: Mapping[str, Scalar]) -> Scalar:
    """Return a text with the words in capitals replaced that have a value; one that is nothing else keeps its type.

    A word in braces is left to BPS, and a shell's variable to the shell.
    """
    words = [re.escape(name) for name in sorted(values, key=len, reverse=True) if _WORD.fullmatch(name)]
    if not words:
        return text
    if text in values and _WORD.fullmatch(text):
        return values[text]
    pattern = rf"\$?\{{[^{{}}]*\}}|\$\w+|(?<![A-Za-z0-9])(?P<word>{'|'.join(words)})(?![A-Za-z0-9])"
    return re.sub(pattern, lambda match: str(values[match[0]]) if match["word"] else match[0], text)


def stands_in(text: str, name: str) -> bool:
    """Whether a text has a name as a BPS variable."""
    return name in _VARIABLE.findall(text)
