"""Ledgers to build sites of, written with real git; the rich one has everything that a page can show."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campledger.documents.lines import format_event
from campledger.documents.writing import format_document
from campledger.model import query
from campledger.model.ids import ALPHABET, directory_of
from campledger.pages.content import list_index

PAYLOAD = '"><img src=x onerror="window.pwned=1"><script>window.pwned=2;alert(1)</script>{{ 7*7 }}\u202e</textarea>'
"""Runs, opens a dialog or leaves its attribute wherever a page forgets to escape."""

RESCUES = "2026-10-03-dp2-visits-k7mq"
HOSTILE = "2026-11-01-hostile-x9pw"
UNREADABLE = "2026-11-02-broken-zz22"
BASE = datetime(2026, 10, 3, 8, 1, tzinfo=UTC)

SETTINGS: dict[str, Any] = {
    "title": "Rubin data release campaigns",
    "description": "What runs, who runs it, and what became of it.\n\nQuestions go to the campaign managers.",
    "productions": {"data-release": "Data Release Production", "alert": "Alert Production"},
    "people": {
        "vrubin": {"name": "Vera Rubin", "emails": ["vera@example.org"]},
        "hleavitt": {"name": "Henrietta Leavitt"},
        "cpayne": {"name": "Cecilia Payne-Gaposchkin"},
        "ajcannon": {"name": "Annie Jump Cannon"},
        "prompt-bot": {"name": "prompt-bot"},
    },
    "butlers": {"embargo": {"description": "Embargoed data", "embargoed": True}, "main": {}},
    "links": {
        "ticket": "https://rubinobs.example.org/browse/{key}",
        "run": "https://panda.example.org/request/{run_id}",
        "commit": "https://git.example.org/ledger/commit/{commit}",
        "new_file": "https://git.example.org/ledger/new/main?filename={path}&value={content}",
    },
}


@pytest.fixture(autouse=True)
def _git_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    isolate_git(monkeypatch)


def isolate_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shut out the developer's own git configuration, and fix who commits and when."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Vera Rubin")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "vera@example.org")
        monkeypatch.setenv(f"GIT_{role}_DATE", "2026-11-20T12:34:56Z")


def git(root: Path, *arguments: str) -> str:
    """Run git in a folder."""
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path, message: str = "State of the ledger") -> str:
    """Commit everything; return the commit."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


class Log:
    """A campaign's events as they are written, each some hours after the last."""

    def __init__(self, start: datetime = BASE, seed: str = "k7"):
        self.now = start
        self.seed = seed
        self.events: list[dict[str, Any]] = []

    def add(self, type_: str, *, by: str = "vrubin", hours: float = 1.5, **data: Any) -> str:
        """Append an event; return its id."""
        self.now += timedelta(hours=hours)
        name = self._id()
        time = self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields = {key.rstrip("_"): value for key, value in data.items()}
        self.events.append({"id": name, "time": time, "by": by, "type": type_, **fields})
        return name

    def _id(self) -> str:
        number, digits = len(self.events), ""
        for _ in range(5):
            number, rest = divmod(number, len(ALPHABET))
            digits = ALPHABET[rest] + digits
        return f"{self.seed:x<7.7}{digits}"

    def status(self, source: str, target: str, **data: Any) -> str:
        """Append a change of the campaign's state."""
        return self.add("status", from_=source, to=target, **data)

    def submit(self, *groups: str, relation: str = "first", **data: Any) -> str:
        """Append a submission."""
        state = data.pop("state", "submitted")
        return self.add("submission", state=state, relation=relation, groups=list(groups), **data)

    def end(self, submission: str, result: str, failed: int = 0, **data: Any) -> str:
        """Append the end of a submission."""
        quanta = {"succeeded": 12480 - failed, **({"failed": failed} if failed else {})}
        jobs = {"succeeded": 310 - min(failed, 9), **({"failed": min(failed, 9)} if failed else {})}
        failures = {"failures": {"calibrateImage": failed}} if failed else {}
        fields = {"state": "ended", "result": result, "quanta": quanta, "jobs": jobs, **failures, **data}
        return self.add("outcome", submission=submission, by="prompt-bot", hours=7, **fields)

    def accept(self, submission: str, **data: Any) -> str:
        """Append an acceptance."""
        return self.add("decision", submission=submission, decision="accepted", **data)

    def text(self) -> str:
        """Return the lines of events.yaml."""
        return "".join(format_event(event) for event in self.events)


