"""Showing a built site on this machine, and building it again whenever the ledger changes."""

from __future__ import annotations

import functools
import io
import os
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from campledger.errors import CampledgerError, UsageError
from campledger.pages.engine.output_folder import MARKER
from campledger.repository.file_trees import WorkTree
from campledger.repository.git_commands import Repository

_PAUSE = 0.5
"""Seconds between two looks at the ledger."""

_SHARE = 10
"""A look that takes long is followed by a pause that many times as long."""

_RELOAD, _STATE = "/-/reload.js", "/-/state.js"
_RELOAD_SCRIPT = """\
"use strict";
// Pages may fetch nothing, by their own policy; a script of this server they may load.
(function () {
  let known;
  window.campledgerState = function (state) {
    if (known !== undefined && known !== state) location.reload();
    known = state;
  };
  function ask() {
    const script = document.createElement("script");
    script.src = "/-/state.js?" + Date.now();
    script.onload = script.onerror = function () { script.remove(); };
    document.head.append(script);
  }
  ask();
  setInterval(function () { if (!document.hidden) ask(); }, 1000);
})();
"""


def changes(root: Path, *, worktree: bool) -> Iterator[None]:
    """Yield at once, and again whenever the ledger has changed since: its HEAD, or the files on disk too.

    Whatever changes while the caller is busy counts for the next time. It never ends: that the ledger cannot be read is
    a change like others, and for the caller to find out.
    """
    seen: object = None
    while True:
        before = time.monotonic()
        found = _state(root, worktree=worktree)
        took = time.monotonic() - before
        if found == seen:
            time.sleep(max(_PAUSE, _SHARE * took))
            continue
        if seen is not None:
            # Whoever writes several files is let finish.
            time.sleep(_PAUSE / 5)
        if seen is None or found == _state(root, worktree=worktree):
            seen = found
            yield


def _state(root: Path, *, worktree: bool) -> tuple[object, ...]:
    """Return what is another value once the ledger has changed."""
    try:
        repository = Repository(root)
        head = repository.head() if repository.exists() else None
        paths = WorkTree(root).paths if worktree else {}
    except (CampledgerError, OSError) as error:
        return (str(error),)
    files = {}
    for path in paths:
        try:
            found = os.lstat(root / path)
        except OSError:
            continue
        files[path] = (found.st_mtime_ns, found.st_size, found.st_ino)
    return head, files


def serve(out: Path, port: int, *, reloading: bool = False) -> ThreadingHTTPServer:
    """Return a server of the built site on 127.0.0.1, for the caller to run and to close; port 0 takes a free one.

    With ``reloading``, pages ask it every second whether the site was built anew, and reload.
    """
    if not (out / MARKER).is_file():
        raise UsageError(f"no site in {out}: `campledger site build --out {out}` makes one")
    handler = functools.partial(_ReloadingHandler if reloading else _Handler, directory=str(out.resolve()))
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
        ".png": "image/png",
        ".svg": "image/svg+xml",
        ".xml": "application/atom+xml",
    }

    def send_head(self) -> BinaryIO | io.BytesIO | None:
        """Answer with a file, or with an error; the base class opens it."""
        # A page elsewhere could point its own name at this machine and read the ledger.
        host = self.headers.get("Host", "").partition(":")[0]
        if host not in {"127.0.0.1", "localhost"}:
            self.send_error(HTTPStatus.FORBIDDEN, "This server answers to localhost only")
            return None
        target = self._target()
        if target is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return self.send_file(target)

    def _target(self) -> Path | None:
        """Return the file that is asked for, or None where there cannot be one."""
        try:
            target = Path(self.translate_path(self.path)).resolve()
            if target.is_dir():
                target = (target / "index.html").resolve()
            return target if target.is_relative_to(self.directory) and target.is_file() else None
        except (OSError, ValueError):
            return None  # no name for a file: too long, or with a NUL

    def send_file(self, _: Path) -> BinaryIO | io.BytesIO | None:
        """Answer with a file of the site."""
        return super().send_head()

    def end_headers(self) -> None:
        """Tell browsers to ask again after each build, and to believe the types."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: what the server says is the command line's affair."""


class _ReloadingHandler(_Handler):
    """Gives each page a script more, which asks whether the site was built anew."""

    def send_head(self) -> BinaryIO | io.BytesIO | None:
        """Answer as the base class does, with the script in pages."""
        path = urlsplit(self.path).path
        answers = {_RELOAD: _RELOAD_SCRIPT, _STATE: f"campledgerState({self._built_at()});"}
        if path in answers:
            return self._answer(answers[path].encode(), "text/javascript; charset=utf-8")
        return super().send_head()

    def send_file(self, target: Path) -> BinaryIO | io.BytesIO | None:
        """Answer with a file, and with a page whether the browser has it or not: it should have the script."""
        if target.suffix != ".html" or not target.is_file():
            return super().send_file(target)
        page = target.read_bytes()
        script = f'<script src="{_RELOAD}" defer></script>\n'.encode()
        return self._answer(page.replace(b"</head>", script + b"</head>", 1), self.extensions_map[".html"])

    def _built_at(self) -> int:
        try:
            return (Path(self.directory) / MARKER).lstat().st_mtime_ns // 1_000_000
        except OSError:
            return 0

    def _answer(self, data: bytes, kind: str) -> io.BytesIO:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return io.BytesIO(data)
