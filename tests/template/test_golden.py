"""The committed default render is what the template gives, no file more and no file less."""

import filecmp
from pathlib import Path

from .golden import GOLDEN, RUNTIME, fresh, owned, tree

MOST_FILES, MOST_LINES = 32, 900
"""What the owner of a default service has to read, tests and CI included."""


def test_the_golden_render_is_fresh(tmp_path: Path) -> None:
    expected, committed = owned(fresh(tmp_path)), tree(GOLDEN)
    assert sorted(committed) == sorted(expected), "run `make golden` and read the difference"
    for name, text in expected.items():
        assert committed[name] == text, f"{name} differs: run `make golden` and read the difference"


def test_the_runtime_is_the_template_s_byte_for_byte(tmp_path: Path) -> None:
    rendered = fresh(tmp_path) / "src" / "myservice" / "runtime"
    names = sorted(tree(rendered))
    assert {"__init__.py", "app.py", "brokers/redis/transport/claim.lua", "testing/digests.txt"} <= set(names)
    assert filecmp.cmpfiles(RUNTIME, rendered, names, shallow=False) == (names, [], [])
    left_out = {name.split("/")[0] for name in set(tree(RUNTIME)) - set(names)}
    optional = {"client", "migrations.py", "observability", "outbox.py", "producers", "relay.py"}
    assert left_out == {"brokers", "cli", "idempotency", "testing"} | optional


def test_the_owner_s_part_stays_small() -> None:
    files = tree(GOLDEN)
    assert len(files) <= MOST_FILES
    assert sum(len(text.splitlines()) for text in files.values()) <= MOST_LINES
