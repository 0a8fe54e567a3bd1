"""Making ledgers, hooks, and what hosts run."""
