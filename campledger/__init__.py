"""campledger: a git-backed flat-file ledger of data-processing campaigns.

Scripts and notebooks begin with ``from campledger import Ledger``; docs/scripting.md shows what they do with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from campledger.operations.api import Ledger as Ledger

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: every command imports this module, and few need all of the operations.
    if name == "Ledger":
        from campledger.operations.api import Ledger  # noqa: PLC0415

        return Ledger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
