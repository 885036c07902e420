"""What a run was asked to do: flags first, then `[tool.asyncgen.check]` of the nearest pyproject.toml."""

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from asyncgen.check.rules import CODES, RULES
from asyncgen.errors import BadInput

__all__ = ["Options", "load_options", "selected_codes"]

_KEYS = {"select", "ignore", "exclude", "baseline"}
_ABOUT_IGNORES = {code.code for code in CODES} - {rule.code for rule in RULES}


class Options(NamedTuple):
    """`codes` are those of the rules that run; `exclude` are globs of paths below `folder`."""

    codes: frozenset[str]
    exclude: tuple[str, ...]
    baseline: Path | None
    folder: Path

    def excludes(self, path: Path) -> bool:
        if not self.exclude or not path.is_relative_to(self.folder):
            return False
        relative = PurePosixPath(path.relative_to(self.folder).as_posix())
        return any(relative.match(pattern) for pattern in self.exclude) or _match_above(relative.parent, self.exclude)


@cache
def _match_above(folder: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    return any(above.match(pattern) for above in (folder, *folder.parents) for pattern in patterns)


def load_options(paths: Sequence[Path], select: Iterable[str], ignore: Iterable[str], baseline: Path | None) -> Options:
    """Raises BadInput for an unknown rule or a table that cannot be used."""
    select, ignore = list(select), list(ignore)
    file = _pyproject(paths)
    table = _table(file) if file is not None else {}
    recorded = table.get("baseline")
    if baseline is None and recorded is not None and file is not None:
        baseline = file.parent / recorded
    codes = selected_codes(
        select or table.get("select", []), [*ignore, *(table.get("ignore", []) if not ignore else [])]
    )
    return Options(
        codes=codes,
        exclude=tuple(table.get("exclude", [])),
        baseline=baseline,
        folder=file.parent if file is not None else Path.cwd(),
    )


def selected_codes(select: Iterable[str], ignore: Iterable[str]) -> frozenset[str]:
    """Rules are named by code, by the beginning of a code (`ACG1`), by name, or all together: `ALL`."""
    select = list(select)
    chosen = _matching(select) if select else {rule.code for rule in CODES if not rule.optional}
    return frozenset((chosen | _ABOUT_IGNORES) - _matching(ignore))


def _matching(words: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for word in (part.strip() for item in words for part in item.split(",")):
        if not word:
            continue
        upper = word.upper()
        if upper == "ALL":
            matches = {rule.code for rule in CODES}
        else:
            matches = {rule.code for rule in CODES if rule.code == upper or rule.name == word.lower()} or {
                rule.code
                for rule in CODES
                if upper.startswith("ACG") and rule.code.startswith(upper) and not rule.optional
            }
        if not matches:
            raise BadInput(
                f"expected the code or name of a rule, got: {word}; "
                f"one of {', '.join(sorted(rule.code for rule in CODES))}, a beginning such as ACG1, or ALL"
            )
        found |= matches
    return found


def _pyproject(paths: Sequence[Path]) -> Path | None:
    start = (paths[0] if paths else Path.cwd()).resolve()
    for folder in [start, *start.parents]:
        candidate = folder / "pyproject.toml"
        if candidate.is_file():
            return candidate
    return None


def _table(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"expected {file} to be TOML, got: {error}; mend the file") from None
    tool = content.get("tool", {})
    table = tool.get("asyncgen", {}).get("check", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise BadInput(f"expected [tool.asyncgen.check] in {file} to be a table, got: {table!r}")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise BadInput(
            f"expected the keys of [tool.asyncgen.check] to be among {', '.join(sorted(_KEYS))}, "
            f"got: {', '.join(unknown)}; mend {file}"
        )
    for key in ("select", "ignore", "exclude"):
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BadInput(f"expected {key} in {file} to be a list of strings, got: {value!r}")
    if not isinstance(table.get("baseline", ""), str):
        raise BadInput(f"expected baseline in {file} to be a path, got: {table['baseline']!r}")
    return table
