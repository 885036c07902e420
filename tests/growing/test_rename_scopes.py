"""A renamed name is looked up where the old one was: Python's own symbol tables of its standard library say so."""

import random
import symtable
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncgen.renaming.scopes import Scopes
from asyncgen.renaming.source import parsed
from asyncgen.renaming.uses import Uses

NEW = "zz_new"
FILES = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
USE_OF_NEW = f"\n\ndef use():\n    print({NEW})\n"


def tables(old: symtable.SymbolTable, new: symtable.SymbolTable) -> Iterator[tuple[symtable.SymbolTable, ...]]:
    """Each scope before and after."""
    yield old, new
    for pair in zip(old.get_children(), new.get_children(), strict=True):
        yield from tables(*pair)


def meaning(table: symtable.SymbolTable, name: str) -> tuple[bool, ...] | None:
    """What a scope does with a name; None if it has no use for it."""
    if name not in table.get_identifiers():
        return None
    symbol = table.lookup(name)
    return symbol.is_global(), symbol.is_local(), symbol.is_free(), symbol.is_imported(), symbol.is_assigned()


def imported(scopes: Scopes) -> list[str]:
    """What the module imports from others, as it is called there."""
    paths = {name: scopes.bound_path(scopes.module, name) for name in scopes.module.bound}
    # The features of Python that a module asks for have fixed names.
    return [name for name, path in paths.items() if path.endswith(f".{name}") and "__future__" not in path]


def moved(scopes: Scopes, old: str) -> bool:
    """Rename what a module imports; whether its uses have the new name, and nothing else has."""
    source = scopes.source
    uses = Uses(scopes, old, NEW, {scopes.bound_path(scopes.module, old): NEW})
    is_renamed = scopes.module in uses.renamed
    after = symtable.symtable(uses.edits.applied(source.text), source.path, "exec")
    for before, now in tables(symtable.symtable(source.text, source.path, "exec"), after):
        there, new = meaning(before, old), meaning(before, NEW)
        # The module's, or imported again in a function, which may be renamed where the module's cannot.
        is_module = before.get_type() == "module"
        is_the_module = there is not None and (is_module or there[3] or (there[0] and not there[1]))
        is_renamed_here = is_renamed or (there is not None and there[3] and not is_module and meaning(now, old) is None)
        expected = (new, there) if is_renamed_here and is_the_module else (there, new)
        assert (meaning(now, old), meaning(now, NEW)) == expected, f"{old} in {before} of {source.path}"
    return is_renamed


@pytest.mark.parametrize("is_taken", [False, True])
def test_no_name_changes_its_meaning(is_taken: bool) -> None:
    files = random.Random(1).sample(FILES, 30)
    texts = [(file.name, file.read_text(encoding="utf-8") + (USE_OF_NEW if is_taken else "")) for file in files]
    found = [Scopes(parsed(name, text.encode())) for name, text in texts]
    outcomes = [moved(scopes, name) for scopes in found for name in imported(scopes)[:2]]
    assert len(outcomes) > 30
    assert set(outcomes) == {not is_taken}


@pytest.mark.timeout(60)
def test_names_that_are_made_from_each_other_end_soon() -> None:
    text = (
        "import zz_old\n\n\ndef walk(a, b):\n" + "    a = b.next or zz_old\n    b = a.next\n    a = b\n    b = a\n" * 50
    )
    assert moved(Scopes(parsed("walk.py", text.encode())), "zz_old")