def put_settings(root: Path, settings: Mapping[str, Any] = SETTINGS) -> None:
    """Write campledger.yaml."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "campledger.yaml").write_text(format_document(settings, "settings"), encoding="utf-8")


def put_campaign(
    root: Path, campaign_id: str, definition: Mapping[str, Any], log: Log | None = None, **files: str
) -> Path:
    """Write a campaign's directory; return it. Files are named with __ for a slash and _DOT_ for a dot."""
    directory = root / directory_of(campaign_id)
    directory.mkdir(parents=True, exist_ok=True)
    document = {"id": campaign_id, **definition}
    (directory / "campaign.yaml").write_text(format_document(document, "campaign"), encoding="utf-8")
    if log is not None:
        (directory / "events.yaml").write_text(log.text(), encoding="utf-8")
    for name, content in files.items():
        file = directory / name.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return directory


def definition(name: str, **changes: Any) -> dict[str, Any]:
    """Return a definition with the usual values."""
    return {
        "name": name,
        "production": "data-release",
        "kind": "rehearsal",
        "description": f"Runs {name}.",
        "owner": "vrubin",
        "scope": {"instrument": "LSSTCam", "skymap": "lsst_cells_v1", "bands": ["g", "r", "i"]},
        "software": {"stack": "w_2026_40"},
        "data": {"butler": "main", "inputs": ["LSSTCam/raw/all"], "output": f"LSSTCam/runs/{name}"},
        "compute": {"site": "USDF", "wms": "lsst.ctrl.bps.panda.PanDAService"},
        **changes,
    }


def rescue_campaign(root: Path) -> None:
    """Write the campaign with 9 steps, one of 50 groups, and rescues with several parents."""
    steps: list[dict[str, Any]] = [
        {"name": "step1", "title": "Single-frame processing", "pause_after": True, "tickets": [{"key": "DM-52001"}]},
        {"name": "step2a", "title": "Visit summaries", "prerequisites": ["step1"], "operators": ["hleavitt"]},
        {"name": "step2b", "title": "Global calibration (FGCM)", "prerequisites": ["step2a"]},
        {"name": "step3", "title": "Coadds", "prerequisites": ["step2b"]},
        {"name": "step4", "title": "Difference imaging", "prerequisites": ["step3"]},
        {"name": "step5", "title": "Association", "prerequisites": ["step4"]},
        {"name": "step6", "title": "Forced photometry", "prerequisites": ["step3"]},
        {"name": "step7", "title": "Survey property maps", "prerequisites": ["step3"]},
        {"name": "step8", "title": "Metrics and plots", "prerequisites": ["step5", "step6"]},
    ]
    steps[0]["groups"] = [
        {"name": str(number), "data": {"queries": [f"visit.seq_num % 50 = {number}"]}} for number in range(1, 51)
    ]
    steps[3]["groups"] = [{"name": f"t{tract}", "title": f"Tract {tract}"} for tract in range(3826, 3834)]
    steps[3]["description"] = "By tract.\n\nSlow ones first."
    steps[3]["processing"] = {"pipelines": ["${DRP_PIPE_DIR}/pipelines/LSSTCam/DRP.yaml#step3"]}
    put_campaign(
        root,
        RESCUES,
        definition(
            "dp2-visits",
            title="Data Preview 2: visits of the first season",
            kind="data-preview",
            description=(
                "Processes every science visit of the first season with the pipelines frozen for DP2.\n"
                "Groups of step 1 are slices by sequence number.\n\nRescues go by the runbook: twice as is, "
                "then with more memory, then a decision of the campaign manager."
            ),
            operators=["hleavitt", "ajcannon"],
            tickets=[{"key": "DM-52000", "type": "campaign"}, {"key": "DRB-17", "type": "approval"}],
            tags=["dp2", "first-season"],
            links=[
                {"type": "monitor", "url": "https://panda.example.org/campaign/dp2", "title": "PanDA monitor"},
                {"type": "document", "url": "https://dmtn-181.lsst.io/"},
            ],
            scope={
                "instrument": "LSSTCam",
                "skymap": "lsst_cells_v1",
                "tracts": [*range(3826, 3834), 4025, 4026],
                "bands": ["u", "g", "r", "i", "z", "y"],
                "day_obs": {"from": 20260101, "to": 20260630},
                "science_program": ["BLOCK-365", "BLOCK-407"],
            },
            software={
                "stack": "v30_0_1",
                "image": "ghcr.io/lsst/scipipe:al9-v30_0_1",
                "ticket_branches": {"drp_tasks": "tickets/DM-45425"},
                "environment": {"OMP_NUM_THREADS": 1},
            },
            data={
                "butler": "embargo",
                "inputs": ["LSSTCam/raw/all"],
                "ancillary": ["LSSTCam/calib", "refcats", "skymaps"],
                "output": "LSSTCam/runs/DRP/DP2/v30_0_1/DM-52000",
                "run": "{output}/{step}/{group}/{timestamp}",
                "queries": ["instrument='LSSTCam'", "exposure.observation_type='science'"],
                "include": ["dataids/season.csv"],
                "exclude": ["lsstcam/bad-exposures", "without-donuts"],
            },
            processing={
                "pipelines": ["${DRP_PIPE_DIR}/pipelines/LSSTCam/DRP.yaml#step1"],
                "memory": "bps/requestMemory.yaml",
                "bps": {"file": "bps/step1.yaml", "project": "dp2", "variables": {"numberOfRetries": 3}},
            },
            plan={"start": "2026-10-01", "deadline": "2026-12-15", "quanta": 1_200_000, "core_hours": 950000.5},
            steps=steps,
        ),
        rescue_log(),
        bps__step1_DOT_yaml="pipelineYaml: ${DRP_PIPE_DIR}/pipelines/LSSTCam/DRP.yaml#step1\nproject: dp2\n",
        bps__requestMemory_DOT_yaml="pipetask:\n  calibrateImage:\n    requestMemory: 4096\n",
        README_DOT_md="# Notes on DP2\n",
        dataids__season_DOT_csv=season(),
        big_DOT_csv="visit\n" * 20_000,
    )


