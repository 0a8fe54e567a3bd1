"""The toy's tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow  # type: ignore[import-untyped]
from lsst.pex.config import Field
from lsst.pipe.base import PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output


class MeasureConnections(PipelineTaskConnections, dimensions=("instrument", "visit", "detector")):
    """What ``measure`` reads and writes."""

    raws = Input(
        doc="What was read out.",
        name="toy_raw",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "exposure", "detector"),
        multiple=True,
    )
    counts = Output(
        doc="The count of a visit's detector.",
        name="toy_counts",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "visit", "detector"),
    )


class MeasureConfig(PipelineTaskConfig, pipelineConnections=MeasureConnections):
    """How to count."""

    factor: Field[int] = Field("What to multiply with.", int, default=1)  # type: ignore[no-untyped-call]


class MeasureTask(PipelineTask):
    """Add up the counts of a visit's exposures."""

    ConfigClass = MeasureConfig
    _DefaultName = "measure"

    def run(self, raws: Sequence[Mapping[str, int]]) -> Struct:
        config: Any = self.config
        return Struct(counts={"count": config.factor * sum(one["count"] for one in raws)})


class SummariseConnections(PipelineTaskConnections, dimensions=("instrument", "visit")):
    """What ``summarise`` reads and writes."""

    counts = Input(
        doc="The counts of a visit's detectors.",
        name="toy_counts",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
    )
    table = Output(
        doc="The counts of a visit.",
        name="toy_table",
        storageClass="ArrowTable",
        dimensions=("instrument", "visit"),
    )


class SummariseConfig(PipelineTaskConfig, pipelineConnections=SummariseConnections):
    """Nothing to choose."""


class SummariseTask(PipelineTask):
    """Put a visit's counts into a table."""

    ConfigClass = SummariseConfig
    _DefaultName = "summarise"

    def run(self, counts: Sequence[Mapping[str, int]]) -> Struct:
        return Struct(table=pyarrow.table({"count": [one["count"] for one in counts]}))


class CombineConnections(PipelineTaskConnections, dimensions=("instrument",)):
    """What ``combine`` reads and writes."""

    counts = Input(
        doc="The counts of all visits.",
        name="toy_counts",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
    )
    combined = Output(
        doc="The sum of the counts.", name="toy_combined", storageClass="StructuredDataDict", dimensions=("instrument",)
    )


class CombineConfig(PipelineTaskConfig, pipelineConnections=CombineConnections):
    """Nothing to choose."""


class CombineTask(PipelineTask):
    """Add up the counts of all visits: what comes out has no visit in its data ID."""

    ConfigClass = CombineConfig
    _DefaultName = "combine"

    def run(self, counts: Sequence[Mapping[str, int]]) -> Struct:
        return Struct(combined={"count": sum(one["count"] for one in counts)})


class FitConnections(PipelineTaskConnections, dimensions=("instrument",)):
    """What ``fit`` reads and writes."""

    combined = Input(
        doc="The sum of the counts.", name="toy_combined", storageClass="StructuredDataDict", dimensions=("instrument",)
    )
    fitted = Output(
        doc="What was fitted.", name="toy_fit", storageClass="StructuredDataDict", dimensions=("instrument",)
    )


class FitConfig(PipelineTaskConfig, pipelineConnections=FitConnections):
    """Nothing to choose."""


class FitTask(PipelineTask):
    """Fit what ``combine`` made."""

    ConfigClass = FitConfig
    _DefaultName = "fit"

    def run(self, combined: Mapping[str, int]) -> Struct:
        return Struct(fitted=dict(combined))
