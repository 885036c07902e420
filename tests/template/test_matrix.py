"""Every product of choices, with names at their limits, is clean before anybody touches it.

`make test` takes the few products in which any two choices stand together, `make test-all` every one.
"""

import hashlib
import itertools
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .manifests import build, problems
from .rendering import AXES, FREE_TEXT, ROOT, products, render

BIN = Path(sys.executable).parent
CORNERS = list(itertools.product(AXES["broker"], AXES["idempotency_store"], AXES["results"]))


def run(*command: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{command[:3]}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"


def test_every_question_is_an_axis() -> None:
    questions = yaml.safe_load((ROOT / "copier.yml").read_text())
    asked = {
        name: question
        for name, question in questions.items()
        if not name.startswith("_") and question.get("when") is not False
    }
    assert sorted(asked) == sorted([*AXES, *FREE_TEXT])
    for name, values in AXES.items():
        if "choices" in asked[name]:
            chosen = {choice for value in values for choice in (value if isinstance(value, list) else [value])}
            assert chosen == set(asked[name]["choices"].values()), name


def few_products() -> list[dict[str, Any]]:
    """Products in which any two choices stand together, and each with every extreme of names: those that add most."""
    everything = [answers for answers in products() if len(answers["deploy"]) < 2]  # both: the files of each
    choices = [[(name, str(answers[name])) for name in AXES] for answers in everything]
    adds = [
        {*itertools.combinations(chosen, 2), *((answers["service_name"], choice) for choice in chosen)}
        for answers, chosen in zip(everything, choices, strict=True)
    ]
    missing, kept = set[Any]().union(*adds), []
    while missing:
        most = max(range(len(everything)), key=lambda number: len(adds[number] & missing))
        missing -= adds[most]
        kept.append(everything[most])
    return kept


@pytest.mark.long
def test_two_choices_together_are_clean(tmp_path: Path) -> None:
    assert_clean(tmp_path, few_products())


@pytest.mark.slow
@pytest.mark.parametrize(("broker", "idempotency_store", "results"), CORNERS)
def test_every_product_is_clean(broker: str, idempotency_store: str, results: str, tmp_path: Path) -> None:
    assert_clean(tmp_path, list(products(broker=broker, idempotency_store=idempotency_store, results=results)))


def assert_clean(folder: Path, combinations: list[dict[str, Any]]) -> None:
    for number, answers in enumerate(combinations):
        render(folder / str(number), answers)
    lint(folder)
    rendered = [path for path in folder.rglob("*") if path.is_file()]
    for path in rendered:
        assert "{%" not in str(path), path
    for file in distinct(rendered):
        parse(file)
    assert_valid(folder, len(combinations))


def lint(folder: Path) -> None:
    """ruff is the judge: each project below `folder` has a configuration of its own."""
    run(BIN / "ruff", "format", "--check", "--no-cache", "--quiet", ".", cwd=folder)
    run(BIN / "ruff", "check", "--no-cache", "--quiet", ".", cwd=folder)


def parse(file: Path) -> None:
    """Read what has a syntax, and look for what a template forgets."""
    text = file.read_text()
    if file.suffix == ".py":
        compile(text, str(file), "exec", dont_inherit=True)
    elif file.suffix == ".toml":
        tomllib.loads(text)
    elif file.suffix in (".yml", ".yaml"):
        list(yaml.load_all(text, yaml.CSafeLoader))
    elif file.suffix == ".json":
        json.loads(text)
    assert "{%" not in text, file
    assert text.endswith("\n") or not text, f"{file} does not end with a newline"
    assert not text.endswith("\n\n"), f"{file} ends with an empty line"
    assert ".py" in file.suffixes or "\n\n\n" not in text, f"{file} has a hole"
    assert not any(line != line.rstrip() for line in text.splitlines()), f"{file} has blanks at the end of a line"


def assert_valid(folder: Path, number: int) -> None:
    """The files of other tools, each different one once, before these tools' own validators."""
    schemas = {
        "**/workflows/*.yml": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        "**/dependabot.yml": ["check-jsonschema", "--builtin-schema", "vendor.dependabot"],
        "**/.gitlab-ci.yml": ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform=gitlab-ci"],
        "**/compose.yaml": ["check-jsonschema", "--builtin-schema", "vendor.compose-spec"],
        "**/compose.override.yaml": ["check-jsonschema", "--builtin-schema", "vendor.compose-spec"],
        "**/Dockerfile": ["hadolint"],
    }
    for pattern, (tool, *options) in schemas.items():
        files = distinct(folder.glob(pattern))
        assert 0 < len(files) <= number, pattern
        run(BIN / tool, *options, *files)
    assert_manifests_are_valid(folder)
    offline = folder / "zizmor" / ".github" / "workflows"
    offline.mkdir(parents=True)
    for place, file in enumerate(distinct(folder.glob("[0-9]*/**/workflows/*.yml"))):
        shutil.copy(file, offline / f"{place}.yml")
    run(BIN / "zizmor", "--offline", "--no-progress", folder / "zizmor")


def assert_manifests_are_valid(folder: Path) -> None:
    """What the Kubernetes manifests of the projects below `folder` are built to, each different one once."""
    built = {json.dumps(build(file.parent)) for file in folder.glob("*/**/kustomization.yaml")}
    assert built
    found = [problem for manifests in built for problem in problems(json.loads(manifests))]
    assert not found, found


def distinct(files: Iterable[Path]) -> list[Path]:
    """One file for each content and kind."""
    return list({(file.suffix, hashlib.sha256(file.read_bytes()).digest()): file for file in files}.values())


@pytest.mark.parametrize("offence", ["import os, sys\n", "x = {'a':1}\n", "def f(:\n"])
def test_an_offence_is_caught(offence: str, tmp_path: Path) -> None:
    service = render(tmp_path / "service", {})
    lint(service)
    (service / "src" / "service" / "times.py").write_text(offence)
    with pytest.raises(AssertionError):
        lint(service)


@pytest.mark.parametrize("text", ["a: [\n", "a: 1", "a: 1\n\n", "a: 1 \n", "a: {% if b %}\n", "a: 1\n\n\n\nb: 2\n"])
def test_a_bad_file_is_caught(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text)
    with pytest.raises((AssertionError, yaml.YAMLError)):
        parse(file)
