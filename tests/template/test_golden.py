"""The committed default render is what the template gives, no file more and no file less."""

from pathlib import Path

from .golden import GOLDEN, fresh, tree


def test_the_golden_render_is_fresh(tmp_path: Path) -> None:
    expected, committed = tree(fresh(tmp_path)), tree(GOLDEN)
    assert sorted(committed) == sorted(expected), "run `make golden` and read the difference"
    for name, text in expected.items():
        assert committed[name] == text, f"{name} differs: run `make golden` and read the difference"
