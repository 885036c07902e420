"""The documentation names every rule, and counts what it claims."""

from pathlib import Path

from asyncgen.check.rules import CODES, RULES

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_every_rule_has_its_row() -> None:
    described = {(code, name) for code, name, _ in rows("Rules")}
    assert {(rule.code, rule.name) for rule in CODES} == described


def test_the_measured_sums_add_up() -> None:
    measured = {row[0]: row[1:] for row in rows("Measured precision")}
    total = measured.pop("all")
    assert sorted(measured) == [rule.code for rule in RULES if not rule.optional]
    for column in range(4):
        assert sum(int(cells[column]) for cells in measured.values()) == int(total[column])
    for cells in measured.values():
        true, false = int(cells[0]) + int(cells[2]), int(cells[1]) + int(cells[3])
        assert cells[4] == (f"{true / (true + false):.2f}" if true + false else "-")
        assert cells[4] == "-" or float(cells[4]) >= 0.85