def season() -> str:
    """Return a set of visits over two months, in several bands."""
    rows = [
        f"LSSTCam,{day * 100_000 + number},{'ugrizy'[number % 6]}"
        for day in (*range(20260101, 20260132), *range(20260201, 20260211))
        for number in range(1, 4)
    ]
    return "\n".join(["instrument,visit,band", *rows, ""])


def shared_sets(root: Path) -> None:
    """Write shared sets: one in a folder with receipts, one made from it, a hostile one, one that cannot be read."""
    bad: dict[str, Any] = {
        "dimensions": ["detector", "exposure", "instrument"],
        "purpose": "exclude",
        "description": "Exposures that observers called *bad*, see https://example.org/nightlog.",
        "by": "vrubin",
        "made": "2026-10-01",
        "why": "Keeps donuts out of the coadds.",
        "how": "By hand, from the night log.",
        "members": [
            {
                "instrument": "LSSTCam", "exposure": 2026010100000 + number, "detector": number % 40,
                "reason": ("slew", "donut")[number % 2], "severity": "bad",
            }
            for number in range(1, 90)
        ],
    }  # fmt: skip
    put_set(root, "lsstcam/bad-exposures.json", bad)
    receipts = Log(datetime(2026, 10, 2, tzinfo=UTC), seed="s3t")
    receipts.add(
        "uploaded", set="lsstcam/bad-exposures", name="lsstcam/bad-exposures", revision=1, digest=f"sha256:{'0' * 64}",
        count=80, dimensions=["detector", "exposure", "instrument"], butler="main", registry="6f1c2b8e",
    )  # fmt: skip
    receipts.add("note", text="The donuts of **March** are still missing.")
    (root / "dataids/lsstcam/bad-exposures.events.yaml").write_text(receipts.text(), encoding="utf-8")
    put_set(root, "donuts.json", {**bad, "name": "donuts", "members": bad["members"][:9]})
    put_set(root, "without-donuts.json", {"derived": {"filter": "donuts", "reason": ["slew"]}})
    put_set(root, "lost.json", {"derived": {"union": ["donuts", "not-there"]}})
    put_set(root, "index.json", {"dimensions": ["instrument"], "members": [{"instrument": "LSSTCam"}]})
    hostile = {"dimensions": ["instrument"], "description": PAYLOAD, "why": "[x](javascript:window.pwned=9)"}
    put_set(root, 'a"><b>.json', {**hostile, "members": [{"instrument": "LSSTCam", "comment": PAYLOAD}]})
    (root / "dataids/broken.csv").write_text(f"visit\n{PAYLOAD}\n", encoding="utf-8")


