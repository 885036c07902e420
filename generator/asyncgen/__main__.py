"""`python -m asyncgen`, and the console script."""

import gc
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    gc.disable()  # a command ends soon: looking for garbage among all that it imports takes a tenth of its start
    try:
        from .cli.edge import run
    except ImportError as error:
        # Exit code 1, Python's own for this, would mean that an update is due.
        print(f"asyncgen: expected its dependencies to be installed, got: {error}; install it again", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    code = run(sys.argv[1:])
    gc.freeze()  # nor is it looked for at the end
    sys.exit(code)


if __name__ == "__main__":
    main()
