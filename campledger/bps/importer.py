"""Plan campaigns from a tree of BPS submit files as Rubin keeps them in git: `campledger import bps DIR`.

:func:`plan` reads and decides, and writes nothing. A campaign is what shares project, payloadName and the version
and ticket parts of `campaign`; see drafts, grouping and rescues for its steps, groups and submissions, and mapping
for what a person may settle. What is not certain is taken as it stands and reported as ambiguous.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from campledger.bps.definition import copy_path, step_order, steps_of
from campledger.bps.deviations import deviations
from campledger.bps.drafts import Draft, draft
from campledger.bps.grouping import Groups, adopt_steps, group_step, skips_output
from campledger.bps.includes import UnreadInclude
from campledger.bps.mapping import Settled, read_mapping
from campledger.bps.naming import safe_name
from campledger.bps.prodstat import ProdStatCampaign
from campledger.bps.rescues import link_step
from campledger.bps.sources import Sources, read_sources
from campledger.bps.tree import natural, scan

TAKEN, AMBIGUOUS, LEFT_OUT, INCLUDED = "taken", "ambiguous", "left out", "included"


@dataclass(frozen=True, slots=True)
class PlannedSubmission:
    """One submit file as a submission."""

    ref: str
    """Names it in `parents` of others: the file's path below the imported directory."""
    groups: tuple[str, ...]
    """STEP/GROUP."""
    relation: str
    parents: tuple[str, ...]
    file: str
    """Its copy, in the campaign's directory."""
    deviations: dict[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class PlannedCampaign:
    """A campaign to be defined, with the files that belong into its directory."""

    key: str
    name: str
    definition: dict[str, Any]
    """A document of the campaign schema, without `id`."""
    files: dict[str, bytes]
    submissions: tuple[PlannedSubmission, ...]
    parent_key: str | None = None
    """Key of the campaign from whose output it starts, for `derived_from`."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of a file, or a doubt about it."""

    path: str
    verdict: str
    message: str
    campaign: str = ""
    step: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do."""

    campaigns: tuple[PlannedCampaign, ...]
    report: tuple[ReportLine, ...]


@dataclass
class _Sketch:
    """A campaign in the making."""

    key: str
    identity: tuple[str, str, str]
    """Project, payloadName, and version and ticket of the BPS campaign."""
    drafts: list[Draft] = field(default_factory=list)
    name: str = ""
    groups: dict[str, Groups] = field(default_factory=dict)
    parent: _Sketch | None = None
    templates: list[str] = field(default_factory=list)
    issues: list[ProdStatCampaign] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    """Files that are copied though nothing includes them, and why."""

    @property
    def outputs(self) -> set[str]:
        return {item.file.output for item in self.drafts if item.file.output}


def plan(root: Path, mapping: Mapping[str, Any] | None = None) -> ImportPlan:
    """Return what the submit files below a directory amount to; the same tree always gives the same plan.

    Raise DataError if the mapping is malformed. Nothing in the tree raises: what cannot be read is in the report.
    """
    settled = read_mapping(mapping)
    sources = read_sources(scan(root), settled)
    sketches = _sketches(sources, settled)
    for sketch in sketches:
        _arrange(
            sketch,
            {output: other.name for other in sketches if other is not sketch for output in other.outputs},
        )
    _find_parents(sketches)
    _keep_others(sketches, sources)
    report = _report(sketches, sources, settled)
    return ImportPlan(tuple(_planned(sketch, sources, settled) for sketch in sketches), report)


def _sketches(sources: Sources, settled: Settled) -> list[_Sketch]:
    """Sort the submissions into campaigns, and give these names."""
    by_key: dict[str, _Sketch] = {}
    for file in sources.submissions:
        made = draft(file, settled.rule(file.path))
        identity = _identity(made)
        key = _key(identity)
        by_key.setdefault(key, _Sketch(key, identity)).drafts.append(made)
    sketches = sorted(by_key.values(), key=lambda sketch: natural(sketch.key))
    _compare_parts(sketches)
    _name(sketches)
    for path, file in sources.templates.items():
        key = _key(_identity(draft(file, settled.rule(path))))
        if key in by_key:
            by_key[key].templates.append(path)
    for issues in sources.prodstat:
        folder = posixpath.dirname(issues.path)
        beside = [sketch for sketch in sketches if any(posixpath.dirname(one.path) == folder for one in sketch.drafts)]
        if len(beside) == 1 and issues.name == beside[0].identity[2].replace("/", "_"):
            beside[0].issues.append(issues)
    return sketches


def _identity(made: Draft) -> tuple[str, str, str]:
    """Return what makes a campaign one. A file without payloadName and campaign stands for its folder."""
    payload, base = made.file.payload_name, made.campaign.base
    if not payload and not base:
        base = posixpath.dirname(made.path) or "."
        made.doubt(f"neither payloadName nor campaign is given: counted to the campaign of its folder `{base}`")
    return made.file.project, payload, base


def _key(identity: tuple[str, str, str]) -> str:
    """Return the campaign's idempotency key."""
    key = ":".join(("bps", *identity))
    return key if len(key) <= 200 else f"{key[:160]}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _compare_parts(sketches: list[_Sketch]) -> None:
    """Doubt campaigns that only differ in what their BPS campaign says beyond version and ticket."""
    alike: dict[tuple[str, ...], list[_Sketch]] = {}
    for sketch in sketches:
        parts = sketch.drafts[0].campaign
        if parts.version and parts.ticket:
            alike.setdefault((*sketch.identity[:2], parts.version, parts.ticket), []).append(sketch)
    for sketch in (sketch for siblings in alike.values() if len(siblings) > 1 for sketch in siblings):
        for item in sketch.drafts:
            further = "/".join(item.campaign.others)
            if further:
                item.doubt(f"beyond version and ticket its campaign says `{further}`: taken as a campaign of its own")


def _name(sketches: list[_Sketch]) -> None:
    """Name campaigns after payload, version and ticket; where that is not unique, after the project too."""
    taken: set[str] = set()
    for sketch in sketches:
        project, payload, base = sketch.identity
        tail = payload.rstrip("/").rpartition("/")[2]
        short = safe_name("-".join(filter(None, (tail, base.replace("/", "-")))), "campaign")
        candidates = [short, safe_name(f"{project}-{short}"), safe_name(f"{payload}-{base}", short)]
        candidates += [f"{short[:90]}-{number}" for number in range(2, len(sketches) + 2)]
        sketch.name = next(name for name in candidates if name and name.lower() not in taken)
        taken.add(sketch.name.lower())


def _arrange(sketch: _Sketch, elsewhere: dict[str, str]) -> None:
    """Find steps, groups, relations and parents of a campaign's submissions."""
    adopt_steps(sketch.drafts)
    steps: dict[str, list[Draft]] = {}
    for item in sketch.drafts:
        steps.setdefault(item.step, []).append(item)
    for step in sorted(steps, key=step_order):
        groups = group_step(steps[step])
        link_step(steps[step], groups, elsewhere)
        sketch.groups[step] = groups
    refs = {item.path for item in sketch.drafts}
    for item in sketch.drafts:
        if item.rule.parents is not None:
            item.parents = [path for path in item.rule.parents if path in refs and path != item.path]
            item.mistakes += [
                f"the map names the parent {path}, which is no submission of this campaign"
                for path in item.rule.parents
                if path not in refs
            ]


def _find_parents(sketches: list[_Sketch]) -> None:
    """Find campaigns that start from another one's output."""
    for sketch in sketches:
        wanted = {name for item in sketch.drafts for name in (*item.file.inputs, *item.file.skip_existing_in)}
        wanted = {name for name in wanted if not any(skips_output([name], output) for output in sketch.outputs)}
        owners = [
            other
            for other in sketches
            if other is not sketch and any(skips_output(wanted, output) for output in other.outputs)
        ]
        if len(owners) == 1:
            sketch.parent = owners[0]
        elif owners:
            names = ", ".join(owner.name for owner in owners)
            for item in sketch.drafts:
                if any(skips_output(item.file.inputs, output) for owner in owners for output in owner.outputs):
                    item.doubt(f"its campaign starts from outputs of several others ({names}): derived from none")
    for sketch in sketches:
        seen, above = {sketch.key}, sketch.parent
        while above is not None and above.key not in seen:
            seen.add(above.key)
            above = above.parent
        if above is not None and above.key == sketch.key:
            sketch.parent = None


def _keep_others(sketches: list[_Sketch], sources: Sources) -> None:
    """Keep templates, and files that an include may have meant, among the files of their campaign."""
    for sketch in sketches:
        for path in sketch.templates:
            sketch.kept[path] = "template"
        for item in sketch.drafts:
            for missing in item.file.missing:
                candidate = "" if missing.external else sources.likely(missing)
                if candidate:
                    sketch.kept.setdefault(candidate, f"`{missing.words}` of {missing.by} may mean it")


def _planned(sketch: _Sketch, sources: Sources, settled: Settled) -> PlannedCampaign:
    ordered = sorted(sketch.drafts, key=lambda item: (step_order(item.step), item.rescue, natural(item.path)))
    submissions = []
    for item in ordered:
        definers = [sketch.groups[item.step][name] for name in item.groups]
        submissions.append(
            PlannedSubmission(
                ref=item.path,
                groups=tuple(f"{item.step}/{name}" for name in item.groups),
                relation=item.relation,
                parents=tuple(item.parents),
                file=copy_path(item.path),
                deviations=deviations(item, definers),
                text=_submission_text(item, sources),
            )
        )
    paths = {path for item in sketch.drafts for path in (item.path, *item.file.includes, item.file.pipeline_file)}
    paths = (paths | set(sketch.kept) | {issues.path for issues in sketch.issues}) - {""}
    for template in sketch.templates:
        paths |= set(sources.templates[template].includes)
    return PlannedCampaign(
        key=sketch.key,
        name=sketch.name,
        definition=_definition(sketch, settled),
        files={copy_path(path): sources.tree.content(path) for path in sorted(paths, key=natural)},
        submissions=tuple(submissions),
        parent_key=sketch.parent.key if sketch.parent else None,
    )


def _submission_text(item: Draft, sources: Sources) -> str:
    lines = [f"- {text}" for text in item.remarks]
    settled = "settled by a map" if item.rule.places else "ambiguous"
    lines += [f"- {settled}: {text}" for text in item.doubts]
    lines += [f"- ambiguous: {text}" for text in _unread(item, sources)]
    lines += [f"- submitted: {key} {value}" for key, value in item.file.submitted]
    return "\n".join(lines)[:65536]


def _definition(sketch: _Sketch, settled: Settled) -> dict[str, Any]:
    _, payload, base = sketch.identity
    sections, steps = steps_of(sketch.groups, settled)
    definition: dict[str, Any] = {
        "format": 1,
        "key": sketch.key,
        "name": sketch.name,
        "title": " ".join(f"{payload} {base}".split())[:200] or sketch.name,
        "production": settled.production,
        "kind": settled.kind,
        "description": _description(sketch),
    }
    if settled.owner:
        definition["owner"] = settled.owner
    tickets = sorted({item.campaign.ticket.rstrip("abcdefghijklmnopqrstuvwxyz") for item in sketch.drafts} - {""})
    tickets += [issues.issue for issues in sketch.issues if issues.issue and issues.issue not in tickets]
    if tickets:
        definition["tickets"] = [{"key": ticket, "type": "campaign"} for ticket in tickets]
    if settled.tags:
        definition["tags"] = list(settled.tags)
    extra = sections.pop("extra", {})
    definition |= sections
    for step in steps:
        keys = sorted(
            {issue for issues in sketch.issues for name, issue in issues.steps if issue and name == step["name"]}
        )
        if keys:
            step["tickets"] = [{"key": key, "type": "step"} for key in keys]
    definition["steps"] = steps
    extra.setdefault("bps", {})["folders"] = _folders(sketch)
    definition["extra"] = extra
    return definition


def _folders(sketch: _Sketch) -> list[str]:
    return sorted({posixpath.dirname(item.path) or "." for item in sketch.drafts}, key=natural)


def _description(sketch: _Sketch) -> str:
    project, payload, base = sketch.identity
    count = len(sketch.drafts)
    folders = ", ".join(f"`{folder}`" for folder in _folders(sketch))
    parts = [
        f"Imported from BPS submit files: {count} submission{'s' * (count != 1)} from {folders}, copied below `bps/`.",
        f"Named after the last part of payloadName ({_quoted(payload)}) and the version and ticket of the BPS campaign "
        f"({_quoted(base)}); project {_quoted(project)}.",
    ]
    if sketch.parent:
        parts.append(f"It starts from the output of the campaign `{sketch.parent.name}`.")
    doubtful = sum(1 for item in sketch.drafts if item.doubts and not item.rule.places)
    if doubtful:
        parts.append(f"What is ambiguous about {doubtful} of the submissions is noted on them.")
    return "\n\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    return f"`{text}`" if text else "none given"


def _report(sketches: list[_Sketch], sources: Sources, settled: Settled) -> tuple[ReportLine, ...]:
    lines: list[ReportLine] = []
    users: dict[str, set[str]] = {}
    for sketch in sketches:
        for item in sketch.drafts:
            lines += _lines_of(item, sketch.name, sources)
            for path in filter(None, (*item.file.includes, item.file.pipeline_file)):
                users.setdefault(path, set()).add(sketch.name)
        message = "ProdStat's file of this campaign: its issues are taken"
        lines += [ReportLine(issues.path, INCLUDED, message, sketch.name) for issues in sketch.issues]
        for path, why in sketch.kept.items():
            if why == "template":
                words = ", ".join(sources.templates[path].templates)
                message = f"template: {words} not filled in; no submission, kept as {copy_path(path)}"
                lines.append(ReportLine(path, LEFT_OUT, message, sketch.name))
            elif path not in users:
                lines.append(ReportLine(path, AMBIGUOUS, f"{why}; not read, kept as {copy_path(path)}", sketch.name))
    for path, names in users.items():
        lines.append(ReportLine(path, INCLUDED, "included by submit files", ", ".join(sorted(names, key=natural))))
    told = {line.path for line in lines}
    lines += [ReportLine(path, LEFT_OUT, why) for path, why in sources.left_out if path not in told]
    lines += [ReportLine(path, AMBIGUOUS, why) for path, why in sources.doubts]
    paths = sources.tree.files
    unused = [rule for rule in settled.files if not any(settled.rule(path) is rule for path in paths)]
    lines += [ReportLine(rule.pattern, LEFT_OUT, "a pattern of the map that decides about no file") for rule in unused]
    lines = [replace(line, message=" ".join(line.message.split())) for line in lines]
    return tuple(sorted(set(lines), key=lambda line: (natural(line.path), line.verdict != TAKEN, line.message)))


def _lines_of(item: Draft, campaign: str, sources: Sources) -> list[ReportLine]:
    group = ",".join(item.groups)
    words = [f"{item.relation} submission" if not item.parents else f"{item.relation} of {', '.join(item.parents)}"]
    words += item.remarks
    outside = sorted({missing.words for missing in item.file.missing if missing.external})
    if outside:
        words.append(f"includes from outside the tree, not read: {', '.join(outside)}")
    lines = [ReportLine(item.path, TAKEN, "; ".join(words), campaign, item.step, group)]
    verdict, prefix = (TAKEN, "settled by the map: ") if item.rule.places else (AMBIGUOUS, "")
    lines += [ReportLine(item.path, verdict, prefix + text, campaign, item.step, group) for text in item.doubts]
    unread = _unread(item, sources)
    return lines + [ReportLine(item.path, AMBIGUOUS, text, campaign, item.step, group) for text in unread]


def _unread(item: Draft, sources: Sources) -> list[str]:
    """Return what is ambiguous about the reading of a submit file, whatever it is taken as."""
    doubts = [*item.mistakes, *item.file.duplicates, *item.file.notes]
    doubts += [f"variable {{{name}}} is defined nowhere; left as written" for name in item.file.left]
    unread = [_missing_text(missing, sources) for missing in item.file.missing if not missing.external]
    if unread:
        doubts.append(f"without what it includes: {', '.join(unread)}")
    return doubts


def _missing_text(missing: UnreadInclude, sources: Sources) -> str:
    candidate = sources.likely(missing)
    return f"`{missing.words}` ({missing.reason}{f'; {candidate} may be meant' if candidate else ''})"
