"""A site in Chromium: built once for a module, opened from a disk or a server, watched for what must not happen."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from campledger.operations.site.build import build
from campledger.operations.site.serve import serve
from tests.pages import conftest

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def ledgers() -> Iterator[ModuleType]:
    """The makers of ledgers, with git on its own meanwhile."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        conftest.isolate_git(monkeypatch)
        yield conftest


@pytest.fixture(scope="module")
def root(ledgers: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger with everything that a page can show."""
    made: Path = ledgers.rich_ledger(tmp_path_factory.mktemp("ledger"))
    return made


@pytest.fixture(scope="module")
def out(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its site."""
    # A space and a percent sign: addresses of files are quoted.
    out = tmp_path_factory.mktemp("site") / "the site 100%"
    build(root, out)
    return out


@pytest.fixture(scope="module")
def served(out: Path) -> Iterator[str]:
    """The address at which the site is served."""
    server = serve(out, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module", params=["file", "http"])
def base(request: pytest.FixtureRequest, out: Path) -> str:
    """The site's address: from a disk, and from a server."""
    if request.param == "file":
        return out.as_uri() + "/"
    address: str = request.getfixturevalue("served")
    return address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of its own."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(5_000)
        yield context


@pytest.fixture
def own(base: str) -> tuple[str, ...]:
    """How addresses begin that a page may ask for."""
    return (base,)


@pytest.fixture
def page(context: BrowserContext, own: tuple[str, ...]) -> Iterator[Page]:
    """A page that fails the test if it logs an error, shows a dialog, or asks anybody else for anything."""
    page = context.new_page()
    trouble: list[str] = []

    def refuse(dialog: Dialog) -> None:
        trouble.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(own) else trouble.append(request.url))
    page.on("dialog", refuse)
    yield page
    assert trouble == []
