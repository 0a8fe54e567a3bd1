"""Reading a ledger: finding, checking, reviewing campaigns, and what is to be done."""
