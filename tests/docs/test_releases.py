"""Each release has a page that says what an update to it asks for."""

from .releases import Release, pages, releases

TEXT = """
What it is about.

Updating: what may need a line of yours.

- Edit this (docs/scale.md).

New things ([docs](docs/tracing.md)):

- One, see [docs/security.md](docs/security.md).

Mended:

- Two.
"""


def test_what_needs_an_edit_comes_first_and_links_hold() -> None:
    release = Release("1.2.3", TEXT)
    page = release.page()
    assert (release.path, release.summary) == ("releases/1-2-3.md", "What it is about.")
    parts = ["# 1.2.3\n\nWhat it is about.\n", "## Updating", "--to 1.2.3", "What may need a line of yours:\n\n- Edit"]
    parts += ["## What is new", "### New things ([docs](../tracing.md))\n\n- One", "### Mended\n\n- Two."]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "([scale](../scale.md))" in page
    assert "[docs/security.md](../security.md)" in page


def test_a_release_that_asks_for_nothing_says_so() -> None:
    page = Release("1.0.0", "\n- One.\n").page()
    assert "Nothing is known that needs a line of yours.\n\n## What is new\n\n- One.\n" in page


def test_every_release_has_a_page_and_a_line() -> None:
    versions = [each.version for each in releases()]
    assert versions[-1] == "0.1.0"
    assert len(pages()) == len(versions) + 1
    assert [version for version in versions if f"- [{version}](" not in pages()["releases/index.md"]] == []
