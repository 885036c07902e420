"""README's pictures are of today: the words of the terminal are those that are printed, the plot is of the table.

What is printed is compared where it is tested: tests/cli/test_add_task.py and tests/template/test_generated.py.
"""

import re
import sys
from pathlib import Path

import pytest
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from tests.template.golden import GOLDEN

from .building import PAGES, ROOT
from .pictures import ASSETS, demo, plots, record, terminal, words

TASK = re.compile(r"^```python\n(@shared_task\(.*?:) \.\.\.\n```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", plots())
def test_the_plot_is_of_the_table(name: str) -> None:
    assert (ASSETS / name).read_text() == plots()[name], "expected the plot to be drawn anew: make pictures"


def test_a_terminal_is_drawn_as_it_was_recorded() -> None:
    shown = list(record([sys.executable, "-c", "print('\\x1b[1ma  < b\\x1b[0m\\n'); print('at 80:', 'x' * 73 )"]))
    assert [line for _, line in shown] == ["\x1b[1ma  < b\x1b[0m", "", f"at 80: {'x' * 73}"]
    picture = terminal(shown, DEFAULT_TERMINAL_THEME)
    assert "font-weight: bold" in picture
    assert words(picture) == f"a  < b\n\nat 80: {'x' * 73}\n"


def test_pictures_fetch_nothing_and_name_no_folder_of_a_machine() -> None:
    for picture in ASSETS.glob("*.svg"):
        text = picture.read_text()
        assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert len(text) < 40_000
    assert not re.search(r"/(home|root|tmp|work)/", demo())


@pytest.mark.parametrize("page", [ROOT / "README.md", PAGES / "index.md"], ids=lambda page: page.name)
def test_the_first_task_is_one_that_add_task_writes(page: Path) -> None:
    (task,) = TASK.findall(page.read_text())
    written = (GOLDEN / "src/myservice/tasks/send_welcome.py").read_text().splitlines()
    renamed = {line.replace("send_welcome", "send_invoice").replace("user_id", "invoice_id") for line in written}
    assert [line for line in task.splitlines() if line not in renamed] == []
