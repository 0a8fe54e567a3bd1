"""What the form that defines a campaign is made of: its page, the ledger's names, and definitions to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campledger.documents.schema import schema
from campledger.documents.strict import read
from campledger.documents.template import template
from campledger.ledger.ledger import Ledger
from campledger.pages.content import new_campaign_page
from campledger.pages.engine.gather import Survey
from campledger.pages.engine.git_facts import Commit
from campledger.pages.engine.render import environment, page
from campledger.repository.file_trees import WorkTree
from tests.pages.conftest import HOSTILE, RESCUES, SETTINGS, definition, put_campaign, put_settings

KNOWN = {
    "$ref", "type", "properties", "required", "additionalProperties", "items", "uniqueItems", "minItems", "enum",
    "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "description", "examples",
}  # fmt: skip
"""What static/check.js knows of JSON Schema."""


def survey(root: Path, commit: Commit | None = None) -> Survey:
    return Survey(Ledger(WorkTree(root)), commit)


def assigned(script: bytes, name: str) -> Any:
    """The value that a script of ours gives a global."""
    text = script.decode("ascii")
    assert text.startswith(f"window.{name} = ")
    assert text.endswith(";\n")
    return json.loads(text[len(f"window.{name} = ") : -2])


def offers(root: Path, commit: Commit | None = None) -> Any:
    return assigned(new_campaign_page.offers(survey(root, commit)), "campledgerLedger")


def rules(rule: Any) -> list[dict[str, Any]]:
    """All rules in a schema."""
    below = [*rule.get("properties", {}).values(), *rule.get("$defs", {}).values(), rule.get("items")]
    below.append(rule.get("additionalProperties"))
    return [rule, *(found for one in below if isinstance(one, dict) for found in rules(one))]


def test_the_check_in_the_browser_knows_every_word_of_the_schema() -> None:
    used = {key for rule in rules(schema("campaign")) for key in rule} - {"$schema", "$id", "title", "$defs"}
    assert used <= KNOWN, "teach site/static/check.js the rest, and tests/end_to_end/test_site_form.py"


def test_without_a_script_the_page_says_how_else_to_define_a_campaign(rich: Path) -> None:
    (made,) = new_campaign_page.pages(survey(rich))
    text = page(environment(), made).decode()
    assert new_campaign_page.paths(survey(rich)) == [made["path"]] == ["new.html"]
    assert "campledger define NAME --edit" in text
    assert "campledger define NAME --production data-release" in text
    assert "Data Release Production" in text
    for key in ("name: TODO", "# software:", "#   stack: w_2026_02"):
        assert key in text
    assert '<div class="nf" id="nf" hidden>' in text


def test_the_template_reads_back_as_what_is_required() -> None:
    value = read("", template({}, ["alert"], ["Save and close."]).encode()).value
    assert value == dict.fromkeys(schema("campaign")["required"], "TODO")
    assert "# Save and close.\n" in template({}, (), ["Save and close."])


def test_the_form_offers_what_the_ledger_has(rich: Path) -> None:
    made = offers(rich, Commit("0123456789abcdef" * 2, 0))
    assert made["schema"] == schema("campaign")
    assert made["productions"] == ["data-release", "alert"]
    assert made["person_names"]["vrubin"] == "Vera Rubin"
    assert made["butlers"] == ["embargo", "main"]
    assert made["instruments"] is None
    assert made["used"]["scope.instrument"][:2] == ["LSSTCam", "LSSTComCam"]
    assert made["commit"] == "0123456789ab"
    assert made["new_file"] == SETTINGS["links"]["new_file"]
    assert "dp2-visits" in made["names"]
    assert "dp2-dry-run" not in made["names"], "it is final"
    assert made["starts"][0] > made["starts"][-1]
    assert "vera@example.org" not in json.dumps(made)


def test_sets_and_instruments_of_the_ledger_are_offered(ledger: Path) -> None:
    put_settings(ledger, SETTINGS | {"instruments": ["LATISS"]})
    (ledger / "dataids").mkdir()
    (ledger / "dataids/bad-exposures.csv").write_text("instrument,exposure\nLSSTCam,1\n")
    made = offers(ledger)
    assert made["sets"] == ["bad-exposures"]
    assert made["instruments"] == ["LATISS"]


@pytest.mark.parametrize("commit", [None, Commit("0" * 40, 0, worktree=True)])
def test_a_work_tree_is_no_commit_to_derive_from(ledger: Path, commit: Commit | None) -> None:
    assert offers(ledger, commit)["commit"] is None


@pytest.mark.parametrize(
    "link", ["javascript:alert('{path}')", "//example.org/{path}", "https://user:pass@example.org/{path}"]
)
def test_an_address_that_no_page_may_link_to_is_left_out(ledger: Path, link: str) -> None:
    put_settings(ledger, SETTINGS | {"links": {"new_file": link}})
    assert offers(ledger)["new_file"] is None


def test_settings_without_people_take_any(ledger: Path) -> None:
    put_settings(ledger, {"title": "Small", "productions": {"alert": "Alerts"}})
    made = offers(ledger)
    assert made["people"] is None
    assert made["new_file"] is None


def test_each_campaign_can_be_started_from(rich: Path) -> None:
    made = survey(rich)
    scripts = {
        new_campaign_page.definition_path(one.id): new_campaign_page.definition(one, made) for one in made.readable
    }
    assert set(scripts) == {f"static/definitions/{one.campaign.id}.js" for one in made.readable}
    rescues = assigned(scripts[new_campaign_page.definition_path(RESCUES)], "campledgerDefinition")
    assert rescues["id"] == RESCUES
    assert rescues["definition"]["name"] == "dp2-visits"
    assert not {"id", "key", "format"} & set(rescues["definition"])
    assert "bps/step1.yaml" in rescues["files"]
    assert "campaign.yaml" not in rescues["files"]
    hostile = scripts[new_campaign_page.definition_path(HOSTILE)]
    assert hostile.isascii()
    assert hostile.count(b"\n") == 1
    assert assigned(hostile, "campledgerDefinition")["definition"]["name"] == "hostile"


def test_numbers_that_a_browser_would_change_are_texts_where_texts_do_as_well(ledger: Path) -> None:
    campaign = "2026-09-02-odd-ab23"
    put_campaign(
        ledger,
        campaign,
        definition(
            "odd",
            software={"environment": {"A": 1.0, "B": 9007199254740993, "C": 1.5, "D": True, "E": 3}},
            plan={"core_hours": 12.0},
            extra={"__proto__": {"packed": [18014398509481985]}},
        ),
    )
    script = new_campaign_page.definition(survey(ledger).by_id[campaign], survey(ledger)).decode()
    assert '{"A":"1.0","B":"9007199254740993","C":1.5,"D":true,"E":3}' in script
    assert '"core_hours":12.0' in script
    assert '{["__proto__"]:{"packed":["18014398509481985"]}}' in script
