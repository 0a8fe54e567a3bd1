"""JSON with places: parsed by the standard library at its full speed, looked at again only where something is wrong.

What ``json`` lets pass is found without slowing it down: a key that stands twice shows in the number of colons.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from campledger.dataids.values import Numbers
from campledger.documents.text import Lines, Place, Report, finds_conflict, shown
from campledger.problems import Pointer

MAX_DEPTH = 30
"""A set is four levels deep."""
_SEARCHED_DEPTH = 6
"""How far down a key that stands twice is looked for."""

_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')
_LONG_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|([0-9]{1000,})')

_EXPLANATIONS = {
    "Expecting property name enclosed in double quotes": "a key in double quotes has to come here",
    "Illegal trailing comma before end of object": "a comma after the last key of an object",
    "Illegal trailing comma before end of array": "a comma after the last entry of a list",
    "Expecting ':' delimiter": "a colon has to come here",
    "Expecting ',' delimiter": "a comma, or the end of the list or object, has to come here",
    "Expecting value": "a value has to come here",
    "Unterminated string starting at": "a text that begins here does not end",
    "Invalid control character at": "a line break or control character in a text",
    "Extra data": "something follows after the end of the list or object",
}


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


def parse(text: str, report: Report) -> Any:
    """Return the value of a JSON text, or None where it is none; keys that stand twice are reported."""
    try:
        value = json.JSONDecoder(parse_int=Numbers().__getitem__).decode(text)
    except json.JSONDecodeError as error:
        if not finds_conflict(text, report):
            _report_syntax(text, error, report)
    except RecursionError:
        report.add("unreadable", f"nested more than {MAX_DEPTH} deep", Lines(text).place(_too_deep(text)))
    except ValueError:  # Python's bound on the digits of a number
        number = next((one for one in _LONG_NUMBER.finditer(text) if one[1]), None)
        offset = number.start() if number else 0
        report.add("member-type", "a number of thousands of digits", Lines(text).place(offset))
    else:
        if value is None:
            report.add("schema", "the file holds nothing but null", (1, 1))
        if _may_repeat_keys(value, text):
            _report_repeated_keys(text, report)
        return value
    return None


def _report_syntax(text: str, error: json.JSONDecodeError, report: Report) -> None:
    place = Lines(text).place(error.pos)
    if not text.strip(" \t\r\n"):
        report.add("unreadable", "the file is empty", (1, 1), "an empty set names its `dimensions`")
    elif not text[error.pos :].strip(" \t\r\n") and error.msg != "Extra data":
        report.add("unreadable", "the file ends too early", place, "was it cut off?")
    else:
        words = explain(error)
        comma = text[: error.pos].rstrip(" \t\r\n").endswith(",") and text[error.pos] in "]}"
        hint = "remove the comma before it" if comma else "was the file cut off?" if "Unterminated" in error.msg else ""
        report.add("unreadable", f"not JSON: {words}", place, hint)


def explain(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a text that is no JSON, in words."""
    return _EXPLANATIONS.get(error.msg, error.msg[:1].lower() + error.msg[1:])


def _too_deep(text: str) -> int:
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in {"[", "{"}:
            depth += 1
            if depth > MAX_DEPTH:
                return token.start()
        elif token[0] in {"]", "}"}:
            depth -= 1
    return 0


def _may_repeat_keys(value: Any, text: str) -> bool:
    """Whether a key may stand twice: false without a doubt if each colon belongs to a key that was kept."""
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


def _report_repeated_keys(text: str, report: Report) -> None:
    """Decode again, with an eye on keys; go down only where one stands twice."""
    repeated = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        value = dict(pairs)
        repeated = repeated or len(value) != len(pairs)
        return value

    decoder = json.JSONDecoder(object_pairs_hook=look)
    document = JsonText(text)

    def search(offset: int, depth: int) -> None:
        nonlocal repeated
        if depth == 0:
            report.add("schema", "a key stands twice in one object below", document.lines.place(offset))
            return
        seen: set[str] = set()
        suspects: list[int] = []
        last = -1
        repeated = False
        children = document.items(offset, decoder) if text[offset] == "{" else _unnamed(document, offset, decoder)
        for key, at_key, at_value in children:
            if repeated:
                suspects.append(last)
            repeated, last = False, at_value
            if key is not None and key in seen:
                place = document.lines.place(at_key)
                report.add("schema", f"the key `{shown(key)}` stands here a second time", place, "keep one of them")
            if key is not None:
                seen.add(key)
        if repeated:
            suspects.append(last)
        for suspect in suspects:
            search(suspect, depth - 1)

    decoder.decode(text)
    if repeated:
        search(document.skip(0), _SEARCHED_DEPTH)


def _unnamed(document: JsonText, offset: int, decoder: json.JSONDecoder) -> Iterator[tuple[None, int, int]]:
    for at_value in document.elements(offset, decoder):
        yield None, at_value, at_value
