"""`make docs`: the site, in build/docs/site; ends with 1 if it has a warning, or a link that leads nowhere."""

import sys

from .building import ROOT, build

__all__ = ["main"]


def main() -> int:
    """Build the site and say where it is."""
    folder = ROOT / "build" / "docs"
    if found := build(folder):
        print(*found, sep="\n", file=sys.stderr)
        return 1
    print(f"{folder / 'site' / 'index.html'}: open it in a browser; it needs no server and no network")
    return 0


if __name__ == "__main__":
    sys.exit(main())
