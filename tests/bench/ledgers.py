"""Makes ledgers of any size, of campaigns as long as real ones: about 60 lines, and 12 events."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campledger.model.ids import directory_of

SETTINGS = """\
title: Bench
productions:
  alert: Alert Production
  data-release: Data Release Production
butlers:
  embargo:
    embargoed: true
"""

DEFINITION = """\
# yaml-language-server: $schema=../../../../schemas/campaign.schema.json
id: {id}
name: {name}
title: Nightly validation of {day}
production: alert
kind: nightly-validation
description: |
  Reprocess the science exposures of {day} with the current weekly, to find regressions
  before the next night begins.
owner: manager
operators:
  - pilot-a
  - pilot-b
tickets:
  - key: DM-{number}
    type: campaign
tags:
  - nightly
scope:
  instrument: LSSTCam
  skymap: lsst_cells_v1
  bands: [g, r, i, z]
  day_obs:
    from: {day}
    to: {day}
software:
  stack: w_2026_{week:02d}
  image: ghcr.io/lsst/scipipe:al9-w_2026_{week:02d}
data:
  butler: embargo
  inputs:
    - LSSTCam/raw/all
  ancillary:
    - LSSTCam/calib
    - refcats
    - skymaps
  output: LSSTCam/runs/nightlyValidation/{day}/{number}
  run: "{{output}}/{{timestamp}}"
  queries:
    - instrument='LSSTCam'
    - skymap='lsst_cells_v1'
    - day_obs={day}
compute:
  site: USDF
  wms: lsst.ctrl.bps.htcondor.HTCondorService
  retries: 3
steps:
  - name: step1
    title: Single-frame processing
    processing:
      pipelines:
        - ${{DRP_PIPE_DIR}}/pipelines/LSSTCam/nightly-validation.yaml#step1
    groups:
      - name: "1"
      - name: "2"
  - name: step2
    title: Visit-level tables
    prerequisites:
      - step1
    processing:
      pipelines:
        - ${{DRP_PIPE_DIR}}/pipelines/LSSTCam/nightly-validation.yaml#step2
"""


def make_ledger(root: Path, count: int) -> None:
    """Write a ledger of this many campaigns into a new git repository, and commit it."""
    root.mkdir(parents=True)
    (root / "campledger.yaml").write_text(SETTINGS)
    for number in range(count):
        day = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=number % 2500)
        name = f"nightly-{number}"
        campaign = f"{day:%Y-%m-%d}-{name}-{number % 8 + 2}abc"
        directory = root / directory_of(campaign)
        directory.mkdir(parents=True)
        text = DEFINITION.format(id=campaign, name=name, day=f"{day:%Y%m%d}", number=number, week=number % 52 + 1)
        (directory / "campaign.yaml").write_text(text)
        (directory / "events.yaml").write_text("".join(_events(day, number)))
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "bench"]):
        subprocess.run(["git", *command], cwd=root, check=True)


def _events(day: datetime, number: int) -> Iterator[str]:
    run = f"r{number:011d}"
    plain: list[dict[str, object]] = [
        {"type": "status", "from": "defined", "to": "running"},
        {"type": "submission", "state": "submitted", "relation": "first", "groups": ["step1/1", "step1/2"]},
        {"type": "outcome", "submission": run, "state": "running"},
        {"type": "note", "text": "detector 53 is noisy"},
        {"type": "outcome", "submission": run, "state": "ended", "result": "succeeded", "jobs": {"succeeded": 90}},
        {"type": "decision", "submission": run, "decision": "accepted"},
        {"type": "note", "text": "metrics look fine"},
        {"type": "link", "link": {"type": "metrics", "url": "https://example.org/metrics"}},
        {"type": "assigned", "person": "pilot-c"},
        {"type": "status", "from": "running", "to": "paused", "reason": "calibrations are late"},
        {"type": "status", "from": "paused", "to": "running"},
        {"type": "status", "from": "running", "to": "completed"},
    ]
    for index, own in enumerate(plain):
        moment = day + timedelta(hours=1 + index)
        identity = run if index == 1 else f"e{index:02d}{number:09d}"
        event = {"id": identity, "time": f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}", "by": "pilot-a", **own}
        yield f"- {json.dumps(event)}\n"
