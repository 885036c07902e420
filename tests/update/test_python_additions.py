"""What the user added to a Python file follows into the template's new version of it; any other edit is a conflict."""

import subprocess
import sys

import pytest

from asyncgen.update.structured import merge_structured

BASE = '''\
"""The settings."""

from functools import cache

from pydantic import Field

from .errors import Broken

__all__ = ["Settings", "settings"]

PREFIX = "SHOP_"


class Settings:
    """All of them."""

    url: str = ""
    lease: int = Field(default=30, ge=3)

    def check(self) -> None:
        """Raise Broken."""
        raise Broken


@cache
def settings() -> Settings:
    """Read once."""
    return Settings()
'''
THEIRS = '''\
"""The settings of the owner."""

from functools import cache

from . import runtime

__all__ = ["Settings", "settings"]


class Settings(runtime.Settings):
    """The owner's."""


@cache
def settings() -> Settings:
    """Read once."""
    return Settings.read()
'''
FIELDS = '''
    # Where it is.
    api_url: str = ""
    """With its scheme."""
    most: int = Field(default=3, gt=0)
'''
METHOD = """
    @property
    def shown(self) -> str:
        return f"{self.api_url} {self.most}"
"""


def put(*pairs: tuple[str, str], text: str = BASE) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def merged(ours: str, base: str = BASE, theirs: str = THEIRS) -> str | None:
    done = merge_structured("settings.py", ours.encode(), base.encode(), theirs.encode(), None)
    return done.decode() if done is not None else None


def formatted(text: str) -> bool:
    """Whether ruff would change nothing, the imports included."""
    for command in (["format", "--check"], ["check", "--select", "I,F821,F811"]):
        line = [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "120", "-"]
        if subprocess.run(line, input=text, text=True, capture_output=True, check=False).returncode:
            return False
    return True


IMPORTS = "from functools import cache\n\nfrom pydantic import Field\n\nfrom . import runtime\n"
DOCSTRING = '    """The owner\'s."""\n'
OWN = (
    'REGIONS = ("north", "south")\n\n\ndef region(name: str) -> str:\n    return name if name in REGIONS else "north"\n'
)


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (
            put(('    url: str = ""\n', '    url: str = ""\n' + FIELDS.removeprefix("\n"))),
            put(
                ("from functools import cache\n\nfrom . import runtime\n", IMPORTS),
                (DOCSTRING, DOCSTRING + FIELDS),
                text=THEIRS,
            ),
        ),
        (
            put(("        raise Broken\n", "        raise Broken\n" + METHOD)),
            put((DOCSTRING, DOCSTRING + METHOD), text=THEIRS),
        ),
        (
            put(('PREFIX = "SHOP_"\n', f'PREFIX = "SHOP_"\n{OWN}')),
            put(('"settings"]\n', f'"settings"]\n{OWN}'), text=THEIRS),
        ),
        (BASE + "settings().check()\n", THEIRS + "\n\nsettings().check()\n"),
        (
            put(("from functools import cache\n", "import os\nfrom functools import cache, partial\n"))
            + "\n\nread = partial(os.getenv)\n",
            put(("from functools import cache\n", "import os\nfrom functools import cache, partial\n"), text=THEIRS)
            + "\n\nread = partial(os.getenv)\n",
        ),
    ],
    ids=["fields", "method", "before a class", "at the end", "imports"],
)
def test_additions_follow(ours: str, expected: str) -> None:
    assert merged(ours) == expected


@pytest.mark.parametrize(
    "ours",
    [
        put(
            ('    url: str = ""\n', '    url: str = ""\n' + FIELDS),
            ("        raise Broken\n", f"        raise Broken\n{METHOD}"),
        ),
        put(('PREFIX = "SHOP_"\n', f'PREFIX = "SHOP_"\n\n{OWN}')),
        put(("from functools import cache\n", "from functools import cache, partial\n")) + "\n\nread = partial(int)\n",
        put(("@cache\n", "class Mine:\n    x = 1\n\n\n@cache\n")),
        BASE + '\n\n# Mine.\ndef last() -> str:\n    return settings().__doc__ or ""\n',
    ],
)
def test_the_result_is_formatted(ours: str) -> None:
    done = merged(ours)
    assert done is not None
    assert formatted(done), done


@pytest.mark.parametrize(
    "ours",
    [
        put(('    url: str = ""\n', '    url: str = "redis://"\n')),
        put(('    url: str = ""\n', "")),
        put(("class Settings:", "class Settings(dict[str, str]):")),
        put(('PREFIX = "SHOP_"\n', 'PREFIX = "SHOP_"  # mine\n')),
        put(("    def check", "    # Mine.\n    def check")),
        BASE + "\n\nprint(PREFIX)\n",
        put(("class Settings:", "class Other:\n    x = 1\n\n\nclass Settings:")) + "\n\nOther.y = PREFIX\n",
        put(("def settings", "def settings(:\n    ...\n\n\ndef other")),
    ],
    ids=["changed", "removed", "bases", "comment", "comment above", "name that is gone", "another", "no Python"],
)
def test_another_edit_is_a_conflict(ours: str) -> None:
    assert merged(ours) is None


def test_what_both_added_is_a_conflict() -> None:
    theirs = THEIRS.replace(DOCSTRING, DOCSTRING + '\n    api_url: str = "http://"\n')
    assert merged(put(('    url: str = ""\n', '    url: str = ""\n    api_url: str = ""\n')), theirs=theirs) is None


def test_a_name_that_means_something_else_now_is_a_conflict() -> None:
    ours = put(("from functools import cache\n", "from functools import cache\nfrom json import dumps\n"))
    theirs = put(("from . import runtime\n", "from . import runtime\nfrom .text import dumps\n"), text=THEIRS)
    assert merged(ours + "\n\nprint(dumps(1))\n", theirs=theirs) is None


def test_two_files_of_one_name_are_a_conflict() -> None:
    assert merged("MINE = 1\n", base="", theirs="THEIRS = 1\n") is None
