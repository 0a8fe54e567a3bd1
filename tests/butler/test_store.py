"""Sets of data IDs in real registries of both kinds."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campledger.butler import tables
from campledger.butler.store import DataIdStore, UnknownIdsError
from campledger.dataids.sets import DataIdSet
from campledger.errors import ButlerError, UsageError
from tests.butler.conftest import DETECTORS, VISITS, Repository
from tests.butler.datasets import FIRST, SOME_VISITS, add_datasets

TABLES = {f"campledger_{name}" for name in ("registry", "dataid_set", "dataid_use")}


def visits(*numbers: int, **about: Any) -> DataIdSet:
    return DataIdSet.of(["instrument", "visit"], [("HSC", number) for number in numbers], about=about)


def grid(visit_count: int = 4, detector_count: int = 5) -> DataIdSet:
    rows = [("HSC", visit, detector) for visit in VISITS[:visit_count] for detector in DETECTORS[:detector_count]]
    return DataIdSet.of(["instrument", "visit", "detector"], rows)


def rows_in(repository: Repository, table: str) -> int:
    schema = "main." if repository.kind == "postgresql" else ""
    return int(repository.sql(f"SELECT count(*) FROM {schema}{table}")[0][0])


def table_names(repository: Repository) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if repository.kind == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'main'"
    )
    return {row[0] for row in repository.sql(query) if row[0].startswith("campledger_")}


@pytest.fixture
def store(repository: Repository) -> DataIdStore:
    return DataIdStore(repository.open())


def test_a_set_comes_back_as_it_went_in(store: DataIdStore, repository: Repository) -> None:
    value = grid()
    told: list[tuple[int, int]] = []
    before = datetime.now(UTC)
    done = store.upload(
        value,
        "grid",
        by="vrubin",
        campaign="2026-11-22-a-aaaa",
        commit="c" * 40,
        note="why",
        progress=lambda *numbers: told.append(numbers),
    )
    assert done.action == "create"
    assert done.unknown == ()
    assert done.registry == store.identity
    assert done.version == 1
    assert store.get("grid") == value
    assert store.get("grid").digest == value.digest
    head = store.head("grid")
    assert head == done.stored
    assert (head.name, head.revision, head.digest, head.count, head.unknown) == ("grid", 1, value.digest, 20, 0)
    assert head.dimensions == ("detector", "instrument", "visit")
    assert head.member_table == "campledger_dataids_detector_instrument_visit"
    assert head.universe == "daf_butler:8"
    assert (head.purpose, head.campaign, head.by, head.commit) == (None, "2026-11-22-a-aaaa", "vrubin", "c" * 40)
    assert (head.note, head.expires) == ("why", None)
    assert before <= datetime.fromisoformat(head.at) <= datetime.now(UTC)
    assert told == [(0, 20), (20, 20)]
    assert repr(head) == f"<grid@1: 20 members of detector, instrument, visit, {value.digest[:15]}>"
    other = DataIdStore(repository.open(writeable=False))
    assert other.get("grid") == value
    assert other.list() == (head,)


@pytest.mark.parametrize(
    ("dimensions", "rows"),
    [
        (["instrument"], [("HSC",)]),
        (["band"], [("g",), ("r",)]),
        (["instrument", "physical_filter"], [("HSC", "HSC-G"), ("HSC", "HSC-R")]),
        (["instrument", "day_obs"], [("HSC", 20140301)]),
        (["instrument", "group"], [("HSC", "1000")]),
        (["instrument", "exposure"], [("HSC", 903342)]),
        (["skymap", "tract"], [("hsc_rings_v1", 9813)]),
        (["htm7"], [(8 * 4**7,), (16 * 4**7 - 1,)]),
        (["healpix3"], [(0,), (767,)]),
        (["skymap", "tract", "instrument", "visit", "detector"], [("hsc_rings_v1", 9813, "HSC", 1000, 4)]),
        (["instrument", "visit"], []),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) and value and isinstance(value[0], str) else "",
)
def test_any_dimensions_have_a_table(store: DataIdStore, dimensions: list[str], rows: list[Any]) -> None:
    value = DataIdSet.of(dimensions, rows)
    assert store.upload(value, "some", by="me").unknown == ()
    assert store.get("some") == value
    assert store.verify("some").good


def test_long_table_names_are_cut_and_stay_apart(store: DataIdStore) -> None:
    wide = ["instrument", "detector", "visit", "skymap", "tract", "patch", "healpix17"]
    other = [*wide[:-1], "healpix16"]
    names = {tables.member_table_name(tuple(sorted(one))) for one in (wide, other)}
    assert len(names) == 2
    assert {len(name) for name in names} == {tables.LONGEST_NAME}
    value = DataIdSet.of(wide, [("HSC", 1, 1000, "hsc_rings_v1", 9813, 40, 5)])
    store.upload(value, "wide", by="me", allow_unknown=True)
    assert store.get("wide") == value


TEXTS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8) | st.sampled_from(
    ["a\\b", "tab\\t", 'quo"te', "semi;colon", "%s", "ä", "Ω", "\\N", "\\.", "'", "$[0]", "z", "Z"]
)
MEMBERS = st.lists(st.tuples(TEXTS, TEXTS, st.integers(-(2**62), 2**62)), max_size=30)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(MEMBERS)
def test_whatever_is_uploaded_comes_back(store: DataIdStore, rows: list[tuple[str, str, int]]) -> None:
    value = DataIdSet.of(["instrument", "group", "detector"], [(one[0], one[1], one[2]) for one in rows])
    done = store.upload(value, "any", by="me", allow_unknown=True)
    assert store.get("any") == value
    assert store.verify("any").digest == value.digest == done.stored.digest


def test_the_same_set_is_adopted(store: DataIdStore, repository: Repository) -> None:
    first = store.upload(grid(), "grid", by="vrubin")
    shuffled = DataIdSet.of(("visit", "detector", "instrument"), [(v, d, i) for d, i, v in reversed(grid().members)])
    again = DataIdStore(repository.open()).upload(shuffled, "grid", by="somebody")
    assert again.action == "adopt"
    assert again.stored == first.stored
    assert again.registry == first.registry
    assert rows_in(repository, "campledger_dataids_detector_instrument_visit") == 20


def test_a_changed_set_is_a_new_revision(store: DataIdStore) -> None:
    store.upload(visits(1000, 1002), "bad", by="me")
    plan = store.plan(visits(1002, 1004, 1006), "bad")
    assert (plan.action, plan.revision, plan.count, plan.added, plan.removed) == ("revise", 2, 3, 2, 1)
    assert plan.previous == store.head("bad")
    done = store.upload(visits(1002, 1004, 1006), "bad", by="me")
    assert (done.action, done.stored.revision) == ("revise", 2)
    assert store.get("bad", 1) == visits(1000, 1002)
    assert store.get("bad", 2) == store.get("bad") == visits(1002, 1004, 1006)
    assert [head.revision for head in store.list("bad")] == [1, 2]
    # What once was is not what is: going back is a third revision.
    assert store.upload(visits(1000, 1002), "bad", by="me").stored.revision == 3
    plan = store.plan(grid(), "bad")
    assert (plan.action, plan.added, plan.removed) == ("revise", 20, 2)


def test_another_purpose_is_another_revision(store: DataIdStore) -> None:
    bad, good = visits(1000, 1002, purpose="exclude"), visits(1000, 1002, purpose="include")
    first = store.upload(bad, "some", by="me").stored
    plan = store.plan(good, "some")
    assert (plan.action, plan.revision, plan.added, plan.removed) == ("revise", 2, 0, 0)
    assert plan.new_purpose == "purpose include, before exclude"
    done = store.upload(good, "some", by="me")
    assert (done.action, done.stored.revision, done.stored.purpose) == ("revise", 2, "include")
    assert done.stored.digest == first.digest
    assert store.head("some", 1) == first
    assert (store.get("some", 1), store.get("some")) == (bad, good)
    assert store.upload(store.get("some"), "some", by="me").action == "adopt"
    assert store.plan(good, "some").new_purpose == ""
    assert store.plan(visits(1000, 1002), "some").new_purpose == "purpose not given, before include"


def test_a_plan_writes_nothing(store: DataIdStore, repository: Repository) -> None:
    plan = store.plan(visits(1000), "bad")
    assert (plan.action, plan.revision, plan.added, plan.removed, plan.previous) == ("create", 1, 1, 0, None)
    assert plan.unknown == ()
    assert table_names(repository) == set()
    store.upload(visits(1000), "bad", by="me")
    plan = DataIdStore(repository.open(writeable=False)).plan(visits(1000), "bad")
    assert (plan.action, plan.revision, plan.added, plan.removed) == ("adopt", 1, 0, 0)


def test_unknown_ids_are_listed_and_refused(store: DataIdStore, repository: Repository) -> None:
    value = DataIdSet.of(
        ["instrument", "visit", "detector"],
        [("HSC", 1000, 1), ("HSC", 1000, 500), ("HSC", 77, 1), ("HSC", 77, 2), ("LSSTCam", 5, 5), ("LSSTCam", 6, 5)],
    )
    plan = store.plan(value, "odd")
    assert [(str(one), one.dimension, len(one.rows)) for one in plan.unknown] == [
        ("instrument='LSSTCam'", "instrument", 2),
        ("instrument='HSC', detector=500", "detector", 1),
        ("instrument='HSC', visit=77", "visit", 2),
    ]
    assert plan.unknown[2].rows == ((1, "HSC", 77), (2, "HSC", 77))
    with pytest.raises(UnknownIdsError) as refusal:
        store.upload(value, "odd", by="me")
    assert refusal.value.unknown == plan.unknown
    assert str(refusal.value) == (
        "the registry has no record of 3 ids of `odd`, which was not uploaded; correct them, or allow unknown ids:\n"
        "  instrument='LSSTCam' (2 members)\n  instrument='HSC', detector=500 (1 member)\n"
        "  instrument='HSC', visit=77 (2 members)"
    )
    assert store.list() == ()
    assert table_names(repository) == set()
    done = store.upload(value, "odd", by="me", allow_unknown=True)
    assert done.stored.unknown == 3
    assert done.unknown == plan.unknown
    assert store.get("odd") == value


def test_many_unknown_ids_are_cut_in_the_message_only(store: DataIdStore) -> None:
    with pytest.raises(UnknownIdsError, match=r"no record of 30 ids(.*\n)+  and 20 more") as refusal:
        store.upload(visits(*range(1, 31)), "odd", by="me")
    assert len(refusal.value.unknown) == 30
    with pytest.raises(UnknownIdsError, match="no record of 1 id of `odd`"):
        store.upload(visits(1), "odd", by="me")


@pytest.mark.parametrize(
    ("dimensions", "row", "what"),
    [
        (["band"], ("u",), "band='u'"),
        (["skymap", "tract"], ("hsc_rings_v1", 1), "skymap='hsc_rings_v1', tract=1"),
        (["skymap", "tract", "patch"], ("hsc_rings_v1", 9813, 999), "skymap='hsc_rings_v1', tract=9813, patch=999"),
        (["htm7"], (5,), "htm7=5"),
        (["instrument", "physical_filter"], ("HSC", "HSC-Y"), "instrument='HSC', physical_filter='HSC-Y'"),
    ],
)
def test_unknown_ids_of_any_dimension(store: DataIdStore, dimensions: list[str], row: Any, what: str) -> None:
    assert [str(one) for one in store.plan(DataIdSet.of(dimensions, [row]), "odd").unknown] == [what]


def test_ids_are_asked_for_in_parts(store: DataIdStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campledger.butler.missing_records.CHUNK", 7)
    value = visits(*VISITS, 1, 3, 5, 999_999)
    assert [one.values[1] for one in store.plan(value, "odd").unknown] == [1, 3, 5, 999_999]


def test_rows_are_written_in_parts(store: DataIdStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campledger.butler.rows.CHUNK", 7)
    told: list[int] = []
    store.upload(grid(), "grid", by="me", progress=lambda done, _: told.append(done))
    assert told == [0, 7, 14, 20]
    assert store.get("grid") == grid()


def test_statistics_are_taken(store: DataIdStore, repository: Repository) -> None:
    store.upload(grid(40, 50), "grid", by="me")
    if repository.kind == "sqlite":
        [(text,)] = repository.sql("SELECT stat FROM sqlite_stat1 WHERE tbl LIKE 'campledger_dataids_%'")
        assert int(text.split()[0]) > 1000  # it takes a sample
    else:
        [(count,)] = repository.sql("SELECT reltuples FROM pg_class WHERE relname LIKE 'campledger_dataids_%visit'")
        assert count == 2000


def test_a_repository_without_tables_has_no_sets(repository: Repository) -> None:
    store = DataIdStore(repository.open(writeable=False))
    assert store.identity is None
    assert store.list() == ()
    for ask in (store.get, store.head, store.verify, store.uses):
        with pytest.raises(ButlerError, match="the registry has no set named `none`"):
            ask("none")
    assert store.plan(visits(1000), "none").action == "create"
    for act in (store.remove, lambda _: store.sweep()):
        with pytest.raises(ButlerError, match="the Butler was opened for reading only"):
            act("none")
    with pytest.raises(ButlerError, match="the Butler was opened for reading only"):
        store.upload(visits(1000), "none", by="me")
    writer = DataIdStore(repository.open())
    with pytest.raises(ButlerError, match="the registry holds no sets of data IDs"):
        writer.remove("none")
    assert table_names(repository) == set()


def test_what_is_not_there_is_said(store: DataIdStore) -> None:
    store.upload(visits(1000), "bad", by="me")
    with pytest.raises(ButlerError, match="the registry has no set named `good`"):
        store.get("good")
    with pytest.raises(ButlerError, match="the set `bad` has no revision 7, only 1"):
        store.get("bad", 7)


@pytest.mark.parametrize("name", ["", " a", "a@b", "a\nb", "x" * 201])
def test_names_that_will_not_do(store: DataIdStore, name: str) -> None:
    with pytest.raises(UsageError, match="is no name of a set"):
        store.upload(visits(1000), name, by="me")


def test_butler_goes_on_beside_the_tables(store: DataIdStore, repository: Repository) -> None:
    store.upload(visits(1000), "bad", by="me")
    assert table_names(repository) == TABLES | {"campledger_dataids_instrument_visit"}
    butler = repository.open()
    butler.collections.register("u/me/run")
    assert butler.collections.get_info("u/me/run").name == "u/me/run"


def test_an_upload_is_part_of_butlers_transaction(store: DataIdStore) -> None:
    store.prepare([["visit"]])

    class ChangedMindError(Exception):
        pass

    with pytest.raises(ChangedMindError), store.butler.transaction():
        store.upload(visits(1000), "bad", by="me")
        store.butler.collections.register("u/me/run")
        assert store.get("bad") == visits(1000)
        with pytest.raises(UnknownIdsError):
            store.upload(visits(1), "worse", by="me")
        raise ChangedMindError
    assert store.list() == ()
    assert store.butler.collections.query("*") == []
    with store.butler.transaction():
        store.upload(visits(1000), "bad", by="me")
    assert store.get("bad") == visits(1000)


def test_reading_leaves_no_transaction_behind(store: DataIdStore, repository: Repository) -> None:
    store.upload(visits(1000), "bad", by="me")
    with store.butler.registry.caching_context():
        store.get("bad")
        store.butler.collections.register("u/me/run")
    assert list(repository.open().collections.query("*")) == ["u/me/run"]


# What refers to a set, removing, expiring


def test_a_set_that_something_refers_to_is_not_removed(store: DataIdStore, repository: Repository) -> None:
    head = store.upload(visits(1000), "bad", by="me", campaign="2026-11-22-a-aaaa").stored
    second = store.upload(visits(1002), "bad", by="me").stored
    store.upload(visits(1000), "other", by="me")
    with pytest.raises(ButlerError, match="something refers to it: campaign 2026-11-22-a-aaaa; remove the"):
        store.remove("bad")
    assert len(store.list("bad")) == 2
    store.butler.collections.register("u/me/tagged")
    store.refer(head, "collection", "u/me/tagged")
    store.refer(head, "collection", "u/me/tagged")
    assert [(use.kind, use.name) for use in store.uses("bad")] == [
        ("campaign", "2026-11-22-a-aaaa"),
        ("collection", "u/me/tagged"),
    ]
    assert store.uses("bad", 2) == ()
    with pytest.raises(ButlerError, match="refers to it: collection u/me/tagged;"):
        store.remove("bad", campaigns=["2026-11-22-a-aaaa"])
    store.butler.collections.x_remove("u/me/tagged")
    assert store.remove("bad", campaigns=["2026-11-22-a-aaaa"]) == (head, second)
    assert store.list("bad") == ()
    assert [head.name for head in store.list()] == ["other"]
    assert store.get("other") == visits(1000)
    assert rows_in(repository, "campledger_dataids_instrument_visit") == 1
    assert rows_in(repository, "campledger_dataid_use") == 0
    with pytest.raises(ButlerError, match=r"<bad@1: .*> was removed meanwhile"):
        store.refer(head, "campaign", "2026-11-22-b-bbbb")


def test_a_number_is_never_used_again(store: DataIdStore) -> None:
    first = store.upload(visits(1000), "bad", by="me").stored
    store.upload(visits(1002), "bad", by="me")
    store.remove("bad", 2)
    assert store.head("bad") == first
    third = store.upload(visits(1002), "bad", by="me")
    assert (third.action, third.stored.revision) == ("revise", 3)
    store.remove("bad")
    fourth = store.upload(visits(1000), "bad", by="me")
    assert (fourth.action, fourth.stored.revision) == ("create", 4)
    assert len({first.id, third.stored.id, fourth.stored.id}) == 3
    assert store.plan(visits(1004), "bad").revision == 5


def test_ids_of_rows_that_somebody_deleted_are_not_recycled(store: DataIdStore, repository: Repository) -> None:
    first = store.upload(visits(1000), "bad", by="me").stored
    schema = "main." if repository.kind == "postgresql" else ""
    repository.sql(f"DELETE FROM {schema}campledger_dataid_set")
    assert store.upload(visits(1002), "bad", by="me").stored.id > first.id
    assert store.get("bad") == visits(1002)


def test_releasing(store: DataIdStore) -> None:
    head = store.upload(visits(1000), "bad", by="me", campaign="2026-11-22-a-aaaa").stored
    store.release(head, "campaign", "2026-11-22-b-bbbb")
    assert len(store.uses("bad")) == 1
    store.release(head, "campaign", "2026-11-22-a-aaaa")
    assert store.uses("bad") == ()
    store.remove("bad")


def test_temporary_sets_are_swept_when_nothing_refers_to_them(store: DataIdStore) -> None:
    now = datetime.now(UTC)
    later, past = now + timedelta(hours=1), now - timedelta(hours=1)
    kept = store.upload(visits(1000), "kept", by="me").stored
    soon = store.upload(visits(1000), "soon", by="me", expires=later).stored
    used = store.upload(visits(1000), "used", by="me", expires=past, campaign="2026-11-22-a-aaaa").stored
    tagged = store.upload(visits(1000), "tagged", by="me", expires=past).stored
    store.butler.collections.register("u/me/run")
    store.refer(tagged, "collection", "u/me/run")
    gone = store.upload(visits(1000), "gone", by="me", expires=past).stored
    assert store.get("gone") == visits(1000)
    assert store.sweep() == (gone,)
    assert store.sweep() == ()
    assert store.list() == (kept, soon, tagged, used)
    store.butler.collections.x_remove("u/me/run")
    assert store.sweep(later) == (soon, tagged)


def test_adopting_makes_a_set_last_longer_only(store: DataIdStore) -> None:
    now = datetime.now(UTC)
    store.upload(visits(1000), "bad", by="me", expires=now)
    later = now + timedelta(days=1)
    assert store.upload(visits(1000), "bad", by="me", expires=later).stored.expires == (
        later.isoformat(timespec="microseconds").replace("+00:00", "Z")
    )
    assert store.upload(visits(1000), "bad", by="me", expires=now).stored == store.head("bad")
    assert datetime.fromisoformat(store.head("bad").expires or "") == later
    done = store.upload(visits(1000), "bad", by="me", campaign="2026-11-22-a-aaaa")
    assert (done.action, done.stored.expires, store.head("bad").expires) == ("adopt", None, None)
    assert [use.name for use in store.uses("bad")] == ["2026-11-22-a-aaaa"]
    with pytest.raises(UsageError, match="a time needs a time zone"):
        store.upload(visits(1000), "bad", by="me", expires=datetime(2027, 1, 1))


# Verifying, versions, universes


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM {table} WHERE visit = 1000",
        "UPDATE {table} SET visit = 1001 WHERE visit = 1000",
        "INSERT INTO {table} (set_id, instrument, visit) VALUES (1, 'HSC', 1001)",
    ],
)
def test_rows_that_somebody_changed_are_found(store: DataIdStore, repository: Repository, harm: str) -> None:
    store.upload(visits(1000, 1002), "bad", by="me")
    good = store.verify("bad")
    assert (good.good, good.count, good.digest) == (True, 2, visits(1000, 1002).digest)
    schema = "main." if repository.kind == "postgresql" else ""
    repository.sql(harm.format(table=f"{schema}campledger_dataids_instrument_visit"))
    found = store.verify("bad")
    assert not found.good
    assert found.digest != found.stored.digest
    if found.count != 2:
        with pytest.raises(ButlerError, match=f"the registry holds {found.count} of the 2 members of <bad@1"):
            store.get("bad")


def test_tables_of_a_newer_version_are_left_alone(store: DataIdStore, repository: Repository) -> None:
    head = store.upload(visits(1000), "bad", by="me").stored
    schema = "main." if repository.kind == "postgresql" else ""
    repository.sql(f"UPDATE {schema}campledger_registry SET version = 2")
    for act in (
        store.list,
        lambda: store.get("bad"),
        lambda: store.plan(visits(1002), "bad"),
        lambda: store.upload(visits(1002), "bad", by="me"),
        lambda: store.remove("bad"),
        lambda: store.refer(head, "campaign", "x"),
        store.sweep,
        store.prepare,
    ):
        with pytest.raises(ButlerError, match="are of version 2, made by a newer campledger: this one knows versions"):
            act()
    assert rows_in(repository, "campledger_dataid_set") == 1


def test_older_tables_are_migrated_by_prepare_only(
    store: DataIdStore, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.upload(visits(1000), "bad", by="me")
    identity = store.identity
    ran: list[int] = []

    def add_column(connection: Any, known: tables.Tables) -> None:
        ran.append(1)
        connection.exec_driver_sql(f"ALTER TABLE {known.uses.fullname} ADD COLUMN extra TEXT")

    def fail(connection: Any, known: tables.Tables) -> None:
        connection.exec_driver_sql(f"ALTER TABLE {known.uses.fullname} ADD COLUMN other TEXT")
        connection.exec_driver_sql("SELECT * FROM is_not_there")

    monkeypatch.setattr(tables, "VERSION", 3)
    monkeypatch.setattr(tables, "MIGRATIONS", {1: add_column, 2: fail})
    for act in (store.list, lambda: store.upload(visits(1002), "bad", by="me")):
        with pytest.raises(ButlerError, match="are of version 1, and this campledger needs 3: whoever owns them"):
            act()
    with pytest.raises(ButlerError, match=r"cannot make campledger's tables: .*is_not_there"):
        store.prepare()
    monkeypatch.setattr(tables, "MIGRATIONS", {1: add_column, 2: lambda connection, known: ran.append(2)})
    assert store.prepare() == identity
    assert ran == [1, 1, 2]
    assert store.get("bad") == visits(1000)
    assert store.prepare() == identity


def test_preparing(store: DataIdStore, repository: Repository) -> None:
    identity = store.prepare([["visit"], ["detector", "exposure"], ["band"]])
    assert table_names(repository) == TABLES | {
        "campledger_dataids_instrument_visit",
        "campledger_dataids_detector_exposure_instrument",
        "campledger_dataids_band",
    }
    assert store.identity == identity
    assert store.list() == ()
    with pytest.raises(UsageError, match="`planet` is no dimension of this registry"):
        store.prepare([["planet"]])


def empty_repository(root: Path, dimensions: Any) -> DataIdStore:
    from lsst.daf.butler import Butler

    Butler.makeRepo(str(root), dimensionConfig=dimensions)
    return DataIdStore(Repository("sqlite", root).open())


def test_a_registry_of_an_old_universe(tmp_path: Path) -> None:
    """Universe 1 knows no observing day as a dimension, and visits all the same."""
    import lsst.daf.butler

    configs = Path(lsst.daf.butler.__file__).parent / "configs/old_dimensions"
    store = empty_repository(tmp_path / "repo", str(configs / "daf_butler_universe1.yaml"))
    with pytest.raises(ButlerError, match="dimension universe daf_butler:1 has no dimension `day_obs`: the set was"):
        store.upload(DataIdSet.of(["instrument", "day_obs"], [("HSC", 20140301)]), "days", by="me")
    with pytest.raises(ButlerError, match="has no dimension `day_obs`"):
        store.plan(DataIdSet.of(["instrument", "day_obs"], [("HSC", 20140301)]), "days")
    assert store.upload(visits(1000), "bad", by="me", allow_unknown=True).stored.universe == "daf_butler:1"
    store.butler.close()


def test_a_registry_of_a_universe_with_other_keys(tmp_path: Path) -> None:
    from lsst.daf.butler import DimensionConfig

    config = DimensionConfig()
    config["namespace"], config["version"] = "toy", 900
    elements = config["elements"].toDict()
    elements["detector"]["keys"][0] = {"name": "id", "type": "string", "length": 8}
    elements["visit_system"]["requires"] = ["instrument", "detector"]
    config["elements"] = elements
    store = empty_repository(tmp_path / "repo", config)
    with pytest.raises(ButlerError, match="`detector` is str in the registry's dimension universe toy:900, and int in"):
        store.upload(grid(), "grid", by="me")
    value = DataIdSet.of(["instrument", "visit_system"], [("HSC", 0)])
    with pytest.raises(ButlerError, match="are keyed by detector, instrument, visit_system, not by instrument, visit_"):
        store.upload(value, "systems", by="me")
    store.butler.close()


# Using sets


def test_sets_are_used_by_name_or_value(store: DataIdStore) -> None:
    add_datasets(store.butler)
    first, second, third = SOME_VISITS[:3]
    store.upload(visits(first, second), "good", by="me")
    store.upload(visits(first, second, third), "good", by="me")
    store.upload(visits(second), "bad", by="me")

    def found(*include: Any, exclude: Any = ()) -> list[int | str]:
        refs = store.datasets("summary", FIRST, include, exclude)
        return sorted(ref.dataId["visit"] for ref in refs)

    assert found("good") == [first, second, third]
    assert found("good@1") == [first, second]
    assert found("good", exclude=["bad"]) == [first, third]
    assert found(store.head("good", 1), exclude=[visits(first)]) == [second]
    with store.query(include=["good"], exclude=["bad"]) as query:
        assert sorted(one["visit"] for one in query.data_ids(["visit"])) == [first, third]
    with pytest.raises(UsageError, match="`good@x` names no set: after `@` stands the number of a revision"):
        found("good@x")
    done = store.collect(["summary"], [FIRST], "u/me/good", include=["good"], exclude=["bad"])
    assert (done.counts, done.added) == ({"summary": 2}, 2)
    with pytest.raises(ButlerError, match="refers to it: collection u/me/good;"):
        store.remove("bad")


def test_a_set_as_a_table(store: DataIdStore) -> None:
    store.upload(grid(2, 2), "grid", by="me")
    table = store.to_table("grid")
    assert table.colnames == ["detector", "instrument", "visit"]
    assert [tuple(row) for row in table] == list(grid(2, 2).members)
    with store.butler.query() as query:
        assert query.join_data_coordinate_table(table).data_ids(["visit", "detector"]).count() == 4
    assert [column.kind for column in (table[name].dtype for name in table.colnames)] == ["i", "U", "i"]
    store.upload(visits(), "none", by="me")
    table = store.to_table("none")
    assert (len(table), table.colnames, table["visit"].dtype.kind) == (0, ["instrument", "visit"], "i")


# Several at once


def test_uploaders_at_once_make_one_set(repository: Repository) -> None:
    stores = [DataIdStore(repository.open()) for _ in range(4)]
    start = threading.Barrier(len(stores))
    outcomes: list[Any] = []

    def act(store: DataIdStore) -> None:
        start.wait()
        outcomes.append(store.upload(grid(20, 20), "grid", by="me"))

    threads = [threading.Thread(target=act, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.action for one in outcomes) == ["adopt", "adopt", "adopt", "create"]
    assert len({one.stored for one in outcomes}) == 1
    assert len({one.registry for one in outcomes}) == 1
    assert len(stores[0].list()) == 1
    assert rows_in(repository, "campledger_dataids_detector_instrument_visit") == 400
    assert stores[0].verify("grid").good


def test_the_loser_of_a_race_adopts_or_revises(postgresql_repository: Repository) -> None:
    """One writes its row first; the other finds it in its way, and looks again when it is committed."""
    first, *others = (DataIdStore(postgresql_repository.open()) for _ in range(3))
    first.prepare([["visit", "detector"]])
    outcomes: dict[str, Any] = {}
    threads = [
        threading.Thread(target=lambda: outcomes.update(same=others[0].upload(grid(), "grid", by="me"))),
        threading.Thread(target=lambda: outcomes.update(other=others[1].upload(grid(2, 2), "grid", by="me"))),
    ]

    def race(done: int, total: int) -> None:
        if done == 0:
            for thread in threads:
                thread.start()
            blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while postgresql_repository.sql(blocked) != [(2,)]:
                pass

    done = first.upload(grid(), "grid", by="me", progress=race)
    for thread in threads:
        thread.join()
    assert (done.action, done.stored.revision) == ("create", 1)
    assert outcomes["other"].action == "revise"
    # Who looked first decides whether the same set is still the latest.
    assert (outcomes["same"].action, outcomes["same"].stored.revision) in {("adopt", 1), ("revise", 3)}
    for head in first.list():
        assert first.verify("grid", head.revision).good


def test_a_set_is_not_removed_while_it_is_adopted(postgresql_repository: Repository) -> None:
    store, other = (DataIdStore(postgresql_repository.open()) for _ in range(2))
    head = store.upload(visits(1000), "bad", by="me").stored
    outcome: list[Any] = []

    def remove() -> None:
        try:
            outcome.append(other.remove("bad"))
        except ButlerError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=remove)
    with store.butler.transaction():
        store.upload(visits(1000), "bad", by="me", campaign="2026-11-22-a-aaaa")
        thread.start()
        while not postgresql_repository.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            pass
    thread.join()
    assert "something refers to it: campaign 2026-11-22-a-aaaa" in str(outcome[0])
    assert store.list() == (head,)
