"""Wheel, sdist and editable install each carry what the package reads, and work; the first two also man pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = (
    "campledger/schemas/act.schema.json",
    "campledger/schemas/campaign.schema.json",
    "campledger/schemas/dataids.schema.json",
    "campledger/schemas/event.schema.json",
    "campledger/schemas/query.schema.json",
    "campledger/schemas/settings.schema.json",
    "campledger/schemas/template.schema.json",
    "campledger/hooks/ci/gitlab.yml",
    "campledger/hooks/pre-commit",
    "campledger/site/templates/base.html",
    "campledger/py.typed",
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git tracks, so that the build leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("source") / "campledger"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    for name in filter(None, names.split("\0")):
        if not (ROOT / name).exists() and not (ROOT / name).is_symlink():
            continue
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    return copy


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the built sdist, and the wheel built from it."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(out), str(source)], check=True, capture_output=True)
    return out


MAN_PAGES = {file.name for file in (ROOT / "docs/man").iterdir()}


def test_wheel_holds_what_the_package_reads(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    assert set(NEEDED) <= set(names)
    assert {name.rpartition("/")[2] for name in names if "/data/share/man/man1/" in name} == MAN_PAGES


def test_sdist_holds_what_the_package_reads_and_the_licence(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"CHANGELOG.md", "Makefile", "tests/conftest.py", "tests/examples/valid/full/campledger.yaml"} <= names
    assert {*NEEDED, "LICENSE", "README.md", *(f"docs/man/{name}" for name in MAN_PAGES)} <= names


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_an_installation_makes_a_ledger_and_its_site(kind: str, built: Path, source: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    what = ["--editable", str(source)] if kind == "editable" else [str(next(built.glob("*.whl")))]
    pip = [str(tmp_path / "venv/bin/python"), "-m", "pip", "install", "--quiet", *what]
    subprocess.run(pip, check=True, capture_output=True)
    program = str(tmp_path / "venv/bin/campledger")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    commands = [
        ["init", "ledger", "--example"],
        ["check", "--ledger", "ledger", "--strict"],
        ["start", "hello", "--ledger", "ledger"],
        ["site", "build", "--ledger", "ledger", "--out", "site"],
    ]
    for command in commands:
        done = subprocess.run(
            [program, *command], check=False, cwd=tmp_path, capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/index.html").stat().st_size > 0
    shutil.copy(ROOT / "dataids/latiss-unfit-exposures.ecsv", tmp_path / "ledger/dataids.ecsv")
    without = [program, "dataids", "check", "ledger/dataids.ecsv", "--ledger", "ledger"]
    done = subprocess.run(without, check=False, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "ECSV is read by astropy, which is not installed\n    pip install 'campledger[tables]'" in done.stdout
    if kind == "editable":
        return  # setuptools leaves data files out of it
    # man looks beside the directories of PATH.
    found = subprocess.run(
        ["man", "--where", "campledger-define"], check=False, capture_output=True, text=True,
        env={"PATH": f"{tmp_path / 'venv/bin'}:{os.environ['PATH']}", "LC_ALL": "C"},
    )  # fmt: skip
    assert found.stdout == f"{tmp_path / 'venv/share/man/man1/campledger-define.1'}\n", found.stderr
