"""What a site consists of: for each kind of page or file, where they are, and what stands for all they are made from.

A file whose key is that of the last build is not made again, see `output_folder`. So a key has to
name everything that enters into the bytes. There are two ways to one:

- a page of many campaigns is gathered as a dict each time, from what is kept of each campaign, and the dict is what
  stands for it: :func:`of_pages`. Such a page must not show the site's commit, which changes each time, unless it
  is one of the few;
- a file of one campaign is not even gathered: its key is put together from the campaign's own, and from what else
  it shows: :class:`OfCampaign`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from campledger.pages.engine.gather import BATCH, Page, Readable, Survey
from campledger.pages.engine.git_facts import digest

IsCurrent = Callable[[str, str], bool]
"""Whether the site has the file already, made from what this key stands for."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the site."""

    path: str
    key: str
    content: Page | bytes | None
    """What a template renders, or what the file holds; None where the site has it already."""


@dataclass(frozen=True, slots=True)
class PageKind:
    """A kind of page or file."""

    paths: Callable[[Survey], list[str]]
    """All there will be, known before any is made."""
    files: Callable[[Survey, IsCurrent], Iterator[File]]


@dataclass(frozen=True, slots=True)
class OfCampaign:
    """A file that each campaign has."""

    path: Callable[[str], str]
    """Its path, by the campaign's id."""
    key: Callable[[Readable, Survey], str]
    make: Callable[[Readable, Survey], Page | bytes]


def of_pages(paths: Callable[[Survey], list[str]], pages: Callable[[Survey], Iterable[Page]]) -> PageKind:
    """Return the part whose pages these functions list and gather."""

    def files(survey: Survey, is_current: IsCurrent) -> Iterator[File]:
        for page in pages(survey):
            key = digest(survey.program, json.dumps(page))
            yield File(page["path"], key, None if is_current(page["path"], key) else page)

    return PageKind(paths, files)


def paths_of_campaigns(survey: Survey, kinds: Sequence[OfCampaign]) -> list[str]:
    """Return the paths of what each campaign has."""
    return [kind.path(one.id) for one in survey.readable for kind in kinds]


def batches_of_campaigns(survey: Survey) -> list[list[Readable]]:
    """Return the campaigns in batches, each read in few calls of git."""
    return [survey.readable[start : start + BATCH] for start in range(0, len(survey.readable), BATCH)]


def files_of_campaigns(
    batch: Sequence[Readable], kinds: Sequence[OfCampaign], survey: Survey, is_current: IsCurrent
) -> Iterator[File]:
    """Yield what each campaign of a batch has; those of which all is there already are not read."""
    rows = []
    for one in batch:
        for kind in kinds:
            path, key = kind.path(one.id), digest(survey.program, kind.key(one, survey))
            rows.append((one, kind, path, key, is_current(path, key)))
    stale = {one.id for one, *_, current in rows if not current}
    survey.load(stale)
    survey.load_files(stale)
    for one, kind, path, key, current in rows:
        yield File(path, key, None if current else kind.make(one, survey))
    survey.forget(stale)
