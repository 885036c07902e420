"""An exception is looked up in the project's environment and in its own modules; nothing of the project's is run."""

from pathlib import Path

import pytest

from tests.environments import MODULES, PLANTS, honest
from tests.support import write

from .commands import asyncgen, tree

LIBRARY: dict[str, str | None] = {
    "celery/__init__.py": "",
    "http_client/__init__.py": """\
from .errors import *
from .errors import RequestError as Base
from .private import *
from . import errors
from .native import NativeError
from ._version import __version__

try:
    import fast as json
except ImportError:
    import json

OldError = Base
retries = 3
Made = type("Made", (Exception,), {})
""",
    "http_client/errors.py": """\
import enum

class RequestError(IOError): ...
class Timeout(RequestError, ValueError): ...
class Code(enum.IntEnum): ...
class Plain: ...
class Stop(BaseException): ...
def connection_error(): ...
""",
    "http_client/private.py": "class _Base(Exception): ...\n\n\nclass Private(_Base): ...\n_Other = _Base\n",
    "http_client/native.cpython-311-x86_64-linux-gnu.so": "",
    "http_client/_version.py": "__version__ = '1'\n",
    "lazy/__init__.py": "from lazy_loader import attach\n__getattr__, __dir__, __all__ = attach(__name__)\n",
    "by_code.py": "for name in ('A', 'B'):\n    globals()[name] = type(name, (Exception,), {})\n",
    "replaced.py": "import sys\nsys.modules[__name__] = object()\n",
    "compiled.abi3.so": "",
    "half_compiled.py": "",
    "half_compiled.cpython-311-x86_64-linux-gnu.so": "",
    "broken.py": "def f(:\n",
    "deep.py": "x = " + "-" * 50000 + "1\n",
    "around.py": "from around import *\nfrom around import Around\nclass Error(Error, Missing): ...\n",
    "namespace/part/errors.py": "class PartError(namespace.Base): ...\n",
    "_virtualenv.pth": "import _virtualenv\n",
    "extended/__init__.py": "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n",
    "a1_measured.pth": "import sys; exec('import measured')\n",
    "measured-1.0.dist-info/RECORD": "a1_measured.pth,sha256=x,10\nmeasured/__init__.py,,\n",
    "__editable__.edited-1.0.pth": "import __editable___edited_1_0_finder; __editable___edited_1_0_finder.install()\n",
    "edited-1.0.dist-info/RECORD": "__editable__.edited-1.0.pth,,\n",
    "edited-1.0.dist-info/direct_url.json": '{"dir_info": {"editable": true}, "url": "file:///edited"}',
    "edited-1.0.dist-info/top_level.txt": "edited\n",
}
"""The files of an environment that is complete."""


@pytest.fixture
def modules(service: Path) -> Path:
    """The folder of modules of the service's environment."""
    folder = honest(service)
    write(folder, LIBRARY)
    write(service, {"src/shop/problems.py": "from http_client import Timeout\n\n\nclass Busy(Timeout): ...\n"})
    return folder


def refusal(error: str) -> str:
    """What add-task says about an error to retry on, "" if it takes it."""
    ran = asyncgen("add-task", "fetch", "--retry-on", error, "--dry-run")
    assert (ran.code, ran.err.count("\n")) == ((2, 1) if ran.err else (0, 0))
    return ran.err


@pytest.mark.parametrize(
    "error",
    [
        "http_client.Timeout",
        "http_client.Base",
        "http_client.Private",
        "http_client.OldError",
        "http_client.NativeError",
        "http_client.Made",
        "http_client.errors.RequestError",
        "shop.problems.Busy",
        "lazy.Anything",
        "by_code.Anything",
        "replaced.Anything",
        "compiled.Anything",
        "half_compiled.Anything",
        "broken.Anything",
        "deep.Anything",
        "around.Around",
        "around.Error",
        "namespace.part.errors.PartError",
        "namespace.Anything",
        "extended.elsewhere.Error",
        "by_code.made.Error",
        "compiled.made.Error",
        "edited.Error",
    ],
)
def test_what_is_or_may_be_an_exception_is_accepted(modules: Path, error: str) -> None:
    assert refusal(error) == ""


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("http_client.Timeuot", "did you mean http_client.Timeout?"),
        ("http_client.errors.RequstError", "did you mean http_client.errors.RequestError?"),
        ("http_client.NativeEror", "did you mean http_client.NativeError?"),
        ("http_client.errors", "it has Base, OldError, Private, RequestError, Timeout"),
        ("http_client.Plain", "it has Base, OldError, Private, RequestError, Timeout"),
        ("http_client.Stop", "it has Base, OldError, Private, RequestError, Timeout"),
        ("http_client.retries", "it has Base, OldError, Private, RequestError, Timeout"),
        ("http_client.json", "it has Base, OldError, Private, RequestError, Timeout"),
        ("http_client.connection_error", "it has Base, OldError, Private, RequestError, Timeout"),
        ("shop.problems.Bussy", "did you mean shop.problems.Busy?"),
        ("http_client._version.Error", "it has none"),
    ],
)
def test_a_name_that_the_module_lacks_is_refused(modules: Path, error: str, fix: str) -> None:
    module = error.rpartition(".")[0]
    assert refusal(error) == (
        f"asyncgen: expected an error to retry on to be an exception of {module}, got: {error}; {fix}\n"
    )