def put_set(root: Path, name: str, document: Mapping[str, Any]) -> None:
    """Write a set's file in dataids/."""
    file = root / "dataids" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"format": 1, **document}), encoding="utf-8")


def rescue_log() -> Log:
    """Return the events of the campaign with rescues."""
    log = Log(seed="k7mq")
    log.add("assigned", person="cpayne", on="step3", reason="Cecilia knows the tracts")
    log.status("defined", "running")
    log.add("note", text="Two bad amplifiers on R30_S00 since 2026-03-02.\nThey are in the exclusion set.", on="step1")
    firsts = [
        log.submit(
            *[f"step1/{number}" for number in range(start, start + 10)],
            run_id=f"{71000 + start}",
            run=f"LSSTCam/runs/DRP/DP2/v30_0_1/DM-52000/step1/{start}/20261003T120000Z",
            submit_dir=f"/sdf/data/rubin/panda_jobs/dp2/step1/{start}",
            wms="panda",
            file="bps/step1.yaml",
            by="hleavitt",
        )
        for start in range(1, 51, 10)
    ]
    for number, first in enumerate(firsts):
        failed = {1: 214, 2: 3, 4: 40}.get(number, 0)
        log.end(first, "failed" if failed else "succeeded", failed)
        if not failed:
            log.accept(first)
    rescue = log.submit(
        *[f"step1/{number}" for number in range(11, 31)],
        relation="rescue",
        parents=[firsts[1], firsts[2]],
        run_id="71990",
        submit_dir="/sdf/data/rubin/panda_jobs/dp2/step1/rescue1",
        deviations={"memory": "calibrateImage: 16384", "other": "only on the milano partition"},
        text="Jobs were killed at 8 GB.\n\nThis one covers the failures of both runs.",
        by="ajcannon",
    )
    log.end(rescue, "succeeded")
    log.accept(rescue, reason="two quanta lost of 25,000: below the threshold", by="vrubin")
    log.status("running", "paused", reason="the embargo rack is down until the morning", by="ajcannon")
    mistake = log.status("paused", "cancelled", reason="pressed the wrong key", by="ajcannon")
    log.add("retracted", event=mistake, reason="meant to resume")
    log.status("paused", "running", hours=9)
    log.add("link", link={"type": "qa", "url": "https://qa.example.org/dp2?a=1&b=2", "title": "Plot navigator"})
    held = log.submit("step2a/all", run_id="72001", by="hleavitt")
    log.add("outcome", submission=held, state="held", reason="quota of the scratch disk", by="prompt-bot")
    log.submit("step1/50", relation="restart", parents=[firsts[4]], state="planned", by="hleavitt")
    log.add("decision", submission=firsts[0], decision="rejected", by="cpayne")
    log.status("running", "paused", reason="look at the astrometry first", by="cpayne", at="2026-10-09T03:00:00Z")
    log.status("paused", "running", by="cpayne")
    return log


