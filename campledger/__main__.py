"""``python -m campledger``."""

from campledger.cli.main import run

if __name__ == "__main__":
    run()
