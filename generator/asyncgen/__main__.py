"""`python -m asyncgen`, and the console script."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    from .cli.edge import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
