"""What a notebook shows: names behind `campledger.`, campaigns and sets in short, and what parameters are."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import campledger
from campledger import DataIdSet, DataIdStore, Ledger
from campledger.operations.transaction import Transaction

STAMPS = {"self", "cls", "at", "key"}
"""Parameters of every act, which the class describes."""


def _methods() -> list[tuple[str, list[str], str]]:
    found = []
    for holder in (Ledger, Transaction, DataIdSet, DataIdStore):
        for name, held in vars(holder).items():
            function = getattr(held, "__func__", held)
            if inspect.isfunction(function) and not name.startswith("_"):
                names = [one for one in inspect.signature(function).parameters if one not in STAMPS]
                found.append((f"{holder.__name__}.{name}", names, inspect.getdoc(function) or ""))
    return [one for one in found if len(one[1]) > 4]


@pytest.mark.parametrize(
    ("name", "parameters", "text"), _methods(), ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_method_of_many_parameters_describes_each(name: str, parameters: list[str], text: str) -> None:
    _, _, section = text.partition("\nParameters\n----------\n")
    described = re.findall(r"^(\w+) : .+\n    \S", section, re.MULTILINE)
    assert [one for one in described if one not in STAMPS] == parameters


def test_the_package_lists_what_it_is_for_and_loads_it_late() -> None:
    assert sorted(campledger.__all__) == ["DataIdSet", "DataIdStore", "Ledger"]
    assert dir(campledger) == sorted([*campledger.__all__, "__version__"])
    words = "import sys, campledger; print([name for name in sys.modules if name.startswith('campledger.')])"
    assert subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout == "[]\n"
    with pytest.raises(AttributeError, match="no attribute 'Leger'"):
        campledger.Leger  # noqa: B018


def test_a_campaign_is_shown_in_short(ledger: Path) -> None:
    with Ledger.open(ledger).transaction() as t:
        t.edit("hello", set={"title": "<b>bold & brave</b>"})
        t.start("hello")
    one = Ledger.open(ledger).campaign("hello")
    assert repr(one) == f"<Campaign {one.id} running>"
    shown = one._repr_html_()
    assert "<caption>&lt;b&gt;bold &amp; brave&lt;/b&gt;</caption>" in shown
    assert f"<tr><th>id</th><td>{one.id}</td></tr><tr><th>state</th><td>running</td></tr>" in shown
    assert len(shown) < 1000


def test_a_set_is_shown_in_short() -> None:
    value = DataIdSet.of(["instrument", "visit"], [("<HSC>", number) for number in range(1200)])
    shown = value._repr_html_()
    assert "1,200 data IDs; the first 10" in shown
    assert shown.count("<tr>") == 11
    assert "<td>&lt;HSC&gt;</td><td>0</td>" in shown
