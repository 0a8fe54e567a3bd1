"""The site: a ledger gathered into plain values, rendered by templates, written into a folder. The home of Jinja2."""
