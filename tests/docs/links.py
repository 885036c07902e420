"""Follows every link of a built site: it has to lead to a file and an anchor, and a page may load nothing remote."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["broken"]

LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src"}
"""The elements whose address a browser loads by itself, and the attribute that names it."""
RELATIONS = {"stylesheet", "icon", "preload", "preconnect"}
"""The relations of a `link` that make it load something."""


class Page(HTMLParser):
    """What a page links to, what it loads, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        elif tag != "link" or RELATIONS & set(values.get("rel", "").split()):
            self.loads |= {values[name] for name in (LOADED.get(tag, ""),) if name in values}


def broken(site: Path) -> list[str]:
    """A sentence for each link of the site that leads nowhere, and for each file that would come from elsewhere."""
    pages = {file: Page(file.read_text()) for file in sorted(site.rglob("*.html"))}
    return [f"{file.relative_to(site)}: {found}" for file in pages for found in _broken(file, pages)]


def _broken(file: Path, pages: dict[Path, Page]) -> Iterator[str]:
    page = pages[file]
    missing = file.name == "404.html"  # a server shows it for any address, so that its links begin at the root
    for address in sorted(page.loads):
        if urlsplit(address).netloc:
            yield f"expected everything it loads to be in the site, got: {address}"
    for address in sorted(page.links | page.loads):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        path = unquote(parts.path).removeprefix("/" if missing else "")
        target = (file.parent / path).resolve() if path else file
        if not target.is_file():
            yield f"expected {address} to be a file of the site"
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
            yield f"expected {address} to be an anchor of that page"
