"""Building the site of a ledger, and showing it on this machine."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from campledger.errors import UsageError
from campledger.ledger.reading import Ledger
from campledger.pages import campaigns, compact, form, front, gather, listing, people, queries, render, sets
from campledger.pages.write import MARKER, prepare, write
from campledger.problems import Problem
from campledger.repository.commands import Repository
from campledger.repository.trees import Files, GitTree, WorkTree

Progress = Callable[[int, int], None]
"""Told how many files of how many are done."""


PARTS = (campaigns, sets, form, queries, people, listing, front)
"""What makes the pages, in the order in which they are written: each has `paths(survey)` and `pages(survey)`."""


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


def build(
    root: Path,
    out: Path,
    *,
    commit: str | None = None,
    worktree: bool = False,
    progress: Progress | None = None,
) -> BuildResult:
    """Build the site of the ledger in ``root`` from HEAD, another commit, or the work tree, into ``out``.

    Campaigns that cannot be read are listed with their problems. Raise UsageError for an unknown commit, and for a
    folder that holds what no build made.
    """
    files, named = _source(root, commit, worktree=worktree)
    prepare(out)
    survey = gather.Survey(Ledger(files), named, Repository(root) if named else None)
    fixed = _fixed(survey)
    announced = [path for part in PARTS for path in part.paths(survey)]
    survey.shared["navigation"] = gather.navigation(announced)
    paths = [*fixed, *form.definition_paths(survey), *announced]
    done = write(out, frozenset(paths), _counted(_files(survey, fixed), len(paths), progress))
    return BuildResult(
        pages=len(announced),
        written=done.written,
        removed=done.removed,
        problems=tuple(sorted({*survey.problems, *queries.problems(survey)})),
        commit=named.hash if named else None,
        out=out,
    )


def _source(root: Path, commit: str | None, *, worktree: bool) -> tuple[Files, gather.Commit | None]:
    repository = Repository(root)
    if not worktree:
        found = repository.commit_of(commit or "HEAD")
        return GitTree(repository, found), gather.Commit(found, repository.commit_time(found))
    if commit is not None:
        raise UsageError("--commit and --worktree exclude each other: a site shows one state of the ledger")
    head = repository.head() if repository.exists() else None
    named = gather.Commit(head, repository.commit_time(head), worktree=True) if head else None
    return WorkTree(root), named


def _fixed(survey: gather.Survey) -> dict[str, bytes]:
    """Return the files that are no pages."""
    return {
        **render.static_files(),
        "static/ledger.js": form.offers(survey),
        "list-index.js": render.script_file("campledgerIndex", compact.index(survey)),
        "list-texts.js": render.script_file("campledgerTexts", compact.texts(survey)),
        "index.json": render.json_file(listing.index(survey)),
    }


def _files(survey: gather.Survey, fixed: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield every file; the front page comes last, so that it never links to one that is not there yet."""
    templates = render.environment()
    yield from fixed.items()
    yield from form.definitions(survey)
    for part in PARTS:
        for page in part.pages(survey):
            yield page["path"], render.page(templates, page)


def _counted(files: Iterator[tuple[str, bytes]], total: int, progress: Progress | None) -> Iterator[tuple[str, bytes]]:
    for number, file in enumerate(files, 1):
        yield file
        if progress is not None:
            progress(number, total)


def serve(out: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of the built site on 127.0.0.1, for the caller to run and to close; port 0 takes a free one."""
    if not (out / MARKER).is_file():
        raise UsageError(f"there is no site in {out}: `campledger site build --out {out}` makes one")
    handler = functools.partial(_Handler, directory=str(out.resolve()))
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot listen on port {port}: {error}; name another with --port") from None


class _Handler(SimpleHTTPRequestHandler):
    """Serves files below one folder: no listings, no links that lead out, no requests in another host's name."""

    extensions_map = {  # noqa: RUF012 - the base class's form
        "": "application/octet-stream",
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
    }

    def send_head(self) -> Any:
        """Answer with a file, or with an error; the base class opens it."""
        # A page elsewhere could point its own name at this machine and read the ledger.
        host = self.headers.get("Host", "").partition(":")[0]
        if host not in {"127.0.0.1", "localhost"}:
            self.send_error(HTTPStatus.FORBIDDEN, "This server answers to localhost only")
            return None
        target = Path(self.translate_path(self.path)).resolve()
        inside = target.is_relative_to(self.directory)
        if not inside or (target.is_dir() and not (target / "index.html").is_file()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """Tell browsers to ask again after each build, and to believe the types."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: what the server says is the command line's affair."""
