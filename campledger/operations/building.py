"""Making a site: its parts gathered, rendered where they have changed, and put into place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from campledger.ledger.reading import Ledger
from campledger.model.words import counted
from campledger.operations.site import BuildResult, Progress, Wanted
from campledger.pages import (
    addresses,
    api,
    campaigns,
    compact,
    feeds,
    form,
    front,
    gather,
    listing,
    overrides,
    parts,
    people,
    queries,
    render,
    sets,
)
from campledger.pages.changes import Commit
from campledger.pages.gather import Survey
from campledger.pages.overrides import Overrides
from campledger.pages.program import program
from campledger.pages.public import Hidden, publish
from campledger.pages.write import Folder
from campledger.problems import Problem
from campledger.repository.cache import Cache
from campledger.repository.commands import Repository
from campledger.repository.trees import GitTree, KnownFiles, WorkTree

PARTS = (
    parts.of_campaigns(
        parts.OfCampaign(gather.page_path, campaigns.key, campaigns.page),
        parts.OfCampaign(addresses.campaign_feed_path, feeds.campaign_key, feeds.campaign_feed),
        parts.OfCampaign(api.campaign_path, api.campaign_key, api.campaign_document),
        parts.OfCampaign(form.definition_path, form.definition_key, form.definition),
    ),
    parts.Part(sets.paths, sets.files),
    parts.Part(feeds.paths, feeds.files),
    parts.Part(api.paths, api.files),
    parts.of_pages(form.paths, form.pages),
    parts.of_pages(queries.paths, queries.pages),
    parts.of_pages(people.paths, people.pages),
    parts.of_pages(listing.paths, listing.pages),
    parts.of_pages(front.paths, front.pages),
)
"""What makes the files, in the order in which they are put into place: the front page comes last, so that it never
links to one that is not there yet."""

_SHALLOW = (
    "the clone lacks a part of the history: pages may name a later commit than the one that changed them; "
    "`git fetch --unshallow` gets it"
)


def make(
    repository: Repository, root: Path, out: Path, wanted: Wanted, cache: Cache, progress: Progress | None
) -> BuildResult:
    """Make the site in a folder. Raise UsageError, DataError and the like with the site as it was."""
    folder = Folder(out)
    try:
        return _Build(repository, root, wanted, folder, cache, progress).run()
    finally:
        folder.abandon()


@dataclass
class _Build:
    repository: Repository
    root: Path
    wanted: Wanted
    folder: Folder
    cache: Cache
    progress: Progress | None
    notes: list[str] = field(default_factory=list)

    def run(self) -> BuildResult:
        """Make what has changed, then put it into place."""
        if self.wanted.commit and self.repository.is_shallow:
            self.notes.append(_SHALLOW)
        files, hidden = self._files()
        own = overrides.read(files)
        survey = self._survey(files, program(own.templates))
        self._fill(survey, own, hidden)
        survey.keep()
        done = self.folder.finish()
        return BuildResult(
            pages=sum(path.endswith(".html") for path in self.folder.files),
            written=done.written,
            removed=done.removed,
            problems=_problems(survey),
            commit=self.wanted.commit,
            out=self.folder.out,
            notes=tuple(self.notes),
        )

    def _fill(self, survey: Survey, own: Overrides, hidden: Hidden | None) -> None:
        templates = render.environment(own)
        announced = [path for part in PARTS for path in part.paths(survey)]
        survey.shared["navigation"] = gather.navigation(announced)
        fixed = _fixed(survey, own)
        total = len(fixed) + len(announced)
        for number, file in enumerate(chain(fixed, self._parts(survey)), 1):
            if file.content is None:
                self.folder.keep(file.path)
            else:
                data = file.content if isinstance(file.content, bytes) else render.page(templates, file.content)
                self.folder.put(file.path, file.key, hidden.without(data) if hidden else data)
            if self.progress is not None:
                self.progress(number, total)

    def _parts(self, survey: Survey) -> Iterator[parts.File]:
        return chain.from_iterable(part.files(survey, self.folder.is_current) for part in PARTS)

    def _files(self) -> tuple[KnownFiles, Hidden | None]:
        """Return the files that are shown, and what must not be named in any page."""
        files: KnownFiles = WorkTree(self.root)
        if self.wanted.commit and not self.wanted.worktree:
            files = GitTree(self.repository, self.wanted.commit)
        if not self.wanted.public:
            return files, None
        survey = self._survey(files, program(overrides.read(files).templates))
        survey.keep()
        shown, count = publish(survey, self.cache)
        if count:
            self.notes.append(f"{counted(count, 'campaign')} left out: embargoed, or not readable")
        return shown, shown.hidden

    def _survey(self, files: KnownFiles, version: str) -> Survey:
        named = None
        if self.wanted.commit:
            time = self.repository.commit_time(self.wanted.commit)
            named = Commit(self.wanted.commit, time, worktree=self.wanted.worktree)
        repository = self.repository if named else None
        return Survey(Ledger(files), named, repository, cache=self.cache, program=version)


def _problems(survey: Survey) -> tuple[Problem, ...]:
    return tuple(sorted({*survey.problems, *queries.problems(survey)}))


def _fixed(survey: Survey, own: Overrides) -> list[parts.File]:
    """Return the files that are no pages, and cheap to make."""
    files = {
        **render.static_files(own),
        "static/built.js": render.script_file("campledgerBuilt", {"commit": survey.shared["commit"]}),
        "static/ledger.js": form.offers(survey),
        "list-index.js": render.script_file("campledgerIndex", compact.index(survey)),
        "list-texts.js": render.script_file("campledgerTexts", compact.texts(survey)),
    }
    return [parts.File(path, "", data) for path, data in files.items()]
