"""The files beside the code that say how workers are started and stopped."""

import os
import re
from pathlib import Path

from asyncgen.check.source.files import PRUNED

__all__ = ["deployment_files"]

_NAMES = re.compile(
    r"(?i)(\.(ya?ml|service|sh|conf|ini|cfg|toml|tpl|j2|bash)$|procfile|dockerfile|makefile|justfile"
    r"|docker-entrypoint|supervisor|celeryd?$|entrypoint|run[-_])"
)
#: Folders with a dot may say how workers are started, but not these.
_NO_DEPLOYMENT = PRUNED | {
    ".circleci", ".devcontainer", ".eggs", ".env", ".git", ".github", ".gitlab", ".hg", ".hypothesis", ".idea",
    ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode",
}  # fmt: skip
_COMMENT = re.compile(r"^[ \t]*[#;].*$", re.MULTILINE)
_MAX_BYTES = 200_000
_MAX_FILES = 4_000
_DEPTH = 5


def deployment_files(root: Path) -> dict[Path, str]:
    """The text of each that speaks of Celery, without comments. Symlinks are not followed, large files not read."""
    found: dict[Path, str] = {}
    looked = 0
    for folder, folders, names in os.walk(root, followlinks=False):
        deep = len(Path(folder).relative_to(root).parts) >= _DEPTH
        folders[:] = [] if deep else sorted(n for n in folders if n not in _NO_DEPLOYMENT)
        for name in sorted(names):
            if name.endswith(".py") or not _NAMES.search(name):
                continue
            looked += 1
            if looked > _MAX_FILES:
                return found
            path = Path(folder, name)
            try:
                if not path.is_file() or path.stat().st_size > _MAX_BYTES:
                    continue
                content = path.read_bytes()
            except OSError:
                continue
            if b"celery" in content.lower():
                found[path] = _COMMENT.sub("", content.decode("utf-8", errors="replace"))
    return found
