"""Work that is shared out comes back complete and in order, whatever becomes of the other processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from campledger.pages.engine import worker_processes
from campledger.pages.engine.worker_processes import shared_out

ITEMS = list(range(11))


@pytest.fixture(autouse=True)
def _three_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_processes, "_processors", lambda: 3)


def nothing() -> None:
    """Stand apart from nothing."""


def shares(do: Callable[[int], object]) -> list[object]:
    return [result for _, result in shared_out(ITEMS, do, nothing)]


def no_child_is_left() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def test_results_come_in_order_from_several_processes() -> None:
    found = list(shared_out(ITEMS, lambda item: (item * item, os.getpid()), nothing))
    assert [(item, result[0]) for item, result in found] == [(item, item * item) for item in ITEMS]
    assert len({result[1] for _, result in found}) == 3
    assert found[0][1][1] == os.getpid()
    assert no_child_is_left()


@pytest.mark.parametrize("items", [[], [1], [1, 2]])
def test_few_items(items: list[int]) -> None:
    assert list(shared_out(items, lambda item: -item, nothing)) == [(item, -item) for item in items]


def test_alone() -> None:
    found = shared_out(ITEMS, lambda _: os.getpid(), nothing, alone=True)
    assert {result for _, result in found} == {os.getpid()}


def test_the_others_stand_apart_first() -> None:
    own: list[str] = []
    found = list(shared_out(ITEMS, lambda _: list(own), lambda: own.append("apart")))
    assert [result for _, result in found] == [[]] * 4 + [["apart"]] * 7
    assert own == []


@pytest.mark.parametrize("end", ["raise", "exit", "kill", "unpicklable"])
def test_what_another_process_cannot_do_is_done_here(end: str) -> None:
    here = os.getpid()

    def do(item: int) -> object:
        if os.getpid() != here and item == 9:
            match end:
                case "raise":
                    raise ValueError(item)
                case "exit":
                    os._exit(7)
                case "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "unpicklable":
                    return lambda: None
        return item

    assert shares(do) == ITEMS
    assert no_child_is_left()


def test_what_another_process_did_before_it_was_killed_counts() -> None:
    here, own = os.getpid(), list[int]()

    def do(item: int) -> int:
        if os.getpid() != here and item == 10:
            os.kill(os.getpid(), signal.SIGKILL)
        own.append(item)
        return item

    assert shares(do) == ITEMS
    assert own == [0, 1, 2, 3, 10]


def test_a_mistake_is_told_here() -> None:
    def do(item: int) -> int:
        return 1 // (item - 9)

    with pytest.raises(ZeroDivisionError):
        shares(do)
    assert no_child_is_left()


def test_others_end_with_whoever_is_interrupted() -> None:
    here = os.getpid()

    def do(item: int) -> int:
        if os.getpid() == here:
            raise KeyboardInterrupt
        time.sleep(60)
        return item

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        shares(do)
    assert time.monotonic() - start < 30
    assert no_child_is_left()
