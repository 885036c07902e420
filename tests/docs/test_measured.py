"""What was measured is shown elsewhere as it stands in its document."""

from pathlib import Path

import pytest

from tests.support import write

from .measured import fill, rows

TABLE = """<!-- runs -->

As measured:

| broker | mode | lost | repeated |
|---|---|---|---|
| redis | bare | 40 | 0 |
| redis | `lease` | 0 | 3 |
| redis | none | - | - |

<!-- end of runs -->
"""


def filled(folder: Path, directive: str) -> str:
    write(folder, {"there.md": TABLE, "a/here.md": f"# Here\n\n{directive}\n\nEnd\n"})
    fill(folder)
    return (folder / "a/here.md").read_text()


def test_rows_that_hold_a_word_are_shown_with_a_plot(tmp_path: Path) -> None:
    text = filled(tmp_path, "<!-- measured there.md runs: broker; mode | lost; repeated | lease; none -->")
    shown = "| redis | `lease` | 0 | 3 |\n| redis | none | - | - |\n\n![lost and repeated, as in the table](here-0.svg)"
    assert f"{shown}\n\nEnd\n" in text
    assert "bare" not in text
    plot = (tmp_path / "a/here-0.svg").read_text()
    assert all(label in plot for label in ("redis, lease", "0 lost", "3 repeated"))
    assert "none" not in plot


def test_without_words_all_rows_are_shown_and_without_values_no_plot(tmp_path: Path) -> None:
    text = filled(tmp_path, "<!-- measured there.md runs: broker | | -->")
    assert text.count("| redis |") == 3
    assert not list(tmp_path.rglob("*.svg"))


def test_on_its_own_page_only_the_plot_is_added(tmp_path: Path) -> None:
    write(tmp_path, {"there.md": f"{TABLE}\n<!-- measured there.md runs: mode | lost | -->\n"})
    fill(tmp_path)
    text = (tmp_path / "there.md").read_text()
    assert text.endswith("\n<!-- end of runs -->\n\n![lost, as in the table](there-0.svg)\n")


def test_a_table_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="between the markers other"):
        filled(tmp_path, "<!-- measured there.md other: broker | lost | -->")
    with pytest.raises(ValueError, match="0 lines"):
        rows("no table", "runs")
