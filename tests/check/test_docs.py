"""The documentation names every rule, and counts what it claims."""

from pathlib import Path

from asyncgen.check.rules import CODES, RULES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
PROJECTS = ROOT / "benchmarks" / "check_projects.txt"


def rows(heading: str) -> list[list[str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_every_rule_has_its_row() -> None:
    described = {(code, name) for code, name, _ in rows("Rules")}
    assert {(rule.code, rule.name) for rule in CODES} == described


def test_the_measured_sums_add_up() -> None:
    measured = {row[0]: row[1:] for row in rows("How right it is") if row[0].startswith(("ACG", "all"))}
    total = measured.pop("all")
    assert sorted(measured) == [rule.code for rule in RULES if not rule.optional]
    for column in (*range(6), 7):
        assert sum(int(cells[column]) for cells in measured.values()) == int(total[column])
    places = [[int(number) for number in cells[6].split(" of ")] for cells in measured.values()]
    assert [sum(column) for column in zip(*places, strict=True)] == [int(number) for number in total[6].split(" of ")]


def test_the_summary_says_what_the_rules_come_to() -> None:
    tuned, first, *_ = (
        row for row in rows("How right it is") if len(row) == 8 and not row[0].startswith(("code", "ACG"))
    )
    total = next(row for row in rows("How right it is") if row[0] == "all")
    for row, cells in ((tuned, total[1:4]), (first, total[4:7])):
        true, false, arguable = (int(cell) for cell in cells)
        assert row[5] == ", ".join(cells)
        assert row[6] == f"{(true + arguable / 2) / (true + false + arguable):.2f}"
    assert first[3].startswith(total[7])


def test_the_projects_are_all_listed() -> None:
    listed = PROJECTS.read_text(encoding="utf-8").splitlines()
    counted = [int(row[1]) for row in rows("The projects that were measured")]
    assert sum("==" in line for line in listed) == sum(counted)
