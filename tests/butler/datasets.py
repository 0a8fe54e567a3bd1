"""Datasets in the registry of a test's repository: many kinds of dimensions, none with a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.butler.conftest import VISITS

SOME_VISITS = VISITS[:12]
SOME_DETECTORS = tuple(range(6))
BOTH = 5000
"""A visit of the exposures of two other visits of one filter, beside their own."""
LONE = 7000
"""An exposure that belongs to no visit."""
FIRST, SECOND = "run/first", "run/second"

TYPES: dict[str, tuple[str, ...]] = {
    "raw": ("instrument", "exposure", "detector"),
    "calexp": ("instrument", "visit", "detector"),
    "summary": ("instrument", "visit"),
    "flat": ("instrument", "physical_filter", "detector"),
    "log": ("instrument", "group"),
    "coadd": ("skymap", "tract", "patch", "band"),
}


def add_datasets(butler: Any) -> None:
    """Register datasets of :data:`TYPES` in run/first, those of every third data ID in run/second too."""
    _add_dimensions(butler)
    from lsst.daf.butler import CollectionType, DatasetType  # type: ignore[attr-defined]

    for run in (FIRST, SECOND):
        butler.collections.register(run, CollectionType.RUN)
    for name, dimensions in TYPES.items():
        kind = DatasetType(name, dimensions, "StructuredDataDict", universe=butler.dimensions)
        butler.registry.registerDatasetType(kind)
        ids = [dict(zip(dimensions, row, strict=True)) for row in _rows(name)]
        butler.registry.insertDatasets(kind, ids, run=FIRST)
        butler.registry.insertDatasets(kind, ids[::3], run=SECOND)


def _rows(name: str) -> Iterable[tuple[Any, ...]]:
    if name == "raw":
        return [("HSC", one, detector) for one in (*SOME_VISITS, LONE) for detector in SOME_DETECTORS]
    if name == "calexp":
        here = [("HSC", one, detector) for one in (*SOME_VISITS, BOTH) for detector in SOME_DETECTORS]
        return [*here, *(("Other", one, detector) for one in SOME_VISITS[:3] for detector in (0, 1, 200))]
    if name == "summary":
        return [("HSC", one) for one in (*SOME_VISITS, BOTH)] + [("Other", one) for one in SOME_VISITS[:3]]
    if name == "flat":
        return [("HSC", one, detector) for one in ("HSC-G", "HSC-R") for detector in SOME_DETECTORS]
    if name == "log":
        return [("HSC", str(one)) for one in SOME_VISITS]
    return [("toy", tract, patch, band) for tract in (1, 2) for patch in range(4) for band in "gr"]


def _add_dimensions(butler: Any) -> None:
    add = butler.registry.insertDimensionData
    hsc, other = {"instrument": "HSC"}, {"instrument": "Other"}
    seen = {"day_obs": 20140301, "physical_filter": "HSC-G", "exposure_time": 30.0}
    add("visit", {**hsc, **seen, "id": BOTH, "name": "both", "seq_num": 99})
    add("visit_definition", *({**hsc, "visit": BOTH, "exposure": one} for one in SOME_VISITS[0:4:2]))
    add("group", {**hsc, "name": str(LONE)})
    add("exposure", {**hsc, **seen, "id": LONE, "obs_id": "lone", "group": str(LONE), "observation_type": "dark"})
    add(
        "instrument",
        {"name": "Other", "visit_max": 2**40, "exposure_max": 2**40, "detector_max": 1000, "class_name": "none"},
    )
    add("physical_filter", {**other, "name": "it's r", "band": "r"})
    add("detector", *({**other, "id": one, "full_name": f"D{one}"} for one in (0, 1, 200)))
    add("day_obs", {**other, "id": 20140301})
    for one in SOME_VISITS[:3]:
        filtered = {**seen, "physical_filter": "it's r"}
        add("visit", {**other, **filtered, "id": one, "name": f"v{one}", "seq_num": one})
    add("skymap", {"name": "toy", "hash": b"toy", "tract_max": 3, "patch_nx_max": 2, "patch_ny_max": 2})
    for tract in (1, 2):
        add("tract", {"skymap": "toy", "id": tract})
        for patch in range(4):
            add("patch", {"skymap": "toy", "tract": tract, "id": patch, "cell_x": patch % 2, "cell_y": patch // 2})
