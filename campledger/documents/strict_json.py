"""Strict JSON with places: read by the standard library at its full speed, and again where something is wrong.

What ``json`` lets pass is refused: NaN, and a key that stands twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from campledger.documents.text import Lines, Place, shown
from campledger.problems import Pointer

MAX_DEPTH = 30
"""A set is four levels deep, an event three."""
_SEARCHED_DEPTH = 6
"""How deep duplicate keys are searched for."""

_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\n\r]*")
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')
_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(-?(?:[0-9][-+.0-9eE]*|Infinity)|NaN)')
_KEY = re.compile(r'("(?:[^"\\]|\\.)*")([ \t\n\r]*:)?')

_EXPLANATIONS = {
    "Expecting property name enclosed in double quotes": "expected a key in double quotes",
    "Illegal trailing comma before end of object": "trailing comma after the last key of an object",
    "Illegal trailing comma before end of array": "trailing comma after the last entry of a list",
    "Expecting ':' delimiter": "expected a colon",
    "Expecting ',' delimiter": "expected a comma, or the end of the list or object",
    "Expecting value": "expected a value",
    "Unterminated string starting at": "the text that begins here has no closing quotation mark",
    "Invalid control character at": "line break or control character in a text",
    "Extra data": "unexpected text after the end of the list or object",
}


class JsonError(ValueError):
    """A text is no strict JSON: why, and at which offset."""

    def __init__(self, message: str, offset: int, hint: str = "", *, number: bool = False, ends: bool = False):
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint
        self.number = number
        """Whether it is a number that cannot be."""
        self.ends = ends
        """Whether the text ends where something has to follow."""


class Decoder:
    """Reads JSON texts of one sort."""

    def __init__(
        self,
        *,
        whole: bool = False,
        max_key: int | None = None,
        parse_int: Callable[[str], int] | None = None,
        lenient: bool = False,
    ):
        """Say what else is refused: numbers that are not whole, and keys of more than so many characters.

        ``lenient`` is for who reads millions of objects, judges each value, and tells all that is wrong together: NaN
        passes, and so does a key that stands twice, which :func:`may_repeat_keys` looks for.
        """
        self._max_key = max_key
        self._decoder = json.JSONDecoder(
            object_pairs_hook=None if lenient else self._object,
            parse_int=parse_int,
            parse_float=_not_whole if whole else None,
            parse_constant=None if lenient else _no_number,
        )

    def decode(self, text: str) -> Any:
        """Return the value of a text. Raise JsonError."""
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            raise _syntax(text, error) from None
        except RecursionError:
            raise JsonError(f"nested more than {MAX_DEPTH} deep", _too_deep(text)) from None
        except _Refused as refused:
            raise JsonError(str(refused), _first_number(text, refused.number.__eq__), number=True) from None
        except _RefusedKey:
            raise self._refused_key(text) from None
        except ValueError:  # Python's bound on the digits of a number
            offset = _first_number(text, lambda number: len(number) >= 1000)
            raise JsonError("a number of thousands of digits", offset, number=True) from None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            raise _RefusedKey
        if self._max_key is not None and len(max(value, key=len, default="")) > self._max_key:
            raise _RefusedKey
        return value

    def _refused_key(self, text: str) -> JsonError:
        for error in repeated_keys(text):
            return error
        long = (one.start() for one in _KEY.finditer(text) if one[2] and len(json.loads(one[1])) > (self._max_key or 0))
        return JsonError(f"a key of more than {self._max_key} characters", next(long, 0))


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    """A number is refused."""

    def __init__(self, number: str, why: str):
        super().__init__(f"`{number[:20]}` is not a {why}")
        self.number = number


class _RefusedKey(Exception):  # noqa: N818 - it never leaves this module
    """A key is refused."""


def _no_number(text: str) -> Any:
    raise _Refused(text, "number of JSON")


def _not_whole(text: str) -> Any:
    raise _Refused(text, "whole number")


def _first_number(text: str, fits: Callable[[str], bool]) -> int:
    return next((one.start() for one in _NUMBER.finditer(text) if one[1] and fits(one[1])), 0)


def _syntax(text: str, error: json.JSONDecodeError) -> JsonError:
    message = f"not JSON: {_EXPLANATIONS.get(error.msg, error.msg[:1].lower() + error.msg[1:])}"
    ends = not text[error.pos :].strip(" \t\r\n") and error.msg != "Extra data"
    comma = not ends and text[: error.pos].rstrip(" \t\r\n").endswith(",") and text[error.pos] in "]}"
    hint = "remove the comma before it" if comma else "was it cut off?" if ends or "Unterminated" in error.msg else ""
    return JsonError(message, error.pos, hint, ends=ends)


def _too_deep(text: str) -> int:
    depth = 0
    for token in _BRACKET.finditer(text):
        if token[0] in {"[", "{"}:
            depth += 1
            if depth > MAX_DEPTH:
                return token.start()
        elif token[0] in {"]", "}"}:
            depth -= 1
    return 0


def may_repeat_keys(value: Any, text: str) -> bool:
    """Whether a key may stand twice in a list of objects, or in an object of such lists.

    False without a doubt, if each colon belongs to a key that was kept: counting is faster than looking at keys.
    """
    if "\\" in text and "\\u00" in text:  # one character is found much faster than several
        return True  # a colon may be written so
    count = 0
    lists = [value]
    if isinstance(value, dict):
        count += len(value) + sum(one.count(":") for one in value.values() if isinstance(one, str))
        lists = list(value.values())
    for entries in lists:
        if isinstance(entries, list):
            count += sum(map(len, entries)) if set(map(type, entries)) == {dict} else 0
    return count != text.count(":")


def repeated_keys(text: str) -> Iterator[JsonError]:
    """Yield an error for each duplicate key of an object.

    The text is decoded again, with an eye on keys; the search goes down only where one stands twice, and not too far.
    """
    found = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        value = dict(pairs)
        found = found or len(value) != len(pairs)
        return value

    decoder = json.JSONDecoder(object_pairs_hook=look)
    document = JsonText(text)

    def search(offset: int, depth: int) -> Iterator[JsonError]:
        nonlocal found
        if depth == 0:
            yield JsonError("duplicate key in an object further down", offset)
            return
        seen: set[str] = set()
        suspects: list[int] = []
        last = -1
        found = False
        children = document.items(offset, decoder) if text[offset] == "{" else _unnamed(document, offset, decoder)
        for key, at_key, at_value in children:
            if found:
                suspects.append(last)
            found, last = False, at_value
            if key is not None and key in seen:
                yield JsonError(f"duplicate key `{shown(key)}`", at_key, "keep one of them")
            if key is not None:
                seen.add(key)
        if found:
            suspects.append(last)
        for suspect in suspects:
            yield from search(suspect, depth - 1)

    decoder.decode(text)
    if found:
        yield from search(document.skip(0), _SEARCHED_DEPTH)


def _unnamed(document: JsonText, offset: int, decoder: json.JSONDecoder) -> Iterator[tuple[None, int, int]]:
    for at_value in document.elements(offset, decoder):
        yield None, at_value, at_value


class JsonText:
    """A text that ``json`` has read, and where in it what stands."""

    def __init__(self, text: str):
        self.text = text
        self.lines = Lines(text)
        self._elements: dict[int, list[int]] = {}
        self._keys: dict[int, dict[str | None, tuple[int, int]]] = {}

    def place(self, pointer: Pointer, *, key: bool = False) -> Place:
        """Return line and column of what the pointer names, or of the nearest thing around it that exists."""
        return self.lines.place(self._offset(pointer, key))

    def _offset(self, pointer: Pointer, key: bool) -> int:
        offset = self.skip(0)
        for number, part in enumerate(pointer):
            if isinstance(part, int):
                elements = self._list(offset)
                if part >= len(elements):
                    break
                offset = elements[part]
                continue
            if offset not in self._keys:
                # Of two equal keys the last counts, as for json.
                self._keys[offset] = {name: (at_key, at_value) for name, at_key, at_value in self.items(offset)}
            if part not in self._keys[offset]:
                break
            at_key, at_value = self._keys[offset][part]
            offset = at_key if key and number == len(pointer) - 1 else at_value
        return offset

    def skip(self, offset: int) -> int:
        """Return where the blanks at an offset end."""
        match = _BLANKS.match(self.text, offset)
        return match.end() if match else offset

    def _list(self, offset: int) -> list[int]:
        if offset not in self._elements:
            self._elements[offset] = [] if self.text[offset] != "[" else list(self.elements(offset))
        return self._elements[offset]

    def elements(self, offset: int, decoder: json.JSONDecoder = _DECODER) -> Iterator[int]:
        """Yield the offsets of a list's entries, each before it is decoded."""
        text, skip, decode = self.text, self.skip, decoder.raw_decode
        offset = skip(offset + 1)
        while text[offset] != "]":
            yield offset
            _, end = decode(text, offset)
            offset = skip(end)
            if text[offset] == ",":
                offset = skip(offset + 1)

    def items(self, offset: int, decoder: json.JSONDecoder = _DECODER) -> Iterator[tuple[str | None, int, int]]:
        """Yield an object's keys, with the offsets of key and value, each before the value is decoded."""
        text, skip = self.text, self.skip
        if text[offset] != "{":
            return
        offset = skip(offset + 1)
        while text[offset] != "}":
            key, end = decoder.raw_decode(text, offset)
            value = skip(skip(end) + 1)
            yield key, offset, value
            _, end = decoder.raw_decode(text, value)
            offset = skip(end)
            if text[offset] == ",":
                offset = skip(offset + 1)
