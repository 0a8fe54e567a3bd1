"""Commands of `campledger dataids`."""
