"""The toy's tasks."""

# pipe_base looks at annotations, and connections must be named as in a pipeline.

import pyarrow
from lsst.pipe.base import PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output
from lsst.pex.config import Field


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

    factor = Field(doc="What to multiply with.", dtype=int, default=1)


class MeasureTask(PipelineTask):
    """Add up the counts of a visit's exposures."""

    ConfigClass = MeasureConfig
    _DefaultName = "measure"

    def run(self, raws):
        return Struct(counts={"count": self.config.factor * sum(one["count"] for one in raws)})


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

    def run(self, counts):
        return Struct(table=pyarrow.table({"count": [one["count"] for one in counts]}))
