"""Runs a package's command many times, in forks of one process that has imported its libraries.

To import them takes half a second of a processor each time; the package itself is imported in each fork.
"""

import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

__all__ = ["Forks", "forks"]


class Forks:
    """A process that waits for commands of `python -m PACKAGE`."""

    def __init__(self, package: str, process: "subprocess.Popen[str]") -> None:
        self._package, self._process = package, process

    def run(self, folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in `folder`, which holds the package, with these variables of the package alone."""
        order = {"package": self._package, "arguments": arguments, "folder": str(folder), "variables": variables}
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        code, out, err = json.loads(stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out, err)


@contextmanager
def forks(package: str, *libraries: str) -> Iterator[Forks]:
    """A process that has imported `libraries`, without variables of the package."""
    prefix = (f"{package.upper()}_", "PYTHONPATH")
    env = {name: value for name, value in os.environ.items() if not name.startswith(prefix)}
    command = [sys.executable, __file__, *libraries]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Forks(package, process)
        assert process.stdin
        process.stdin.close()


def serve() -> None:
    """Run each command that comes as a line of JSON; tell its exit code and what it wrote."""
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = os.fork()
            if not child:
                run(json.loads(line), out, err)
            _, status = os.waitpid(child, 0)
            written = []
            for file in (out, err):
                file.seek(0)
                written.append(file.read())
        print(json.dumps([os.waitstatus_to_exitcode(status), *written]), flush=True)


def run(order: Mapping[str, Any], out: IO[str], err: IO[str]) -> None:
    """In the fork: what `python -m` does, without Python's own start."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.environ.update(order["variables"])
    os.chdir(order["folder"])
    sys.path[0] = order["folder"]
    sys.argv = [order["package"], *order["arguments"]]
    try:
        runpy.run_module(order["package"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        import_module(name)
    serve()
