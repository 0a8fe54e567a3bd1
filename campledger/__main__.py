"""``python -m campledger``, and what the installed command runs: as little as possible before Ctrl-C is in hand."""

import os
import signal
from types import FrameType


def _end(number: int, frame: FrameType | None) -> None:
    """End at once: while modules are imported there is nothing to put back, and a traceback would help nobody."""
    os.write(2, b"interrupted; nothing was left half-done\n")
    os._exit(130)


def run() -> None:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # neither ignored, as below nohup, nor another's
        signal.signal(signal.SIGINT, _end)
    from campledger.cli.main import run as command  # noqa: PLC0415 - an interrupt may come before it is there

    command()


if __name__ == "__main__":
    run()
