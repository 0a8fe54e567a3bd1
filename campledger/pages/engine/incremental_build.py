"""Making a site: its parts gathered, rendered where they have changed, and put into place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from campledger.ledger.ledger import Ledger
from campledger.model.text_format import counted
from campledger.pages.content import (
    addresses,
    api,
    campaign_page,
    feeds,
    front_page,
    list_index,
    list_page,
    new_campaign_page,
    people_pages,
    saved_query_pages,
    set_pages,
)
from campledger.pages.engine import gather, overrides, page_kinds, render
from campledger.pages.engine.build_request import BuildRequest, BuildResult, OnProgress
from campledger.pages.engine.embargo import Hidden, PublicFiles, publish
from campledger.pages.engine.gather import Survey
from campledger.pages.engine.generator_version import program
from campledger.pages.engine.git_facts import Commit
from campledger.pages.engine.output_folder import FileMark, Folder
from campledger.pages.engine.overrides import Overrides
from campledger.pages.engine.worker_processes import shared_out
from campledger.problems import Problem
from campledger.repository.cache import Cache
from campledger.repository.file_trees import GitTree, KnownFiles, WorkTree
from campledger.repository.git_commands import Repository

OF_CAMPAIGNS = (
    page_kinds.OfCampaign(gather.page_path, campaign_page.key, campaign_page.page),
    page_kinds.OfCampaign(addresses.campaign_feed_path, feeds.campaign_key, feeds.campaign_feed),
    page_kinds.OfCampaign(api.campaign_path, api.campaign_key, api.campaign_document),
    page_kinds.OfCampaign(
        new_campaign_page.definition_path, new_campaign_page.definition_key, new_campaign_page.definition
    ),
)
"""What each campaign has."""

PARTS = (
    page_kinds.PageKind(set_pages.paths, set_pages.files),
    page_kinds.PageKind(feeds.paths, feeds.files),
    page_kinds.PageKind(api.paths, api.files),
    page_kinds.of_pages(new_campaign_page.paths, new_campaign_page.pages),
    page_kinds.of_pages(saved_query_pages.paths, saved_query_pages.pages),
    page_kinds.of_pages(people_pages.paths, people_pages.pages),
    page_kinds.of_pages(list_page.paths, list_page.pages),
    page_kinds.of_pages(front_page.paths, front_page.pages),
)
"""What makes the other files, in the order in which they are put into place: the front page comes last, so that it
never links to one that is not there yet."""

_Made = tuple[str, FileMark | None, bool]
"""A file's path; what the site's marker is to say of it, or None where it says so; whether it is to be moved."""

_MANY = 400
"""Campaigns of which something was worked out anew, from which on it pays to share out the making of their files."""

_SHALLOW = (
    "the clone lacks a part of the history: pages may name a later commit than the one that changed them; "
    "`git fetch --unshallow` gets it"
)


def make(
    repository: Repository, root: Path, out: Path, wanted: BuildRequest, cache: Cache, progress: OnProgress | None
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
    wanted: BuildRequest
    folder: Folder
    cache: Cache
    progress: OnProgress | None
    notes: list[str] = field(default_factory=list)

    def run(self) -> BuildResult:
        """Make what has changed, then put it into place."""
        if self.wanted.commit and self.repository.is_shallow:
            self.notes.append(_SHALLOW)
        files = self._files()
        view = self._public(files) if self.wanted.public else None
        own = overrides.read(view or files)
        survey = self._survey(view or files, self.wanted.commit, program(own.templates), view.version if view else "")
        if survey.ledger.newer:
            self.notes.append(f"the ledger was {survey.ledger.settings.newer}")
        self._fill(survey, own, view.hidden if view else None)
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
        """Make all files, beside the site. Those of campaigns are shared out among processes."""
        announced = page_kinds.paths_of_campaigns(survey, OF_CAMPAIGNS)
        announced += [path for part in PARTS for path in part.paths(survey)]
        survey.shared["navigation"] = gather.navigation(announced)
        workshop = _Workshop(survey, self.folder, render.environment(own), hidden)
        fixed = _fixed(survey, own)
        batches = page_kinds.batches_of_campaigns(survey)
        alone = len(survey.changed) < _MANY
        total = len(fixed) + len(announced)
        with closing(shared_out(batches, workshop.of_campaigns, survey.stand_apart, alone=alone)) as shared:
            others = (workshop.made(file) for file in chain(fixed, self._parts(survey)))
            made = chain(chain.from_iterable(result for _, result in shared), others)
            for number, (path, entry, new) in enumerate(made, 1):
                if entry is None:
                    self.folder.keep(path)
                else:
                    self.folder.take(path, entry, new)
                if self.progress is not None:
                    self.progress(number, total)

    def _parts(self, survey: Survey) -> Iterator[page_kinds.File]:
        return chain.from_iterable(part.files(survey, self.folder.is_current) for part in PARTS)

    def _files(self) -> KnownFiles:
        if self.wanted.commit and not self.wanted.worktree:
            return GitTree(self.repository, self.wanted.commit)
        return WorkTree(self.root)

    def _public(self, files: KnownFiles) -> PublicFiles:
        """Return what may be published of the files that are shown."""
        version = program(overrides.read(files).templates)
        shown = self._survey(files, self.wanted.commit, version)
        present = [self._survey(GitTree(self.repository, tip), tip, version) for tip in self.wanted.present]
        view, count = publish(shown, present, self.cache)
        for survey in (shown, *present):
            survey.keep()
        if count:
            self.notes.append(f"{counted(count, 'campaign')} left out: embargoed, or not readable")
        return view

    def _survey(self, files: KnownFiles, commit: str | None, version: str, view: str = "") -> Survey:
        named = None
        if commit:
            named = Commit(commit, self.repository.commit_time(commit), worktree=self.wanted.worktree)
        repository = self.repository if named else None
        return Survey(Ledger(files), named, repository, cache=self.cache, program=version, view=view)


@dataclass(frozen=True)
class _Workshop:
    """Makes files beside the site; what it returns of each, the process that finishes the site has to know."""

    survey: Survey
    folder: Folder
    templates: render.Templates
    hidden: Hidden | None

    def of_campaigns(self, batch: Sequence[gather.Readable]) -> list[_Made]:
        """Make what each campaign of a batch has."""
        files = page_kinds.files_of_campaigns(batch, OF_CAMPAIGNS, self.survey, self.folder.is_current)
        return [self.made(file) for file in files]

    def made(self, file: page_kinds.File) -> _Made:
        """Make a file, unless the site has it."""
        if file.content is None:
            return file.path, None, False
        data = file.content if isinstance(file.content, bytes) else render.page(self.templates, file.content)
        entry, new = self.folder.make(file.path, file.key, self.hidden.without(data) if self.hidden else data)
        return file.path, entry, new


def _problems(survey: Survey) -> tuple[Problem, ...]:
    return tuple(sorted({*survey.problems, *saved_query_pages.problems(survey)}))


def _fixed(survey: Survey, own: Overrides) -> list[page_kinds.File]:
    """Return the files that are no pages, and cheap to make."""
    files = {
        **render.static_files(own),
        "static/built.js": render.script_file("campledgerBuilt", {"commit": survey.shared["commit"]}),
        "static/ledger.js": new_campaign_page.offers(survey),
        "list-index.js": render.script_file("campledgerIndex", list_index.index(survey)),
        "list-texts.js": render.script_file("campledgerTexts", list_index.texts(survey)),
    }
    return [page_kinds.File(path, "", data) for path, data in files.items()]
