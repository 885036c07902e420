"""The service's command: its console script, and `python -m` this package."""

from .runtime import cli

__all__ = ["main"]


def main() -> None:
    """The console script; the application is imported by the commands that need it."""
    cli.main(f"{__package__}.app")


if __name__ == "__main__":
    main()
