"""Pictures and colours of the site."""
