"""How a finding is known again: by what its line says, not by where that stands."""

import re
from pathlib import Path

from asyncgen.check.findings.finding import Finding

__all__ = ["fingerprint"]


def fingerprint(finding: Finding, line: str, folder: Path) -> str:
    """The same wherever the line moves to within its file."""
    import hashlib

    path = Path(finding.path)
    try:
        relative = path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        relative = path.as_posix()
    text = re.sub(r"\s+", " ", line.strip())
    content = "\0".join((relative, finding.code, text))
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:20]
