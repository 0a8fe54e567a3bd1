"""The fixed words of the formats, each list once; as a type too, where scripts are given one.

Tests hold the schemas to them. States stand in :mod:`campledger.model.states`, kinds of events in
:mod:`campledger.model.event_kinds`.
"""

from __future__ import annotations

from typing import Literal, get_args

KINDS = (
    "development", "rehearsal", "integration", "mini-drp", "data-release", "data-preview", "reprocessing", "nightly",
    "nightly-validation", "prompt", "prompt-catch-up", "commissioning", "calibration", "template-building", "other",
)  # fmt: skip
"""What type of activity a campaign is."""

Relation = Literal["first", "rescue", "restart", "replacement"]
RELATIONS: tuple[str, ...] = get_args(Relation)
"""What a submission is to its parents."""

Said = Literal["succeeded", "partial", "failed", "nothing", "submitted", "running", "held", "cancelled"]
SAID: tuple[str, ...] = get_args(Said)
"""What people say of a run: the keys of :data:`campledger.model.states.OUTCOMES`."""

DEVIATIONS = ("query", "pipeline", "image", "inputs", "memory", "options", "other")
"""In what a submission can differ from the definition of its groups."""

LinkType = Literal["monitor", "butler", "metrics", "qa", "ticket", "document", "other"]
LINK_TYPES: tuple[str, ...] = get_args(LinkType)
"""What is behind a link."""
