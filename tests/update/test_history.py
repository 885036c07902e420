"""Renames over several releases: a jump gives what the updates one by one would have given."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncgen.bundle import File
from asyncgen.errors import Refused
from asyncgen.questions import Question
from asyncgen.update.answers import migrate_answers
from asyncgen.update.history import load
from tests.support import Ran, commit

from .planted import FIRST, PACKAGE, QUESTIONS, release, snapshot

Command = Callable[..., Ran]
HISTORY = "template/history.yml"
NORTH = "{type: str, default: north}\n"
TOOLS = "{type: str, choices: [%s], default: %s}\n"


def answers(service: Path) -> dict[str, object]:
    read: dict[str, object] = yaml.safe_load((service / ".copier-answers.yml").read_text())
    return read


def at(template: Path, service: Path, asyncgen: Command, questions: str, **given: str) -> None:
    """A release with these questions besides the usual ones, and the service updated to it with these answers."""
    release(template, "0.2.0", {"copier.yml": QUESTIONS + questions})
    ran = asyncgen("update", *(word for name, value in given.items() for word in ("-d", f"{name}={value}")))
    assert ran.code == 0, ran.err
    commit(service)


@pytest.mark.parametrize(
    "history", ["questions: {region: area, area: zone}\n", "questions: {area: zone, region: area}\n"]
)
def test_a_question_that_was_renamed_twice_keeps_its_answer(
    template: Path, service: Path, asyncgen: Command, history: str
) -> None:
    at(template, service, asyncgen, f"region: {NORTH}", region="south")
    release(template, "0.3.0", {"copier.yml": f"{QUESTIONS}area: {NORTH}", HISTORY: "questions: {region: area}\n"})
    release(template, "0.4.0", {"copier.yml": f"{QUESTIONS}zone: {NORTH}", HISTORY: history})
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert answers(service)["zone"] == "south"
    assert not {"region", "area"} & answers(service).keys()
    assert "  region is called zone now; your answer is kept." in ran.out.splitlines()
    assert "New questions:" not in ran.out


@pytest.mark.parametrize(
    "history",
    [
        "choices: {ci_tool: {gitlab: gl, gl: glci}}\n",
        "questions: {ci_tool: pipeline}\nchoices: {ci_tool: {gitlab: gl, gl: glci}}\n",
        "questions: {ci_tool: pipeline}\nchoices: {ci_tool: {gitlab: gl}, pipeline: {gl: glci}}\n",
        "questions: {ci_tool: x, x: pipeline}\nchoices: {pipeline: {gl: glci, gitlab: gl}}\n",
        "questions: {ci_tool: x, x: pipeline}\nchoices: {x: {gitlab: gl}, ci_tool: {gl: glci}}\n",
    ],
)
def test_a_choice_that_was_renamed_twice_with_its_question(
    template: Path, service: Path, asyncgen: Command, history: str
) -> None:
    at(template, service, asyncgen, "ci_tool: " + TOOLS % ("other, gitlab", "other"), ci_tool="gitlab")
    name = "pipeline" if "pipeline" in history else "ci_tool"
    newest = f"{name}: " + TOOLS % ("other, glci", "other")
    release(template, "0.3.0", {"copier.yml": QUESTIONS + newest, HISTORY: history})
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert answers(service)[name] == "glci"
    assert f"  {name}: gitlab is gone; glci takes its place." in ran.out.splitlines()


@pytest.mark.parametrize("alike", [True, False])
def test_edits_follow_a_file_that_was_renamed_twice(
    template: Path, service: Path, asyncgen: Command, alike: bool
) -> None:
    edited = service / "src/shop/old_name.py"
    edited.write_text(edited.read_text().replace("NAME_5 = 5", "NAME_5 = 'mine'"))
    commit(service)
    old, middle, new = (f"src/{{{{package}}}}/{name}.py" for name in ("old_name", "middle", "newest"))
    content = FIRST[f"{PACKAGE}/old_name.py"]
    release(
        template,
        "0.3.0",
        {
            f"{PACKAGE}/old_name.py": None,
            f"{PACKAGE}/newest.py": content if alike else "# fmt: off\n" * 60 + content,
            HISTORY: yaml.safe_dump({"files": {old: middle, middle: new}}),
        },
    )
    ran = asyncgen("update")
    assert ran.code == 0, ran.out
    assert "  new      src/shop/newest.py (was src/shop/old_name.py)" in ran.out
    assert "NAME_5 = 'mine'\n" in (service / "src/shop/newest.py").read_text()


def test_edits_of_two_files_that_became_one_are_kept(template: Path, service: Path, asyncgen: Command) -> None:
    files = ("old_name", "dropped")
    for name in files:
        (service / f"src/shop/{name}.py").write_text("MINE = 1\n")
    commit(service)
    history = {"files": {f"src/{{{{package}}}}/{name}.py": "src/{{package}}/one.py" for name in files}}
    gone: dict[str, str | None] = {f"{PACKAGE}/{name}.py": None for name in files}
    release(template, "0.2.0", gone | {f"{PACKAGE}/one.py": "ONE = 1\n", HISTORY: yaml.safe_dump(history)})
    ran = asyncgen("update")
    assert ran.code == 1
    for name in files:
        assert f"src/shop/{name}.py: it became a part of src/shop/one.py, and you edited it: move" in ran.out
        assert (service / f"src/shop/{name}.py").read_text() == "MINE = 1\n"


@pytest.mark.parametrize(
    "history",
    [
        "questions: {broker: carrier, carrier: broker}\n",
        "questions: {broker: broker}\n",
        "choices: {broker: {rabbit: bunny, bunny: hare, hare: rabbit}}\n",
        "files: {a.py: b.py, b.py: a.py}\n",
    ],
)
def test_a_history_that_runs_in_a_circle_is_refused(
    template: Path, service: Path, asyncgen: Command, history: str
) -> None:
    release(template, "0.2.0", {HISTORY: history, f"{PACKAGE}/added.py": ""})
    before = snapshot(service)
    ran = asyncgen("update")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert (
        "expected template/history.yml of the template to lead each old name to a new one, got: a circle, " in ran.err
    )
    assert snapshot(service) == before


@pytest.mark.parametrize("late", [False, True])
def test_a_name_that_another_question_took_over_is_not_renamed(
    template: Path, service: Path, asyncgen: Command, late: bool
) -> None:
    """late: the release that renamed the question forgot to say so; the next one does."""
    history = {HISTORY: "questions: {region: area}\n"}
    both = f"{QUESTIONS}area: {NORTH}region: {{type: str, default: none}}\n"
    release(template, "0.2.0", {"copier.yml": both} | ({} if late else history))
    assert asyncgen("update", "-d", "area=south", "-d", "region=mine").code == 0
    commit(service)
    release(template, "0.3.0", {"copier.yml": f"{both}more: {NORTH}"} | history)
    assert asyncgen("update").code == 0
    assert (answers(service)["area"], answers(service)["region"]) == ("south", "mine")


def test_the_answer_goes_to_the_renamed_question_and_not_to_the_new_one_of_its_name(
    template: Path, service: Path, asyncgen: Command
) -> None:
    at(template, service, asyncgen, f"region: {NORTH}", region="south")
    both = f"{QUESTIONS}area: {NORTH}region: {{type: str, default: none}}\n"
    release(template, "0.3.0", {"copier.yml": both, HISTORY: "questions: {region: area}\n"})
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert (answers(service)["area"], answers(service)["region"]) == ("south", "none")
    assert "  region: none" in ran.out.splitlines()
    assert "  area: south" not in ran.out.splitlines()


@st.composite
def releases(draw: st.DrawFn) -> list[tuple[dict[int, tuple[str, str]], dict[str, File]]]:
    """Each release: the name and the one choice of every question, by what it asks; and its history."""
    fresh = iter(f"n{number}" for number in range(100))
    questions, renamed, chosen = {0: "first"}, {}, {0: "c0"}
    former: dict[int, list[str]] = {0: ["first"]}
    successors: dict[str, dict[str, str]] = {}
    freed: list[str] = []
    made = []
    for _ in range(draw(st.integers(2, 6))):
        for what in list(questions):
            event = draw(st.sampled_from(["stay", "stay", "rename", "rename", "choice", "drop"]))
            if event == "rename" and questions[what] not in renamed:
                new = next(fresh)
                freed.append(questions[what])
                renamed[questions[what]] = questions[what] = new
                former[what].append(new)
            elif event == "choice":
                new = f"{chosen[what]}+"
                successors.setdefault(draw(st.sampled_from(former[what])), {})[chosen[what]] = new
                chosen[what] = new
            elif event == "drop":
                del questions[what]
        added, reused = draw(st.booleans()), draw(st.booleans())
        if added:
            what = len(former)
            name = freed.pop() if freed and reused else next(fresh)
            questions[what], former[what], chosen[what] = name, [name], f"c{what}"
        history = {
            "questions": dict(draw(st.permutations(list(renamed.items())))),
            "choices": {name: dict(pairs) for name, pairs in successors.items()},
        }
        files = {HISTORY: File(yaml.safe_dump(history, sort_keys=False).encode())}
        made.append(({what: (name, chosen[what]) for what, name in questions.items()}, files))
    return made


@settings(deadline=None)
@given(st.data())
def test_a_jump_over_any_releases_gives_each_answer_to_its_question(data: st.DataObject) -> None:
    made = data.draw(releases())
    first = data.draw(st.integers(0, len(made) - 2))
    (then, old), (now, new) = made[first], made[data.draw(st.integers(first + 1, len(made) - 1))]
    asked = {name: Question(name, "str", (choice,), False, None) for name, choice in now.values()}
    migrated, _ = migrate_answers(
        dict(then.values()), {}, dict(then.values()), asked, load(new, old, {"package": "shop"})
    )
    assert migrated == {name: choice for what, (name, choice) in now.items() if what in then}


def test_two_questions_that_became_one_are_named(template: Path, service: Path) -> None:
    history = load({HISTORY: File(b"questions: {first: one, second: one}\n")}, {}, {"package": "shop"})
    asked = {"one": Question("one", "str", (), False, None)}
    recorded = {"first": "a", "second": "b"}
    migrated, notes = migrate_answers(recorded, {}, recorded, asked, history)
    assert migrated == {"one": "a"}
    assert "second is no longer asked; your answer was b." in notes


@pytest.mark.parametrize("content", [b"questions: {a: [b]}\n", b"choices: {a: b}\n", b"files: {a: {b: c}}\n", b"\xff"])
def test_a_history_that_maps_no_names_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match="to map old names to new ones"):
        load({HISTORY: File(content)}, {}, {"package": "shop"})


def test_a_new_path_may_follow_from_an_answer(template: Path, service: Path, asyncgen: Command) -> None:
    edited = service / "src/shop/old_name.py"
    edited.write_text(edited.read_text().replace("NAME_5 = 5", "NAME_5 = 'mine'"))
    commit(service)
    history = "files: {'src/{{package}}/old_name.py': 'src/{{package}}/{{broker}}/name.py'}\n"
    new = {f"{PACKAGE}/{broker}/name.py": FIRST[f"{PACKAGE}/old_name.py"] for broker in ("redis", "rabbit")}
    release(template, "0.2.0", {f"{PACKAGE}/old_name.py": None, HISTORY: history, **new})
    ran = asyncgen("update")
    assert ran.code == 0, ran.out
    assert "  new      src/shop/redis/name.py (was src/shop/old_name.py)" in ran.out
    assert "NAME_5 = 'mine'\n" in (service / "src/shop/redis/name.py").read_text()


@pytest.mark.parametrize("taken", [False, True])
def test_an_edited_file_that_nothing_followed_is_set_aside(
    template: Path, service: Path, asyncgen: Command, taken: bool
) -> None:
    (service / "src/shop/dropped.py").write_text("MINE = 1\n")
    if taken:
        (service / "src/shop/dropped.py.unmaintained").write_text("mine too\n")
    commit(service)
    history = "unmaintained: {'src/{{package}}/*.py': adapt or delete it}\n"
    release(template, "0.2.0", {f"{PACKAGE}/dropped.py": None, f"{PACKAGE}/old_name.py": None, HISTORY: history})
    ran = asyncgen("update")
    assert ran.code == 1
    assert not (service / "src/shop/old_name.py").exists()
    assert (service / "src/shop/dropped.py").exists() == taken
    aside = (service / "src/shop/dropped.py.unmaintained").read_text()
    if taken:
        assert aside == "mine too\n"
        assert "src/shop/dropped.py: the template dropped it, and you edited it: keep or remove it" in ran.out
    else:
        assert aside == "MINE = 1\n"
        assert (
            "src/shop/dropped.py.unmaintained: the template no longer maintains src/shop/dropped.py, and you edited "
            "it: adapt or delete it"
        ) in ran.out
