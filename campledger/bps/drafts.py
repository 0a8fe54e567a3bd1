"""A submission in the making: one submit file, and what is found out about it bit by bit."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace

from campledger.bps.mapping import FileRule
from campledger.bps.naming import (
    CampaignParts,
    Label,
    is_old,
    read_campaign,
    read_folders,
    read_label,
    safe_name,
    subset_step,
)
from campledger.bps.queries import Query, parse
from campledger.bps.submit_file import SubmitFile
from campledger.model.rules import MISSING_SLASH


@dataclass
class Draft:
    """One submit file on its way to a submission. Filled in by placing, grouping and linking, in this order."""

    file: SubmitFile
    rule: FileRule
    campaign: CampaignParts
    step: str
    group: str
    """Name of the group that names suggest; empty for the whole step."""
    words: tuple[str, ...]
    numbers: tuple[str, ...]
    rescue: int
    """Its number among the rescues of the same data: 1, 2, ...; 0 for what is none."""
    restart: bool
    query: Query
    unnamed: bool = False
    """Whether nothing names its step."""
    unsure: bool = False
    """Whether its groups are only those that are not ruled out."""
    groups: list[str] = field(default_factory=list)
    relation: str = "first"
    parents: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """What is ambiguous, in words."""
    mistakes: list[str] = field(default_factory=list)
    """What a map says of it and cannot be."""
    remarks: list[str] = field(default_factory=list)
    """What is noteworthy and clear."""

    @property
    def path(self) -> str:
        """Where the submit file stands below DIR; names the submission."""
        return self.file.path

    @property
    def is_old(self) -> bool:
        """Whether its path says that something newer replaced it."""
        return is_old(self.path)

    @property
    def follows(self) -> bool:
        """Whether it is a rescue or a restart of something else."""
        return self.relation in {"rescue", "restart"}

    def doubt(self, text: str) -> None:
        """Record something ambiguous, once."""
        if text not in self.doubts:
            self.doubts.append(text)

    def remark(self, text: str) -> None:
        """Record something noteworthy, once."""
        if text not in self.remarks:
            self.remarks.append(text)


def draft(file: SubmitFile, rule: FileRule) -> Draft:
    """Return a submit file with what its names say: campaign, step, group, rescue.

    The step is that of the campaign's last part, else of the pipeline's subset, else of the file's name.
    """
    campaign = read_campaign(rule.campaign or file.campaign)
    if not campaign.step.step:
        campaign = replace(campaign, step=_output_step(file, campaign))
    named, by_folder = _named(file.path)
    subset = subset_step(file.subset)
    chosen = campaign.step if campaign.step.step else named
    made = Draft(
        file=file,
        rule=rule,
        campaign=campaign,
        step="",
        group="",
        words=(),
        numbers=campaign.step.numbers or named.numbers,
        rescue=max(campaign.step.rescue, named.rescue),
        restart=campaign.step.restart or named.restart,
        query=parse(file.query),
    )
    step, part = _step_of(chosen, subset)
    if not campaign.step.step and subset.step and step != subset.step:
        if named.step:
            made.doubt(f"the file's name says {named.step}, its pipeline's subset {subset.step}: taken as the subset's")
        step, part = subset.step, part if named.step == subset.step else ""
    elif campaign.step.step and subset.step and step != subset.step:
        made.doubt(f"its campaign says {step}, its pipeline's subset {subset.step}: taken as the campaign's")
    if campaign.step.step and named.step and _step_of(named, subset)[0] != step:
        made.doubt(f"its campaign says {step}, the file's name {named.step}: taken as the campaign's")
    if not step:
        step = safe_name(file.subset if "," not in file.subset else "") or safe_name(_stem(file.path), "step")
        made.unnamed = not rule.step
    if MISSING_SLASH.search(file.pipeline):
        made.doubt("no slash after the path variable of its pipeline: kept as written, in `extra`")
    if not file.pipeline:
        made.doubt("it names no pipeline")
    made.step = rule.step or step
    made.words = tuple(filter(None, (part, *(chosen.words or named.words))))
    made.group = safe_name("_".join(made.words))
    _compare_groups(made, campaign.step, named)
    if made.rescue == 0 and (made.restart or rule.relation in {"rescue", "restart"}):
        made.rescue = 1
    made.relation = rule.relation or ("restart" if made.restart else "rescue" if made.rescue else "first")
    if by_folder and (not campaign.step.step or made.group):
        made.remark("step and group as its folders say")
    if named.template and not file.templates:
        made.doubt("the file's name says template, but nothing in it is left to fill in: taken as a submission")
    return made


def _named(path: str) -> tuple[Label, bool]:
    """Return what a file's name says, and whether its folders had to say it."""
    named, folders = read_label(_stem(path)), read_folders(posixpath.dirname(path))
    rescue = max(named.rescue, folders.rescue)
    if named.step or not folders.step:
        return replace(named, rescue=rescue), False
    restart, template = named.restart or folders.restart, named.template
    return replace(folders, rescue=rescue, restart=restart, template=template), True


def _output_step(file: SubmitFile, campaign: CampaignParts) -> Label:
    """Return the step that ends the output chain's name, where the campaign itself ends without one."""
    if campaign.step.rescue or campaign.step.restart or "/" not in file.output:
        return campaign.step
    return read_campaign(f"x/{file.output.rpartition('/')[2]}").step


def _step_of(label: Label, subset: Label) -> tuple[str, str]:
    """Return step and part of a name: step5a is a step of its own if the pipeline calls it so, else a part of step5."""
    if label.part and subset.step == label.step + label.part:
        return subset.step, ""
    return label.step, label.part


def _compare_groups(made: Draft, campaign: Label, named: Label) -> None:
    if campaign.numbers and named.numbers and set(campaign.numbers) != set(named.numbers):
        said, other = ", ".join(campaign.numbers), ", ".join(named.numbers)
        made.doubt(f"its campaign says group {said}, the file's name {other}: taken as the campaign's")


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]