def test_nothing_is_written_for_a_name_that_is_refused(modules: Path, service: Path) -> None:
    before = tree(service)
    assert asyncgen("add-task", "fetch", "--retry-on", "http_client.Plain").code == 2
    assert tree(service) == before
    assert asyncgen("add-task", "fetch", "--retry-on", "http_client.Timeout").code == 0


def test_a_module_that_the_environment_lacks_is_refused(modules: Path, service: Path) -> None:
    assert refusal("no_such_library.errors.Error") == (
        "asyncgen: expected a module that the project's environment has, got: no_such_library.errors; "
        "add its package to dependencies in pyproject.toml and run make test, or correct the name\n"
    )


@pytest.mark.parametrize(
    "module", ["http_client.not_there", "http_client.not_there.errors", "http_client.errors.too", "shop.problem"]
)
def test_a_module_that_its_package_lacks_is_refused(modules: Path, module: str) -> None:
    assert refusal(f"{module}.Error") == (
        f"asyncgen: expected a module that the project or its environment has, got: {module}; "
        "correct the name, or write the module first if it is the project's own\n"
    )


def test_the_active_environment_counts_if_the_project_is_in_it(
    modules: Path, service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = tmp_path / "active"
    (service / ".venv").rename(active)
    # Each name once: what was looked up is kept while the process lives.
    assert refusal("no_such_one.Error") == ""
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    assert refusal("no_such_two.Error") == ""
    write(active / MODULES, {"_editable_impl_shop.pth": f"{service / 'src'}\n"})
    assert "got: no_such_three; add its package" in refusal("no_such_three.Error")
    assert refusal("edited.Error") == ""


@pytest.mark.parametrize(
    "doubt",
    [
        {".venv/pyvenv.cfg": "home = /usr/bin\ninclude-system-site-packages = true\n"},
        {f".venv/{MODULES}/finder.pth": "import finder; finder.install()\n"},
        {f".venv/{MODULES}/easy-install.pth": "./library-1.0.egg\n"},
        {f".venv/{MODULES}/editable.pth": "../../../../library\n", "library/no_such_library/x.py": ""},
        {f".venv/{MODULES}/edited-1.0.dist-info/top_level.txt": None},
        {f".venv/{MODULES}/celery/__init__.py": None},
        {".venv/lib/python3.2/site-packages/x.py": ""},
        {"src/no_such_library.py": "from other import *\n"},
        {"no_such_library/errors.py": "from other import *\n"},
    ],
)
def test_where_there_is_doubt_a_module_is_taken(modules: Path, service: Path, doubt: dict[str, str | None]) -> None:
    write(service, doubt)
    if not (modules / "celery/__init__.py").exists():
        (modules / "celery").rmdir()
    assert refusal("no_such_library.Error") == ""


def test_without_an_environment_a_module_is_taken(service: Path) -> None:
    assert refusal("no_such_library.Error") == ""


def test_links_out_of_the_environment_are_not_followed(modules: Path, tmp_path: Path) -> None:
    write(tmp_path, {"secret/errors.py": "class Secret: ...\n"})
    (modules / "leak.py").symlink_to(tmp_path / "secret/errors.py")
    (modules / "folder").symlink_to(tmp_path / "secret")
    (modules / "endless.py").symlink_to("/dev/zero")
    for error in ("leak.Secret", "folder.errors.Secret", "endless.Error"):
        assert refusal(error) == ""


@pytest.mark.parametrize(
    "name", ["files", "link to tracked", "untracked link of bin", ".pth file", "submodule", "archive"]
)
def test_no_program_of_the_repositorys_is_run(service: Path, tmp_path: Path, name: str) -> None:
    pwned = tmp_path / "PWNED"
    PLANTS[name][0](service, pwned)
    for command in (
        "add-task fetch --retry-on requests.exceptions.Timeout --retry-on psycopg.Error",
        "remove-task fetch",
        "add-task fetch_more --retry-on requests.Timeout --dry-run",
        "tasks",
        "check",
    ):
        ran = asyncgen(*command.split())
        assert (ran.code, pwned.exists()) == (0, False), f"{command}: {ran.err}"
