"""campledger: a git-backed flat-file ledger of data-processing campaigns."""

__version__ = "0.1.0"