def hostile_campaign(root: Path) -> None:
    """Write the campaign all of whose texts try to break out of the page."""
    log = Log(datetime(2026, 11, 1, 3, tzinfo=UTC), seed="h4ck")
    log.status("defined", "running", by=PAYLOAD)
    log.add("note", text=f"{PAYLOAD}\n\njavascript:alert(1)")
    submission = log.submit(
        "a/all", run_id=f"../../{PAYLOAD}", submit_dir=PAYLOAD, deviations={"query": PAYLOAD}, text=PAYLOAD
    )
    log.end(submission, "failed", 5, failures={PAYLOAD: 3}, reason=PAYLOAD)
    log.add("link", link={"type": "other", "url": "javascript:window.pwned=3", "title": PAYLOAD})
    log.add("link", link={"type": "other", "url": "https://u:secret@example.org/", "title": "password"})
    log.add("link", link={"type": "other", "url": 'https://example.org/"onmouseover="window.pwned=4'})
    log.status("running", "paused", reason=PAYLOAD)
    directory = put_campaign(
        root,
        HOSTILE,
        definition(
            "hostile",
            title=PAYLOAD[:180],
            description=f"{PAYLOAD}\n\n<!-- {PAYLOAD} -->",
            links=[{"type": "other", "url": "data:text/html,<script>window.pwned=5</script>", "title": PAYLOAD}],
            software={"stack": PAYLOAD[:90], "ticket_branches": {PAYLOAD: PAYLOAD}},
            steps=[{"name": "a", "title": PAYLOAD[:180], "description": PAYLOAD}],
        ),
        log,
        evil_DOT_yaml=f"</code></pre>{PAYLOAD}\n",
    )
    (directory / '"><img src=x onerror=alert(1)>.txt').write_text("a name\n", encoding="utf-8")
    (directory / "binary.dat").write_bytes(b"\x00\xff\x00")
    (directory / "shortcut").symlink_to("campaign.yaml")


def small_campaigns(root: Path) -> None:
    """Write a campaign in every other state."""
    put_campaign(
        root,
        "2026-09-01-comcam-redo-pq3r",
        definition("comcam-redo", title="ComCam again, with the new flats", scope={"instrument": "LSSTComCam"}),
    )
    three = [
        {"name": "step1"},
        {"name": "step2", "prerequisites": ["step1"]},
        {"name": "step3", "prerequisites": ["step2"], "groups": [{"name": "north"}, {"name": "south"}]},
    ]
    done = Log(datetime(2026, 8, 2, 9, tzinfo=UTC), seed="d9")
    done.status("defined", "running")
    for groups in (["step1/all"], ["step2/all"], ["step3/north", "step3/south"]):
        submission = done.submit(*groups, run_id="6001")
        done.end(submission, "succeeded")
        done.accept(submission)
    done.status("running", "completed")
    put_campaign(root, "2026-08-01-test-med-1-dd44", definition("test-med-1", steps=three, tags=["rehearsal"]), done)

    asking = Log(datetime(2026, 10, 20, 1, tzinfo=UTC), seed="njght")
    asking.status("defined", "running", by="prompt-bot")
    asking.end(asking.submit("step1/all", run_id="80200", by="prompt-bot"), "failed", 12)
    put_campaign(
        root,
        "2026-10-20-nightly-20261019-ab23",
        definition(
            "nightly-20261019",
            kind="nightly-validation",
            derived_from="2026-08-01-test-med-1-dd44@main",
            owner="prompt-bot",
            scope={"instrument": "LSSTCam", "day_obs": {"from": 20261019, "to": 20261019}},
            plan={"deadline": "2026-10-21"},
            steps=three,
        ),
        asking,
    )
    paused = Log(datetime(2026, 10, 11, 6, tzinfo=UTC), seed="p5")
    paused.status("defined", "running", by="hleavitt")
    paused.accept(_ended(paused, "step1/all"))
    paused.status("running", "paused", reason="new flats are certified on Thursday", by="hleavitt")
    put_campaign(root, "2026-10-10-flats-check-mm77", definition("flats-check", owner="hleavitt", steps=three), paused)

    failed = Log(datetime(2026, 7, 1, 6, tzinfo=UTC), seed="f6")
    failed.status("defined", "running", by="cpayne")
    failed.end(failed.submit("step1/all"), "failed", 9000)
    failed.status("running", "failed", reason="wrong reference catalogue", by="cpayne")
    put_campaign(root, "2026-07-01-refcat-trial-ff66", definition("refcat-trial", owner="cpayne", steps=three), failed)

    gone = Log(datetime(2026, 6, 1, 6, tzinfo=UTC), seed="c3")
    gone.status("defined", "cancelled", reason="superseded by dp2-visits")
    put_campaign(root, "2026-06-01-dp2-dry-run-cc33", definition("dp2-dry-run", owner="ajcannon"), gone)


def _ended(log: Log, *groups: str) -> str:
    submission = log.submit(*groups)
    log.end(submission, "succeeded")
    return submission


