"""`asyncgen new --preset` and `--like`: answers taken as a whole, over which flags win."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from asyncgen.presets import PRESETS
from tests.support import Ran

Asyncgen = Callable[..., Ran]
CHOSEN = {"broker": "rabbitmq", "results": "redis", "scheduler": True, "deploy": ["kubernetes"], "observe": ["metrics"]}


def made(ran: Ran) -> dict[str, Any]:
    assert (ran.code, ran.err) == (0, "")
    answers: dict[str, Any] = json.loads(ran.out)["answers"]
    return answers


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_the_default_but_for_what_it_names(
    template: Path, workdir: Path, asyncgen: Asyncgen, name: str
) -> None:
    usual = made(asyncgen("new", "shop", "--dry-run", "--json"))
    chosen = made(asyncgen("new", "shop", "--dry-run", "--json", "--preset", name))
    assert chosen == {**usual, **PRESETS[name]}
    assert chosen != usual


def test_help_names_each_preset_with_its_answers(asyncgen: Asyncgen) -> None:
    text = " ".join(asyncgen("new", "--help").out.split())
    for part in ("minimal: ci none, deploy none;", "exactly-once: idempotency_store postgresql;", *PRESETS):
        assert part in text


def test_the_answers_of_another_project_are_taken_but_not_who_it_is(
    template: Path, workdir: Path, asyncgen: Asyncgen
) -> None:
    options = [
        "--broker",
        "rabbitmq",
        "--results",
        "redis",
        "--scheduler",
        "--deploy",
        "kubernetes",
        "--observe",
        "metrics",
    ]
    who = ["--author-name", "Ann", "--package", "first_one", "--service-name", "First"]
    assert asyncgen("new", "first", *options, *who).code == 0
    for place in ("first", "first/.copier-answers.yml"):
        chosen = made(asyncgen("new", "second", "--dry-run", "--json", "--like", place))
        assert CHOSEN.items() <= chosen.items()
        assert [chosen[name] for name in ("service_name", "package", "author_name")] == ["second", "second", ""]


@pytest.mark.parametrize("start", [["--preset", "rabbitmq-priority"], ["--like", "other.yml"]])
def test_flags_win(template: Path, workdir: Path, asyncgen: Asyncgen, start: list[str]) -> None:
    Path("other.yml").write_text("broker: rabbitmq\nqueue_layout: priority\n")
    flags = ["--broker", "redis", "-d", "queue_layout=latency"]
    chosen = made(asyncgen("new", "shop", "--dry-run", "--json", *flags, *start))
    assert (chosen["broker"], chosen["queue_layout"]) == ("redis", "latency")


def test_an_answer_that_nothing_asks_for_is_named(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    Path("other.yml").write_text(yaml.safe_dump({"_commit": "1", "broker": "rabbitmq", "flavor": "sweet"}))
    ran = asyncgen("new", "shop", "--dry-run", "--like", "other.yml")
    assert (ran.code, ran.err) == (0, "note: other.yml answers flavor, which is not asked.\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--preset", "minimum"], "expected --preset to be one of minimal, exactly-once, rabbitmq-priority, got: mini"),
        (["--preset", "minimal", "--like", "other.yml"], "expected --preset or --like, got: both; leave one of them o"),
        (["--like", "nowhere.yml"], "expected nowhere.yml to hold a service's answers, got: No such file or directory"),
        (["--like", "."], "expected .copier-answers.yml to hold a service's answers, got: No such file or directory;"),
        (["--like", "list.yml"], "expected list.yml to hold a service's answers, got: no mapping from names to values"),
        (["--like", "broken.yml"], "expected broken.yml to hold a service's answers, got: "),
        (["--like", "bytes.yml"], "expected bytes.yml to hold a service's answers, got: "),
        (
            ["--like", "none.yml"],
            "expected none.yml to hold a service's answers, got: none; name a .copier-ans",
        ),
        (["--like", "kafka.yml"], "kafka.yml: expected broker to be redis or rabbitmq, got: kafka"),
    ],
)
def test_bad_input_is_one_sentence(
    template: Path, workdir: Path, asyncgen: Asyncgen, options: list[str], sentence: str
) -> None:
    texts = {
        "list": b"[1]\n",
        "broken": b"{\n",
        "bytes": b"\xff\xfe\xfa",
        "none": b"x: 1\n",
        "kafka": b"broker: kafka\n",
    }
    for name, text in texts.items():
        Path(f"{name}.yml").write_bytes(text)
    ran = asyncgen("new", "shop", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"asyncgen: {sentence}")
    assert not Path("shop").exists()
