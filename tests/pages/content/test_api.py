"""The JSON for other programs has the form that its schema describes, and holds what the ledger says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from campledger.operations.site.build import build
from campledger.repository.git_commands import Repository
from tests.pages.conftest import RESCUES, UNREADABLE, commit, definition, git, put_campaign, put_settings


@pytest.fixture(scope="module")
def site(rich: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("api") / "public"
    build(rich, out)
    return out


def loaded(site: Path, path: str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads((site / "api/v1" / path).read_text("ascii"), parse_constant=refuse)


def test_every_document_has_the_form_described(site: Path) -> None:
    schema = loaded(site, "schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    files = [file for file in sorted((site / "api").rglob("*.json")) if file.name != "schema.json"]
    assert len(files) > 8
    for file in files:
        validator.validate(loaded(site, str(file.relative_to(site / "api/v1"))))


def test_the_schema_names_every_key(site: Path) -> None:
    schema = loaded(site, "schema.json")["$defs"]
    for path, name in (
        ("campaigns.json", "campaigns"),
        (f"campaigns/{RESCUES}.json", "campaign"),
        ("sets.json", "sets"),
    ):
        assert set(loaded(site, path)) == set(schema[name]["properties"])
    assert set(loaded(site, "campaigns.json")["campaigns"][0]) == set(schema["summary"]["properties"])


def test_the_list(site: Path, rich: Path) -> None:
    document = loaded(site, "campaigns.json")
    head = Repository(rich).head()
    assert document["commit"] == {"hash": head, "time": "2026-11-20T12:34:56Z", "worktree": False}
    entry = next(one for one in document["campaigns"] if one["id"] == RESCUES)
    assert entry["groups"] == {"accepted": 40, "total": 65}
    assert entry["operators"] == ["hleavitt", "ajcannon", "cpayne"]
    assert entry["output"] == ["LSSTCam/runs/DRP/DP2/v30_0_1/DM-52000"]
    assert len(entry["awaiting"]) == 2
    assert [one["id"] for one in document["unreadable"]] == [UNREADABLE]
    for one in document["campaigns"]:
        assert all((site / one[key]).is_file() for key in ("page", "document", "feed"))


def test_a_campaign(site: Path) -> None:
    document = loaded(site, f"campaigns/{RESCUES}.json")
    assert document["definition"]["name"] == "dp2-visits"
    assert document["steps"][0]["groups"]["11"] == "accepted"
    rescue = next(one for one in document["submissions"] if one["relation"] == "rescue")
    assert len(rescue["parents"]) == 2
    assert [one["effective"] for one in document["events"]].count(False) == 2
    assert "bps/step1.yaml" in document["files"]


def test_sets_are_listed_with_who_uses_them(tmp_path: Path) -> None:
    root = tmp_path / "ledger"
    put_settings(root)
    put_campaign(root, "2026-09-01-uses-pq3r", definition("uses", data={"butler": "main", "exclude": ["bad", "later"]}))
    (root / "dataids").mkdir()
    (root / "dataids/bad.json").write_text(
        '[{"instrument": "LSSTCam", "exposure": 1}, {"instrument": "LSSTCam", "exposure": 2}]'
    )
    (root / "dataids/wrong.json").write_text("[{}")
    commit(root)
    build(root, tmp_path / "out")
    bad, wrong = loaded(tmp_path / "out", "sets.json")["sets"]
    assert (bad["name"], bad["count"], bad["dimensions"]) == ("bad", 2, ["exposure", "instrument"])
    assert bad["digest"].startswith("sha256:")
    assert bad["campaigns"] == ["2026-09-01-uses-pq3r"]
    assert (wrong["count"], wrong["digest"]) == (None, None)


def test_documents_name_the_commit_that_changed_them(tmp_path: Path) -> None:
    root = tmp_path / "ledger"
    put_settings(root)
    put_campaign(root, "2026-09-01-one-pq3r", definition("one"))
    first = commit(root)
    put_campaign(root, "2026-09-02-two-pq3r", definition("two"))
    second = commit(root, "Second")
    build(root, tmp_path / "out")
    assert loaded(tmp_path / "out", "campaigns/2026-09-01-one-pq3r.json")["commit"]["hash"] == first
    assert loaded(tmp_path / "out", "campaigns/2026-09-02-two-pq3r.json")["commit"]["hash"] == second
    assert git(root, "status", "--porcelain") == ""
