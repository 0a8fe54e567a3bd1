"""How the site is built: what is gathered, rendered, kept and written."""
