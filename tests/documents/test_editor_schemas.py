"""The schemas that ledgers keep: each stands alone, another validator takes it, and it says what the package's says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from campledger.documents import schema, strict
from campledger.documents.editor_schemas import editor_schemas
from campledger.model.columns import COLUMNS

ROOT = Path(__file__).parents[2]
ALONE = {name.partition(".")[0]: json.loads(text) for name, text in editor_schemas().items()}
AJV = Path(sys.prefix) / "node_modules/ajv/dist/2020.js"
PLACES = {
    "campaign": "campaigns/*/*/*/campaign.yaml",
    "settings": "campledger.yaml",
    "query": "queries/*.yaml",
    "template": "templates/*.yaml",
    "dataids": "dataids/*.json",
}
LOOSER = {"newline-after-a-pattern"}
"""Examples of what Python's regular expressions let pass, and the package's own validator does not."""
JUDGE = """
const [ajv, input] = process.argv.slice(1);
const Ajv = require(ajv);
const {schemas, documents} = JSON.parse(require("fs").readFileSync(input, "utf-8"));
const wrong = [];
for (const [name, schema] of Object.entries(schemas)) {
  const judge = new Ajv({strict: true, strictTypes: false, strictRequired: false, allErrors: true}).compile(schema);
  for (const [path, value] of documents[name] || []) if (!judge(value)) wrong.push([path, judge.errors]);
}
console.log(JSON.stringify(wrong));
"""


def documents(root: Path, name: str) -> Iterator[tuple[str, Any]]:
    for file in sorted(root.glob(PLACES[name])):
        text = file.read_bytes()
        value = json.loads(text) if file.suffix == ".json" else strict.read(file.name, text).value
        yield str(file.relative_to(ROOT)), value


def refers_to(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for below in value.values():
            yield from refers_to(below)
    elif isinstance(value, list):
        for below in value:
            yield from refers_to(below)


@pytest.mark.parametrize("name", ALONE)
def test_a_schema_refers_to_itself_only(name: str) -> None:
    assert "$id" not in ALONE[name]
    for reference in refers_to(ALONE[name]):
        start, _, part = reference.rpartition("/")
        assert start == "#/$defs"
        assert part in ALONE[name]["$defs"]
    Draft202012Validator.check_schema(ALONE[name])


@pytest.mark.parametrize("name", ["campaign", "settings", "dataids"])
def test_it_says_what_the_package_s_own_says(name: str) -> None:
    judge = Draft202012Validator(ALONE[name])
    found = [
        (bool(schema.findings(value, name)), not judge.is_valid(value), path)
        for root in (ROOT, *(ROOT / "tests/examples").glob("*/*"))
        for path, value in documents(root, name)
        if value is not None and root.name not in LOOSER
    ]
    assert len(found) > 20 or name != "campaign"
    assert [one for one in found if one[0] != one[1]] == []


def test_columns_of_queries_are_those_of_the_table() -> None:
    judge = Draft202012Validator(ALONE["query"])
    query = {"name": "x", "expression": "", "columns": [*COLUMNS], "sort": [f"-{one}" for one in COLUMNS]}
    assert judge.is_valid(query | {"expression": "a"})
    assert not judge.is_valid(query | {"expression": "a", "columns": ["stat"]})
    assert not judge.is_valid(query | {"expression": "a", "group": "stat"})


def test_the_body_of_a_template_has_the_keys_of_a_definition() -> None:
    judge = Draft202012Validator(ALONE["template"])
    body: dict[str, Any] = {
        "kind": "{kind}", "scope": {"tracts": ["{tract}"], "day_obs": {"from": "{day_obs}"}},
        "steps": [{"name": "step{n}", "groups": [{"name": "g"}]}],
    }  # fmt: skip
    assert judge.is_valid({"description": "d", "campaign": body})
    for wrong in ({"knid": "other"}, {"kind": "othre"}, {"scope": {"tract": [1]}}, {"steps": [{"nmae": "x"}]}):
        assert not judge.is_valid({"description": "d", "campaign": body | wrong})


def test_editors_have_no_examples_to_offer_as_values() -> None:
    assert ALONE["campaign"]["properties"]["name"]["description"].endswith("For example: dp02-test-med-1")
    assert '"examples"' not in json.dumps(ALONE)


def test_another_validator_takes_them_and_what_they_describe(tmp_path: Path) -> None:
    assert AJV.is_file(), "ajv is missing: install it with `make checker`"
    roots = [ROOT, *sorted((ROOT / "tests/examples/valid").iterdir())]
    held = {name: [one for root in roots for one in documents(root, name)] for name in PLACES}
    assert [name for name in PLACES if not held[name]] == []
    (tmp_path / "input.json").write_text(json.dumps({"schemas": ALONE, "documents": held}))
    command = ["node", "-e", JUDGE, str(AJV), str(tmp_path / "input.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.stderr, done.returncode) == ("", 0)
    assert json.loads(done.stdout) == []
