"""Make a new ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from campledger.documents import writing
from campledger.documents.editor_schemas import editor_schemas
from campledger.errors import UsageError
from campledger.ledger.settings import SETTINGS_FILE
from campledger.operations.define.campaigns import NewCampaign, define
from campledger.operations.setup.ci import workflows
from campledger.operations.setup.hooks import install_hook
from campledger.operations.workspace import Workspace
from campledger.operations.write.writing import Writing
from campledger.repository.commits import Change, commit, locked
from campledger.repository.git_commands import Repository, initialise

ADDED = {
    ".gitattributes": """\
# Two branches that both append to a history merge without a conflict; `campledger check` checks the result.
campaigns/**/events.yaml merge=union
campaigns/**/events/*.yaml merge=union
dataids/*.events.yaml merge=union
""",
    ".gitignore": """\
# Where `campledger site build` puts the site.
/public/
""",
}
"""Files of git's that may be there already, and are added to."""

SETTINGS = """\
# yaml-language-server: $schema=schemas/settings.schema.json
# The settings of this ledger. `campledger check` says what is wrong with them.
title: Data-processing campaigns
main_branch: {branch}

# Classes of campaigns.
productions:
  data-release: Data Release Production
  alert: Alert Production
  calibration: Calibration products
  other: Everything else

# Everybody who owns, operates or approves campaigns. Acts find their author by the address that git knows.
# Without this map any handle is taken.
people:
  {handle}:
    name: {name}
    emails:
      - {email}

# Butler repositories by alias.
butlers: {{}}

# Addresses of tickets, runs and commits, and of the git host's page for a new file, which the site's form fills in:
# new_file: https://github.com/ORG/REPO/new/main?filename={{path}}&value={{content}}
links: {{}}
"""

EDITOR_SETTINGS_FILE = ".vscode/settings.json"
EDITOR_SETTINGS = """\
{
  "yaml.schemas": {
    "./schemas/settings.schema.json": "/campledger.yaml",
    "./schemas/campaign.schema.json": "/campaigns/*/*/*/campaign.yaml",
    "./schemas/query.schema.json": "/queries/*.yaml",
    "./schemas/template.schema.json": "/templates/*.yaml"
  },
  "json.schemas": [
    {"fileMatch": ["/dataids/**/*.json"], "url": "./schemas/dataids.schema.json"}
  ]
}
"""
"""What tells Visual Studio Code which schema a file has; in YAML a line at the top tells other editors too."""

EXAMPLE = {
    "name": "hello-campledger",
    "title": "A first campaign to play with",
    "kind": "development",
    "production": "other",
    "description": "Shows what a campaign looks like. Start it, record a run, accept it, complete it.\n",
    "tags": ["example"],
    "scope": {"instrument": "HSC", "skymap": "hsc_rings_v1", "tracts": [9813]},
    "software": {"stack": "w_2026_46"},
    "data": {
        "inputs": ["HSC/raw/all"],
        "ancillary": ["HSC/calib", "refcats", "skymaps"],
        "output": "u/example/hello-campledger",
        "run": "{output}/{timestamp}",
        "queries": ["instrument='HSC'", "skymap='hsc_rings_v1'", "tract=9813"],
    },
    "steps": [
        {
            "name": "step1",
            "title": "Single-frame processing",
            "processing": {"pipelines": ["${DRP_PIPE_DIR}/pipelines/HSC/DRP-Prod.yaml#step1"]},
            "groups": [{"name": "g"}, {"name": "r"}],
        },
        {
            "name": "step2",
            "title": "Coadds",
            "prerequisites": ["step1"],
            "processing": {"pipelines": ["${DRP_PIPE_DIR}/pipelines/HSC/DRP-Prod.yaml#step2"]},
        },
    ],
}

EXAMPLE_TEMPLATE = """\
# yaml-language-server: $schema=../schemas/template.schema.json
# campledger define --template nightly --param day_obs=20260102
description: A look at the science images of one night
parameters:
  day_obs: {type: integer, description: "observing day, YYYYMMDD", pattern: "^20[0-9]{6}$"}
