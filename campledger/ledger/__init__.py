"""A ledger: read from the work tree, the index or a commit, checked across its files, written with care."""
