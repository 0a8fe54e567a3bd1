"""Every git question, and the one way to commit. The home of GitPython."""
