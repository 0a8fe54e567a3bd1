"""How a branch becomes a pull request: where it is pushed to, and the host's page that opens one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from campledger.operations.workspace import Workspace

_SSH = re.compile(r"(?:ssh://)?[^@/]+@(?P<host>[^:/]+)(?::\d+(?=/))?[:/]+(?P<path>.+)")
_PAGES = (
    (re.compile(r"(https?://[^/]+/.+?)/-/"), "gitlab"),
    (re.compile(r"(https?://[^/]+/[^/]+/[^/]+)/(?:new|edit|blob|commit)/"), "github"),
)
"""Pages of a repository, as `links` in the settings name them, and the sort of host that has such."""


@dataclass(frozen=True)
class Host:
    """Where the repository is on the web."""

    kind: str
    """`github` or `gitlab`."""
    address: str


@dataclass(frozen=True)
class PullRequest:
    """A branch that is to become a pull request."""

    branch: str
    remote: str | None
    """None where there is none yet."""
    address: str | None
    """The page that opens one, where it is known."""


def proposal(workspace: Workspace, branch: str) -> PullRequest:
    """Return how a new branch becomes a pull request to the main branch."""
    repository = workspace.repository
    settings = workspace.ledger().settings
    remotes = repository.run("remote").text.split()
    remote = "origin" if "origin" in remotes else next(iter(remotes), None)
    host = host_of((repository.address_of(remote) if remote else None) or "", settings.links.values())
    if host is None:
        return PullRequest(branch, remote, None)
    source, target = quote(branch, safe="/"), quote(settings.main_branch, safe="/")
    if host.kind == "github":
        return PullRequest(branch, remote, f"{host.address}/compare/{target}...{source}?expand=1")
    wanted = f"merge_request%5Bsource_branch%5D={source}&merge_request%5Btarget_branch%5D={target}"
    return PullRequest(branch, remote, f"{host.address}/-/merge_requests/new?{wanted}")


def host_of(remote: str, links: Iterable[str] = ()) -> Host | None:
    """Return the host's web address of a remote, without what is secret in it, or None.

    It is known by its name, else by the settings' links to files and commits.
    """
    place = _place(remote)
    name = urlsplit(place).netloc if place else ""
    for kind in ("github", "gitlab"):
        if place is not None and kind in name:
            return Host(kind, place)
    for link in links:
        for pattern, sort in _PAGES:
            page = pattern.match(link)
            if page and (place is None or place == page[1]):
                return Host(sort, page[1])
    return None


def _place(remote: str) -> str | None:
    """Return host and path of a remote as a web address; None for a path on disk."""
    ssh = _SSH.fullmatch(remote)
    if remote.startswith(("https://", "http://")):
        parts = urlsplit(remote)
        host, path = parts.netloc.rpartition("@")[2], parts.path
        scheme = parts.scheme
    elif ssh:
        host, path, scheme = ssh["host"], ssh["path"], "https"
    else:
        return None
    return f"{scheme}://{host}/{path.strip('/').removesuffix('.git')}"
