"""Acts on one campaign: each looks at a staged ledger, and stages one event for its history there."""
