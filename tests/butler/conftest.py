"""Real Butler repositories, on SQLite and on a PostgreSQL server that these tests start and stop themselves.

The data IDs are those of the HSC registry export that lsst-daf-butler ships, which are few, and more of the same
kind: see :func:`add_records`. A repository is built once for each database; a test gets a copy of its own.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest

EXPORT = "tests/registry_data/hsc-rc2-subset-v0.yaml"

EXPORTED_VISITS = (11690, 23868)
"""The visits of the export itself; its one exposure is 903342, its detectors are 1, 2 and 3."""

DETECTORS = tuple(range(112))
"""Every detector of HSC; full names are 1_53, 1_54, ..."""

VISITS = tuple(range(1000, 1320, 2))
"""Visits that were added: eight a day for 20 days from 2014-03-01 on, by turns in HSC-G and HSC-R.

Each has one exposure of the same number, with obs_id HSCA00100000 and so on, and seq_num 1 to 8.
"""

_numbers = count(1)


@dataclass
class Server:
    """A PostgreSQL server on a port of the loopback; the role ``butler`` may do everything, without a password."""

    binaries: Path
    home: Path
    user: str | None
    """Whom to run as: PostgreSQL refuses to be root."""
    port: int = 0

    def run(self, *command: str | Path) -> None:
        """Run one of the server's programs."""
        words = [str(self.binaries / command[0]), *map(str, command[1:])]
        done = subprocess.run(words, user=self.user, cwd=self.home, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"

    def create(self) -> None:
        """Make the server's files; start it on a port that is free."""
        self.run("initdb", "-D", self.home / "data", "-U", "butler", "-A", "trust", "-E", "UTF8", "--no-sync")
        for attempt in range(5):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            try:
                self.start()
            except AssertionError:
                if attempt == 4:
                    raise
            else:
                return

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.home} -c fsync=off -c max_connections=60"
        log = self.home / "log"
        self.run("pg_ctl", "-D", self.home / "data", "-w", "-t", "60", "-s", "-l", log, "-o", options, "start")

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """End it: ``fast`` takes back what is open, ``immediate`` is a crash."""
        self.run("pg_ctl", "-D", self.home / "data", "-w", "-s", "-m", mode, "stop")

    def url(self, database: str, role: str = "butler", password: str = "") -> str:
        """Return SQLAlchemy's address of a database."""
        return f"postgresql://{role}{':' if password else ''}{password}@127.0.0.1:{self.port}/{database}"

    def sql(self, *statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements, each in a transaction of its own; return the rows of the last."""
        import psycopg

        rows: list[tuple[Any, ...]] = []
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        return rows


@dataclass
class Repository:
    """A Butler repository of one test."""

    kind: Literal["sqlite", "postgresql"]
    root: Path
    """Its directory, with butler.yaml."""
    server: Server | None = None
    database: str = ""
    opened: list[Any] = field(default_factory=list)

    def open(self, *, writeable: bool = True, root: Path | None = None) -> Any:
        """Return a Butler, which is closed when the test ends."""
        from lsst.daf.butler import Butler

        butler = Butler.from_config(str(root or self.root), writeable=writeable, without_datastore=True)
        self.opened.append(butler)
        return butler

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements on a connection of its own, past Butler; return the rows of the last."""
        if self.server is not None:
            return self.server.sql(*statements, database=self.database)
        import sqlite3

        rows: list[tuple[Any, ...]] = []
        with contextlib.closing(sqlite3.connect(self.root / "gen3.sqlite3", timeout=1)) as connection:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
                connection.commit()
        return rows

    def as_role(self, role: str, target: Path, password: str = "") -> Path:
        """Return the directory of a configuration that opens the same PostgreSQL repository as another role."""
        assert self.server is not None
        target.mkdir()
        text = (self.root / "butler.yaml").read_text()
        before = self.server.url(self.database)
        assert before in text
        (target / "butler.yaml").write_text(text.replace(before, self.server.url(self.database, role, password)))
        return target

    def close(self) -> None:
        """Let go of every connection."""
        while self.opened:
            self.opened.pop().close()


def postgresql_binaries() -> Path | None:
    """Return where PostgreSQL's programs are: Debian keeps initdb off the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[4]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextlib.contextmanager
def start_server() -> Iterator[Server]:
    """Give a new PostgreSQL server, which ends with the context."""
    binaries = postgresql_binaries()
    assert binaries, "these tests need PostgreSQL: install Debian's package postgresql (`make postgresql`)"
    # Not below pytest's own directory, which nobody but root may enter.
    home = Path(tempfile.mkdtemp(prefix="campledger-pg-"))
    user = None
    if os.getuid() == 0:
        user = next(name for name in ("postgres", "nobody") if name in {one.pw_name for one in pwd.getpwall()})
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    server = Server(binaries, home, user)
    try:
        server.create()
        yield server
    finally:
        with contextlib.suppress(AssertionError):
            server.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server, one for each process of the tests."""
    with start_server() as server:
        yield server


def add_records(butler: Any) -> None:
    """Add the detectors that HSC has and the export lacks, and :data:`VISITS` with their exposures."""
    common = {"instrument": "HSC"}
    known = {record.id for record in butler.query_dimension_records("detector", instrument="HSC")}
    days, groups, exposures, visits, definitions, memberships = [], [], [], [], [], []
    for number, visit in enumerate(VISITS):
        day = 20140301 + number // 8
        seen = {
            **common,
            "id": visit,
            "day_obs": day,
            "seq_num": number % 8 + 1,
            "physical_filter": ("HSC-G", "HSC-R")[number % 2],
            "exposure_time": 30.0,
            "target_name": "COSMOS",
        }
        name = f"HSCA{visit:06d}00"
        days.append({**common, "id": day})
        groups.append({**common, "name": str(visit)})
        exposures.append({**seen, "obs_id": name, "group": str(visit), "observation_type": "science"})
        visits.append({**seen, "name": name})
        definitions.append({**common, "exposure": visit, "visit": visit})
        memberships.append({**common, "visit_system": 0, "visit": visit})
    detectors = [
        {**common, "id": number, "full_name": f"1_{number + 53:02d}", "raft": "1", "purpose": "SCIENCE"}
        for number in DETECTORS
        if number not in known
    ]
    add = butler.registry.insertDimensionData
    add("detector", *detectors)
    add("day_obs", *days[::8])
    add("group", *groups)
    add("exposure", *exposures)
    add("visit", *visits)
    add("visit_definition", *definitions)
    add("visit_system_membership", *memberships)


def build(root: Path, config: dict[str, Any] | None = None) -> None:
    """Make a repository with HSC's data IDs."""
    import lsst.daf.butler
    from lsst.daf.butler import Butler, Config

    export = Path(lsst.daf.butler.__file__).parent / EXPORT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the export is of an old version, and says so
        Butler.makeRepo(str(root), config=Config(config) if config else None)
        butler = Butler.from_config(str(root), writeable=True)
        try:
            butler.import_(directory=str(root), filename=str(export), without_datastore=True)
            add_records(butler)
        finally:
            butler.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sqlite") / "repo"
    build(root)
    return root


@pytest.fixture(scope="session")
def postgresql_template(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("postgresql") / "repo"
    postgresql.sql("CREATE DATABASE template_hsc")
    postgresql.sql("CREATE EXTENSION btree_gist", "CREATE SCHEMA main", database="template_hsc")
    build(root, {"registry": {"db": postgresql.url("template_hsc"), "namespace": "main"}})
    return root


@pytest.fixture
def sqlite_repository(sqlite_template: Path, tmp_path: Path) -> Iterator[Repository]:
    """A fresh repository on SQLite."""
    repository = Repository("sqlite", Path(shutil.copytree(sqlite_template, tmp_path / "repo")))
    yield repository
    repository.close()


@pytest.fixture
def postgresql_repository(postgresql: Server, postgresql_template: Path, tmp_path: Path) -> Iterator[Repository]:
    """A fresh repository on PostgreSQL."""
    database = f"test_{next(_numbers)}"
    root = Path(shutil.copytree(postgresql_template, tmp_path / "repo"))
    file = root / "butler.yaml"
    before, after = (postgresql.url(name) for name in ("template_hsc", database))
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    postgresql.sql(f"CREATE DATABASE {database} TEMPLATE template_hsc")
    repository = Repository("postgresql", root, postgresql, database)
    yield repository
    repository.close()
    postgresql.sql(f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def repository(request: pytest.FixtureRequest) -> Repository:
    """A fresh writeable repository, on each of the two databases in turn."""
    value = request.getfixturevalue(f"{request.param}_repository")
    assert isinstance(value, Repository)
    return value
