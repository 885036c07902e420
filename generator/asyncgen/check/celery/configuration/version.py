"""Which releases of Celery a project runs on, as far as its lock files and requirements tell."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Required", "required_celery"]

_SERIES = [(3, 1), *((4, minor) for minor in range(5)), *((5, minor) for minor in range(8))]
#: From here on an old name of a setting is read under a namespace, too (`ConfigurationView.__getitem__`).
_READS_OLD_NAMES = (5, 7)

#: What is looked at, the first that names a release first.
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
_PINS = ("requirements*.txt", "requirements/*.txt", "requirements/*/*.txt")
_RANGES = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "requirements*.in", "requirements/*.in")

_LOCKED = re.compile(r'name = "celery"\nversion = "([^"]+)"|"celery": \{[^}]*"version": "==([^"]+)"')
_OPERATOR = r"(?:===?|~=|!=|<=|>=|<|>)\s*\d[\w.*]*"
_REQUIREMENT = re.compile(
    rf"^[^#\n]*?(?<![\w.-])celery(?:\[[\w,\s-]*\])?\s*\(?({_OPERATOR}(?:\s*,\s*{_OPERATOR})*)",
    re.IGNORECASE | re.MULTILINE,
)
#: As Poetry and Pipenv write it.
_ASSIGNED = re.compile(
    r'^celery\s*=\s*(?:\{[^}\n]*?version\s*=\s*)?"([~^]?[=<>!~\d][^"]*)"', re.IGNORECASE | re.MULTILINE
)
_EXACT = re.compile(r"===?([^,*]+)")
_MAX_BYTES = 20_000_000


class Required(NamedTuple):
    """`specifier` is as it is written, `file` where; `series` are the releases that it allows, as major and minor."""

    specifier: str
    file: str
    series: frozenset[tuple[int, int]]

    def __str__(self) -> str:
        return f"celery{self.specifier} ({self.file})"

    @property
    def reads_old_names(self) -> bool | None:
        """Whether a setting's old name is read under a namespace; None if by some of the releases alone."""
        reading = {series >= _READS_OLD_NAMES for series in self.series}
        return reading.pop() if len(reading) == 1 else None


def required_celery(folders: Iterable[Path]) -> Required | None:
    """What the files in a project's folders ask for: the first of them, and all releases that one of its level allows.

    Where some name one release, ranges beside them count for nothing.
    """
    for patterns in (_LOCKS, _PINS, _RANGES):
        found = [
            Required(specifier, path.relative_to(folder).as_posix(), series)
            for folder in dict.fromkeys(folders)
            for path in _files(folder, patterns)
            for specifier in _specifiers(path)
            if (series := _allowed(specifier))
        ]
        found = [one for one in found if _EXACT.fullmatch(one.specifier)] or found
        if found:
            return found[0]._replace(series=frozenset().union(*(one.series for one in found)))
    return None


def _files(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and path.stat().st_size <= _MAX_BYTES:
                yield path


def _specifiers(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    if path.name in _LOCKS:
        for match in _LOCKED.finditer(text):
            yield f"=={match[1] or match[2]}"
        return
    for match in _REQUIREMENT.finditer(text):
        yield re.sub(r"\s", "", match[1])
    for match in _ASSIGNED.finditer(text):
        yield match[1] if match[1][0] in "=<>!~^" else f"=={match[1]}"


def _allowed(specifier: str) -> frozenset[tuple[int, int]]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        if exact := _EXACT.fullmatch(specifier):
            version = Version(exact[1])
            return frozenset({(version.major, version.minor)})
        allowed = SpecifierSet(_as_pep_440(specifier))
    except (InvalidSpecifier, InvalidVersion):
        return frozenset()
    return frozenset(
        (major, minor) for major, minor in _SERIES if any(f"{major}.{minor}.{patch}" in allowed for patch in (0, 99))
    )


def _as_pep_440(specifier: str) -> str:
    """Poetry's `^5.2` and `~5.2`."""
    if match := re.fullmatch(r"(\^|~)(\d+)(?:\.(\d+))?(.*)", specifier):
        major, minor = int(match[2]), int(match[3] or 0)
        end = f"{major}.{minor + 1}" if match[1] == "~" and match[3] else f"{major + 1}"
        return f">={specifier[1:]},<{end}"
    return specifier
