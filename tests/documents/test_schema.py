"""The schemas describe everything, and both validators read them alike."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.documents import schema
from campledger.model.campaign import SECTIONS, Campaign
from campledger.model.event_kinds import EVENT_KINDS, EventKind, describe
from campledger.model.history import Event, replay
from campledger.model.states import CAMPAIGN_ACTS, CAMPAIGN_TABLE, OUTCOMES, SUBMISSION_TABLE, State
from campledger.model.vocabulary import DEVIATIONS, KINDS, LINK_TYPES, RELATIONS, SAID
from campledger.problems import Finding, Pointer

WRONG: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    3.0,
    10**30,
    "",
    " ",
    "x",
    "a\n",
    "x" * 70_000,
    "\u2028",
    [],
    [1],
    ["x", "x"],
    [[]],
    {},
    {"x": 1},
]


def resolve(rule: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a rule with what it refers to below its own words."""
    while "$ref" in rule:
        file, _, where = rule["$ref"].partition("#/$defs/")
        name = file.removesuffix(".schema.json") or name
        rule = {**schema.schema(name)["$defs"][where], **{key: rule[key] for key in rule if key != "$ref"}}
    return rule


def home(rule: dict[str, Any], name: str) -> str:
    while "$ref" in rule:
        file, _, where = rule["$ref"].partition("#/$defs/")
        name = file.removesuffix(".schema.json") or name
        rule = schema.schema(name)["$defs"][where]
    return name


