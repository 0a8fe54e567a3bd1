"""The commands: one a module, or one family a module."""
