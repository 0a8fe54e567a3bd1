"""campledger: a git-backed flat-file ledger of data-processing campaigns.

Scripts and notebooks begin with ``from campledger import Ledger``; docs/scripting.md shows what they do with it.
``DataIdSet`` is a set of data IDs, and ``DataIdStore`` the sets in a Butler registry, which needs the extra `butler`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from campledger.butler.store import DataIdStore
    from campledger.dataids import DataIdSet
    from campledger.operations.api import Ledger

__all__ = ["DataIdSet", "DataIdStore", "Ledger"]
__version__ = "0.1.0"

_HOMES = {
    "DataIdSet": "campledger.dataids", "DataIdStore": "campledger.butler.store", "Ledger": "campledger.operations.api",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: every command imports this module, and few need all of the operations.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
