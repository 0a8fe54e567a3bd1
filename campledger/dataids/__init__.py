"""Sets of data IDs: their value and digest, the files that hold them, and how one is made from others."""

from campledger.dataids.sets import DataIdSet

__all__ = ["DataIdSet"]
