"""Renders the working tree's template in this process, without git."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from asyncgen.rendering import render as render_files

__all__ = ["AXES", "FREE_TEXT", "NAMES", "ROOT", "copy_template", "products", "render"]

ROOT = Path(__file__).parents[2]

AXES: dict[str, list[Any]] = {
    "broker": ["redis", "rabbitmq"],
    "idempotency_store": ["redis", "postgresql"],
    "results": ["none", "redis", "postgresql"],
    "queue_layout": ["single", "priority", "latency"],
    "scheduler": [False, True],
    "producer": ["none", "fastapi", "django"],
    "ci": ["github", "gitlab", "none"],
    "observe": [[], ["metrics"], ["traces"], ["metrics", "sentry", "traces"]],
    "deploy": [[], ["compose"], ["kubernetes"], ["compose", "kubernetes"]],
}
"""Every question with a choice, and every choice."""

IN_TURN = ["observe"]
"""Axes that `products` does not multiply by: each product has one of their values, so that any two other choices meet
each of them."""

FREE_TEXT = ["service_name", "package", "author_name", "author_email", "subfolder"]
"""Every other question: `NAMES` holds their extremes."""

NAMES: list[dict[str, str]] = [
    {"service_name": "a", "package": "a", "author_name": "", "author_email": "", "subfolder": ""},
    {
        "service_name": "The Longest Name That A Service Can Have",
        "package": "a_package_of_20_char",
        "author_name": 'Zoë "Quote" O\'Back\\slash {{ brace }} # hash',
        "author_email": "zoe+quote@example.com",
        "subfolder": "services/größe 1.0/a_package",
    },
    {
        "service_name": "z9_-9z",
        "package": "zzzzzzzzzzzzzzzzzzzz",
        "author_name": "安",
        "author_email": "",
        "subfolder": "a",
    },
]


def products(**fixed: Any) -> Iterator[dict[str, Any]]:
    """Every combination of choices that has `fixed` in it, each with names of one extreme or another."""
    free = {axis: values for axis, values in AXES.items() if axis not in fixed and axis not in IN_TURN}
    in_turn = [axis for axis in IN_TURN if axis not in fixed]
    for number, places in enumerate(itertools.product(*(range(len(values)) for values in free.values()))):
        chosen = {axis: AXES[axis][place] for axis, place in zip(free, places, strict=True)}
        for power, axis in enumerate(in_turn):
            turn = sum(place * order**power for order, place in enumerate(places, 1))
            chosen[axis] = AXES[axis][turn % len(AXES[axis])]
        yield {**fixed, **{axis: chosen[axis] for axis in AXES if axis in chosen}, **NAMES[number % len(NAMES)]}


@cache
def plain_copy() -> Path:
    """The template's files outside git."""
    folder = Path(tempfile.mkdtemp(prefix="template-"))
    copy_template(folder)
    return folder


def copy_template(folder: Path) -> None:
    """Copy what a service is rendered from, as it stands in the working tree."""
    shutil.copy(ROOT / "copier.yml", folder)
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
    shutil.copytree(ROOT / "template", folder / "template", ignore=ignored)


def render(destination: Path, answers: Mapping[str, Any]) -> Path:
    """Render a service into `destination`, which records no place and no release, and return it."""
    render_files(plain_copy(), destination, answers, record=("asyncgen", "unknown"))
    return destination
