"""Merges by structure: what the template changed, done to what the user has; None where both changed the same."""

from collections.abc import Callable

import pytest

from asyncgen.update.structured import merge_queue_tables, merge_structured

COMPOSE = """\
# All on one machine.
x-service: &service
  build: .

services:
  worker-critical:
    <<: *service
    stop_grace_period: 50s

  worker-default:
    <<: *service
    stop_grace_period: 320s # from the table

  redis:
    image: redis:8
    command: [redis-server, --appendonly, "yes"]

volumes:
  redis:
"""
OWN = """\
  # look inside
  commander:
    image: rediscommander # mine
    profiles: [debug]

"""
BEAT = """\
  beat:
    <<: *service
    command: [beat]

"""
STEPS = """\
on:
  push:
    branches: [main]
jobs:
  test:
    steps:
      - uses: actions/checkout@1111 # v1
        with:
          persist-credentials: false
      - run: make lint
      - run: make test
"""
PROJECT = """\
[project]
dependencies = [
    "celery>=5.7",
    "click>=8.1",
    "redis>=8.1",
]

[tool.ruff.lint]
select = ["A", "B", "W"]

[tool.pytest.ini_options]
addopts = ["--strict-markers"]
"""
TABLE = '''\
"""The queue table."""


class Queue(Enum):
    """The queues."""

    CRITICAL = QueueClass("critical", longest_run=30)
    DEFAULT = QueueClass("default", longest_run=300)
    BULK = QueueClass("bulk", longest_run=1500)
'''

Edit = Callable[[str], str]


