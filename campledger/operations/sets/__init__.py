"""DataId sets of a ledger: finding, changing, importing them."""