def broken_campaign(root: Path) -> None:
    """Write a campaign that cannot be read."""
    directory = root / directory_of(UNREADABLE)
    directory.mkdir(parents=True)
    (directory / "campaign.yaml").write_text(f"name: no\ntitle: {PAYLOAD[2:60]!r}\nnmae: [", encoding="utf-8")


def rich_ledger(root: Path) -> Path:
    """Write and commit the ledger with everything; return its root."""
    put_settings(root)
    rescue_campaign(root)
    hostile_campaign(root)
    small_campaigns(root)
    broken_campaign(root)
    shared_sets(root)
    commit(root)
    return root


def many_campaigns(count: int) -> tuple[dict[str, Any], str]:
    """Return index and texts of a list of this many campaigns, as varied as real ones, made without a ledger."""
    states, kinds = query.CHOICES["state"], query.CHOICES["kind"]
    facts: list[dict[str, tuple[str | int, ...]]] = []
    shown: list[dict[str, tuple[Any, ...]]] = []
    for number in range(count):
        day = 20200101 + number % 2500
        state = states[number % 7 % 6]
        changed = (
            f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d}T{number % 24:02d}:{number % 60:02d}:{number % 59:02d}Z"
        )
        facts.append({
            "id": (f"2020-01-01-campaign-{number}-{number % 8 + 2}abc",),
            "name": (f"campaign-{number}",),
            "state": (state,),
            "production": (("data-release", "alert")[number % 2],),
            "kind": (kinds[number % 15],),
            "owner": (f"person{number % 40}",),
            "operator": (f"person{number % 7}", f"person{number % 11 + 7}"),
            "ticket": (f"DM-{number}",),
            "tag": ("nightly",) if number % 3 else (),
            "instrument": (("LSSTCam", "LSSTComCam", "LATISS")[number % 3],),
            "skymap": ("lsst_cells_v1",),
            "tract": (3828 + number % 40, 3829 + number % 40),
            "band": ("g", "r", "i", "z")[: number % 4 + 1],
            "detector": (),
            "day_obs": (day, day),
            "program": (f"BLOCK-{number % 30}",),
            "stack": (f"w_2026_{number % 52 + 1:02d}",),
            "image": (),
            "butler": (("embargo", "main")[number % 2],),
            "output": (f"LSSTCam/runs/nightlyValidation/{day}/{number}",),
            "site": (("USDF", "FrDF", "UKDF")[number % 3],),
            "wms": ("lsst.ctrl.bps.panda.PanDAService",),
            "step": ("step1", "step2", "step3"),
            "parent": (),
            "run_id": (f"{70000 + number}",),
            "started": (f"2025-{number % 12 + 1:02d}-01",),
            "changed": (changed[:10],),
            "deadline": (f"2026-12-{number % 28 + 1:02d}",) if number % 2 else (),
        })  # fmt: skip
        shown.append({
            "title": (f"Nightly validation of {day}",),
            "scope": (f"{day}; tracts {3828 + number % 40}, {3829 + number % 40}; griz",),
            "step": ("step1",) if state in {"running", "paused"} else (),
            "need": (("decide", "failed")[number % 2],) if state == "running" and number % 3 else (),
            "groups": (number % 50, 50, f"accepted:{number % 50} waiting:{50 - number % 50}"),
            "changed": (changed,),
            "awaiting": (number % 3,) if state == "running" and number % 3 else (),
            "problems": (),
        })  # fmt: skip
    texts = [
        f"campaign-{number} reprocesses the science exposures of {20200101 + number % 2500} with the current weekly, "
        "to find regressions before the next night begins. detector 53 is noisy. metrics look fine."
        for number in range(count)
    ]
    return list_index.by_column(
        facts, shown, {f"person{number}": f"Person {number}" for number in range(40)}, None
    ), json.dumps(texts)


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A committed ledger with everything that a page can show. Not to be changed."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate_git(monkeypatch)
        yield rich_ledger(tmp_path_factory.mktemp("rich"))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A folder with the settings of a ledger and one campaign, committed; to be changed at will."""
    root = tmp_path / "ledger"
    put_settings(root)
    put_campaign(root, "2026-09-01-comcam-redo-pq3r", definition("comcam-redo"))
    commit(root)
    return root
