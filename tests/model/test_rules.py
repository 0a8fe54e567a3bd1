"""Rules that one definition is held to by itself."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.model import rules
from campledger.problems import RULES

BASE = {"name": "a", "production": "x", "kind": "other", "description": "x"}


def found(**definition: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(finding.rule, finding.pointer) for finding in rules.findings({**BASE, **definition})]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "https://example.org/a?b=c#d",
        "HTTPS://EXAMPLE.ORG",
        "https://example.org:8443/a@b:c",
        "https://[::1]/x",
        "https://é.example.org/é",
    ],
)
def test_an_address_of_the_web_is_a_link(url: str) -> None:
    assert rules.url_complaint(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org",
        "//example.org",
        "/relative",
        "example.org",
        "https:",
        "https://",
        "https:///path",
        "https://user@example.org",
        "https://user:password@example.org",
        "https://:@example.org",
        "https://[::1",
        "https://example.org/a b",
        "https://example.org\\@evil.example",
        "https://example.org/\u202e",
        "https://example.org/\x7f",
        "",
    ],
)
def test_anything_else_is_no_link(url: str) -> None:
    assert rules.url_complaint(url)


@given(st.text(max_size=40))
def test_no_address_raises(url: str) -> None:
    complaint = rules.url_complaint(url)
    assert complaint is not None or url.lower().startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "name",
    ["a", "LSSTCam/runs/w_2026_02/DM-1", "u/v.rubin/x+y", "refcats", "2.2i/runs/test-med-1", "a@b", "_x", "a=b,c:d"],
)
def test_a_collection_can_have_the_name(name: str) -> None:
    assert rules.collection_complaint(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "a b",
        "a*",
        "a?",
        "[a]",
        "a\n",
        "a{b}",
        "{output}",
        "-a",
        ".a",
        "é",
        "a|b",
        "a;b",
        "$USER/x",
        "a\\b",
    ],
)
def test_no_collection_can_have_the_name(name: str) -> None:
    complaint = rules.collection_complaint(name)
    assert complaint is not None
    assert complaint[0] == "collection-name"


@pytest.mark.parametrize("name", ["u/${USER}/x", "${OUTPUT}", "a/${}"])
def test_a_variable_in_a_collections_name_is_a_placeholder(name: str) -> None:
    complaint = rules.collection_complaint(name)
    assert complaint is not None
    assert complaint[0] == "placeholder"


def test_a_run_pattern_may_have_fields_that_are_known() -> None:
    assert rules.collection_complaint("{output}/{step}/{group}/{timestamp}", pattern=True) is None
    for pattern in ("{output}/{night}", "{output", "output}", "{{output}}", "{}", "{output}//x"):
        assert rules.collection_complaint(pattern, pattern=True) is not None


@pytest.mark.parametrize(
    "text",
    [
        "DM-XXXXX",
        "PREOPS-XX",
        "w_YYYY_WW",
        "MUST_OVERRIDE",
        "MUST OVERRIDE",
        "TODO",
        "TBD",
        "x/FIXME/y",
        "CHANGEME",
        "<FILL IN>",
    ],
)
def test_a_placeholder_is_found(text: str) -> None:
    assert found(title=f"For {text}.") == [("placeholder", ("title",))]


@pytest.mark.parametrize(
    "text",
    ["DM-12345", "XXL", "MUSTOVERRIDE", "TODOS", "w_2026_02", "a<b>", "<b>", "DM-X", "${DRP_PIPE_DIR}/x", "xdm-XXX"],
)
def test_what_only_looks_like_a_placeholder_is_none(text: str) -> None:
    assert found(title=f"For {text}.") == []


@pytest.mark.parametrize(
    "text",
    [
        "${DRP_PIPE_DIR}pipelines/x.yaml",
        "$DRP_PIPE_DIRpipelines",
        "a:${OBS_LSST_DIR}config/x.py",
        "${X_DIR}1",
        "/a/${X_DIR}b",
    ],
)
def test_a_missing_slash_is_found(text: str) -> None:
    assert found(processing={"pipelines": [text]})[0] == ("missing-slash", ("processing", "pipelines", 0))


@pytest.mark.parametrize(
    "text",
    [
        "${DRP_PIPE_DIR}/pipelines",
        "$DRP_PIPE_DIR/x",
        "${DRP_PIPE_DIR}",
        "$X_DIR",
        "${X_DIR}:${Y_DIR}",
        "$X_DIRECTORY",
        "${X_DIR}.yaml",
        "DIRx",
    ],
)
def test_a_path_variable_used_rightly_is_not_flagged(text: str) -> None:
    assert found(title=text) == []


def test_prose_and_extra_are_left_alone() -> None:
    text = "DM-XXXXX ${X_DIR}pipelines MUST_OVERRIDE"
    assert (
        found(description=text, extra={"a": [text]}, steps=[{"name": "s", "extra": {"b": text}, "description": text}])
        == []
    )


def test_a_finding_is_placed_in_steps_and_groups() -> None:
    steps = [{"name": "s", "groups": [{"name": "g", "data": {"inputs": ["a*"]}, "plan": {"start": "2026-02-30"}}]}]
    at = ("steps", 0, "groups", 0)
    assert found(steps=steps) == [("collection-name", (*at, "data", "inputs", 0)), ("schema", (*at, "plan", "start"))]


def test_days_have_to_be_in_the_calendar_and_in_order() -> None:
    assert found(scope={"day_obs": {"from": 20260231}}) == [("schema", ("scope", "day_obs", "from"))]
    assert found(scope={"day_obs": {"from": 20260228, "to": 20260227}}) == [
        ("reversed-range", ("scope", "day_obs", "to"))
    ]
    assert found(scope={"day_obs": {"from": 20240229, "to": 20240229}}, plan={"start": "2024-02-29"}) == []
    assert found(plan={"start": "2026-02-02", "deadline": "2026-02-01"}) == [("reversed-range", ("plan", "deadline"))]


def test_a_cycle_of_steps_is_told_once() -> None:
    steps = [
        {"name": "a", "prerequisites": ["b"]},
        {"name": "b", "prerequisites": ["c"]},
        {"name": "c", "prerequisites": ["b"]},
    ]
    assert found(steps=steps) == [("step-cycle", ("steps", 1, "prerequisites"))]


def test_a_thousand_steps_in_a_ring_are_told_in_a_moment() -> None:
    steps = [{"name": f"s{n}", "prerequisites": [f"s{(n + 1) % 1000}"]} for n in range(1000)]
    before = time.process_time()
    assert [rule for rule, _ in found(steps=steps)] == ["step-cycle"]
    assert time.process_time() - before < 5


def runs(**definition: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return list(rules.run_collections({**BASE, **definition}))


def test_a_run_with_a_time_in_its_name_is_not_fixed() -> None:
    assert runs(data={"output": "o", "run": "{output}/{timestamp}"}) == []
    assert runs(data={"output": "o"}) == []


def test_a_fixed_run_is_filled_in_with_the_output_in_force() -> None:
    data = {"output": "o", "run": "{output}/r"}
    assert runs(data=data) == [(("data", "run"), "o/r")]
    steps = [
        {"name": "s", "data": {"output": "p"}, "groups": [{"name": "g", "data": {"run": "{output}/q"}}, {"name": "h"}]}
    ]
    assert runs(data=data, steps=steps) == [
        (("data", "run"), "o/r"),
        (("steps", 0, "data", "output"), "p/r"),
        (("steps", 0, "groups", 0, "data", "run"), "p/q"),
    ]


def test_an_output_that_the_run_does_not_use_adds_no_run() -> None:
    assert runs(data={"run": "fixed"}, steps=[{"name": "s", "data": {"output": "p"}}]) == [(("data", "run"), "fixed")]


def test_references_are_paths_of_the_campaign_only() -> None:
    processing = {
        "pipelines": [
            "pipelines/a.yaml#x",
            "${X_DIR}/b.yaml",
            "https://example.org/c.yaml",
            "/abs/d.yaml",
            "resource://lsst/e",
        ],
        "config_overrides": ["isr:doBias=False", "isr:config/f.py", "g.py"],
        "clustering": "bps/h.yaml",
        "bps": {"file": "bps/i.yaml"},
    }
    assert [path for _, path in rules.references({**BASE, "processing": processing})] == [
        "pipelines/a.yaml",
        "bps/h.yaml",
        "bps/i.yaml",
        "config/f.py",
    ]


@pytest.mark.parametrize(
    ("path", "leaves"),
    [
        ("a", False), ("a/../b", False), ("./a", False), ("a//b", False), ("", False), ("...", False), ("a/..", False),
        ("..", True), ("../a", True), ("a/../../b", True), ("./..", True), ("a//../..", True), ("a/../../a/b", True),
    ],
)  # fmt: skip
def test_a_path_leaves_its_directory(path: str, leaves: bool) -> None:
    assert rules.leaves_directory(path) is leaves


def test_people_are_found_everywhere() -> None:
    steps = [{"name": "s", "operators": ["b"], "groups": [{"name": "g", "operators": ["c", "a"]}]}]
    handles = [handle for _, handle in rules.people({**BASE, "owner": "o", "operators": ["a"], "steps": steps})]
    assert handles == ["o", "a", "b", "c", "a"]


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    definition = {
        "title": text,
        "data": {"output": text, "run": text, "inputs": [text], "include": [text]},
        "processing": {"pipelines": [text], "config_overrides": [text]},
        "links": [{"type": "qa", "url": text}],
    }
    assert {rule for rule, _ in found(**definition)} <= RULES.keys()
    assert list(rules.references({**BASE, **definition})) is not None


def test_long_texts_are_searched_in_a_moment() -> None:
    before = time.process_time()
    for text in (
        "$" * 60_000,
        "A" * 60_000,
        "<" * 60_000,
        "${" * 30_000,
        "_DIR" * 15_000,
        "A-X" * 20_000,
        "a/" * 30_000 + "*",
    ):
        # As long as the schema lets them be.
        found(
            software={"prepended_script": text},
            data={"output": text[:500], "run": text[:500], "inputs": [text[:4096]] * 100},
        )
    assert time.process_time() - before < 10
