"""What goes wrong under an upload: a set is there whole or not at all, and the message says what to do."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest

from campledger.butler import rows
from campledger.butler.connecting import open_butler
from campledger.butler.store import DataIdStore
from campledger.dataids.sets import DataIdSet
from campledger.errors import ButlerError
from tests.butler.conftest import DETECTORS, VISITS, Repository, Server

GRID = DataIdSet.of(
    ["instrument", "visit", "detector"], [("HSC", visit, number) for visit in VISITS[:30] for number in DETECTORS]
)
MEMBERS = "campledger_dataids_detector_instrument_visit"

KILLED = """
import os, signal, sys
from campledger.butler import rows
from tests.butler.conftest import Repository
from tests.butler.test_faults import GRID, DataIdStore, open_butler

def progress(done, total):
    if done >= int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

rows.CHUNK = 500
DataIdStore(open_butler(sys.argv[1], writeable=True)).upload(GRID, "grid", by="me", progress=progress)
"""


def count_rows(repository: Repository, table: str) -> int:
    schema = "main." if repository.kind == "postgresql" else ""
    return int(repository.sql(f"SELECT count(*) FROM {schema}{table}")[0][0])


@pytest.mark.parametrize("prepared", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("when", [0, 1500, len(GRID)], ids=["begin", "middle", "end"])
def test_killed_in_the_middle(repository: Repository, when: int, prepared: bool) -> None:
    store = DataIdStore(repository.open())
    if prepared:
        store.prepare([GRID.dimensions])
    command = [sys.executable, "-c", KILLED, str(repository.root), str(when)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    # On PostgreSQL the server may not have noticed yet; what we write waits for what it takes back.
    again = store.upload(GRID, "grid", by="me")
    assert (again.action, again.stored.revision) == ("create", 1)
    assert store.get("grid") == GRID
    assert count_rows(repository, MEMBERS) == len(GRID)
    if repository.kind == "sqlite":
        assert repository.sql("PRAGMA integrity_check") == [("ok",)]


def test_interrupted_in_the_middle(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CHUNK", 500)
    store = DataIdStore(repository.open())
    store.prepare([GRID.dimensions])

    def interrupt(done: int, total: int) -> None:
        if done == 1500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.upload(GRID, "grid", by="me", progress=interrupt)
    assert store.list() == ()
    assert count_rows(repository, MEMBERS) == 0
    assert store.upload(GRID, "grid", by="me").action == "create"


@pytest.fixture
def running(postgresql: Server) -> Iterator[Server]:
    """The server, which is running again afterwards."""
    yield postgresql
    try:
        postgresql.start()
    except AssertionError:
        postgresql.sql("SELECT 1")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
@pytest.mark.parametrize("when", [0, 1500, len(GRID)], ids=["begin", "middle", "end"])
def test_the_server_is_restarted_under_it(
    postgresql_repository: Repository,
    running: Server,
    mode: Literal["fast", "immediate"],
    when: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "CHUNK", 500)
    store = DataIdStore(postgresql_repository.open())
    store.prepare([GRID.dimensions])

    def restart(done: int, total: int) -> None:
        if done == when:
            running.stop(mode)
            running.start()

    with pytest.raises(ButlerError) as refusal:
        store.upload(GRID, "grid", by="me", progress=restart)
    assert str(refusal.value).startswith(
        "cannot upload `grid`: the connection to the database was lost; what was being done is there whole or not at "
        "all: do it again ("
    )
    assert store.list() == ()
    assert count_rows(postgresql_repository, MEMBERS) == 0
    assert store.upload(GRID, "grid", by="me").action == "create"
    assert store.get("grid") == GRID


def test_the_server_stays_away(postgresql_repository: Repository, running: Server) -> None:
    store = DataIdStore(postgresql_repository.open())
    store.upload(GRID, "grid", by="me")
    running.stop()
    with pytest.raises(ButlerError, match="cannot list the sets of data IDs: the database server does not answer: is"):
        store.list()
    with pytest.raises(ButlerError, match="cannot upload `grid`: the database server does not answer"):
        store.upload(GRID, "grid", by="me")
    running.start()
    assert store.get("grid") == GRID


def test_an_administrator_ends_the_connection(
    postgresql_repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK", 500)
    store = DataIdStore(postgresql_repository.open())

    def end(done: int, total: int) -> None:
        if done == 1500:
            postgresql_repository.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    with pytest.raises(ButlerError, match="cannot upload `grid`: the connection to the database was lost"):
        store.upload(GRID, "grid", by="me", progress=end)
    assert store.list() == ()


def test_somebody_else_holds_the_lock(repository: Repository) -> None:
    patient = DataIdStore(repository.open())
    patient.upload(GRID, "grid", by="me")
    store = DataIdStore(repository.open(), patience=0.1)
    other = DataIdSet.of(GRID.dimensions, GRID.members[:7])
    if repository.kind == "sqlite":
        with closing(sqlite3.connect(repository.root / "gen3.sqlite3", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(ButlerError, match="cannot upload `grid`: somebody else is writing to it: try again"):
                store.upload(other, "grid", by="me")
            assert DataIdStore(repository.open(writeable=False)).get("grid") == GRID
        # Butler itself waits as long as before.
        with store.connection._database._session() as connection:
            raw: Any = connection.connection.driver_connection
            assert raw.execute("PRAGMA busy_timeout").fetchone() == (300_000,)
    else:
        with patient.butler.transaction():
            patient.remove("grid")
            with pytest.raises(
                ButlerError, match="cannot remove the set `grid`: somebody else holds a lock for longer"
            ):
                store.remove("grid")
            assert store.get("grid") == GRID
    store.upload(other, "grid", by="me")


def test_a_file_that_may_only_be_read(sqlite_repository: Repository) -> None:
    DataIdStore(sqlite_repository.open()).upload(GRID, "grid", by="me")
    sqlite_repository.close()
    # root may write to any file; but nobody to one whose header says that it is of a later SQLite's format.
    with (sqlite_repository.root / "gen3.sqlite3").open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    with pytest.raises(ButlerError, match="the repository may only be read here: open it where, and as who, may write"):
        open_butler(str(sqlite_repository.root), writeable=True)
    reader = DataIdStore(sqlite_repository.open(writeable=False))
    assert reader.get("grid") == GRID


def test_a_database_that_may_only_be_read(postgresql_repository: Repository) -> None:
    store = DataIdStore(postgresql_repository.open())
    store.upload(GRID, "grid", by="me")
    postgresql_repository.sql(f"ALTER DATABASE {postgresql_repository.database} SET default_transaction_read_only = on")
    reader = DataIdStore(postgresql_repository.open())
    with pytest.raises(ButlerError, match="cannot upload `other`: the repository may only be read here: open it where"):
        reader.upload(GRID, "other", by="me")
    assert reader.get("grid") == GRID


def test_the_butler_was_closed(repository: Repository) -> None:
    store = DataIdStore(repository.open())
    repository.close()
    with pytest.raises(ButlerError, match=r"cannot use this Butler: Attempted to use .* closed"):
        DataIdStore(store.butler)


# Roles with few privileges, as docs/registry.md has them

READ = """
GRANT USAGE ON SCHEMA main TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA main TO {role};
"""


@pytest.fixture
def role(postgresql_repository: Repository) -> Iterator[str]:
    """A role that may do nothing, which is gone afterwards."""
    assert postgresql_repository.server is not None
    name = f"role_{postgresql_repository.database}"
    postgresql_repository.sql(f"CREATE ROLE {name} LOGIN", f"REVOKE ALL ON SCHEMA public FROM {name}")
    yield name
    postgresql_repository.close()
    postgresql_repository.sql(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def grants(section: str, role: str) -> list[str]:
    """Return the statements of one section of docs/registry.md, for this role."""
    text = (Path(__file__).parents[2] / "docs/registry.md").read_text()
    block = text.split(f"### {section}\n", 1)[1].split("```sql\n", 1)[1].split("```", 1)[0]
    return [one.strip().replace("ROLE", role) for one in block.split(";") if one.strip()]


def test_a_role_that_may_only_read(postgresql_repository: Repository, role: str, tmp_path: Path) -> None:
    owner = DataIdStore(postgresql_repository.open())
    owner.upload(GRID, "grid", by="me")
    postgresql_repository.sql(*grants("A role that may only read", role))
    root = postgresql_repository.as_role(role, tmp_path / "role")
    reader = DataIdStore(postgresql_repository.open(root=root, writeable=False))
    assert reader.get("grid") == GRID
    assert reader.verify("grid").good
    assert reader.identity == owner.identity
    assert reader.plan(DataIdSet.of(GRID.dimensions, []), "grid").removed == len(GRID)
    assert reader.uses("grid") == ()
    writer = DataIdStore(postgresql_repository.open(root=root))
    for act in (
        lambda: writer.upload(GRID, "other", by="me"),
        lambda: writer.remove("grid"),
        lambda: writer.refer(owner.head("grid"), "campaign", "x"),
    ):
        with pytest.raises(ButlerError, match=r"this role may not do that: ask .* docs/registry.md lists \(permission"):
            act()
    with pytest.raises(ButlerError, match="no table yet for sets of instrument, visit, and this role may not make it"):
        writer.upload(DataIdSet.of(["instrument", "visit"], []), "visits", by="me")


def test_a_role_that_may_only_upload(postgresql_repository: Repository, role: str, tmp_path: Path) -> None:
    owner = DataIdStore(postgresql_repository.open())
    owner.prepare([["visit", "detector"]])
    postgresql_repository.sql(*grants("A role that may only upload", role))
    root = postgresql_repository.as_role(role, tmp_path / "role")
    store = DataIdStore(postgresql_repository.open(root=root))
    done = store.upload(GRID, "grid", by="me", campaign="2026-11-22-a-aaaa")
    assert done.action == "create"
    assert store.upload(GRID, "grid", by="me", campaign="2026-11-22-b-bbbb").action == "adopt"
    less = DataIdSet.of(GRID.dimensions, GRID.members[:50])
    assert store.upload(less, "grid", by="me").action == "revise"
    assert [use.name for use in store.uses("grid")] == ["2026-11-22-a-aaaa", "2026-11-22-b-bbbb"]
    assert store.get("grid", 1) == GRID
    with pytest.raises(ButlerError, match="cannot remove the set `grid`: this role may not do that"):
        store.remove("grid", 2)
    visits = DataIdSet.of(["instrument", "visit"], [("HSC", 1000)])
    with pytest.raises(ButlerError, match="--dimensions instrument,visit`, once"):
        store.upload(visits, "visits", by="me")
    with pytest.raises(Exception, match="permission denied"):
        store.butler.collections.register("u/me/run")
    assert len(store.list()) == 2


def test_a_role_that_may_also_remove(postgresql_repository: Repository, role: str, tmp_path: Path) -> None:
    owner = DataIdStore(postgresql_repository.open())
    owner.upload(GRID, "grid", by="me")
    for section in ("A role that may only upload", "A role that may also remove"):
        postgresql_repository.sql(*grants(section, role))
    root = postgresql_repository.as_role(role, tmp_path / "role")
    store = DataIdStore(postgresql_repository.open(root=root))
    assert len(store.remove("grid")) == 1
    assert store.list() == ()


def test_a_role_that_may_do_nothing(postgresql_repository: Repository, role: str, tmp_path: Path) -> None:
    root = postgresql_repository.as_role(role, tmp_path / "role")
    with pytest.raises(
        ButlerError, match=r"cannot open the Butler repository .*: (this role may not|that is no Butler)"
    ):
        open_butler(str(root))


def test_a_role_that_may_not_make_tables(postgresql_repository: Repository, role: str, tmp_path: Path) -> None:
    postgresql_repository.sql(*(one.strip() for one in READ.format(role=role).split(";") if one.strip()))
    root = postgresql_repository.as_role(role, tmp_path / "role")
    store = DataIdStore(postgresql_repository.open(root=root))
    assert store.list() == ()
    with pytest.raises(ButlerError, match="ask who owns Butler's tables to run `butler prepare-dataid-sets REPO"):
        store.upload(GRID, "grid", by="me")
    with pytest.raises(ButlerError, match="cannot make campledger's tables: this role may not do that"):
        store.prepare()
