"""How BPS finds and fills in a value.

After `BpsConfig.search` and `replace_vars` of lsst.ctrl.bps: sections are searched in a fixed order before the top
level, and `{name}` in a string is replaced by what a search for the name finds. Two things differ on purpose: shell
variables stay as they are (their values belong to the operator's machine), and a name that nothing defines stays as
written, while BPS puts nothing in its place.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SEARCH_ORDER = ("bps_cmdline", "payload", "cluster", "pipetask", "site", "cloud", "bps_defined")
"""`BPS_SEARCH_ORDER` of lsst.ctrl.bps."""

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "payload": {"output": "u/{operator}/{payloadName}", "outputRun": "{output}/{timestamp}"}
}
"""What bps_defaults.yaml says about the values that are read here. In `payload`, so it wins over a top-level value."""

RUN_TIME = frozenset(
    {
        "operator",
        "timestamp",
        "uniqProcName",
        "submitPath",
        "qgraphFile",
        "qgraphId",
        "qgraphNodeId",
        "outCollection",
        "jobName",
        "label",
        "executionButlerDir",
        "fileDistributionEndPoint",
        "inputQgraphFile",
        "initPreCmdOpts",
        "runPreCmdOpts",
        "qgraphPreCmdOpts",
        "defaultPreCmdOpts",
        "extraQgraphOptions",
        "extraInitOptions",
        "extraRunQuantumOptions",
        "extraUpdateQgraphOptions",
        "pipetaskInput",
        "pipetaskOutput",
        "pipetaskDataQuery",
        "payload_folder",
    }
)
"""Names that BPS, its defaults or a site's own settings define when it submits."""

MAX_LENGTH = 262_144
"""Characters that filling in one value may produce; the longest real queries have some thousands."""
MAX_SEARCHES = 5_000


@dataclass(frozen=True, slots=True)
class Filled:
    """A value with its variables filled in."""

    text: str
    left: frozenset[str] = frozenset()
    """Names that stay in the text because nothing defines them."""
    note: str = ""
    """Why the text stands as written, if filling in failed."""


@dataclass(frozen=True, slots=True)
class _Left:
    """A variable that stays as written."""

    name: str


class _ExcessError(ValueError):
    """Filling in would grow beyond the bounds."""


class Values:
    """A configuration, includes merged, as BPS searches it."""

    def __init__(self, config: Mapping[str, Any], current: Mapping[str, str] | None = None):
        self._config = config
        self._current = dict(current or {})

    def at(self, **current: str) -> Values:
        """Return the same with current entries of sections: `at(site="USDF")` looks into `site: {USDF: ...}`."""
        return Values(self._config, {name: value for name, value in current.items() if value})

    def search(self, key: str) -> tuple[bool, Any]:
        """Return whether the key is anywhere, and its value as written."""
        for name in SEARCH_ORDER:
            section = self._config.get(name)
            if not isinstance(section, Mapping):
                section = {}
            entry = section.get(self._current.get(name))
            if isinstance(entry, Mapping):
                section = entry
            if key in section:
                return True, section[key]
            default = DEFAULTS.get(name, {})
            if key in default:
                return True, default[key]
        return key in self._config, self._config.get(key)

    def text(self, key: str) -> Filled:
        """Return the value filled in; nothing, null and whole sections are empty text."""
        found, value = self.search(key)
        if not found or value is None or isinstance(value, Mapping):
            return Filled("")
        return self.fill(value, key) if isinstance(value, str) else Filled(str(value))

    def fill(self, text: str, key: str = "") -> Filled:
        """Return a text, the value of a key, filled in; as written where BPS would fail or never end."""
        formatter = _Formatter(self, key)
        try:
            filled = formatter.filled(text)
        except _ExcessError as error:
            return Filled(text, note=str(error))
        except (ValueError, TypeError) as error:
            return Filled(text, note=f"BPS cannot fill it in: {error}")
        note = "bpsEval is not carried out" if "bpsEval" in filled else ""
        return Filled(filled, frozenset(formatter.left), note)


class _Formatter(string.Formatter):
    """Python's own formatter, as BPS uses it, whose fields are searched for in the configuration."""

    def __init__(self, values: Values, key: str):
        self._values = values
        self._open = [key]
        self._searches = 0
        self._length = 0
        self.left: set[str] = set()

    def filled(self, text: str) -> str:
        """Return one string filled in; the shell's `${...}` is hidden from the formatter meanwhile."""
        text = re.sub(r"<ENV:([^>]+)>", r"$\1", text)
        text = re.sub(r"\${([^}]+)}", r"<BPSTMP:\1>", text)
        text = self.vformat(text, (), {})
        return re.sub(r"<BPSTMP:([^>]+)>", r"${\1}", text)

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        """Return the value of a field, itself filled in."""
        self._searches += 1
        if self._searches > MAX_SEARCHES:
            raise _ExcessError(f"more than {MAX_SEARCHES} variables to fill in")
        found, value = self._values.search(field_name)
        if not found or isinstance(value, Mapping) or field_name in self._open:
            self.left.add(field_name)
            return _Left(field_name), field_name
        if isinstance(value, str):
            self._open.append(field_name)
            value = self.filled(value)
            self._open.pop()
        return value, field_name

    def convert_field(self, value: Any, conversion: Any) -> Any:
        """Apply `!r` and the like, but not to what stays as written."""
        return value if isinstance(value, _Left) else super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> str:
        """Apply the format, within bounds."""
        if re.search(r"\d{4}", format_spec):
            raise _ExcessError(f"a field of the width `{format_spec[:20]}`")
        if isinstance(value, _Left):
            text = f"{{{value.name}:{format_spec}}}" if format_spec else f"{{{value.name}}}"
        else:
            text = str(super().format_field(value, format_spec))
        self._length += len(text)
        if self._length > MAX_LENGTH:
            raise _ExcessError(f"more than {MAX_LENGTH} characters to fill in")
        return text
