"""Building the site of a ledger: what changed since the last build, from any state of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from campledger.errors import UsageError
from campledger.ledger.reading import Ledger
from campledger.model.words import counted
from campledger.pages import (
    addresses,
    api,
    campaigns,
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
from campledger.pages.changes import Commit, digest
from campledger.pages.gather import Survey
from campledger.pages.overrides import Overrides
from campledger.pages.public import Hidden, publish
from campledger.pages.write import Folder, Written
from campledger.problems import Problem
from campledger.repository import history
from campledger.repository.cache import Cache
from campledger.repository.commands import Repository
from campledger.repository.trees import GitTree, KnownFiles, WorkTree

Progress = Callable[[int, int], None]
"""Told how many files of how many are done: made anew, or known to be as they should be."""

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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which state of a ledger a site is to show, and how much of it."""

    commit: str | None = None
    """A revision; None for HEAD."""
    as_of: str | None = None
    """A day or a time: the last commit of the main branch before it."""
    worktree: bool = False
    """The files on disk, committed or not."""
    public: bool = False
    """Without embargoed campaigns."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made of which commit."""

    pages: int
    written: int
    removed: int
    problems: tuple[Problem, ...]
    commit: str | None
    """None for the work tree of a ledger without commits."""
    out: Path
    notes: tuple[str, ...] = ()
    """What whoever builds should know."""


def build(
    root: Path,
    out: Path,
    *,
    commit: str | None = None,
    as_of: str | None = None,
    worktree: bool = False,
    public: bool = False,
    progress: Progress | None = None,
) -> BuildResult:
    """Build the site of the ledger in ``root`` into ``out``, from what changed since the last build.

    It shows HEAD, another commit, the last one of the main branch before a day or time, or the work tree; ``public``
    leaves out embargoed campaigns. Campaigns that cannot be read are listed with their problems.

    Raise UsageError for an unknown commit, and for a folder that holds what no build made; DataError for a template
    of the ledger's own that is wrong. The site is then as it was.
    """
    wanted = Wanted(commit, as_of, worktree, public)
    repository = Repository(root)
    in_git = repository.exists()
    named = _named(repository if in_git else None, root, wanted)
    folder = Folder(out)
    cache = Cache(repository.common_dir / "campledger" if in_git else None)
    try:
        return _Build(root, repository, named, wanted, folder, cache, progress).run()
    finally:
        folder.abandon()
        cache.close()


def _named(repository: Repository | None, root: Path, wanted: Wanted) -> Commit | None:
    """Return the commit that is to be shown, or None for a work tree without one. Raise UsageError."""
    if sum([wanted.commit is not None, wanted.as_of is not None, wanted.worktree]) > 1:
        raise UsageError("--commit, --as-of and --worktree exclude each other: a site shows one state of the ledger")
    if wanted.worktree:
        head = repository.head() if repository is not None else None
        if repository is None or head is None:
            return None
        return Commit(head, repository.commit_time(head), worktree=True)
    repository = repository or Repository(root)  # which says what is wrong
    if wanted.as_of is not None:
        commit = _as_of(repository, root, wanted.as_of)
    else:
        commit = repository.commit_of(wanted.commit or "HEAD")
    return Commit(commit, repository.commit_time(commit))


def _as_of(repository: Repository, root: Path, moment: str) -> str:
    """Return the last commit of the main branch before a moment. Raise UsageError if there is none."""
    try:
        time = datetime.fromisoformat(moment)
        seconds = int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise UsageError(f"`{moment}` is no time: write 2026-11-22, or 2026-11-22T08:00:00Z") from None
    branch = Ledger(WorkTree(root)).settings.main_branch
    found = history.last_before(repository, branch, seconds)
    if found is None:
        raise UsageError(
            f"there is no commit of `{branch}` before {moment}: `git log --first-parent {branch}` lists them"
        )
    return found


@dataclass
class _Build:
    root: Path
    repository: Repository
    named: Commit | None
    wanted: Wanted
    folder: Folder
    cache: Cache
    progress: Progress | None
    notes: list[str] = field(default_factory=list)

    def run(self) -> BuildResult:
        """Build, unless the site shows the same already."""
        site = self._key()
        known = self.cache.get(digest("site", site)) if site and site == self.folder.site else None
        if known is not None and self.folder.whole():
            return self._result(Written(0, 0), gather.problems_of(known["problems"]), known["notes"])
        done, problems = self._made(site)
        if site:
            told = {"problems": [problem.as_dict() for problem in problems], "notes": self.notes}
            self.cache.put_many({digest("site", site): ("site", json.dumps(told))})
        return self._result(done, problems, self.notes)

    def _key(self) -> str:
        """Return what stands for the whole site; nothing where only reading all files tells."""
        if self.named is None or self.wanted.worktree:
            return ""
        program = render.program(Overrides())
        return digest(program, self.named.hash, self.repository.prefix, str(self.wanted.public))

    def _made(self, site: str) -> tuple[Written, tuple[Problem, ...]]:
        if self.named is not None and self.repository.is_shallow:
            self.notes.append(
                "the clone lacks a part of the history: pages may name a later commit than the one that changed them; "
                "`git fetch --unshallow` gets it"
            )
        files, hidden = self._files()
        own = overrides.read(files)
        templates = render.environment(own)
        survey = self._survey(files, render.program(own))
        fixed = _fixed(survey, own)
        announced = [path for part in PARTS for path in part.paths(survey)]
        survey.shared["navigation"] = gather.navigation(announced)
        total = len(fixed) + len(announced)
        for number, file in enumerate(chain(fixed, self._parts(survey)), 1):
            if file.content is None:
                self.folder.keep(file.path)
            else:
                data = file.content if isinstance(file.content, bytes) else render.page(templates, file.content)
                self.folder.put(file.path, file.key, hidden.without(data) if hidden else data)
            if self.progress is not None:
                self.progress(number, total)
        survey.keep()
        return self.folder.finish(site), tuple(sorted({*survey.problems, *queries.problems(survey)}))

    def _parts(self, survey: Survey) -> Iterator[parts.File]:
        return chain.from_iterable(part.files(survey, self.folder.is_current) for part in PARTS)

    def _files(self) -> tuple[KnownFiles, Hidden | None]:
        """Return the files that are shown, and what must not be named in any page."""
        files: KnownFiles = WorkTree(self.root)
        if not self.wanted.worktree and self.named is not None:
            files = GitTree(self.repository, self.named.hash)
        if not self.wanted.public:
            return files, None
        survey = self._survey(files, render.program(overrides.read(files)))
        survey.keep()
        shown, count = publish(survey, self.cache)
        if count:
            self.notes.append(f"{counted(count, 'campaign')} left out: embargoed, or not readable")
        return shown, shown.hidden

    def _survey(self, files: KnownFiles, program: str) -> Survey:
        repository = self.repository if self.named is not None else None
        return Survey(Ledger(files), self.named, repository, cache=self.cache, program=program)

    def _result(self, done: Written, problems: Sequence[Problem], notes: Sequence[str]) -> BuildResult:
        return BuildResult(
            pages=sum(path.endswith(".html") for path in self.folder.files),
            written=done.written,
            removed=done.removed,
            problems=tuple(problems),
            commit=self.named.hash if self.named else None,
            out=self.folder.out,
            notes=tuple(notes),
        )


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
