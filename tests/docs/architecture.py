"""`make golden` draws who imports whom: the generator, its checker, and the runtime of a service.

Levels are those that tests/test_architecture.py and tests/runtime/test_imports.py enforce, edges the imports that the
files have, but for those that follow from others.
"""

from collections.abc import Callable

from tests import test_architecture as generator
from tests.runtime import test_imports as runtime

from .building import PAGES
from .layered import draw
from .layout import reduced

__all__ = ["FOLDER", "PICTURES", "main"]

FOLDER = PAGES / "develop"
Graph = dict[str, set[str]]


def main() -> None:
    """Write all pictures."""
    for name, picture in PICTURES.items():
        (FOLDER / name).write_text(picture())


def _generator() -> Graph:
    graph: Graph = {module: set() for module in generator.LEVEL}
    for path, tree in generator.modules(generator.PACKAGE):
        names = {name.split(".")[1] for name in generator.imported(path, tree) if name.startswith("asyncgen.")}
        if (module := generator.module_of(path)) in graph:
            graph[module] |= names & graph.keys() - {module}
    return graph


def _checker() -> Graph:
    graph: Graph = {part: set() for part in generator.CHECK_LEVEL}
    for path, others in generator.imports_of_check(generator.PACKAGE).items():
        part = generator.part_of(path)
        graph[part] |= {generator.part_of(other) for other in others} - {part}
    return graph


def _runtime() -> Graph:
    graph: Graph = {module: set() for module in runtime.LEVEL}
    modules = runtime.modules(runtime.RUNTIME)
    for name, path in modules:
        if (module := name.partition(".")[0]) in graph:
            found = runtime.imports(name, path, {each for each, _ in modules})
            tops = {each.split(".")[1] for each in found if each.startswith(".")}
            graph[module] |= tops & graph.keys() - {module}
    return graph


PICTURES: dict[str, Callable[[], str]] = {
    "generator.svg": lambda: draw("Who imports whom in asyncgen", generator.LEVELS, reduced(_generator())),
    "checker.svg": lambda: draw("Who imports whom in asyncgen.check", generator.CHECK_LEVELS, reduced(_checker())),
    "runtime.svg": lambda: draw("Who imports whom in the runtime", runtime.LEVELS, reduced(_runtime())),
}
"""What draws each picture, by the name of its file."""


if __name__ == "__main__":
    main()
