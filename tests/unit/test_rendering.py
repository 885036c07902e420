"""What is rendered is what plain Copier renders, whatever was rendered before in the same process."""

from pathlib import Path

from copier import run_copy

from asyncgen.rendering import render
from tests.support import write

LOOP = "{% yield item from items %}{{ item }}{% endyield %}.txt"
BLOCKS = {"text.jinja": "{% if items %}\n{{ items }}\n{% endif %}\n"}
BRACKETS = "_envops: {variable_start_string: '[[', variable_end_string: ']]'}"
TEMPLATES: list[tuple[str, dict[str, str]]] = [
    ("", {LOOP: "", f"{{{{ items[0] }}}}/{LOOP}.jinja": "{{ item }}"}),
    ("", BLOCKS),
    ("_envops: {trim_blocks: true}", BLOCKS),
    ("", {"text.jinja": "[[ items ]]{{ items }}"}),
    (BRACKETS, {"text.jinja": "[[ items ]]{{ items }}"}),
    ("", {"text.jinja": "{% include 'words.txt' %}", "words.txt": "{{ items }}"}),
    ("", {"text.jinja": "{% include 'words.txt' %}", "words.txt": "others"}),
    (BRACKETS, {"[[ items[0] ]].txt": "", "{{ items[0] }}.txt": ""}),
    ("_answers_file: '.{{ items[0] }}.yml'", {"{# of none #}one.txt": "", LOOP: "", "a/plain": ""}),
    ("_envops: {line_statement_prefix: '%'}", {"% set a = 1": "", "{{ items[0] }}% b": ""}),
    ("_envops: {line_comment_prefix: '##'}", {"a## b.txt": "", "text.jinja": "a ## b"}),
    ("_exclude: ['{{ items[1] }}.txt', copier.yml]", {"one.txt": "", "two.txt": ""}),
]
"""Settings that give a text another meaning, tags in names, files included under one name, names from a list."""


def test_it_is_what_copier_renders(tmp_path: Path) -> None:
    for number, (settings, files) in enumerate(TEMPLATES * 2):
        template, ours, theirs = (tmp_path / f"{name}{number}" for name in ("template", "ours", "theirs"))
        answers = (
            "[[ _copier_answers | to_nice_yaml ]]" if settings == BRACKETS else "{{ _copier_answers | to_nice_yaml }}"
        )
        questions = f"{settings}\nitems: {{type: yaml, default: [one, two]}}\n"
        write(template, {"copier.yml": questions, ".copier-answers.yml.jinja": answers, **files})
        render(template, ours, {}, record=("somewhere", "1"))
        run_copy(str(template), theirs, defaults=True, quiet=True)
        assert tree(ours) == tree(theirs), settings
        assert tree(ours)


def tree(folder: Path) -> dict[str, str]:
    """Every file but the record of the answers, and its text."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".copier-answers.yml")
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}
