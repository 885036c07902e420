"""The working tree's template in a repository of its own, and a client that is made from it."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from asyncgen.clones import Template, in_clone
from tests.support import Ran, clean_home, command_line
from tests.template.conftest import template

from .contracts import contract, files, write

__all__ = ["template"]


@pytest.fixture(scope="session")
def source(template: Path) -> Template:
    """The template, as commands find it."""
    return in_clone(template, None)


@pytest.fixture(scope="session")
def client_folder(source: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the client of the contract in `contracts`."""
    return write(tmp_path_factory.mktemp("client"), files(contract(), source))


@pytest.fixture(scope="session")
def shop_client(client_folder: Path) -> Iterator[Any]:
    """That client, imported."""
    sys.path.insert(0, str(client_folder / "src"))
    yield import_module("shop_client")
    sys.path.remove(str(client_folder / "src"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop_client"]:
        del sys.modules[name]


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any configuration."""
    return clean_home(tmp_path_factory, monkeypatch)


@pytest.fixture
def asyncgen(
    template: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """The command line in this process, in an empty folder, with the working tree's template."""
    monkeypatch.setenv("ASYNCGEN_TEMPLATE", str(template))
    monkeypatch.chdir(tmp_path)
    return command_line(capfd)