campaign:
  name: nightly-{day_obs}
  key: nightly/LSSTCam/{day_obs}
  production: other
  kind: nightly
  description: The science images of {day_obs}.
  tags: [example]
  scope:
    instrument: LSSTCam
    day_obs: {from: "{day_obs}", to: "{day_obs}"}
  data:
    inputs: [LSSTCam/raw/all]
    output: u/example/nightly/{day_obs}
    run: "{output}/{timestamp}"
    queries: ["instrument='LSSTCam'", "day_obs={day_obs}"]
"""


@dataclass(frozen=True)
class Started:
    """A new ledger."""

    root: Path
    commit: str
    example: str | None
    hook: Path | None


def init(directory: Path, *, example: bool = False, branch: str = "main", host: str | None = None) -> Started:
    """Make a ledger: settings, attributes, schemas, hook and a first commit; for a host, what that runs as well.

    In a folder of a repository it becomes part of that repository, else it gets one of its own.

    Raise UsageError if there is a ledger already.
    """
    if (directory / SETTINGS_FILE).exists():
        raise UsageError(f"{directory} is a ledger already: it has a {SETTINGS_FILE}")
    root = directory.resolve()
    repository = Repository(next(one for one in (root, *root.parents) if one.is_dir()))
    # A folder that the repository around it ignores is no part of it.
    inside = repository.exists() and not repository.is_ignored(root)
    name, email = repository.identity()
    branch = (repository.branch() if inside else None) or branch
    contents = _first_files(name, email, branch)
    if host is not None:
        place = (
            PurePosixPath(repository.prefix, *root.relative_to(repository.root).parts) if inside else PurePosixPath()
        )
        contents |= {
            "/".join([".."] * len(place.parts) + [path]): text
            for path, text in workflows(host, branch, str(place)).items()
        }
    before = {path: (root / path).read_text("utf-8") for path in ADDED if (root / path).is_file()}
    if not (root / EDITOR_SETTINGS_FILE).exists():
        contents[EDITOR_SETTINGS_FILE] = EDITOR_SETTINGS
    if example:
        contents["templates/nightly.yaml"] = EXAMPLE_TEMPLATE
    contents |= {path: f"{before[path]}\n{text}" if before.get(path) else text for path, text in ADDED.items()}
    taken = [path for path in contents if (root / path).exists() and path not in before]
    if taken:
        raise UsageError(
            f"{directory} has {', '.join(taken)} already, and nothing is overwritten: choose another folder"
        )
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {directory}: {error.strerror}") from None
    if not inside:
        initialise(root, branch)
    repository = Repository(root)
    with locked(repository):
        kept = {path: text.encode() for path, text in before.items()}
        changes = [Change(path, kept.get(path), text.encode()) for path, text in contents.items()]
        made = commit(repository, changes, "start a ledger of campaigns\n")
    workspace = Workspace(root)
    defined = None
    if example:
        values = {**EXAMPLE, "owner": workspace.user(workspace.ledger())}
        with Writing(workspace).stage() as staged:
            defined = define(staged, NewCampaign(values=values)).campaign
    hook, _ = install_hook(workspace)
    return Started(root, made, defined, hook)


def _first_files(name: str, email: str, branch: str) -> dict[str, str]:
    handle = "".join(
        char if char.isascii() and (char.isalnum() or char in "._-") else "-"
        for char in email.partition("@")[0].lower()
    )
    settings = SETTINGS.format(
        branch=branch,
        handle=writing.format_value(handle.strip("-._") or "me").split("\n")[0],
        name=writing.format_value(name).split("\n")[0],
        email=writing.format_value(email).split("\n")[0],
    )
    return {SETTINGS_FILE: settings} | {f"schemas/{name}": text for name, text in editor_schemas().items()}
