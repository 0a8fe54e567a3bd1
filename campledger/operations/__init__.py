"""Use cases: what the command line, scripts and notebooks ask of a ledger."""
