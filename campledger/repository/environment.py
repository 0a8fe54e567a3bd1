"""The variables through which git redirects itself, such as GIT_DIR in a hook: honoured or forgotten, knowingly."""

from __future__ import annotations

import os
from pathlib import Path

_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
)  # fmt: skip
"""What `git rev-parse --local-env-vars` prints, less GIT_CONFIG_PARAMETERS and GIT_CONFIG_COUNT (`git -c`)."""

_FOR_HOOKS = (
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)


def settle_environment(*, in_hook: bool) -> None:
    """Forget the variables that would send git to another repository.

    In a hook the index that is being committed and the objects that are being received are kept, as absolute
    paths; the repository is found from the current directory all the same.
    """
    kept = {name: os.environ[name] for name in _FOR_HOOKS if in_hook and os.environ.get(name)}
    for name in _LOCAL:
        os.environ.pop(name, None)
    for name, value in kept.items():
        os.environ[name] = os.pathsep.join(str(Path(part).absolute()) for part in value.split(os.pathsep))
