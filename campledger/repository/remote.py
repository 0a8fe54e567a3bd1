"""The branch that others push to: fetched, compared with, and moved onto, without touching what the user has open."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from campledger.errors import GitError
from campledger.repository.git_commands import Answer, Repository, explain
from campledger.repository.messages import is_ours


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the current branch is pushed to."""

    remote: str
    branch: str
    """Full name on the other side: refs/heads/main."""

    @property
    def tracking(self) -> str:
        """The name under which its tip is kept here."""
        return f"refs/remotes/{self.remote}/{self.branch.removeprefix('refs/heads/')}"


def upstream_of(repository: Repository) -> Upstream:
    """Return where the branch is pushed to: as configured, or the branch's name at the only remote."""
    branch = repository.branch()
    if branch is None:
        raise GitError("HEAD is detached: `git switch main` first")
    remote = repository.ask("config", "--get", f"branch.{branch}.remote").text
    merge = repository.ask("config", "--get", f"branch.{branch}.merge").text
    if remote and merge:
        return Upstream(remote, merge)
    remotes = repository.run("remote").text.split()
    if len(remotes) != 1:
        what = "no remote" if not remotes else "several remotes"
        raise GitError(f"there is {what} to push to: `git push --set-upstream REMOTE {branch}` once, then try again")
    return Upstream(remotes[0], f"refs/heads/{branch}")


def newest_shared(repository: Repository) -> str | None:
    """Return the newest commit below HEAD that others had when last fetched or pushed; None where nobody else is."""
    try:
        upstream = upstream_of(repository)
    except GitError:
        return None
    return repository.merge_base("HEAD", upstream.tracking)


def fetch(repository: Repository, upstream: Upstream) -> str | None:
    """Fetch the branch; return its tip, or None where it does not exist yet."""
    refspec = f"+{upstream.branch}:{upstream.tracking}"
    answer = repository.ask("fetch", "--quiet", "--no-tags", "--end-of-options", upstream.remote, refspec)
    if answer.status != 0:
        if "couldn't find remote ref" in answer.err:
            return None
        raise GitError(explain("fetch", answer))
    return repository.commit_of(upstream.tracking)


def push(repository: Repository, upstream: Upstream, commit: str) -> Answer:
    """Push a commit to the branch; the answer says whether it was taken."""
    refspec = f"{commit}:{upstream.branch}"
    return repository.ask("push", "--quiet", "--porcelain", "--end-of-options", upstream.remote, refspec)


def was_too_slow(answer: Answer) -> bool:
    """Whether a push was refused because others were faster."""
    said = answer.err + answer.text
    marks = (
        "fetch first",
        "non-fast-forward",
        "cannot lock ref",
        "failed to update ref",
        "incorrect old value",
    )
    return any(mark in said for mark in marks)


@dataclass(frozen=True, slots=True)
class Unpushed:
    """A commit that the upstream does not have."""

    commit: str
    subject: str
    message: str
    parents: tuple[str, ...]
    author: tuple[str, str, str]
    """Name, address, date."""

    @property
    def is_act(self) -> bool:
        """Whether campledger made it."""
        return is_ours(self.message) and len(self.parents) == 1


def unpushed(repository: Repository, tip: str | None) -> list[Unpushed]:
    """Return the commits of HEAD that a tip does not have, oldest first."""
    span = ["HEAD"] if tip is None else ["HEAD", f"^{tip}"]
    form = "%x00".join(("%H", "%P", "%an", "%ae", "%aI", "%s", "%B"))
    out = repository.run("log", "-z", "--topo-order", "--reverse", f"--format={form}", *span, "--").text
    fields = out.split("\0") if out else []
    commits = []
    for start in range(0, len(fields) - 6, 7):
        commit, parents, name, email, date, subject, message = fields[start : start + 7]
        commits.append(Unpushed(commit, subject, message, tuple(parents.split()), (name, email, date)))
    return commits


def contents_at(repository: Repository, commit: str, paths: Iterable[str]) -> dict[str, bytes | None]:
    """Return files as a commit has them, by path from the ledger; None for those that it lacks."""
    files = repository.commit_files(commit)
    wanted = list(paths)
    blobs = repository.blobs(files[path].sha for path in wanted if path in files)
    return {path: blobs[files[path].sha] if path in files else None for path in wanted}


def commit_on(repository: Repository, tip: str, files: Mapping[str, bytes | None], source: Unpushed) -> str:
    """Make a commit on a tip with some files changed, as its author made the source; touch no work tree.

    It passed the user's hooks when it was made first; like `git rebase`, this does not run them again.
    """
    with tempfile.TemporaryDirectory(dir=repository.git_dir) as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        repository.run("read-tree", tip, environment=index)
        rows = []
        for path, content in files.items():
            full = f"{repository.prefix}{path}"
            if content is None:
                rows.append(f"0 {'0' * 40}\t{full}\0")
            else:
                sha = repository.run("hash-object", "-w", "--stdin", stdin=content).text
                rows.append(f"100644 {sha}\t{full}\0")
        repository.run("update-index", "-z", "--index-info", stdin="".join(rows).encode(), environment=index)
        tree = repository.run("write-tree", environment=index).text
    name, email, date = source.author
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    sign = repository.ask("config", "--type=bool", "--get", "commit.gpgSign").text == "true"
    options = ["-S"] if sign else []
    message = source.message.rstrip("\n") + "\n"
    return repository.run(
        "commit-tree", tree, "-p", tip, *options, "-F", "-", stdin=message.encode(), environment=author
    ).text


def move_branch(repository: Repository, old: str | None, new: str) -> None:
    """Move the branch and the work tree to a commit; staged and changed files stay as they are, or it is refused.

    A fast-forward, or the taking back of commits that were never pushed. The branch moves only if it still is at
    ``old``, where the caller saw it: nobody's commit is dropped.
    """
    branch = repository.run("symbolic-ref", "HEAD").text
    locks = {"GIT_OPTIONAL_LOCKS": "1"}
    if old is None:
        repository.run("read-tree", "-m", "-u", new, environment=locks)
        repository.run("update-ref", branch, new, "0" * 40)
        return
    repository.ask("update-index", "-q", "--refresh", environment=locks)
    answer = repository.ask("read-tree", "-m", "-u", old, new, environment=locks)
    if answer.status != 0:
        raise GitError(
            f"what others pushed touches files that you have changed: {explain('read-tree', answer)}; "
            "commit or put those changes aside, then try again"
        )
    moved = repository.ask("update-ref", "-m", "campledger: land acts", branch, new, old)
    if moved.status != 0:
        repository.run("read-tree", "-m", "-u", new, old, environment=locks)
        raise GitError(f"somebody else moved {branch} meanwhile: {explain('update-ref', moved)}; try again")
