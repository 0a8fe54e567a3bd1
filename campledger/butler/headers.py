"""Data IDs out of the headers of files: FITS, and the sidecars and indexes that `astrometadata` writes of them.

What a header means is astro_metadata_translator's business (https://astro-metadata-translator.lsst.io), with the
translators that the installed packages add to it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

from campledger.dataids.lists import ForeignList
from campledger.errors import ButlerError
from campledger.problems import Problem

INSTALL = "pip install 'campledger[butler]'"

PROPERTIES = {
    "instrument": "instrument",
    "exposure_id": "exposure",
    "visit_id": "visit",
    "observation_id": "obs_id",
    "detector_num": "detector",
    "detector_unique_name": "full_name",
    "physical_filter": "physical_filter",
    "observing_day": "day_obs",
    "observation_counter": "seq_num",
}
"""The translator's properties that are asked for, and the columns that they become."""

NUMBERS = ("exposure", "visit", "detector", "day_obs", "seq_num")
PLUGINS = "astro_metadata_translators"
"""The entry points by which packages add translators; `astrometadata` has them named, here they are all loaded."""

MODULES = "METADATA_TRANSLATORS"
"""The environment variable with more of them: names of modules, with colons between, as `astrometadata` reads it."""

_FITS = re.compile(r"\.fits?(\.(gz|bz2|fz))?$", re.IGNORECASE)
_FAILURES = (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError)
"""What readers and translators raise on files that are no files of theirs."""


def rows_of_files(paths: Iterable[Path | str], *, names: Literal["exposure", "visit"] = "exposure") -> ForeignList:
    """Return a list with a row for each file: what its header says of instrument, exposure, detector, filter and day.

    A path is a FITS file (the header of its first extension counts too), a JSON sidecar or index of `astrometadata`
    (of translated or of plain headers), or a directory of FITS files. An exposure is named by its number, where the
    translator finds none by its obs_id or its place in the night; ``names="visit"`` takes the translator's number of
    the visit instead, which a registry may have defined otherwise. The column `filename` tells whence a row is.

    What cannot be read or translated is in ``problems``. Raise ButlerError without astro_metadata_translator.
    """
    _load_translators()
    rows: list[dict[str, str | int]] = []
    problems = []
    for path in _files(paths):
        for source, said in _headers(path):
            row = said if isinstance(said, str) else _row(said, names)
            if isinstance(row, str):
                where = "" if source == str(path) else f"{source}: "
                problems.append(Problem(str(path), 0, 0, "unreadable", where + row))
            else:
                rows.append({"filename": source, **row})
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return ForeignList(columns, rows, [1] * len(rows), tuple(problems))


def _load_translators() -> None:
    try:
        import astro_metadata_translator  # noqa: F401
    except ImportError as error:
        raise ButlerError(f"astro-metadata-translator is not installed ({error}): {INSTALL}") from error
    loads: dict[str, Callable[[], object]] = {plugin.name: plugin.load for plugin in entry_points(group=PLUGINS)}
    for name in filter(None, os.environ.get(MODULES, "").split(":")):
        loads.setdefault(name, partial(import_module, name))
    for load in loads.values():
        try:
            load()
        except ImportError:
            continue  # a package that is broken; its files are reported as those that nobody understands


def _files(paths: Iterable[Path | str]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if _FITS.search(file.name) and file.is_file())
        else:
            yield path


def _headers(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """Yield for each file that a file tells of its name, and its translated properties or why there are none."""
    try:
        content = json.loads(path.read_bytes()) if path.suffix == ".json" else _read_fits(path)
    except _FAILURES as error:
        yield str(path), f"cannot be read: {_reason(error)}"
        return
    if not isinstance(content, Mapping):
        yield str(path), "is no sidecar and no index of headers: it holds no JSON object"
    elif "__COMMON__" in content:
        yield from _index(path, content)
    else:
        yield str(path), _translate(content, path)


def _read_fits(path: Path) -> Mapping[str, Any]:
    from astro_metadata_translator.file_helpers import read_basic_metadata_from_file

    with _quietly():
        header = read_basic_metadata_from_file(path.absolute().as_uri(), -1, can_raise=True)
        if header is None:
            raise ValueError("it has no header")
        return dict(header)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep quiet about cards that are not as the standard has them, and about extensions that are not there."""
    logger = logging.getLogger("astro_metadata_translator")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _index(path: Path, content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """Yield the files of an index: its keys are relative paths, __COMMON__ holds values shared by all."""
    common = content["__COMMON__"]
    mode = content.get("__CONTENT__", "metadata")
    for name, own in content.items():
        if name not in {"__COMMON__", "__CONTENT__"}:
            if isinstance(own, Mapping) and isinstance(common, Mapping):
                yield str(path.parent / name), _translate({**own, **common, "__CONTENT__": mode}, path.parent / name)
            else:
                yield str(path.parent / name), "its entry in the index is no JSON object"


def _translate(content: Mapping[str, Any], path: Path) -> Mapping[str, Any] | str:
    """Return the properties of a header, which may have been translated before, or what is wrong."""
    guess = "translated" if {"observation_id", "instrument"} <= content.keys() else "metadata"  # as its readers do
    mode = content.get("__CONTENT__", guess)
    if mode == "translated":
        return content
    from astro_metadata_translator import ObservationInfo

    header = {key: value for key, value in content.items() if key != "__CONTENT__"}
    try:
        with _quietly():
            filename = path.absolute().as_uri()
            info = ObservationInfo(header, filename=filename, subset=set(PROPERTIES), quiet=True)
        return {name: getattr(info, name) for name in PROPERTIES}
    except _FAILURES as error:
        return f"its header cannot be translated: {_reason(error)}"


def _row(said: Mapping[str, Any], names: Literal["exposure", "visit"]) -> dict[str, str | int] | str:
    """Return the columns of a list, or what is missing."""
    known: dict[str, str | int] = {}
    for name, column in PROPERTIES.items():
        value = said.get(name)
        if value is None:
            continue
        if type(value) is not (int if column in NUMBERS else str):
            return f"its header says `{value}` for {name}, which is not {'a number' if column in NUMBERS else 'text'}"
        known[column] = value
    if "instrument" not in known:
        return "its header names no instrument"
    keys: tuple[str, ...] = ("exposure",)
    if names == "visit":
        keys = ("visit",)
    elif "exposure" not in known:
        keys = ("obs_id",) if "obs_id" in known else ("day_obs", "seq_num")
    if any(key not in known for key in keys):
        return f"its header names no {names}"
    detector = "detector" if "detector" in known else "full_name"
    chosen = ("instrument", *keys, detector, "physical_filter", "day_obs")
    return {name: known[name] for name in dict.fromkeys(chosen) if name in known}


def _reason(error: Exception) -> str:
    """Return an error's own words, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
