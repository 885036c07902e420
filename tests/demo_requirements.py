"""What `make demo` installs where there is no `.venv`: one requirement a line, read before anything is installed.

What asyncgen and the default service name, and what stands in for Redis.
"""

import tomllib
from pathlib import Path

__all__ = ["requirements"]

ROOT = Path(__file__).parents[1]
SERVICE = ROOT / "tests/template/golden/pyproject.toml"


def requirements() -> list[str]:
    """The requirements, without those of other systems."""
    ours, service = (tomllib.loads(path.read_text())["project"] for path in (ROOT / "pyproject.toml", SERVICE))
    stands_in = [each for each in service["optional-dependencies"]["dev"] if each.startswith("fakeredis")]
    return [each for each in (*ours["dependencies"], *service["dependencies"], *stands_in) if ";" not in each]


if __name__ == "__main__":
    print(*requirements(), sep="\n")
