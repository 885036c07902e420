"""The files of one project, parsed when somebody asks."""

import ast
import os
import re
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path

from asyncgen.check.source.files import SourceFile, decode, read
from asyncgen.check.source.module import Module
from asyncgen.check.source.module_finder import ModuleFinder
from asyncgen.check.source.newer_syntax import parse
from asyncgen.check.source.path_kinds import Kind, kind_of_file, kind_of_folders
from asyncgen.check.source.skipped import Reason, Skipped

__all__ = ["Codebase"]


class Codebase:
    """`skip` is called with what cannot be read; `around` holds what deploys the project."""

    def __init__(
        self,
        root: Path,
        files: list[SourceFile],
        skip: Callable[[Skipped], None] = lambda _: None,
        around: Path | None = None,
    ) -> None:
        self.root = root
        self.around = around or root
        self.files = files
        self.skip = skip
        self._parsed: dict[Path, Module | None] = {}
        self._shown = {file.path: file.shown for file in files}
        self._finder = ModuleFinder(root, files)
        self._folder_kinds: dict[str, Kind] = {}
        self._unread: list[str] = []

    @cached_property
    def size(self) -> int:
        """The bytes of its code in which Celery can play a part, before any of it is parsed."""
        return sum(len(file.content) for file in self.files if file.content is not None)

    @cached_property
    def modules(self) -> list[Module]:
        """The modules in which Celery can play a part, in the order of their files; tests do what they like."""
        found = []
        for file in self.files:
            if file.content is not None and self.kind(file.path) != "test":
                module = self.parse(file.path, file.content)
                if module is not None:
                    found.append(module)
        return found

    def modules_aside(self, names: set[bytes], everywhere: bool = False) -> list[Module]:
        """The modules that look free of Celery and have one of the names: those that speak of transactions, or
        `everywhere`; tests aside.
        """
        found = []
        for file in self.files:
            content = file.aside
            if everywhere and file.content is None and content is None:
                content = self._content(file.path)
            if content is not None and any(name in content for name in names) and self.kind(file.path) != "test":
                module = self.parse(file.path, content)
                if module is not None:
                    found.append(module)
        return found

    def texts(self, word: bytes = b"") -> Iterator[bytes]:
        """Of modules, and of files that look free of Celery and speak of transactions: those with a word in them."""
        own = (module.text.encode() for module in self.modules)
        aside = (file.aside for file in self.files if file.aside is not None)
        return (text for text in chain(own, aside) if word in text)

    def named_aside(self, names: dict[str, set[str]]) -> set[str]:
        """Which names, given by the last name of their module, stand in files that look free of Celery, tests aside."""
        sought = {module.encode(): [name.encode() for name in inside] for module, inside in names.items()}
        found: set[bytes] = set()
        for file in self.files:
            content = self._content(file.path) or b"" if file.content is None else b""
            for inside in [inside for module, inside in sought.items() if module in content]:
                there = [name for name in inside if name not in found and name in content]
                if there and self.kind(file.path) != "test":
                    found.update(name for name in there if re.search(rb"\b%b\b" % name, content))
        return {name.decode() for name in found}

    def add_modules_with(self, pattern: re.Pattern[bytes]) -> list[Module]:
        """Takes in the modules that match, whatever made them look free of Celery; gives the new ones."""
        known = {module.path for module in self.modules}
        new = []
        for file in self.files:
            content = self._content(file.path) if file.content is None and file.path not in known else None
            if content is not None and pattern.search(content) and self.kind(file.path) != "test":
                module = self.parse(file.path, content)
                if module is not None:
                    new.append(module)
        for module in new:
            self._finder.note_celery(module.path)
        self.modules.extend(new)
        return new

    # ---- files ----

    @staticmethod
    def _content(path: Path) -> bytes | None:
        try:
            return read(path)
        except OSError:
            return None  # told when the files were loaded

    def parse(self, path: Path, content: bytes | None = None) -> Module | None:
        if path not in self._parsed:
            self._parsed[path] = None  # a module that imports itself must not recurse
            self._parsed[path] = self._parse(path, content)
        return self._parsed[path]

    def _parse(self, path: Path, content: bytes | None) -> Module | None:
        content = self._content(path) if content is None else content
        source = self._source(path, content) if content is not None else None
        if source is None:
            return None
        text, tree = source
        return Module(
            path=path,
            shown=self._shown.get(path, str(path)),
            name=self._finder.name_of(path),
            is_package=path.name == "__init__.py",
            kind=self.kind(path),
            text=text,
            tree=tree,
        )

    def _source(self, path: Path, content: bytes) -> tuple[str, ast.Module] | None:
        """The text and its tree; None for what cannot be read, which is told."""
        reason: Reason = "encoding"
        try:
            text = decode(content)
            reason = "syntax"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return text, parse(text)
        except (SyntaxError, ValueError, LookupError) as error:
            line = getattr(error, "lineno", None) or 1
            problem = getattr(error, "msg", None) or str(error)
            self._note_unread(path, content, line, reason, f"not Python that this version reads ({problem})")
        except (RecursionError, MemoryError):
            self._note_unread(path, content, None, "nesting", "nested too deeply to read")
        return None

    def _note_unread(self, path: Path, content: bytes, line: int | None, reason: Reason, detail: str) -> None:
        if self.kind(path) != "test":
            self._unread.append(content.decode("utf-8", errors="replace"))
        self.skip(Skipped(self._shown.get(path, str(path)), line, reason, detail, path))

    def try_to_read(self, file: SourceFile) -> None:
        """Tells what keeps a file from being read, though Celery plays no part in it; keeps nothing of that."""
        if file.content is not None:
            self.parse(file.path, file.content)
        elif (content := self._content(file.path)) is not None:
            self._source(file.path, content)

    @cached_property
    def unread(self) -> str:
        """The text of the files in which Celery plays a part and that are no Python which this version reads: what they
        hold is unknown, and no conclusion can rest on its absence.
        """
        _ = self.modules
        return "\n".join(self._unread)

    @cached_property
    def unread_words(self) -> set[str]:
        return set(re.findall(r"\w+", self.unread))

    def kind(self, path: Path) -> Kind:
        folder, _, name = str(path).rpartition(os.sep)
        kind = self._folder_kinds.get(folder)
        if kind is None:
            root = os.path.join(self.root, "")
            below = folder.removeprefix(root) if folder.startswith(root) else ""
            kind = self._folder_kinds[folder] = kind_of_folders(below.split(os.sep))
        return kind_of_file(name, kind)

    # ---- modules by name ----

    def module(self, name: str, near: Path | None = None) -> Module | None:
        """The module of that dotted name; of several, the one nearest to the file that asks."""
        path = self._finder.find(name, near)
        return self.parse(path) if path is not None else None

    def has_module(self, name: str) -> bool:
        return self._finder.has(name)

    def may_pass_on_celery(self, name: str) -> bool:
        """Whether a module could pass on something of Celery's."""
        return self._finder.may_pass_on_celery(name)
