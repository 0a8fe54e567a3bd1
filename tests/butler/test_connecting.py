"""Opening a Butler, and what is said when that fails."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from campledger.butler import connection
from campledger.butler.connecting import friendly, open_butler, scrub
from campledger.butler.connection import Connection
from campledger.butler.store import DataIdStore
from campledger.errors import ButlerError, UsageError
from tests.butler.conftest import DETECTORS, EXPORTED_VISITS, VISITS, Repository, Server


def write(directory: Path, config: str) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "butler.yaml").write_text(config)
    return directory


def test_the_repository_holds_data_ids(repository: Repository) -> None:
    butler = open_butler(str(repository.root))
    records = butler.query_dimension_records("visit", instrument="HSC", limit=None)
    assert {record.id for record in records} == {*VISITS, *EXPORTED_VISITS}
    assert {record.id for record in butler.query_dimension_records("detector", instrument="HSC")} == set(DETECTORS)
    assert not butler.isWriteable()
    butler.close()


def test_addresses_are_tried_in_turn(repository: Repository, tmp_path: Path) -> None:
    uris = ["no-such-label", str(tmp_path / "nowhere"), repository.root.name]
    butler = open_butler(uris, writeable=True, root=repository.root.parent)
    assert butler.isWriteable()
    butler.close()


def test_a_label_of_butlers_index(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "index.yaml"
    index.write_text(f"prompt: {repository.root}\n")
    monkeypatch.setenv("DAF_BUTLER_REPOSITORY_INDEX", str(index))
    open_butler("prompt").close()
    with pytest.raises(ButlerError, match="repository promt: there is no such repository, and no label of that name"):
        open_butler("promt")


def test_all_that_fails_is_listed(tmp_path: Path) -> None:
    write(tmp_path / "down", "registry: {db: 'postgresql://u@127.0.0.1:1/x'}")
    with pytest.raises(ButlerError) as refusal:
        open_butler(["down", "no-such-label"], root=tmp_path)
    lines = str(refusal.value).splitlines()
    assert lines[0] == "cannot open the Butler repository by any of its addresses:"
    assert lines[1].startswith("  down: the database server does not answer: is it running, and reachable from here? (")
    assert lines[2].startswith("  no-such-label: there is no such repository, and no label of that name in Butler's")
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("registry: [", "butler.yaml"),
        ("registry: {db: 'sqlite:////nowhere/at/all.sqlite3'}", "its SQLite file is not there, or may not be read"),
        ("registry: {db: 'sqlite:///<butlerRoot>/other.sqlite3'}", "its SQLite file is not there, or may not be read"),
        ("registry: {db: 'oracle://u:secret@127.0.0.1/x'}", "oracle"),
        ("registry: {db: 'postgresql://u:secret@127.0.0.1:one/x'}", "one"),
    ],
)
def test_configurations_that_open_nothing(tmp_path: Path, config: str, message: str) -> None:
    write(tmp_path / "repo", config)
    with pytest.raises(ButlerError, match=message) as refusal:
        open_butler(str(tmp_path / "repo"))
    assert "\n" not in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_no_address() -> None:
    with pytest.raises(ButlerError, match="no address is known of the Butler repository"):
        open_butler([])


def test_passwords_are_told_to_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "repo", "registry: {db: 'postgresql://u:secret@127.0.0.1:1/x'}")
    with caplog.at_level(logging.DEBUG), pytest.raises(ButlerError) as refusal:
        open_butler(str(tmp_path / "repo"))
    told = "".join(traceback.format_exception(refusal.value)) + caplog.text + repr(refusal.value)
    assert "the database server does not answer" in told
    assert "secret" not in told


@pytest.mark.parametrize("address", ["postgresql://u:secret@127.0.0.1:1/x", "https://u:secret@example.org/butler"])
def test_an_address_with_a_password_is_refused(address: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ButlerError, match="has a password in it") as refusal:
        open_butler(address)
    assert "secret" not in "".join(traceback.format_exception(refusal.value)) + caplog.text
    assert "u:***@" in str(refusal.value)


def test_the_store_of_a_registry_with_a_password(
    postgresql_repository: Repository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = postgresql_repository.as_role("butler", tmp_path / "role", "secret")
    with caplog.at_level(logging.DEBUG):
        store = DataIdStore(postgresql_repository.open(root=root))
        store.prepare()
        assert "secret" not in repr(store) + repr(store.connection) + repr(store.butler) + caplog.text


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("at postgresql://u:secret@h/x?a=b", "at postgresql://u:***@h/x?a=b"),
        ("postgresql+psycopg://u:se@cr/et@h:5/x", "postgresql+psycopg://u:***@h:5/x"),
        ("https://:secret@h", "https://:***@h"),
        ("host=h password=secret user=u", "host=h password=*** user=u"),
        ("password='se cret' user=u", "password=*** user=u"),
        ("?user=u&password=secret&x=1", "?user=u&password=***&x=1"),
        ("postgresql://u@h/x", "postgresql://u@h/x"),
        ("nothing of the kind: 10:20", "nothing of the kind: 10:20"),
    ],
)
def test_scrubbing(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


def test_roles_and_databases_that_are_not_there(
    postgresql_repository: Repository, postgresql: Server, tmp_path: Path
) -> None:
    root = postgresql_repository.as_role("nobody_here", tmp_path / "role", "secret")
    with pytest.raises(ButlerError, match="the database does not accept this role or its password: see ~/") as refusal:
        open_butler(str(root))
    assert "secret" not in str(refusal.value)
    write(tmp_path / "other", f"registry: {{db: '{postgresql.url('other')}', namespace: main}}")
    with pytest.raises(ButlerError, match="the database is not there: look at"):
        open_butler(str(tmp_path / "other"))
    write(tmp_path / "bare", f"registry: {{db: '{postgresql.url(postgresql_repository.database)}', namespace: bare}}")
    with pytest.raises(ButlerError, match="that is no Butler registry"):
        open_butler(str(tmp_path / "bare"))


def test_a_repository_of_another_butler(repository: Repository) -> None:
    schema = "main." if repository.kind == "postgresql" else ""
    repository.sql(
        f"UPDATE {schema}butler_attributes SET value = '9.0.0' WHERE name LIKE 'version:%ByDimensions%' "
        "OR name LIKE 'version:%Static%'"
    )
    with pytest.raises(
        ButlerError, match="was made by a Butler that the installed lsst-daf-butler does not understand"
    ):
        open_butler(str(repository.root))


def test_a_butler_that_is_built_otherwise(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    butler = repository.open()
    monkeypatch.setattr(connection, "NEEDED", (*connection.NEEDED, "_novelty"))
    with pytest.raises(
        ButlerError, match=r"no connection to a database where .* looks for it \(_novelty is missing\): if"
    ):
        DataIdStore(butler)


def test_a_butler_without_a_database() -> None:
    with pytest.raises(ButlerError, match=r"\(_registry._db is missing\)"):
        Connection(object())  # type: ignore[arg-type]


def test_our_own_errors_pass_as_they_are() -> None:
    with pytest.raises(UsageError, match=r"^as it is$"), friendly("do it"):
        raise UsageError("as it is")
    with pytest.raises(KeyError), friendly("do it"):
        raise KeyError("a bug")
    with pytest.raises(ButlerError, match=r"^cannot do it: No space left$"), friendly("do it"):
        raise OSError("No space left")
