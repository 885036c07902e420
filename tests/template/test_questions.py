"""What the questions refuse, and what follows from the answers; rendered through pytest-copie."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from asyncgen.presets import PRESETS

from .rendering import AXES, FREE_TEXT, ROOT


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template of all questions whose services are one folder and the answers: Copier takes two seconds for all."""
    folder = tmp_path_factory.mktemp("questions")
    service, answers = folder / "template/service", "{{_copier_conf.answers_file}}.jinja"
    (service / "src/{{package}}").mkdir(parents=True)
    (service / "src/{{package}}/app.py").touch()
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copy(ROOT / "template/service" / answers, service)
    return folder


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"service_name": ""}, "expected 1 to 40 letters"),
        ({"service_name": "9lives"}, "got: 9lives; use Service 9lives"),
        ({"service_name": "Bad Name!"}, "got: Bad Name!; use Bad Name"),
        ({"service_name": "a" * 41}, "expected 1 to 40 letters"),
        ({"service_name": "../escape"}, "expected 1 to 40 letters"),
        ({"service_name": "fine", "package": "Not-Fine"}, "got: Not-Fine; use not_fine"),
        ({"service_name": "fine", "package": "2fast"}, "got: 2fast; use service_2fast"),
        ({"service_name": "fine", "package": "a" * 21}, "expected 1 to 20 lowercase letters"),
        ({"service_name": "fine", "package": "celery"}, "celery"),
        ({"service_name": "fine", "package": "class"}, "class"),
        ({"service_name": "fine", "subfolder": "/root"}, "expected a path below the root"),
        ({"service_name": "fine", "subfolder": "a/../b"}, "expected a path below the root"),
        ({"service_name": "fine", "subfolder": "a/$(b)"}, "expected a path below the root"),
        ({"service_name": "fine", "subfolder": "a/*"}, "expected a path below the root"),
        ({"service_name": "fine", "author_name": "Ann\nLee"}, "expected one line of text"),
        ({"service_name": "fine", "author_name": "Zo\udceb"}, "expected one line of text"),
        ({"service_name": "fine", "author_email": "\x1b[31mann"}, "expected one line of text"),
        ({"service_name": "fine", "broker": "kafka"}, "kafka"),
        ({"service_name": "fine", "results": "file"}, "file"),
    ],
    ids=str,
)
def test_a_bad_answer_is_refused(copie: Any, answers: dict[str, str], message: str) -> None:
    result = copie.copy(extra_answers=answers)
    assert result.exit_code == -1
    assert message in str(result.exception)


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("Order Desk", "order_desk"),
        ("billing-EU 2", "billing_eu_2"),
        ("The Longest Name There Could Be", "the_longest_name_the"),
    ],
)
def test_the_package_follows_from_the_name(copie: Any, questions: Path, name: str, package: str) -> None:
    result = copie.copy({"service_name": name}, questions)
    assert result.exception is None
    assert (result.project_dir / "src" / package / "app.py").is_file()


def test_the_answers_file_keeps_what_was_asked_and_nothing_derived(copie: Any) -> None:
    result = copie.copy(extra_answers={"service_name": "fine"})
    kept = yaml.safe_load((result.project_dir / ".copier-answers.yml").read_text())
    asked = [*AXES, *FREE_TEXT, "_commit", "_src_path"]
    assert sorted(kept) == sorted(asked)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_answers_what_is_asked(copie: Any, questions: Path, preset: str) -> None:
    result = copie.copy({"service_name": "fine", **PRESETS[preset]}, questions)
    assert result.exception is None
    kept = yaml.safe_load((result.project_dir / ".copier-answers.yml").read_text())
    assert PRESETS[preset].items() <= kept.items()
