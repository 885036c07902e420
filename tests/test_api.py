"""The Python interface: pinned, loaded when it is used, and as its page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import asyncgen
from asyncgen import AsyncgenError, TaskOptions, add_task, api, check_code, create_service, update_service
from tests.support import clean_home, commit
from tests.template.conftest import template
from tests.template.rendering import ROOT

__all__ = ["template"]

PAGE = (ROOT / "docs/reference/python.md").read_text()
PUBLIC = [
    "AddedTask",
    "AsyncgenError",
    "CheckResult",
    "Finding",
    "Project",
    "ServiceUpdate",
    "TaskOptions",
    "add_task",
    "check_code",
    "create_service",
    "update_service",
]


@pytest.fixture(autouse=True)
def place(
    template: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty folder, the template as it stands, and no uv, which would ask an index."""
    clean_home(tmp_path_factory, monkeypatch)
    monkeypatch.setenv("ASYNCGEN_TEMPLATE", str(template))
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.chdir(tmp_path)


def test_it_is_pinned_and_documented() -> None:
    assert asyncgen.__all__ == api.__all__ == PUBLIC
    assert [name for name in PUBLIC if f"`{name}" not in PAGE and f" {name}" not in PAGE and name != "Finding"] == []
    for name in PUBLIC:
        assert getattr(asyncgen, name).__doc__, name
    with pytest.raises(AttributeError, match="module 'asyncgen' has no attribute 'other'"):
        _ = asyncgen.other


def test_it_is_loaded_when_it_is_used() -> None:
    code = "import sys, asyncgen; print(*(name for name in sys.modules if name.startswith('asyncgen')))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "asyncgen\n"


def test_its_page_does_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    exec(compile(example, "python.md", "exec"), {})
    found = capsys.readouterr()
    assert found.err == ""
    assert re.fullmatch(r"(shop/src/shop/tasks/\w+\.py:\d+: ACG117 [^\n]+\n)+", found.out)
    assert (tmp_path / "shop/.git").is_dir()


def test_a_service_is_updated_to_other_answers(tmp_path: Path) -> None:
    create_service("shop", {"deploy": []})
    commit(tmp_path / "shop")
    assert update_service("shop") is None
    planned = update_service("shop/src", {"deploy": ["compose"]}, dry_run=True)
    assert planned
    assert "compose.yaml" in planned.files
    assert not (tmp_path / "shop/compose.yaml").exists()
    done = update_service("shop", {"deploy": ["compose"]}, verified=False)
    assert done
    assert (done.files, done.conflicts, done.imports) == (planned.files, (), ())
    assert (tmp_path / "shop/compose.yaml").exists()
    subprocess.run(done.undo, shell=True, check=True)
    assert not (tmp_path / "shop/compose.yaml").exists()


def test_what_cannot_be_done_is_one_error_and_changes_nothing(tmp_path: Path) -> None:
    create_service("shop", dry_run=True)
    assert list(tmp_path.iterdir()) == []
    for call in (
        lambda: create_service("shop", {"broker": "kafka"}),
        lambda: create_service("missing/shop"),
        lambda: create_service("shop", preset="none-such"),
        lambda: add_task(tmp_path, "send"),
        lambda: update_service(tmp_path),
        lambda: check_code("missing"),
        lambda: check_code(baseline="missing"),
        lambda: check_code(select=["ACG999"]),
    ):
        with pytest.raises(AsyncgenError, match=r"^expected [^\n]+, got: "):
            call()
    assert list(tmp_path.iterdir()) == []


def test_options_of_a_task_are_checked(tmp_path: Path) -> None:
    create_service("shop", repository=False)
    with pytest.raises(AsyncgenError, match="expected max_retries to be a whole number, got: many"):
        add_task("shop", "send", TaskOptions(max_retries="many"))  # type: ignore[arg-type]  # what is refused
    added = add_task("shop", "SendInvoice", TaskOptions(arg=("invoice_id:int",), key="invoice_id"), dry_run=True)
    assert added.name == "send_invoice"
    assert not (tmp_path / "shop" / added.files[0]).exists()
