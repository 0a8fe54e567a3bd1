"""TAGGED collections resolved from sets, in real registries of both kinds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from campledger.butler.collecting import LISTED, Collected, Missing, collect
from campledger.butler.joining import datasets
from campledger.butler.store import DataIdStore
from campledger.dataids.sets import DataIdSet
from campledger.errors import ButlerError, UsageError
from tests.butler.conftest import Repository
from tests.butler.datasets import BOTH, FIRST, LONE, SECOND, SOME_DETECTORS, SOME_VISITS, add_datasets

FROM = [SECOND, FIRST]


@pytest.fixture
def butler(repository: Repository) -> Any:
    butler = repository.open()
    add_datasets(butler)
    return butler


def visits(*numbers: int) -> DataIdSet:
    return DataIdSet.of(["instrument", "visit"], [("HSC", number) for number in numbers])


def detectors(*pairs: tuple[int, int]) -> DataIdSet:
    return DataIdSet.of(["instrument", "visit", "detector"], [("HSC", *pair) for pair in pairs])


def content(butler: Any, collection: str, name: str) -> set[Any]:
    return {ref.id for ref in butler.query_datasets(name, collection, find_first=False, limit=None, explain=False)}


def ids(butler: Any, name: str, include: Sequence[Any], exclude: Sequence[Any]) -> set[Any]:
    return {ref.id for ref in datasets(butler, name, FROM, include, exclude)}


def test_what_is_selected_is_tagged_and_again_changes_nothing(butler: Any) -> None:
    include, exclude = visits(*SOME_VISITS[:4]), detectors((SOME_VISITS[0], 0), (SOME_VISITS[1], 5))
    told: list[tuple[str, int, int]] = []
    done = collect(
        butler, ["calexp", "raw"], FROM, "u/me/good", [include], [exclude], progress=lambda *one: told.append(one)
    )
    assert done == Collected("u/me/good", True, {"calexp": 22, "raw": 22}, 44, 0, ())
    assert done.changed
    assert told == [("calexp", 0, 22), ("calexp", 22, 22), ("raw", 0, 22), ("raw", 22, 22)]
    for name in ("calexp", "raw"):
        assert content(butler, "u/me/good", name) == ids(butler, name, [include], [exclude])
    again = collect(butler, ["calexp", "raw"], FROM, "u/me/good", [include], [exclude])
    assert again == Collected("u/me/good", False, {"calexp": 22, "raw": 22}, 0, 0, ())
    assert not again.changed


def test_a_string_is_one_name(butler: Any) -> None:
    store = DataIdStore(butler)
    store.upload(visits(*SOME_VISITS[:2]), "some", by="me")
    done = store.collect("calexp", FIRST, "u/me/good", include="some")
    assert done == Collected("u/me/good", True, {"calexp": 12}, 12, 0, ())
    assert not store.collect(["calexp"], [FIRST], "u/me/good", include=["some"]).changed
    assert store.collect("calexp", FIRST, "u/me/rest", exclude="some").counts == {"calexp": 13 * 6 + 9 - 12}
    with pytest.raises(UsageError, match="`run/first` cannot be resolved from itself"):
        store.collect("calexp", FIRST, FIRST, include="some")


def test_a_changed_set_is_resolved_anew(butler: Any) -> None:
    before, after = visits(*SOME_VISITS[:4]), visits(*SOME_VISITS[2:6])
    collect(butler, ["calexp", "summary"], FROM, "good", [before])
    done = collect(butler, ["calexp"], FROM, "good", [after])
    assert (done.created, done.counts, done.added, done.removed) == (False, {"calexp": 24}, 12, 12 + 4)
    assert content(butler, "good", "calexp") == ids(butler, "calexp", [after], [])
    assert content(butler, "good", "summary") == set()
    done = collect(butler, ["calexp"], FROM, "good", [after], [after])
    assert (done.counts, done.added, done.removed) == ({"calexp": 0}, 0, 24)


def test_a_dataset_takes_the_place_of_another_with_its_data_id(butler: Any) -> None:
    one = detectors((SOME_VISITS[0], 0))
    collect(butler, ["calexp"], [SECOND, FIRST], "good", [one])
    second = content(butler, "good", "calexp")
    done = collect(butler, ["calexp"], [FIRST, SECOND], "good", [one])
    assert (done.added, done.removed) == (1, 1)
    first = content(butler, "good", "calexp")
    assert len(first) == 1
    assert first.isdisjoint(second)


def test_members_without_a_dataset_are_reported_by_type(butler: Any) -> None:
    include = visits(SOME_VISITS[0], BOTH, 1300, 1302)
    done = collect(butler, ["calexp", "raw", "summary"], FROM, "good", [include])
    lost = (("HSC", 1300), ("HSC", 1302))
    assert done.missing == tuple(
        Missing(name, ("instrument", "visit"), 2, lost) for name in ("calexp", "raw", "summary")
    )


def test_what_is_excluded_or_outside_another_inclusion_is_not_missing(butler: Any) -> None:
    gone = detectors(*((SOME_VISITS[0], detector) for detector in SOME_DETECTORS))
    few = DataIdSet.of(["instrument", "detector"], [("HSC", 0), ("HSC", 77)])
    done = collect(butler, ["calexp"], FROM, "good", [visits(*SOME_VISITS[:2], 1300), few], [gone, visits(1300)])
    assert done.counts == {"calexp": 1}
    assert done.missing == (
        Missing("calexp", ("instrument", "visit"), 1, (("HSC", 1300),)),
        Missing("calexp", ("detector", "instrument"), 1, ((77, "HSC"),)),
    )


def test_the_list_of_missing_members_is_bounded(butler: Any) -> None:
    include = DataIdSet.of(["instrument", "visit"], [("HSC", number) for number in range(10_000, 10_000 + LISTED + 1)])
    (missing,) = collect(butler, ["calexp"], FROM, "good", [include]).missing
    assert (missing.count, len(missing.members), missing.members[0]) == (LISTED + 1, LISTED, ("HSC", 10_000))


def test_implied_dimensions_and_no_inclusion(butler: Any) -> None:
    bands = DataIdSet.of(["band"], [("r",), ("z",)])
    done = collect(butler, ["flat"], FROM, "flats", [bands])
    assert (done.counts, done.missing) == ({"flat": 6}, (Missing("flat", ("band",), 1, (("z",),)),))
    done = collect(butler, ["raw"], FROM, "raws", exclude=[visits(*SOME_VISITS)])
    assert (done.counts, done.missing) == ({"raw": 6}, ())
    assert {one.dataId["exposure"] for one in butler.query_datasets("raw", "raws")} == {LONE}


def test_the_use_of_stored_sets_is_recorded(butler: Any) -> None:
    store = DataIdStore(butler)
    include = store.upload(visits(*SOME_VISITS[:4]), "good", by="me").stored
    first = store.upload(visits(SOME_VISITS[0]), "bad", by="me").stored
    collect(butler, ["calexp"], FROM, "tagged", [include], [first])
    collect(butler, ["calexp"], FROM, "tagged", [include], [first])
    assert [(use.kind, use.name) for use in store.uses("bad")] == [("collection", "tagged")]
    with pytest.raises(ButlerError, match="something refers to it: collection tagged"):
        store.remove("bad")
    second = store.upload(visits(*SOME_VISITS[:2]), "bad", by="me").stored
    done = collect(butler, ["calexp"], FROM, "tagged", [include], [second])
    assert (done.counts, done.removed) == ({"calexp": 12}, 6)
    both = [(first.id, "tagged"), (second.id, "tagged")]
    assert [(use.set_id, use.name) for use in store.uses("bad")] == both, "a run may have used the earlier one"
    with pytest.raises(ButlerError, match="something refers to it: collection tagged"):
        store.remove("bad", 1)
    other = store.upload(visits(SOME_VISITS[0]), "other", by="me").stored
    store.remove("other")
    with pytest.raises(ButlerError, match="was removed"):
        collect(butler, ["calexp"], FROM, "tagged", [include], [other])
    assert [(use.set_id, use.name) for use in store.uses("bad")] == both
    butler.collections.x_remove("tagged")
    assert store.remove("bad", 1) == (first,)


def test_the_documentation_names_the_sets(butler: Any, repository: Repository) -> None:
    def documentation() -> list[str]:
        (info,) = repository.open().collections.query_info("tagged", include_doc=True)
        return str(info.doc).splitlines()

    store = DataIdStore(butler)
    good, few = visits(*SOME_VISITS[:4]), visits(*SOME_VISITS[:2])
    first = store.upload(visits(SOME_VISITS[0]), "bad", by="me").stored
    collect(butler, ["calexp"], FROM, "tagged", [good], [first])
    head = "Resolved by campledger from run/second, run/first; resolving it again replaces what it holds."
    included = f"include a set without name: 4 data IDs of instrument, visit, {good.digest}"
    assert documentation() == [
        head,
        included,
        f"exclude bad@1: 1 data ID of instrument, visit, {first.digest}",
    ]
    second = store.upload(few, "bad", by="me").stored
    collect(butler, ["calexp"], FROM, "tagged", [good], [second])
    now = [head, included, f"exclude bad@2: 2 data IDs of instrument, visit, {few.digest}"]
    assert documentation() == now
    with pytest.raises(ButlerError, match="nothing"):
        collect(butler, ["nothing"], FROM, "tagged", [], [second])
    assert documentation() == now, "what was refused changes no documentation"
    assert collect(butler, ["calexp"], FROM, "tagged", [second]).counts == {"calexp": 12}
    assert documentation() == [head, f"include bad@2: 2 data IDs of instrument, visit, {few.digest}"]


def test_names_that_something_else_has_are_refused(butler: Any) -> None:
    from lsst.daf.butler import CollectionType  # type: ignore[attr-defined]

    butler.collections.register("chain", CollectionType.CHAINED)
    butler.collections.redefine_chain("chain", [FIRST])
    butler.collections.register("calib", CollectionType.CALIBRATION)
    butler.collections.register("theirs", CollectionType.TAGGED, doc="Kept by hand.")
    every = content(butler, FIRST, "calexp")
    for name, kind in ((FIRST, "RUN"), ("chain", "CHAINED"), ("calib", "CALIBRATION")):
        with pytest.raises(ButlerError, match=f"`{name}` is a {kind} collection"):
            collect(butler, ["calexp"], [SECOND], name, [visits(SOME_VISITS[0])])
    with pytest.raises(ButlerError, match="`theirs` is a TAGGED collection that somebody else made"):
        collect(butler, ["calexp"], [SECOND], "theirs", [visits(SOME_VISITS[0])])
    assert content(butler, FIRST, "calexp") == every


def test_a_collection_is_not_made_from_itself(butler: Any) -> None:
    from lsst.daf.butler import CollectionType  # type: ignore[attr-defined]

    collect(butler, ["calexp"], FROM, "good", [visits(SOME_VISITS[0])])
    butler.collections.register("chain", CollectionType.CHAINED)
    butler.collections.redefine_chain("chain", ["good", FIRST])
    for where in (["good"], [FIRST, "good"], ["chain"]):
        with pytest.raises(UsageError, match="`good` cannot be resolved from itself"):
            collect(butler, ["calexp"], where, "good", [visits(SOME_VISITS[0])])


def test_nothing_stays_of_what_was_refused(butler: Any) -> None:
    patches = DataIdSet.of(["skymap", "tract"], [("toy", 1)])
    with pytest.raises(UsageError, match="cannot exclude"):
        collect(butler, ["calexp"], FROM, "good", [], [patches])
    with pytest.raises(ButlerError, match="nothing"):
        collect(butler, ["calexp", "nothing"], FROM, "good", [visits(SOME_VISITS[0])])
    with pytest.raises(ButlerError, match="nowhere"):
        collect(butler, ["calexp"], ["nowhere"], "good", [visits(SOME_VISITS[0])])
    assert not butler.collections.query("good*")
    assert collect(butler, ["calexp"], FROM, "good", [visits(SOME_VISITS[0])]).created


def test_who_may_only_read_is_told(butler: Any, repository: Repository) -> None:
    with pytest.raises(ButlerError, match="read"):
        collect(repository.open(writeable=False), ["calexp"], FROM, "good", [visits(SOME_VISITS[0])])


KILLED = """
import os, signal, sys
from lsst.daf.butler import Butler
from campledger.butler import collecting
from campledger.dataids.sets import DataIdSet
root, moment, *numbers = sys.argv[1:]
collecting.CHUNK = 5
seen = 0
def progress(name, done, total):
    global seen
    seen += 1
    if seen == int(moment):
        os.kill(os.getpid(), signal.SIGKILL)
