"""Names the files of the runtime that differ from the release: `make lint` says so, as a notice and not as an error.

`digests.txt` has the SHA-256 of each file of the release's runtime, as `sha256sum` writes it.
"""

import hashlib
import sys
from pathlib import Path

__all__ = ["LIST", "RUNTIME", "digests", "edited"]

RUNTIME = Path(__file__).parents[1]
LIST = Path(__file__).with_name("digests.txt")


def digests() -> str:
    """What `digests.txt` has to hold for the files that are there; line ends do not count."""
    files = sorted(file for file in RUNTIME.rglob("*") if file.suffix in (".py", ".pyi", ".lua"))
    return "".join(f"{_digest(file)}  {file.relative_to(RUNTIME).as_posix()}\n" for file in files)


def edited() -> list[str]:
    """The files whose content is not the release's, and those that the release does not have."""
    released = {path: digest for digest, path in (line.split("  ") for line in LIST.read_text().splitlines())}
    found = (line.split("  ") for line in digests().splitlines())
    return [path for digest, path in found if released.get(path) != digest]


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


if __name__ == "__main__":
    for path in edited():
        print(f"notice: runtime/{path} differs from the release; an update merges it", file=sys.stderr)