def put(*pairs: tuple[str, str]) -> Edit:
    """An edit that puts a text in the place of another, which has to be there."""

    def edit(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        return text

    return edit


def before(place: str, text: str) -> Edit:
    return put((place, text + place))


def after(place: str, text: str) -> Edit:
    return put((place, place + text))


def both(*edits: Edit) -> Edit:
    def edit(text: str) -> str:
        for one in edits:
            text = one(text)
        return text

    return edit


ADD_BEAT = before("  redis:\n    image", BEAT)
DROP_CRITICAL = put(("  worker-critical:\n    <<: *service\n    stop_grace_period: 50s\n\n", ""))
HTTPX = '    "httpx>=0.28", # mine\n'
REPORTS = '    # for accounting\n    REPORTS = QueueClass("reports", longest_run=600) # mine\n'
WIDE = "    e:\n      - f: |\n          x\n           y\n        g: 1\n"
LATENCY = put(
    ('    CRITICAL = QueueClass("critical", longest_run=30)\n', '    SOON = QueueClass("soon", longest_run=10)\n'),
    ('    DEFAULT = QueueClass("default", longest_run=300)\n', ""),
    ('    BULK = QueueClass("bulk", longest_run=1500)\n', '    LATER = QueueClass("later", longest_run=60)\n'),
)

MERGED: dict[str, tuple[str, str, Edit, Edit, Edit]] = {
    "a service of each side at one place": (
        "compose.yaml",
        COMPOSE,
        before("  redis:\n    image", OWN),
        ADD_BEAT,
        before("  redis:\n    image", BEAT + OWN),
    ),
    "a service before the one that goes": (
        "compose.yaml",
        COMPOSE,
        before("  worker-critical", OWN),
        DROP_CRITICAL,
        both(before("  worker-critical", OWN), DROP_CRITICAL),
    ),
    "a service after the one that goes takes its place": (
        "compose.yaml",
        COMPOSE,
        before("  worker-default", OWN),
        DROP_CRITICAL,
        both(before("  worker-default", OWN), DROP_CRITICAL),
    ),
    "a value that was changed beside one of the user's": (
        "compose.yaml",
        COMPOSE,
        after("image: redis:8\n", "    ports: [6379]\n"),
        put(("redis:8", "redis:9")),
        both(after("image: redis:8\n", "    ports: [6379]\n"), put(("redis:8", "redis:9"))),
    ),
    "a comment of the user's beside a new value": (
        "compose.yaml",
        COMPOSE,
        put(("redis:8\n", "redis:8 # not 7\n")),
        put(("redis:8", "redis:9")),
        put(("redis:8\n", "redis:9 # not 7\n")),
    ),
    "a volume where there was none": (
        "compose.yaml",
        "volumes:\n",
        put(("volumes:\n", "volumes:\n  mine:\n")),
        put(("volumes:\n", "volumes:\n  theirs:\n")),
        put(("volumes:\n", "volumes:\n  mine:\n  theirs:\n")),
    ),
    "what the user took away stays away": (
        "compose.yaml",
        COMPOSE,
        put(("volumes:\n  redis:\n", "")),
        after("  redis:\n    image: redis:8\n", "    restart: always\n"),
        both(put(("volumes:\n  redis:\n", "")), after("  redis:\n    image: redis:8\n", "    restart: always\n")),
    ),
    "other indentation": (
        "compose.yaml",
        "a:\n  b:\n    c: 1\n  d: 2\n",
        lambda _: "a:\n    b:\n        c: 1\n    mine: 0\n    d: 2\n",
        after("c: 1\n", "  e:\n    - f: |\n        x\n         y\n      g: 1\n"),
        lambda _: f"a:\n    b:\n        c: 1\n{WIDE}    mine: 0\n    d: 2\n",
    ),
    "steps of both at the end": (
        ".github/workflows/ci.yml",
        STEPS,
        lambda text: text + "      - run: make docs # mine\n",
        lambda text: text + "      - name: Last\n        run: make last\n",
        lambda text: text + "      - name: Last\n        run: make last\n      - run: make docs # mine\n",
    ),
    "a step that got keys of both": (
        ".github/workflows/ci.yml",
        STEPS,
        both(after("credentials: false\n", "          fetch-depth: 0\n"), put(("on:", '"on":'))),
        put(("@1111 # v1", "@2222 # v2"), ("credentials: false\n", "credentials: false\n          lfs: true\n")),
        put(
            ("on:", '"on":'),
            ("@1111 # v1", "@2222 # v2"),
            ("credentials: false\n", "credentials: false\n          lfs: true\n          fetch-depth: 0\n"),
        ),
    ),
    "branches of both": (
        ".github/workflows/ci.yml",
        STEPS,
        put(("[main]", "[main, mine]")),
        put(("[main]", "[main, next]")),
        put(("[main]", "[main, next, mine]")),
    ),
    "tags that only GitLab knows": (
        ".gitlab-ci.yml",
        "test:\n  script:\n    - !reference [.setup, script]\n    - make test\n",
        after("make test\n", "    - make docs\n"),
        after("make test\n", "    - make check\n"),
        after("make test\n", "    - make check\n    - make docs\n"),
    ),
    "a document start": (
        "x.yml",
        "a: 1\nb: 2\n",
        lambda text: f"---\n# mine\n{text}c: 3\n",
        lambda text: f"{text}d: 4\n",
        lambda text: f"---\n# mine\n{text}d: 4\nc: 3\n",
    ),
    "dependencies, by their names": (
        "pyproject.toml",
        PROJECT,
        both(after('click>=8.1",\n', HTTPX), lambda text: f"{text}\n# mine\n[tool.mine]\nx = 1\n"),
        put(("celery>=5.7", "celery>=5.8"), ('    "redis>=8.1",\n', '    "psycopg>=3",\n    "redis>=8.1",\n')),
        both(
            put(
                ("celery>=5.7", "celery>=5.8"),
                ('    "redis>=8.1",\n', '    "psycopg>=3",\n' + HTTPX + '    "redis>=8.1",\n'),
            ),
            lambda text: f"{text}\n# mine\n[tool.mine]\nx = 1\n",
        ),
    ),
    "an array in one line": (
        "pyproject.toml",
        PROJECT,
        put(('"B", "W"', '"B", "D", "W"')),
        put(('"A", "B", "W"', '"ASYNC", "B", "W", "X"')),
        put(('"A", "B", "W"', '"ASYNC", "B", "D", "W", "X"')),
    ),
    "an array that the user put into lines": (
        "pyproject.toml",
        PROJECT,
        put(('["A", "B", "W"]', '[\n    "A",\n    "B",\n    "D", # docs\n    "W"\n]')),
        put(('"W"]', '"W", "X"]')),
        put(('["A", "B", "W"]', '[\n    "A",\n    "B",\n    "D", # docs\n    "W",\n    "X"\n]')),
    ),
    "tables of both at the end": (
        "pyproject.toml",
        PROJECT,
        lambda text: f"{text}\n[tool.mine]\nx = 1\n",
        lambda text: f"{text}\n[tool.theirs]\nx = 1\n",
        lambda text: f"{text}\n[tool.theirs]\nx = 1\n\n[tool.mine]\nx = 1\n",
    ),
    "no line's end at the end": (
        "pyproject.toml",
        PROJECT,
        lambda text: f"{text}timeout = 1",
        put(("--strict-markers", "--strict")),
        lambda text: put(("--strict-markers", "--strict"))(f"{text}timeout = 1"),
    ),
    "queues of the user's in another layout": (
        "queues.py",
        TABLE,
        before("    DEFAULT", REPORTS),
        LATENCY,
        both(LATENCY, lambda text: text + REPORTS),
    ),
    "a keyword that the template renamed": (
        "queues.py",
        TABLE,
        both(put(("longest_run=300", "longest_run=200")), before("    DEFAULT", REPORTS)),
        lambda text: text.replace("longest_run", "max_runtime"),
        lambda text: before("    DEFAULT", REPORTS)(
            text.replace("longest_run", "max_runtime").replace("max_runtime=300", "longest_run=200")
        ),
    ),
    "a queue of each side": (
        "queues.py",
        TABLE,
        before("    DEFAULT", REPORTS),
        before("    DEFAULT", '    FAST = QueueClass("fast", longest_run=10)\n'),
        before("    DEFAULT", '    FAST = QueueClass("fast", longest_run=10)\n' + REPORTS),
    ),
}

CONFLICTS: dict[str, tuple[str, str, Edit, Edit]] = {
    "one value": ("x.yaml", COMPOSE, put(("redis:8", "redis:7")), put(("redis:8", "redis:9"))),
    "removed by the template, edited": ("x.yaml", COMPOSE, put(("50s", "60s")), DROP_CRITICAL),
    "removed by the template, noted": ("x.yaml", COMPOSE, put(("50s", "50s # why?")), DROP_CRITICAL),
    "removed, and changed by the template": ("x.yaml", COMPOSE, DROP_CRITICAL, put(("50s", "60s"))),
    "added by both": ("x.yaml", COMPOSE, before("volumes", "beat: 1\n"), before("volumes", "beat: 2\n")),
    "one argument": ("x.yaml", COMPOSE, put(('"yes"', '"no", --dir, a')), put(('"yes"', '"no", --dir, b'))),
    "an argument of both": ("x.yaml", COMPOSE, put((', "yes"', ', "no"')), put((', "yes"', ', "yes", --save'))),
    "a comment": ("x.yaml", COMPOSE, put(("All", "Most")), put(("All", "Few"))),
    "a name that the template dropped": (
        "x.yaml",
        COMPOSE,
        before("volumes", "  mine:\n    <<: *service\n\n"),
        lambda text: text.replace("&service", "&every").replace("*service", "*every"),
    ),
    "a table in two ways": (
        "x.toml",
        PROJECT,
        put(("[tool.pytest", "[tool]\nx = {y = 1}\n\n[tool.pytest")),
        put(("[tool.pytest", "[tool.x]\nz = 1\n\n[tool.pytest")),
    ),
    "one version": ("x.toml", PROJECT, put(("redis>=8.1", "redis>=7")), put(("redis>=8.1", "redis>=9"))),
    "one longest run": ("queues.py", TABLE, put(("longest_run=300", "longest_run=200")), put(("run=300", "run=400"))),
    "one longest run, with two names": (
        "queues.py",
        TABLE,
        put(("longest_run=300", "longest_run=200")),
        put(("longest_run=300", "max_runtime=400")),
    ),
    "a key twice": ("x.yaml", COMPOSE, lambda text: f"{text}volumes: 1\n", ADD_BEAT),
    "no YAML": ("x.yaml", COMPOSE, lambda text: f"{text}\t}}\n", ADD_BEAT),
    "two documents": ("x.yaml", COMPOSE, lambda text: f"{text}---\nx: 1\n", ADD_BEAT),
    "nothing but a comment": ("x.yaml", COMPOSE, lambda _: "# mine\n", ADD_BEAT),
    "very deep": ("x.yaml", COMPOSE, lambda text: f"{text}x: {'[' * 9000}\n", ADD_BEAT),
    "very long": ("x.yaml", COMPOSE, lambda text: text + "# long\n" * 20_000, ADD_BEAT),
    "no TOML": ("x.toml", PROJECT, lambda text: f"{text}[\n", put(("redis>=8.1", "redis>=9"))),
    "no Python": ("queues.py", TABLE, lambda text: f"{text}(\n", put(("run=300", "run=400"))),
    "no character": ("x.yaml", COMPOSE, lambda text: text + 'x: "\\UFFFFFFFF"\n', ADD_BEAT),
    "no file before": ("x.yaml", "", lambda _: COMPOSE, lambda _: COMPOSE.replace("redis:8", "redis:9")),
    "another file": ("x.md", COMPOSE, before("  redis:\n    image", OWN), ADD_BEAT),
}


def merged(path: str, ours: str, base: str, theirs: str, by_lines: str | None = None) -> str | None:
    merge = merge_queue_tables if path == "queues.py" else lambda *sides: merge_structured(path, *sides)
    found = merge(ours.encode(), base.encode(), theirs.encode(), by_lines.encode() if by_lines else None)
    return found.decode() if found is not None else None


@pytest.mark.parametrize(("path", "base", "ours", "theirs", "expected"), MERGED.values(), ids=MERGED)
def test_both_are_there(path: str, base: str, ours: Edit, theirs: Edit, expected: Edit) -> None:
    assert merged(path, ours(base), base, theirs(base)) == expected(base)


@pytest.mark.parametrize(("path", "base", "ours", "theirs"), CONFLICTS.values(), ids=CONFLICTS)
def test_lines_decide_where_structure_cannot(path: str, base: str, ours: Edit, theirs: Edit) -> None:
    assert merged(path, ours(base), base, theirs(base)) is None


def test_a_merge_by_lines_that_says_the_same_is_taken_as_it_is() -> None:
    ours, theirs = before("volumes:\n", "# mine\n")(COMPOSE), put(("320s", "330s"))(COMPOSE)
    by_lines = put(("320s", "330s"))(ours) + "# by lines\n"
    assert merged("compose.yaml", ours, COMPOSE, theirs, by_lines) == by_lines


def test_a_merge_by_lines_that_says_something_else_is_not() -> None:
    ours, theirs = before("volumes:\n", OWN)(COMPOSE), after("services:\n", OWN)(COMPOSE)
    twice = after("services:\n", OWN)(ours)
    assert merged("compose.yaml", ours, COMPOSE, theirs, twice) == ours