butler = Butler.from_config(root, writeable=True, without_datastore=True)
value = DataIdSet.of(["instrument", "visit"], [("HSC", int(one)) for one in numbers])
collecting.collect(butler, ["calexp", "summary"], ["run/second", "run/first"], "good", [value], progress=progress)
print(seen)
"""


def run_killed(repository: Repository, moment: int, numbers: Sequence[int]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED, str(repository.root), str(moment), *map(str, numbers)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False, timeout=300)


def test_killed_at_any_moment_all_is_as_before(butler: Any, repository: Repository) -> None:
    before = {name: ids(butler, name, [visits(*SOME_VISITS[:4])], []) for name in ("calexp", "summary")}
    for moment in (1, 3):
        done = run_killed(repository, moment, SOME_VISITS[:4])
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert not repository.open().collections.query("good*")
    collect(butler, ["calexp", "summary"], FROM, "good", [visits(*SOME_VISITS[:4])])
    for moment in (1, 4, 7):
        assert run_killed(repository, moment, SOME_VISITS[2:9]).returncode == -signal.SIGKILL
        other = repository.open()
        assert {name: content(other, "good", name) for name in before} == before
    done = run_killed(repository, 0, SOME_VISITS[2:9])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) >= 7
    assert content(repository.open(), "good", "calexp") == ids(butler, "calexp", [visits(*SOME_VISITS[2:9])], [])


def test_two_at_once_leave_what_one_of_them_selects(butler: Any, repository: Repository) -> None:
    chosen = [visits(*SOME_VISITS[:6]), visits(*SOME_VISITS[3:9])]
    failures: list[Exception] = []

    def resolve(value: DataIdSet) -> None:
        try:
            collect(repository.open(), ["calexp"], FROM, "good", [value])
        except ButlerError as error:
            failures.append(error)

    threads = [threading.Thread(target=resolve, args=[value]) for value in chosen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) < 2, failures
    assert content(butler, "good", "calexp") in [ids(butler, "calexp", [value], []) for value in chosen]
