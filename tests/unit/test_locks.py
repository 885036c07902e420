"""A folder is locked for one process at a time, on Windows too, and errors of the system are sentences."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from asyncgen.locks import locked, system_error

HOLD = """
import filelock, sys
from pathlib import Path
from asyncgen import locks

sys.platform = sys.argv[2]
with locks.locked(Path(sys.argv[1])):
    print(flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("platform", [sys.platform, "win32"])
def test_a_folder_is_locked_until_its_holder_ends(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import filelock  # noqa: F401 # before it takes this for another system

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path), platform], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with monkeypatch.context() as patch:
            patch.setattr("sys.platform", platform)
            with pytest.raises(OSError), locked(tmp_path, wait=False):  # noqa: PT011 # of each system's own kind
                pass
        holder.kill()
        holder.wait()
        with monkeypatch.context() as patch:
            patch.setattr("sys.platform", platform)
            with locked(tmp_path):
                pass
    assert (tmp_path / "asyncgen-locks").exists() == (platform == "win32")


def test_a_full_disk_that_has_no_name_may_be_that_of_temporary_files() -> None:
    assert system_error(OSError(errno.ENOSPC, "No space left on device")) == (
        "expected space for the project and for temporary files, got: no space left on device; free some, or set TMPDIR"
    )
