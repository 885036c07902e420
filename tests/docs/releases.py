"""A page for each release, from CHANGELOG.md: what an update to it asks for, then what is new."""

import re
from dataclasses import dataclass

from tests.template.rendering import ROOT

__all__ = ["Release", "navigation", "pages", "releases"]

INDEX = "releases/index.md"

HEAD = """# Releases

`asyncgen update` goes to the newest release, `--to VERSION` to another one; each page says first what may need a line
of yours. Steps may be skipped: an update follows what was renamed in all the releases between.

"""
UPDATE = """Look first, update, test, and read the diff:

```
asyncgen update --dry-run --to {version}
asyncgen update --to {version}
make test
```

"""
NOTHING = "Nothing is known that needs a line of yours."
SECTION = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
UPDATING = re.compile(r"^Updating: (.*?)\n\n(.*?)(?=^\w|\Z)", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(\w[^\n]*):$", re.MULTILINE)
UNRELEASED = "Unreleased"
DOCUMENT = re.compile(r"(?<![\[\w/])docs/([a-z]+)\.md")
LINKED = re.compile(r"\]\(docs/")


@dataclass(frozen=True)
class Release:
    """A section of the changelog."""

    version: str
    text: str

    @property
    def path(self) -> str:
        """Of its page, below the folder of all pages."""
        return f"releases/{self.version.lower().replace('.', '-')}.md"

    @property
    def summary(self) -> str:
        """The paragraph that it begins with; empty where it begins with a list."""
        first = self.text.strip().partition("\n\n")[0]
        return "" if first.startswith("- ") or first.endswith(":") else first.replace("\n", " ")

    def page(self) -> str:
        """Its page, with links that hold there."""
        if self.version == UNRELEASED:
            return _relative(f"# {self.version}\n{self.text}")
        found = UPDATING.search(self.text)
        needed = f"{found[1][0].upper()}{found[1][1:-1]}:\n\n{found[2].strip()}" if found else NOTHING
        rest = self.text.replace(found[0], "").strip() if found else self.text.strip()
        intro, new = (rest.split("\n\n", 1)) if self.summary else ("", rest)
        new = HEADING.sub(r"### \1", new)
        update = f"## Updating\n\n{UPDATE.format(version=self.version)}{needed}"
        return _relative(f"# {self.version}\n\n{intro}\n\n{update}\n\n## What is new\n\n{new}\n")


def releases() -> list[Release]:
    """All sections, the newest first."""
    return [Release(*found) for found in SECTION.findall((ROOT / "CHANGELOG.md").read_text())]


def navigation() -> str:
    """The entries of all pages, as zensical.toml has them."""
    return ", ".join([f'"{INDEX}"', *(f'{{ "{each.version}" = "{each.path}" }}' for each in releases())])


def pages() -> dict[str, str]:
    """The text of each page, by its path below the folder of all pages."""
    found = releases()
    lines = [
        f"- [{each.version}]({each.path.removeprefix('releases/')}): {each.summary}".rstrip(": ") for each in found
    ]
    return {INDEX: _relative(f"{HEAD}{chr(10).join(lines)}\n")} | {each.path: each.page() for each in found}


def _relative(text: str) -> str:
    return DOCUMENT.sub(r"[\1](../\1.md)", LINKED.sub("](../", text))
