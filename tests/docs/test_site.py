"""The documentation as a site: it builds without a warning, needs no network, and no link leads nowhere."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support import write

from . import building
from .building import PAGES, ROOT, assemble, build
from .links import broken

LINK = re.compile(r"""(?:\]\(|src(?:set)?=")([^)"#\s]+)""")


def test_the_site_builds_without_a_warning_and_no_link_leads_nowhere(tmp_path: Path) -> None:
    assert build(tmp_path / "site") == []
    assert "PublishError" in (tmp_path / "site/site/search.js").read_text()  # what is searched without a server


def test_a_link_in_a_page_that_leads_nowhere_ends_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Path(shutil.copytree(PAGES, tmp_path / "pages"))
    (pages / "install.md").write_text("# Install\n\n[What](scale.md#no-such-heading)\n")
    monkeypatch.setattr(building, "PAGES", pages)
    (said,) = build(tmp_path / "site")
    assert "anchor does not exist" in said
    assert "install.md:3" in said


def test_the_navigation_has_every_page_once(tmp_path: Path) -> None:
    pages = assemble(tmp_path / "site")
    listed = list(named(tomllib.loads((tmp_path / "site/zensical.toml").read_text())["project"]["nav"]))
    assert sorted(listed) == sorted(page.relative_to(pages).as_posix() for page in pages.rglob("*.md"))


def named(entry: Any) -> list[str]:
    """The pages of a navigation, a section of it or an entry."""
    if isinstance(entry, str):
        return [entry]
    return [page for below in (entry.values() if isinstance(entry, dict) else entry) for page in named(below)]


@pytest.mark.parametrize("document", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_links_from_outside_of_the_site_lead_to_files(document: str) -> None:
    links = LINK.findall((ROOT / document).read_text())
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).is_file()] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<a href="gone.html">', "expected gone.html to be a file of the site"),
        ('<a href="there.html#gone">', "expected there.html#gone to be an anchor of that page"),
        ('<a href="#gone">', "expected #gone to be an anchor of that page"),
        ('<img src="gone.svg">', "expected gone.svg to be a file of the site"),
        ('<script src="https://unpkg.com/shim">', "got: https://unpkg.com/shim"),
        ('<link rel="stylesheet" href="//fonts.example/css">', "got: //fonts.example/css"),
    ],
)
def test_a_link_that_leads_nowhere_and_a_remote_file_are_found(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, {"page.html": text, "there.html": '<h1 id="here">'})
    (found,) = broken(tmp_path)
    assert said in found


def test_links_that_lead_somewhere_are_not_found(tmp_path: Path) -> None:
    links = '<a href="https://example.org/gone"><a href="a/there.html#here"><a href="#top"><p id="top">'
    files = {
        "page.html": f'{links}<link rel="next" href="https://example.org/page">',
        "a/there.html": '<h1 id="here"><a href="../page.html">',
        "404.html": '<a href="/page.html">',
    }
    write(tmp_path, files)
    assert broken(tmp_path) == []
