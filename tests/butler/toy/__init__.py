"""An instrument with two tasks, for which nothing is needed but pipe_base: what pipetask runs in tests.

``measure`` takes what was read out of each detector to a count for each visit and detector, ``summarise`` these to a
table for each visit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsst.daf.butler import Butler, CollectionType, DatasetType  # type: ignore[attr-defined]
from lsst.pipe.base import Instrument
from lsst.sphgeom import ConvexPolygon, LonLat, UnitVector3d

RAW = "Toy/raw"
"""The RUN collection of what was read out."""
VISITS = tuple(range(100, 106))
DETECTORS = (0, 1, 2)
PIPELINE = Path(__file__).with_name("pipeline.yaml")


class Toy(Instrument):
    """A camera of three detectors and two filters."""

    def __init__(self, collection_prefix: str | None = None) -> None:
        super().__init__(collection_prefix)

    @classmethod
    def getName(cls) -> str:  # noqa: N802 - the base class names it so
        return "Toy"

    def getRawFormatter(self, dataId: Any) -> Any:  # noqa: N802, N803
        raise NotImplementedError("nothing is ingested")

    def register(self, registry: Any, *, update: bool = False) -> None:
        name = self.getName()
        with registry.transaction():
            registry.syncDimensionData(
                "instrument",
                {
                    "name": name,
                    "class_name": f"{__name__}.Toy",
                    "detector_max": 10,
                    "exposure_max": 1_000_000,
                    "visit_max": 1_000_000,
                    "visit_system": 0,
                },
                update=update,
            )
            for number in DETECTORS:
                record = {"instrument": name, "id": number, "full_name": f"D{number}", "purpose": "SCIENCE"}
                registry.syncDimensionData("detector", record, update=update)
            for band in "gr":
                record = {"instrument": name, "name": f"toy {band}", "band": band}
                registry.syncDimensionData("physical_filter", record, update=update)


def _polygon(number: int, detector: int) -> ConvexPolygon:
    corners = [(number, detector), (number + 1, detector), (number + 1, detector + 1), (number, detector + 1)]
    return ConvexPolygon([UnitVector3d(LonLat.fromDegrees(*corner)) for corner in corners])


def add_toy(butler: Butler) -> None:
    """Register the instrument, six visits of an exposure each, and what was read out of each detector."""
    Toy().register(butler.registry)
    add = butler.registry.insertDimensionData
    common = {"instrument": "Toy"}
    add("day_obs", {**common, "id": 20260101})
    add("visit_system", {**common, "id": 0, "name": "one-to-one"})
    for number, visit in enumerate(VISITS):
        seen = {
            **common,
            "id": visit,
            "day_obs": 20260101,
            "seq_num": number + 1,
            "physical_filter": f"toy {'gr'[number % 2]}",
            "exposure_time": 30.0,
        }
        add("group", {**common, "name": str(visit)})
        add("exposure", {**seen, "obs_id": f"T{visit}", "group": str(visit), "observation_type": "science"})
        add("visit", {**seen, "name": f"T{visit}"})
        add("visit_definition", {**common, "exposure": visit, "visit": visit})
        add("visit_system_membership", {**common, "visit_system": 0, "visit": visit})
        for detector in DETECTORS:
            record = {**common, "visit": visit, "detector": detector, "region": _polygon(number, detector)}
            add("visit_detector_region", record)
    raw = DatasetType(
        "toy_raw", ("instrument", "exposure", "detector"), "StructuredDataDict", universe=butler.dimensions
    )
    butler.registry.registerDatasetType(raw)
    butler.collections.register(RAW, CollectionType.RUN)
    for visit in VISITS:
        for detector in DETECTORS:
            butler.put({"count": visit + detector}, raw, run=RAW, instrument="Toy", exposure=visit, detector=detector)
