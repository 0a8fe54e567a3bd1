"""What the files of a tree are: submit files, templates, what others include, and the rest."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from campledger.bps.includes import UnreadInclude, read_config
from campledger.bps.mapping import Settled
from campledger.bps.prodstat import ProdStatCampaign, read_prodstat
from campledger.bps.submit_file import SubmitFile, is_submit_config, resolve
from campledger.bps.tree import YAML_SUFFIXES, Tree
from campledger.documents.foreign import ForeignError

_BASE = re.compile(r"(?i)(?:^|[_. -])(?:base|common|default|defaults|shared)(?=$|[_. -])")


@dataclass(frozen=True)
class Sources:
    """The files of a tree, sorted by what they are."""

    tree: Tree
    submissions: tuple[SubmitFile, ...]
    templates: Mapping[str, SubmitFile]
    left_out: tuple[tuple[str, str], ...]
    """Paths and reasons; one that turns out to be included is no longer left out."""
    doubts: tuple[tuple[str, str], ...]
    prodstat: tuple[ProdStatCampaign, ...]

    def likely(self, missing: UnreadInclude) -> str:
        """Return the one file beside the including one that a missing include may mean, going by its name."""
        folder = posixpath.dirname(missing.by)
        wanted = _bare(posixpath.basename(missing.words))
        found = [
            path
            for path in self.tree.files
            if posixpath.dirname(path) == folder and _bare(posixpath.basename(path)) == wanted
        ]
        return found[0] if len(found) == 1 else ""


def read_sources(tree: Tree, settled: Settled) -> Sources:
    """Read every file of a tree and sort them."""
    submissions: list[SubmitFile] = []
    templates: dict[str, SubmitFile] = {}
    prodstat: list[ProdStatCampaign] = []
    left_out = [(item.path, item.message) for item in tree.left_out]
    for path in tree.files:
        if settled.rule(path).skip:
            left_out.append((path, "left out as the map says"))
            continue
        file, why = _submit_file(tree, path)
        if file is None:
            left_out.append((path, why))
            issues = read_prodstat(tree, path)
            prodstat += [issues] if issues else []
        elif file.templates:
            templates[path] = file
            left_out.append((path, f"template: {', '.join(file.templates)} not filled in; no submission"))
        else:
            submissions.append(file)
    submissions, doubts = _without_bases(submissions, [*submissions, *templates.values()])
    return Sources(tree, tuple(submissions), templates, tuple(left_out), doubts, tuple(prodstat))


def _submit_file(tree: Tree, path: str) -> tuple[SubmitFile | None, str]:
    if not path.lower().endswith(YAML_SUFFIXES):
        return None, "no YAML file"
    try:
        config = read_config(tree, path)
        if is_submit_config(config):
            return resolve(tree, config), ""
    except ForeignError as error:
        return None, f"cannot be read: {error}"
    names = ", ".join(str(key) for key in list(config.own)[:4])
    return None, f"no submit file (it says nothing of what to run on what: {names}), and none includes it"


def _without_bases(
    submissions: list[SubmitFile], readers: list[SubmitFile]
) -> tuple[list[SubmitFile], tuple[tuple[str, str], ...]]:
    """Take out files that others build upon; one that could be submitted as it stands is a doubt."""
    included = {path for file in readers for path in file.includes}
    kept, doubts = [], []
    for file in submissions:
        complete = all((file.campaign, file.pipeline, file.inputs, file.butler))
        if file.path not in included:
            kept.append(file)
        elif complete and not _BASE.search(posixpath.splitext(posixpath.basename(file.path))[0]):
            kept.append(file)
            doubts.append(
                (file.path, "other submit files include it; complete in itself, so taken as a submission too")
            )
        elif complete:
            doubts.append((file.path, "complete in itself, but named as a base that others include: no submission"))
    return kept, tuple(doubts)


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.lower())