def objects(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield everything in a schema that has properties."""
    waiting: list[tuple[str, Any]] = [(name, schema.schema(name))]
    while waiting:
        where, node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("properties"), dict) and "type" not in node["properties"].get("properties", {}):
                yield where, node
            # A condition on a mapping that is described elsewhere describes none.
            waiting += [(f"{where}/{key}", below) for key, below in node.items() if key != "dependentSchemas"]
        elif isinstance(node, list):
            waiting += [(f"{where}/{index}", below) for index, below in enumerate(node)]


PROPERTIES = [
    pytest.param(name, rule, id=f"{where}/properties/{key}")
    for name in schema.SCHEMAS
    for where, node in objects(name)
    for key, rule in node["properties"].items()
]


@pytest.mark.parametrize(("name", "rule"), PROPERTIES)
def test_every_property_is_described(name: str, rule: dict[str, Any]) -> None:
    whole = resolve(rule, name)
    assert whole.get("description") or "const" in whole


@pytest.mark.parametrize(("name", "rule"), PROPERTIES)
def test_every_leaf_has_an_example_that_is_valid(name: str, rule: dict[str, Any]) -> None:
    whole = resolve(rule, name)
    examples = whole.get("examples", [whole["const"]] if "const" in whole else whole.get("enum", []))
    kinds = {whole["type"]} if isinstance(whole.get("type"), str) else set(whole.get("type", ()))
    if not examples and kinds & {"object", "array"}:
        below = resolve(whole.get("items", whole), home(rule, name))
        assert "properties" in below or below.get("examples") or "object" in kinds
        return
    assert examples
    check = schema._validator(home(rule, name), "")
    for example in examples:
        assert [
            error.message for error in check.evolve(schema=_rooted(whole, home(rule, name))).iter_errors(example)
        ] == []


def _rooted(rule: Any, name: str) -> Any:
    """Return a rule whose references are complete, so that it can stand alone."""
    if isinstance(rule, dict):
        return {key: _reference(value, name) if key == "$ref" else _rooted(value, name) for key, value in rule.items()}
    return [_rooted(one, name) for one in rule] if isinstance(rule, list) else rule


def _reference(reference: str, name: str) -> str:
    base = str(schema.schema(name)["$id"])
    return base + reference if reference.startswith("#") else f"{base.rpartition('/')[0]}/{reference}"


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_what_has_properties_has_no_others(name: str) -> None:
    open_ones = [where for where, node in objects(name) if node.get("additionalProperties") is not False]
    assert open_ones == []


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_the_schemas_are_schemas(name: str) -> None:
    schema._validator(name, "").check_schema(schema.schema(name))


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_patterns_are_bound_at_both_ends_and_plain(name: str) -> None:
    """Validators differ in classes such as \\s, \\d and \\w."""
    waiting: list[Any] = [schema.schema(name)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            pattern = node.get("pattern")
            if isinstance(pattern, str):
                assert pattern[0] + pattern[-1] == "^$"
                assert not any(mark in pattern for mark in (r"\s", r"\d", r"\w", r"\b", "(?"))
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def verdicts(value: Any, name: str, part: str = "") -> tuple[bool, bool]:
    return schema._fast(name, part)(value), not list(schema._validator(name, part).iter_errors(value))


def sample(rule: dict[str, Any], name: str) -> Any:
    """Return a value for a rule with every property filled in."""
    whole, name = resolve(rule, name), home(rule, name)
    if "properties" in whole and "items" not in whole:
        return {key: sample(below, name) for key, below in whole["properties"].items()}
    if "const" in whole:
        return whole["const"]
    for key in ("examples", "enum"):
        if key in whole:
            return copy.deepcopy(whole[key][0])
    if "array" in whole["type"]:
        return [sample(whole["items"], name)]
    return {} if whole["type"] == "object" else "x"


def places(value: Any, pointer: Pointer = ()) -> Iterator[Pointer]:
    yield pointer
    if isinstance(value, dict):
        for key, below in value.items():
            yield from places(below, (*pointer, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from places(below, (*pointer, index))


def with_value(document: Any, pointer: Pointer, value: Any) -> Any:
    if not pointer:
        return value
    changed = copy.deepcopy(document)
    holder = changed
    for part in pointer[:-1]:
        holder = holder[part]
    holder[pointer[-1]] = value
    return changed


def without(document: Any, pointer: Pointer) -> Any:
    changed = copy.deepcopy(document)
    holder = changed
    for part in pointer[:-1]:
        holder = holder[part]
    del holder[pointer[-1]]
    return changed


def value_at(document: Any, pointer: Pointer) -> Any:
    for part in pointer:
        document = document[part]
    return document


SETS = ("set", "derived_set", "about", "entry", "pending_entry", "union", "minus", "intersect", "filter")
PARTS = [
    ("campaign", ""),
    ("query", ""),
    ("run", ""),
    ("settings", ""),
    ("shifts", ""),
    ("tombstone", ""),
    ("template", ""),
    ("template", "parameter"),
    *(("dataids", part) for part in SETS),
    *(("event", part) for part in EVENT_KINDS),
    *(("act", part) for part in schema.acts()),
]


def full(name: str, part: str) -> Any:
    """Return a document with everything in it; what steps and groups override stands in it once, at the top."""
    document = sample(schema.schema(name)["$defs"][part] if part else schema.schema(name), name)
    for step in document.get("steps", ()):
        for holder in (step, *step["groups"]):
            holder.update({key: {} for key in SECTIONS})
    if document.get("steps"):
        document["steps"].append({"name": "coadds", "groups": {"template": "bps/a.yaml", "table": "bps/a.csv"}})
    return document


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_a_document_made_of_the_examples_is_valid(name: str, part: str) -> None:
    assert schema.findings(full(name, part), name, part) == []
    assert verdicts(full(name, part), name, part) == (True, True)


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_both_validators_agree_on_every_mutation(name: str, part: str) -> None:
    document = full(name, part)
    for pointer in places(document):
        mutations = [with_value(document, pointer, wrong) for wrong in WRONG]
        if pointer:
            mutations.append(without(document, pointer))
        value = value_at(document, pointer)
        if isinstance(value, str):
            mutations += [
                with_value(document, pointer, value + end) for end in ("\n", "\r", "\x85", "\u2028", " ", "é", "\x00")
            ]
            mutations.append(with_value(document, pointer, "\n" + value))
        elif isinstance(value, dict):
            mutations.append(with_value(document, pointer, {**value, "surprise": 1}))
        elif isinstance(value, list):
            mutations.append(with_value(document, pointer, value + value))
        for mutation in mutations:
            fast, slow = verdicts(mutation, name, part)
            assert fast is slow, (pointer, value_at(mutation, pointer[:-1]))
            assert (schema.findings(mutation, name, part) == []) is slow


# A derivation is one of several forms; a reader holds it to the one that it chose: tests/dataids/test_examples.py.
@pytest.mark.parametrize(("name", "part"), [one for one in PARTS if one != ("dataids", "derived_set")])
def test_every_finding_is_placed_where_the_document_was_broken(name: str, part: str) -> None:
    document = full(name, part)
    for pointer in places(document):
        if not pointer:
            continue
        for wrong in WRONG:
            for finding in schema.findings(with_value(document, pointer, wrong), name, part):
                assert finding.pointer[: len(pointer)] == pointer
                assert finding.message.isprintable()
                assert len(finding.message) < 1000


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(st.characters(codec="utf-8"), max_size=5),
        lambda below: (
            st.lists(below, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "data", "steps", "run", "x"]), below, max_size=3)
        ),
    )
)
def test_both_validators_agree_on_any_value(value: Any) -> None:
    for name in ("campaign", "settings"):
        fast, slow = verdicts(value, name)
        assert fast is slow


def found(value: Any) -> Finding:
    base = {"name": "a", "production": "x", "kind": "other", "description": "x"}
    (finding,) = schema.findings({**base, **value}, "campaign")
    return finding


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ({"owner": None}, "`owner` is empty", "fill it in, or remove the key"),
        ({"name": 7}, "`name` is a number, expected text", 'quote it: "7"'),
        ({"name": True}, "`name` is true or false, expected text", 'quote it: "true"'),
        ({"tags": "x"}, "`tags` is text, expected a list", ""),
        ({"scope": []}, "`scope` is a list, expected a mapping", ""),
        ({"scope": {"tracts": ["x"]}}, "entry 1 of `tracts` is text, expected a whole number", ""),
        ({"plan": {"core_hours": "x"}}, "`core_hours` is text, expected a number", ""),
        (
            {"software": {"environment": {"A": []}}},
            "`A` is a list, expected text or a whole number or a number or true or false",
            "",
        ),
        ({"tags": ["a b"]}, "invalid value `a b` of entry 1 of `tags`", None),
        ({"kind": "nightli"}, None, "did you mean `nightly`?"),
        ({"Steps": []}, "unknown key `Steps`", "did you mean `steps`?"),
        ({"qqq": 1}, "unknown key `qqq`", None),
        (
            {"scope": {"qqq": 1}},
            "unknown key `qqq`",
            "known keys: instrument, skymap, tracts, bands, day_obs, detectors, observation_type, science_program",
        ),
        (
            {"steps": [{"name": "a", "needs": 1}]},
            "unknown key `needs`",
            "known keys: name, title, description, prerequisites, tickets, operators, pause_after, scope, software, "
            "data, processing, compute, plan, groups, extra; put keys of your own below `extra`",
        ),
        ({"owner": "a\n"}, "invalid value `a\\n` of `owner`", None),
        ({"steps": [{}]}, "missing key `name`", "Name of the step, unique in the campaign."),
        ({"operators": ["a", "a"]}, "duplicate entries in `operators`", ""),
        ({"format": 2}, "`format` is `2`, expected `1`", ""),
        ({"compute": {"retries": -1}}, "`retries`: -1 is less than the minimum of 0", ""),
    ],
)
def test_a_finding_says_what_is_wrong_and_what_to_do(value: Any, message: str | None, hint: str | None) -> None:
    finding = found(value)
    assert message in {None, finding.message}
    assert hint in {None, finding.hint}


@pytest.mark.parametrize("event", [None, [], "x", {}, {"type": None}, {"type": ["note"]}, {"type": "zzz"}])
def test_what_is_no_event_is_told_once(event: Any) -> None:
    assert len(schema.event_findings(event)) == 1


def test_every_kind_of_event_has_its_part_of_the_schema() -> None:
    parts = schema.alternatives("event")
    assert parts == tuple(EVENT_KINDS)
    types = {part: schema.schema("event")["$defs"][part]["properties"]["type"]["const"] for part in parts}
    assert types == {part: part for part in parts}


@pytest.mark.parametrize("kind", EVENT_KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_of_event_is_told_in_words(kind: EventKind) -> None:
    text = describe(Event(sample(schema.schema("event")["$defs"][kind.name], "event")))
    assert text.strip() == text
    assert text


@pytest.mark.parametrize("kind", EVENT_KINDS.values(), ids=lambda kind: kind.name)
def test_replay_takes_every_kind_of_event(kind: EventKind) -> None:
    event = Event(sample(schema.schema("event")["$defs"][kind.name], "event"))
    history = replay(Campaign("2026-11-22-alpha-aaaa", {"name": "alpha", "steps": [{"name": "step1"}]}), [event])
    assert history.effective == [event] or [fault.event for fault in history.faults] == [event]


def test_the_schemas_know_the_states() -> None:
    events, states = schema.schema("event")["$defs"], schema.schema("event")["$defs"]["state"]["enum"]
    assert states == list(State)
    started = {row.target for row in SUBMISSION_TABLE if row.act == row.target} - {"rescued"}
    decisions = events["decision"]["properties"]["decision"]["enum"]
    assert set(events["outcome"]["properties"]["state"]["enum"]) == {state for state, _ in OUTCOMES.values()}
    assert started == {*events["outcome"]["properties"]["state"]["enum"], *decisions}
    assert schema.schema("act")["$defs"]["outcome"]["properties"]["state"]["enum"] == list(OUTCOMES)


@pytest.mark.parametrize("act", CAMPAIGN_ACTS)
def test_a_batch_may_hold_every_act_on_a_campaign(act: str) -> None:
    part = schema.schema("act")["$defs"][act]
    assert ("reason" in part["required"]) is any(row.needs_reason for row in CAMPAIGN_TABLE if row.act == act)


def test_the_schemas_know_the_words_of_the_vocabulary() -> None:
    submission = schema.schema("event")["$defs"]["submission"]["properties"]
    act = {name: part.get("properties", {}) for name, part in schema.schema("act")["$defs"].items()}
    campaign = schema.schema("campaign")
    assert tuple(submission["relation"]["enum"]) == RELATIONS
    assert tuple(act["record"]["relation"]["enum"]) == RELATIONS
    assert tuple(schema.schema("event")["$defs"]["deviations"]["properties"]) == DEVIATIONS
    assert tuple(campaign["$defs"]["link"]["properties"]["type"]["enum"]) == LINK_TYPES
    assert tuple(act["link"]["type"]["enum"]) == LINK_TYPES
    assert tuple(campaign["properties"]["kind"]["enum"]) == KINDS
    assert tuple(OUTCOMES) == SAID
