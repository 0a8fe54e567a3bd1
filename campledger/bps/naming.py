"""What the names of operators' submit files and BPS campaigns say: step, group, rescue, version, ticket.

The words are those of Rubin's submit files as kept in git: `step1_7`, `step3_rescue`, `step1_rescue2_all_7`,
`step1_resque`, `PREOPS-863_step4`, `step5a`, `step3_last`, `w_2022_34/DM-35936/step1_7`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_STEP = re.compile(r"(?i)(?:^|(?<=[_./ -]))(step|stage)[_-]?(\d+)([a-z]?)(?=$|[_. -])")
_RESCUE = re.compile(r"(?i)(?:rescue[sd]?|resque[sd]?|rescu|recover|recovery)[_-]?(\d*)$")
_RESTART = re.compile(r"(?i)(?:restart(?:ed)?|resubmit(?:ted)?|resubmission|rerun|redo)(\d*)$")
_GROUP_WORD = re.compile(r"(?i)(?:group|grp|g|part|chunk|slice|batch)(\d*)$")
_DIMENSION = re.compile(r"(?i)(?:det|detector|visit|exp|exposure|tract|patch|raft|ccd|night|day)s?[\d-]*$")
_OLD_WORDS = "old|bak|backup|orig|copy|superseded|obsolete|unused|archive|deprecated"
_TEMPLATE = re.compile(r"(?i)(?:^|[_. -])(?:template|tmpl|skeleton|example)(?=$|[_. -])")
_SAYS_NOTHING = re.compile(rf"(?i)all|template|tmpl|bps|config|ya?ml|\d{{8}}T\d{{6}}Z|{_OLD_WORDS}")
_OLD = re.compile(rf"(?i)(?:^|[/_. -])(?:{_OLD_WORDS})(?=$|[/_. -])")
_TICKET = re.compile(r"[A-Z][A-Z0-9]*-[0-9]+[a-z]?")
_VERSION = re.compile(
    r"(?:[wd]_\d{4}_\d{1,2}(?:_\d{1,2})?|v?\d+(?:[._]\d+)+(?:[._-]?rc\d+)?|v\d+)(?:[._-][A-Za-z0-9._-]+)?"
)
_STACK = re.compile(
    r"(?<![A-Za-z0-9])(?:[wd]_\d{4}_\d{2}(?:_\d{2})?|v\d+(?:_\d+)+(?:_rc\d+)?|v\d+(?:\.\d+)+(?:\.rc\d+)?)"
)
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


@dataclass(frozen=True, slots=True)
class Label:
    """What a file's name, or the last part of a campaign, says."""

    step: str = ""
    part: str = ""
    """The letter right after the step's number: the a of step5a."""
    words: tuple[str, ...] = ()
    """What follows, without what is understood."""
    numbers: tuple[str, ...] = ()
    """Numbers that may be those of groups."""
    rescue: int = 0
    """1 for a rescue, 2 for rescue2, ...; 0 if the name says nothing of rescues."""
    restart: bool = False
    template: bool = False

    @property
    def group(self) -> str:
        """Name of the group that this names, or nothing."""
        return safe_name("_".join(filter(None, (self.part, *self.words))))


def read_label(text: str) -> Label:
    """Return what a name says; an empty step if it names none."""
    template = bool(_TEMPLATE.search(text))
    match = _STEP.search(text)
    if not match:
        rescue, restart, _, _ = _understood(re.split(r"[_.\s-]+", text))
        return Label(rescue=rescue, restart=restart, template=template)
    kind, number, part = match[1].lower(), int(match[2]) if len(match[2]) < 20 else 0, match[3]
    before = [word for word in re.split(r"[_\s]+", text[: match.start()]) if word]
    after = [word for word in re.split(r"[_\s]+", text[match.end() :].strip(".-_ ")) if word]
    rescue, restart, words, numbers = _understood([*_context(before), *after])
    return Label(f"{kind}{number}", part, words, numbers, rescue, restart, template)


def read_folders(folder: str) -> Label:
    """Return what the last two folders say, as in step1/group7 or rescues/step1."""
    words = folder.split("/")[-2:]
    label = read_label("_".join(words))
    rescue = max((read_label(word).rescue for word in folder.split("/")), default=0)
    return replace(label, rescue=max(label.rescue, rescue))


