"""`python -m tests.template.printed FOLDER...`: prints each service's contract into its `printed.yaml`.

Celery is imported once; each service is loaded in a process of its own, since tasks belong to every application.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

import celery  # noqa: F401  # before the processes part
import pydantic_settings  # noqa: F401
import yaml  # noqa: F401


def main(folder: Path) -> None:
    """Print the contract of the service in `folder`."""
    (package,) = (file.parent.name for file in folder.glob("src/*/app.py"))
    sys.path.insert(0, str(folder / "src"))
    sys.argv[1:] = ["contract"]
    with (folder / "printed.yaml").open("w") as sys.stdout:
        import_module(f"{package}.__main__").main()


if __name__ == "__main__":
    for each in map(Path, sys.argv[1:]):
        if not os.fork():
            main(each)
        assert os.wait()[1] == 0, each
