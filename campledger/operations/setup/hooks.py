"""Install git's hooks: before a commit, and on a server."""

from __future__ import annotations

import shlex
import sys
from importlib.resources import files
from pathlib import Path

from campledger.errors import GitError, UsageError
from campledger.files import replace
from campledger.operations.workspace import Workspace
from campledger.repository.git_commands import Repository

MARK = "campledger check --staged"


SERVER_MARK = "campledger check --commit"
"""What tells our hooks from foreign ones."""


def install_hook(workspace: Workspace) -> tuple[Path | None, str]:
    """Copy the pre-commit hook into the repository; return it and a sentence. A foreign hook is kept, and run first."""
    repository = workspace.repository
    configured = repository.ask("config", "--get", "core.hooksPath")
    if configured.status == 0:
        return None, (
            f"core.hooksPath is {configured.text}: nothing was installed; "
            f"call `{MARK} --ledger {workspace.root}` from its pre-commit"
        )
    hook = repository.common_dir / "hooks" / "pre-commit"
    text = files("campledger").joinpath("hooks", "pre-commit").read_text("utf-8")
    prefix = repository.prefix.rstrip("/") or "."
    text = text.replace("@PYTHON@", shlex.quote(sys.executable)).replace("@LEDGER@", shlex.quote(prefix))
    kept = hook.with_name("pre-commit.before-campledger")
    sentence = f"installed {hook}"
    try:
        hook.parent.mkdir(parents=True, exist_ok=True)
        if hook.exists() and MARK not in hook.read_text("utf-8", "replace"):
            if kept.exists():
                raise GitError(f"{hook} and {kept} are both not ours: remove one of them")
            hook.rename(kept)
            sentence += f"; the hook that was there is kept as {kept.name} and runs first"
        replace(hook, text.encode(), 0o755)
    except OSError as error:
        raise GitError(f"cannot write {hook}: {error.strerror}") from None
    return hook, sentence


def install_server_hook(directory: Path) -> Path:
    """Copy the pre-receive hook into a bare repository; it refuses pushes of ledgers that have errors.

    Raise UsageError if the directory is none, GitError if it has another pre-receive hook.
    """
    repository = Repository(directory)
    if not directory.is_dir() or not repository.exists() or not repository.is_bare:
        raise UsageError(f"{directory} is no bare repository, as a server has")
    hook = repository.git_dir / "hooks" / "pre-receive"
    try:
        if hook.exists() and SERVER_MARK not in hook.read_text("utf-8", "replace"):
            raise GitError(f"{hook} is not ours: call `{SERVER_MARK} NEW` from it")
        hook.parent.mkdir(exist_ok=True)
        replace(hook, files("campledger").joinpath("hooks", "pre-receive").read_bytes(), 0o755)
    except OSError as error:
        raise GitError(f"cannot write {hook}: {error.strerror}") from None
    return hook