def _context(words: list[str]) -> list[str]:
    """Return the words before the step that mean something: neither tickets nor versions, but rescues."""
    return [word for word in words if _RESCUE.match(word) or _RESTART.match(word)]


def _understood(words: list[str]) -> tuple[int, bool, tuple[str, ...], tuple[str, ...]]:
    """Return rescue, restart, the words that stay, and those numbers among them that may be groups."""
    rescue, restart, in_dimension, before = 0, False, False, 0
    kept: list[str] = []
    numbers: list[str] = []
    for word in words:
        rescued, grouped = _RESCUE.match(word), _GROUP_WORD.match(word)
        is_number = re.fullmatch(r"\d+(?:-\d+)?", word) is not None
        in_dimension = bool(_DIMENSION.match(word)) or (in_dimension and is_number)
        if rescued:
            rescue = max(rescue, int(rescued[1] or 1) if len(rescued[1]) < 4 else 1)
            before = len(numbers)
        elif _RESTART.match(word):
            restart = True
        elif rescue == 1 and before and is_number and word == words[-1] and not in_dimension:
            rescue = int(word) if word.isdigit() and 0 < len(word) < 4 else 1  # step1_7_rescue_2
        elif grouped:
            kept += [grouped[1]] if grouped[1] else []
            numbers += [grouped[1]] if grouped[1] else []
        elif is_number:
            kept.append(word)
            numbers += [] if in_dimension else _range(word)
        elif not _SAYS_NOTHING.fullmatch(word):
            kept.append(word)
    return rescue, restart, tuple(kept), tuple(numbers)


def _range(word: str) -> list[str]:
    """Return the numbers of `7` or of `3-5`."""
    first, _, last = word.partition("-")
    if not last:
        return [first]
    if len(first) > 6 or len(last) > 6 or not int(first) <= int(last) < int(first) + 1000:
        return [first, last]
    return [str(number) for number in range(int(first), int(last) + 1)]


@dataclass(frozen=True, slots=True)
class CampaignParts:
    """The parts of a BPS `campaign`."""

    version: str = ""
    ticket: str = ""
    others: tuple[str, ...] = ()
    step: Label = Label()

    @property
    def base(self) -> str:
        """The campaign without step and group: what makes its identity together with project and payload."""
        return "/".join(filter(None, (self.version, self.ticket, *self.others)))


def read_campaign(text: str) -> CampaignParts:
    """Return the parts of a BPS campaign such as w_2022_34/DM-35936/step1_7."""
    version = ticket = ""
    others: list[str] = []
    parts = [part for part in text.split("/") if part]
    step = Label()
    if parts and _is_step(parts[-1]):
        step = read_label(parts.pop())
    elif len(parts) > 1 and _is_step(parts[-2]):
        step = read_label("_".join((parts.pop(-2), parts.pop())))
    for part in parts:
        if _RESCUE.match(part) or _RESTART.match(part):
            said = read_label(part)
            step = replace(step, rescue=max(step.rescue, said.rescue), restart=step.restart or said.restart)
        elif not ticket and _TICKET.fullmatch(part):
            ticket = part
        elif not version and _VERSION.fullmatch(part):
            version = part
        else:
            others.append(part)
    return CampaignParts(version, ticket, tuple(others), step)


def _is_step(part: str) -> bool:
    named = re.match(r"(?i)(?:step|stage)", part) is not None and bool(read_label(part).step)
    return named or bool(_RESCUE.match(part) or _RESTART.match(part))


def subset_step(subset: str) -> Label:
    """Return the step that a pipeline's subset names, if it is a single label that starts with one."""
    if "," in subset:
        return Label()
    match = re.match(r"(?i)(step|stage)[_-]?(\d{1,9})([a-z]?)(?=$|[^A-Za-z0-9])", subset.strip())
    return Label(f"{match[1].lower()}{int(match[2])}{match[3]}") if match else Label()


def stack_tag(*texts: str) -> str:
    """Return the tag of the Science Pipelines in the first text that has one, such as an image's name."""
    for text in texts:
        found = _STACK.findall(text)
        if found:
            return str(found[-1])
    return ""


def is_old(path: str) -> bool:
    """Whether a path says of itself that something newer replaced it."""
    return bool(_OLD.search(path)) or path.endswith("~")


def safe_name(text: str, default: str = "") -> str:
    """Return the text as a name of a step, group or campaign, or the default if nothing is left."""
    return _UNSAFE.sub("-", text).strip("-._+")[:100] or default
