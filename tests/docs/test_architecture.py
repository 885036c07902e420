"""The pictures of the architecture are of today's imports, and can be read."""

import re

import pytest

from .architecture import FOLDER, PICTURES
from .layered import draw
from .layout import reduced

BOX = re.compile(r'<rect class="box" [^>]*?x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"[^>]*/><text[^>]*>([^<]+)<')
LEVELS = [["base", "other"], ["middle"], ["top"]]
GRAPH = {"top": {"middle", "base", "other"}, "middle": {"base"}, "base": set[str](), "other": set[str]()}


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_of_today_s_imports(name: str) -> None:
    is_today_s = (FOLDER / name).read_text() == PICTURES[name]()
    assert is_today_s, "expected the picture to be drawn anew: make golden"  # pytest would compare them for minutes


@pytest.mark.parametrize("name", PICTURES)
def test_no_box_lies_on_another_or_outside(name: str) -> None:
    picture = (FOLDER / name).read_text()
    width, height = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)"', picture)[0])
    boxes = [tuple(map(int, found[:4])) for found in BOX.findall(picture)]
    assert len(boxes) > 10
    for number, (x, y, wide, high) in enumerate(boxes):
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
        for left, top, across, down in boxes[number + 1 :]:
            assert left + across < x or x + wide < left or top + down < y or y + high < top


def test_an_edge_that_follows_from_others_is_left_out() -> None:
    assert reduced(GRAPH) == GRAPH | {"top": {"middle", "other"}}


def test_a_box_is_above_all_that_it_leads_to() -> None:
    picture = draw("A", LEVELS, reduced(GRAPH))
    rows = {found[4]: int(found[1]) for found in BOX.findall(picture)}
    assert rows["top"] < rows["middle"] < rows["base"] == rows["other"]
    assert picture.count('class="band"') == 3
    assert draw("A", LEVELS, GRAPH | {"other": {"base"}}) != draw("A", LEVELS, GRAPH)
