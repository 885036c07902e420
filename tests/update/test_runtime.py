"""The runtime of a service is replaced as a whole and reported in one line; edited files in it are merged and named."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support import Ran, commit, write

from .planted import FIRST, PACKAGE, release

Command = Callable[..., Ran]
RUNTIME = f"{PACKAGE}/runtime"
LINES = "".join(f"LINE_{number} = {number}\n" for number in range(1, 21))
NEWER: dict[str, str | None] = {
    f"{RUNTIME}/one.py": LINES.replace("LINE_20 = 20", "LINE_20 = 'theirs'"),
    f"{RUNTIME}/two.py": LINES.replace("LINE_20 = 20", "LINE_20 = 'theirs'"),
    f"{RUNTIME}/script.lua": "return 2\n",
    f"{RUNTIME}/added.py": "",
    f"{RUNTIME}/dropped.py": None,
}


@pytest.fixture
def template(template: Path) -> Path:
    """The small template with a runtime."""
    names = ("one.py", "two.py", "dropped.py", "same.py")
    release(template, "0.1.1", {f"{RUNTIME}/script.lua": "return 1\n"} | {f"{RUNTIME}/{name}": LINES for name in names})
    return template


@pytest.fixture
def service(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asyncgen: Command) -> Path:
    """A service with that runtime, as the current folder."""
    monkeypatch.chdir(tmp_path)
    assert asyncgen("new", "shop", "--defaults", "--template", str(template)).code == 0
    monkeypatch.chdir("shop")
    return Path.cwd()


def told(ran: Ran) -> list[str]:
    """The lines about the runtime."""
    return [line for line in ran.out.splitlines() if line.startswith("  ") and "src/shop/runtime" in line]


def update(template: Path, asyncgen: Command, newer: Mapping[str, str | None] = NEWER) -> tuple[Ran, str]:
    """An update to a release with another runtime, and the line that says so."""
    sha = release(template, "0.2.0", newer)
    return asyncgen("update"), f"  runtime  src/shop/runtime: replaced by release {sha[:7]}, 5 files"


def test_it_is_replaced_as_a_whole(template: Path, service: Path, asyncgen: Command) -> None:
    ran, line = update(template, asyncgen)
    assert (ran.code, told(ran)) == (0, [line])
    there = {path.name: path.read_text() for path in (service / "src/shop/runtime").iterdir()}
    assert there == {
        "one.py": NEWER[f"{RUNTIME}/one.py"],
        "two.py": NEWER[f"{RUNTIME}/two.py"],
        "same.py": LINES,
        "script.lua": "return 2\n",
        "added.py": "",
    }


def test_line_ends_are_no_edit(template: Path, service: Path, asyncgen: Command) -> None:
    for file in (service / "src/shop/runtime").iterdir():
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    commit(service)
    ran, line = update(template, asyncgen)
    assert (ran.code, told(ran)) == (0, [line])
    assert (service / "src/shop/runtime/script.lua").read_bytes() == b"return 2\r\n"


def test_an_edited_file_is_merged_and_named(template: Path, service: Path, asyncgen: Command) -> None:
    edited = service / "src/shop/runtime/one.py"
    edited.write_text(LINES.replace("LINE_1 = 1\n", "LINE_1 = 'mine'\n"))
    commit(service)
    ran, line = update(template, asyncgen)
    assert (ran.code, told(ran)) == (0, [line, "  merged   src/shop/runtime/one.py"])
    assert edited.read_text() == LINES.replace("= 1\n", "= 'mine'\n", 1).replace("= 20", "= 'theirs'")


def test_a_conflict_in_it_ends_with_1(template: Path, service: Path, asyncgen: Command) -> None:
    edited = service / "src/shop/runtime/one.py"
    edited.write_text(LINES.replace("LINE_20 = 20", "LINE_20 = 'mine'"))
    commit(service)
    ran, line = update(template, asyncgen)
    assert ran.code == 1
    assert told(ran) == [line, "  merged   src/shop/runtime/one.py", "  src/shop/runtime/one.py:20"]
    assert "LINE_20 = 'mine'" in edited.read_text()


def test_a_dropped_file_with_an_edit_is_kept(template: Path, service: Path, asyncgen: Command) -> None:
    edited = service / "src/shop/runtime/dropped.py"
    edited.write_text("MINE = 1\n")
    commit(service)
    ran, line = update(template, asyncgen)
    assert ran.code == 1
    assert told(ran)[:2] == [line, "  kept     src/shop/runtime/dropped.py"]
    assert edited.read_text() == "MINE = 1\n"


def test_data_and_dry_run_have_each_file(template: Path, service: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", NEWER)
    data = json.loads(asyncgen("update", "--dry-run", "--json").out)
    files = {file["path"]: file["kind"] for file in data["files"] if "/runtime/" in file["path"]}
    assert files == {
        "src/shop/runtime/added.py": "new",
        "src/shop/runtime/dropped.py": "removed",
        "src/shop/runtime/one.py": "changed",
        "src/shop/runtime/script.lua": "changed",
        "src/shop/runtime/two.py": "changed",
    }
    shown = asyncgen("update", "--dry-run").out
    assert "src/shop/runtime: replaced by release" in shown
    assert "LINE_20" not in shown


def test_an_update_that_leaves_it_as_it_is_does_not_name_it(template: Path, service: Path, asyncgen: Command) -> None:
    readme = "template/service/README.md.jinja"
    ran, _ = update(template, asyncgen, {readme: FIRST[readme].replace("Two.", "2.")})
    assert (ran.code, told(ran)) == (0, [])


def test_a_file_of_the_users_in_it_stays(template: Path, service: Path, asyncgen: Command) -> None:
    write(service, {"src/shop/runtime/mine.py": "MINE = 1\n"})
    commit(service)
    ran, line = update(template, asyncgen)
    assert (ran.code, told(ran)) == (0, [line])
    assert (service / "src/shop/runtime/mine.py").read_text() == "MINE = 1\n"
