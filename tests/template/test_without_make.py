"""What each target of a service's Makefile runs, its README tells for those who have no make."""

import re
from pathlib import Path

import pytest

from .rendering import render

RECIPE = re.compile(r"^\t.*(?:\$\(BIN\)/python|python3) (?:-m )?([^\n]*)", re.MULTILINE)
VARIABLE = re.compile(r"'?\$\(.*")


def untold(service: Path) -> list[str]:
    """The modules with their words, up to the first that varies, that the README does not name."""
    makefile, readme = ((service / name).read_text() for name in ("Makefile", "README.md"))
    makefile = makefile.partition("\n$(VENV)/.installed:")[0].replace("$(RUNTIME)", f"{service.name}.runtime")
    commands = [VARIABLE.sub("", command).replace(")", "").strip() for command in RECIPE.findall(makefile)]
    assert len(commands) > 10
    told = readme.partition("### Without make")[2].partition("\n## ")[0]
    return [each for each in commands if each not in told]


@pytest.mark.parametrize("producer", ["none", "fastapi"])
def test_every_target_has_its_python(producer: str, tmp_path: Path) -> None:
    service = render(tmp_path / "shop", {"service_name": "shop", "producer": producer})
    assert untold(service) == []
    makefile = service / "Makefile"
    assert not re.search(r"\$\(BIN\)/(?!python\b)", makefile.read_text()), "what is no `python -m` needs make"
    makefile.write_text("more:\n\t@$(BIN)/python -m shop migrate --all $(MORE)\n" + makefile.read_text())
    assert untold(service) == ["shop migrate --all"]
