"""What follows a page sees where the page is wrong."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .walkthrough import Walkthrough, edited

EDIT = '```txt title="a.txt"\none\ntwo\n```\n```diff title="a.txt"\n one\n-two\n+three\n```\n'

UNTIL_CTRL_C = """\
python3 -c 'from signal import *
pthread_sigmask(SIG_BLOCK, [SIGINT])
print("ready", flush=True)
sigwait([SIGINT])'"""


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    reader = Walkthrough(tmp_path, os.environ)
    yield reader.follow
    reader.close()


@pytest.mark.parametrize(
    "page",
    [
        "```sh\nfalse\n```\n",
        "```sh\nfalse\necho on\n```\n",
        "```sh\necho one\n```\n```text\ntwo\n```\n",
        "```sh\necho one\necho two\n```\n```text\none\n```\n",
        f'{EDIT}{EDIT.partition("```diff")[1]} title="a.txt"\n-two\n+four\n```\n',
        '```sh title="Another"\nfalse\n```\n```text\nready\n```\n',
    ],
)
def test_a_page_that_is_wrong_is_found_with_its_line(follow: Callable[[str], None], page: str) -> None:
    with pytest.raises(AssertionError, match=r"^line \d+: "):
        follow(page)


def test_commands_keep_their_folder_and_edits_are_made_there(follow: Callable[[str], None], tmp_path: Path) -> None:
    follow(f"# Page\n\n```sh\nmkdir -p made && cd made\nword=four\n```\n{EDIT}")
    follow('```txt title="a.txt, at its end"\nlast\n```\n```sh\necho $word >> a.txt\n```\n')
    assert (tmp_path / "made/a.txt").read_text() == "one\nthree\n\n\nlast\nfour\n"


def test_another_terminal_goes_on_and_is_stopped_when_it_is_used_again(follow: Callable[[str], None]) -> None:
    page = f'```sh title="Another"\n{UNTIL_CTRL_C}\n```\n```text\nready\n```\n'
    follow(page + page)


def test_what_is_not_there_yet_is_looked_at_again(follow: Callable[[str], None]) -> None:
    follow('```sh title="Another"\nsleep 0.3\necho there > file\n```\n```sh\ncat file\n```\n```text\nthere\n```\n')


def test_a_hunk_has_to_be_in_the_file_once() -> None:
    assert edited("a\n\nb\nc\n", " a\n\n-b\n@@\n+d\n c\n") == "a\n\nd\nc\n"
    for text in ("b\n", "a\na\n"):
        with pytest.raises(AssertionError, match="once"):
            edited(text, " a\n+b\n")
