"""Makes a small Butler repository on SQLite, for the demo: a camera of four detectors, and forty raw images of a night.

Usage: python embedded_butler.py FOLDER
"""

from __future__ import annotations

import sys

from lsst.daf.butler import Butler, DatasetType, DimensionRecord

INSTRUMENT = "DemoCam"
DAY = 20261122
EXPOSURES = [DAY * 100_000 + number for number in range(1, 11)]
DETECTORS = range(4)
BANDS = "gri"


def records(butler: Butler) -> list[DimensionRecord]:
    """Return the records of camera and night, each kind after those that it refers to."""
    rows: list[tuple[str, dict[str, object]]] = [
        ("instrument", {"name": INSTRUMENT, "class_name": "lsst.obs.base.Instrument", "detector_max": 4}),
        ("day_obs", {"instrument": INSTRUMENT, "id": DAY}),
    ]
    rows += [("physical_filter", {"instrument": INSTRUMENT, "name": f"{one}_1", "band": one}) for one in BANDS]
    rows += [("detector", {"instrument": INSTRUMENT, "id": one, "full_name": f"S{one}"}) for one in DETECTORS]
    for number in EXPOSURES:
        name = f"DC_O_{DAY}_{number % 100_000:06d}"
        rows.append(("group", {"instrument": INSTRUMENT, "name": name}))
        rows.append(
            (
                "exposure",
                {
                    "instrument": INSTRUMENT, "id": number, "obs_id": name, "group": name, "day_obs": DAY,
                    "physical_filter": f"{BANDS[number % 3]}_1", "seq_num": number % 100_000,
                    "observation_type": "science", "exposure_time": 30.0,
                },
            )
        )  # fmt: skip
    return [butler.dimensions[element].RecordClass(**values) for element, values in rows]


def main(folder: str) -> None:
    """Make the repository."""
    Butler.makeRepo(folder)
    with Butler.from_config(folder, writeable=True, run="DemoCam/raw/all") as butler:
        for record in records(butler):
            butler.registry.insertDimensionData(record.definition.name, record)
        raw = DatasetType("raw", butler.dimensions.conform(["exposure", "detector"]), "StructuredDataDict")
        butler.registry.registerDatasetType(raw)
        for exposure in EXPOSURES:
            for detector in DETECTORS:
                data_id = {"instrument": INSTRUMENT, "exposure": exposure, "detector": detector}
                butler.put({"sky": 200 + detector}, raw, data_id)
    print(f"{folder}: {len(EXPOSURES)} exposures of {len(DETECTORS)} detectors in DemoCam/raw/all")


if __name__ == "__main__":
    main(sys.argv[1])
