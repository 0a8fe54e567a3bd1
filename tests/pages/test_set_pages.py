"""Pages of DataId sets: what they say of large, hostile, derived and unreadable ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campledger.ledger.ledger import Ledger
from campledger.ledger.sets import Sets
from campledger.operations.site.build import build
from campledger.pages.content import set_pages
from campledger.pages.content.set_summaries import MAX_COUNTS, MAX_TIMES, PREVIEW, Shelf, set_page_path
from campledger.pages.engine import gather, render
from campledger.pages.engine.git_facts import Commit
from campledger.repository.file_trees import GitTree, WorkTree
from campledger.repository.git_commands import Repository
from tests.pages.conftest import RESCUES, commit, put_set, put_settings

Page = dict[str, Any]
BAD = "lsstcam/bad-exposures"


def pages_of(survey: gather.Survey) -> list[Page]:
    made = [file.content for file in set_pages.files(survey, lambda _path, _key: False)]
    return [page for page in made if isinstance(page, dict)]


@pytest.fixture(scope="module")
def pages(rich: Path) -> dict[str, Page]:
    repository = Repository(rich)
    head = repository.commit_of("HEAD")
    named = Commit(head, repository.commit_time(head))
    survey = gather.Survey(Ledger(GitTree(repository, head)), named, repository)
    found = {page["path"]: page for page in pages_of(survey)}
    assert list(found) == set_pages.paths(survey)
    return found


def page(pages: dict[str, Page], name: str) -> Page:
    return pages[set_page_path(name)]


def test_pages_are_plain_values(pages: dict[str, Page]) -> None:
    assert json.loads(json.dumps(pages)) == pages


def test_a_set(pages: dict[str, Page]) -> None:
    bad = page(pages, BAD)
    assert bad["root"] == "../../"
    assert (bad["set"]["size"], bad["set"]["purpose"]) == ("89", "exclude")
    assert bad["set"]["digest"].startswith("sha256:")
    assert {row["label"]: row["text"] or row["html"] for row in bad["about"]} == {
        "Made by": "Vera Rubin",
        "Made on": "2026-10-01",
        "Why": "<p>Keeps donuts out of the coadds.</p>\n",
        "How": "<p>By hand, from the night log.</p>\n",
    }
    counts = {by["label"]: by for by in bad["set"]["counts"]}
    assert list(counts) == ["Day", "Detector", "Reason", "Severity"]
    assert counts["Day"]["rows"] == [{"value": "2026-01-01", "count": "89", "bar": 100}]
    assert counts["Detector"]["distinct"] == "40"
    assert len(counts["Detector"]["rows"]) == MAX_COUNTS
    assert (counts["Detector"]["others"], counts["Detector"]["rest"]) == ("28", "56")
    assert len(bad["set"]["members"]["rows"]) == PREVIEW
    assert bad["set"]["members"]["more"] == "77"


def test_who_uses_it(pages: dict[str, Page]) -> None:
    (user,) = page(pages, BAD)["users"]
    assert (user["id"], user["href"], user["purposes"]) == (RESCUES, f"../../campaigns/{RESCUES}.html", ["exclude"])
    assert [one["name"] for one in page(pages, "donuts")["parts_of"]] == ["lost", "without-donuts"]


def test_receipts_and_versions(pages: dict[str, Page], rich: Path) -> None:
    bad = page(pages, BAD)
    (upload,) = bad["uploads"]
    assert (upload["butler"], upload["revision"], upload["count"]) == ("main", 1, "80")
    assert [event["type"] for event in bad["receipts"]] == ["note", "uploaded"]
    assert "<strong>March</strong>" in bad["receipts"][0]["html"]
    (version,) = bad["versions"]
    assert version["commit"] == Repository(rich).head()
    assert version["by"]["handle"] == "vrubin"


def test_what_a_set_is_made_from(pages: dict[str, Page]) -> None:
    derived = page(pages, "without-donuts")["derived"]
    assert derived == {
        "operation": "filter",
        "of": [{"name": "donuts", "pin": "", "href": "../sets/donuts.html"}],
        "only": [{"name": "reason", "value": "slew"}],
    }
    assert page(pages, "without-donuts")["set"]["size"] == "4"
    lost = page(pages, "lost")
    assert [one["href"] for one in lost["derived"]["of"]] == ["../sets/donuts.html", ""]


def test_sets_that_cannot_be_read_have_their_problems(pages: dict[str, Page]) -> None:
    for name, rule in (("broken", "unreadable"), ("lost", "unknown-set")):
        quarantined = page(pages, name)
        assert quarantined["set"]["size"] is None
        assert quarantined["set"]["problem"]
        assert rule in {problem["rule"] for problem in quarantined["problems"]}
    rows = {row["name"]: row for row in pages["sets/index.html"]["rows"]}
    assert [name for name, row in rows.items() if not row["readable"]] == ["broken", "lost"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("bad", "sets/bad.html"),
        ("lsstcam/2026/bad.v1", "sets/lsstcam/2026/bad.v1.html"),
        ("index", "sets/=index.html"),
        ("Index", "sets/=Index.html"),
        ("a/index", "sets/a/index.html"),
        ("=index", "sets/=3Dindex.html"),
        ('a b"<', "sets/a=20b=22=3C.html"),
        ("x.html/y", "sets/x=2Ehtml/y.html"),
        ("é\udcff", "sets/=C3=A9=FF.html"),
    ],
)
def test_paths(name: str, path: str) -> None:
    assert set_page_path(name) == path


def test_long_names_have_short_paths() -> None:
    one, other = (set_page_path("é" * 120 + end) for end in "ab")
    assert one != other
    assert len(one) < 255


def test_every_address_of_the_list_is_a_page(pages: dict[str, Page]) -> None:
    assert {f"sets/{row['href']}" for row in pages["sets/index.html"]["rows"]} == pages.keys() - {"sets/index.html"}


def put_csv(root: Path, name: str, lines: list[str]) -> None:
    file = root / "dataids" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join([*lines, ""]))


def test_a_large_set_makes_a_small_page(tmp_path: Path) -> None:
    put_settings(tmp_path)
    rows = [
        f"LSSTCam,{(20250101 + day) * 100_000 + number},{number % 189}" for day in range(28) for number in range(3500)
    ]
    put_csv(tmp_path, "large.csv", ["instrument,exposure,detector", *rows])
    commit(tmp_path)
    build(tmp_path, tmp_path / "out")
    page = tmp_path / "out/sets/large.html"
    assert "98,000 data IDs" in page.read_text()
    assert page.stat().st_size < 20_000


def counts_of(root: Path, name: str) -> dict[str, Page]:
    found = Shelf(Sets(Ledger(WorkTree(root)))).named(name)
    return {by["name"]: by for by in found["counts"]}


@pytest.mark.parametrize(
    ("days", "label", "rows"),
    [
        ([20250101 + day for day in range(MAX_TIMES)], "Day", MAX_TIMES),
        ([20250101 + 100 * month + day for month in range(2) for day in range(20)], "Month", 2),
        ([year * 10_000 + month * 100 + 1 for year in range(2025, 2028) for month in range(1, 13)], "Year", 3),
    ],
)
def test_many_days_are_taken_together(tmp_path: Path, days: list[int], label: str, rows: int) -> None:
    put_settings(tmp_path)
    put_csv(tmp_path, "x.csv", ["instrument,exposure", *(f"LSSTCam,{day * 100_000 + 1}" for day in days)])
    by = counts_of(tmp_path, "x")["day_obs"]
    assert (by["label"], len(by["rows"])) == (label, rows)
    assert sum(int(row["count"]) for row in by["rows"]) == len(days)


def test_bands_go_by_wavelength_and_unknown_ones_are_counted(tmp_path: Path) -> None:
    put_settings(tmp_path)
    rows = [f"LSSTCam,{2025010100000 + n},{band}" for n, band in enumerate(["y", "g", "", "u"])]
    put_csv(tmp_path, "x.csv", ["instrument,visit,band", *rows])
    by = counts_of(tmp_path, "x")["band"]
    assert [row["value"] for row in by["rows"]] == ["u", "g", "y"]
    assert by["unknown"] == "1"


def test_a_set_in_two_formats_has_one_page(tmp_path: Path) -> None:
    put_settings(tmp_path)
    put_csv(tmp_path, "x.csv", ["instrument", "LSSTCam"])
    put_set(tmp_path, "x.json", {"members": [{"instrument": "LSSTCam"}]})
    survey = gather.Survey(Ledger(WorkTree(tmp_path)), None)
    page, listed = pages_of(survey)
    assert [problem["rule"] for problem in page["problems"]] == ["duplicate-set"]
    assert listed["rows"][0]["problems"] == 1
    assert page["versions"] == []


def test_a_ledger_without_sets_says_how_to_make_one(tmp_path: Path) -> None:
    put_settings(tmp_path)
    (listed,) = pages_of(gather.Survey(Ledger(WorkTree(tmp_path)), None))
    assert b"There are no shared sets yet" in render.page(render.environment(), listed)
