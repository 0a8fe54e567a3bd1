"""docs/dataids.md: its test vectors are right, and its examples are what it says."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from campledger.dataids.files import read
from campledger.problems import Severity

PAGE = (Path(__file__).parents[2] / "docs/dataids.md").read_text("utf-8")
VECTORS = re.findall(r"```json\n((?:(?!```).)*)```\n```text\n(.*?)```\n`(sha256:[0-9a-f]{64})`", PAGE, re.DOTALL)
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_test_vectors_and_examples() -> None:
    assert len(VECTORS) >= 5
    assert len(EXAMPLES) > len(VECTORS)


@pytest.mark.parametrize(("text", "canonical", "digest"), VECTORS)
def test_a_vector_is_computed_again(text: str, canonical: str, digest: str) -> None:
    value = read("x.json", text.encode()).value
    assert value is not None
    assert b"".join(value.canonical()).decode() == canonical
    assert value.digest == digest == f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_the_page_has_no_error(text: str) -> None:
    found = read("x.json", text.encode())
    assert [problem.as_text() for problem in found.problems if problem.severity is Severity.ERROR] == []


def test_the_example_of_csv_is_csv() -> None:
    (text,) = re.findall(r"## CSV\n.*?```\n(.*?)```", PAGE, re.DOTALL)
    value = read("x.csv", text.encode()).value
    assert value is not None
    assert len(value) == 4
