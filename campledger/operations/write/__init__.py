"""Writing to a ledger: staging changes, committing them, pushing them; many acts at once."""
