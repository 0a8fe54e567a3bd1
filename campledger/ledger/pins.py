"""With what a submission runs, as ids of contents: after a squash or a rebase commits are gone, contents are not."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from campledger.errors import DataError
from campledger.ledger.histories import histories
from campledger.ledger.ledger import DEFINITION, Record
from campledger.ledger.run_contents import run_contents
from campledger.ledger.sets import Reference, Sets
from campledger.model import rules
from campledger.model.campaign import Campaign, Group
from campledger.problems import report_text
from campledger.repository.file_trees import Files, blob_id


def pins_of(
    sets: Sets,
    record: Record,
    places: Iterable[str],
    *,
    files: Iterable[str] = (),
    base: str | None = None,
    published: bool | None = None,
) -> dict[str, Any]:
    """Return the pins of a submission over steps or groups of a campaign.

    ``files`` are further ones of the campaign's directory that it uses; ``published`` is whether the same comes out of
    the ledger at ``base``. Raise DataError if the campaign or a set cannot be read, UsageError if there is no such set.
    """
    campaign = record.campaign
    if campaign is None:
        raise DataError(f"{record.id} cannot be read:\n{report_text(record.problems)}")
    groups = list(dict.fromkeys(path for place in places for path in campaign.groups_of(place)))
    chosen = [campaign.groups[path] for path in groups]
    found: dict[str, Any] = {"definition": campaign.digest(groups)}
    used = _files(sets.ledger.files, record, [*files, *(file for one in chosen for file in _named(one, record))])
    if used:
        found["files"] = used
    pinned = [_pinned(sets, campaign, purpose, text) for purpose, text in _references(chosen)]
    if pinned:
        found["sets"] = pinned
    stacks = campaign.stacks_of(groups)
    if stacks:
        found["stack"] = stacks
    if base is not None:
        found["base"] = base
    if published is not None:
        found["published"] = published
    return found


def _named(group: Group, record: Record) -> Iterator[str]:
    """Yield the files of the campaign that the sections in force for a group name."""
    yield from (path for _, path in rules.references(group.sections))
    script = str(group.sections.get("software", {}).get("prepended_script", "")).strip()
    if script in record.files:
        yield script


def _files(tree: Files, record: Record, named: Iterable[str]) -> dict[str, str]:
    """Return git's ids of files and, since these include others by name, of those whose names stand in them."""
    own = {DEFINITION, *histories(record.files), *run_contents(record.files)}
    others = {file: _as_word(file) for file in record.files if file not in own}
    waiting = list(dict.fromkeys(posixpath.normpath(file) for file in named))
    ids: dict[str, str] = {}
    while waiting:
        contents = tree.read(record.path(file) for file in waiting)
        ids |= {file: blob_id(contents[record.path(file)]) for file in waiting if record.path(file) in contents}
        text = b"\n".join(contents.values())
        waiting = [file for file, word in others.items() if file not in ids and word.search(text)]
    return dict(sorted(ids.items()))


def _as_word(file: str) -> re.Pattern[bytes]:
    name = re.escape(posixpath.basename(file).encode())
    return re.compile(rb"(?<![A-Za-z0-9_.+-])" + name + rb"(?![A-Za-z0-9_+-])")


def _references(groups: Iterable[Group]) -> list[tuple[str, str]]:
    """Return purpose and name of each set that is in force for one of the groups, each once."""
    found = {
        (purpose, text): None
        for group in groups
        for purpose in ("include", "exclude")
        for text in group.sections.get("data", {}).get(purpose, ())
    }
    return list(found)


def _pinned(sets: Sets, campaign: Campaign, purpose: str, text: str) -> dict[str, Any]:
    made = sets.evaluate(text, campaign.id)
    name = Reference.parse(text).name
    return {"name": name, "digest": made.digest, "count": len(made.value.members), "purpose": purpose}
