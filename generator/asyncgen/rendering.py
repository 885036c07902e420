"""Rendering with Copier; beside `interview` the one module that imports it, which costs a second."""

import errno
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from .errors import AsyncgenError, BadInput, Refused
from .names import ANSWERS_FILE
from .paths import check_path
from .safe_yaml import load_mapping

if TYPE_CHECKING:
    from copier._jinja_ext import SandboxedEnvironment
    from copier._main import Worker

__all__ = ["cli_error", "cli_errors", "new_worker", "render"]

_OF_NAMES = {errno.EEXIST, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR}
"""The errors of the system for a name that cannot be created; all others are not the template's fault."""
_READING = ("expanduser", "expandvars", "fileglob", "realpath")
"""Copier's filters that put what is on the machine into a file: variables, where secrets are, and names of files."""

_compiled: dict[tuple[str, str, str | None], CodeType] = {}
"""The code of templates, by the settings of their environment, their text and their name."""


def render(
    source: Path,
    destination: Path,
    answers: Mapping[str, Any],
    *,
    record: tuple[str, str],
    exclude: Sequence[str] = (),
) -> dict[str, Any]:
    """Render a template into a new folder, and return what the project records there.

    Raises Refused for a template that cannot be rendered, or that renders a link, or a path that `check_path` refuses:
    the folder is not to be used then.

    source: a plain folder of the template's files. From a repository, Copier would render what git's checkout makes of
    them: with CRLF under `core.autocrlf`, with whatever a filter of the user's puts in.
    record: what the project records as `_src_path` and `_commit`.
    answers: what they leave open takes its default.
    exclude: patterns of paths that are not rendered, besides the template's own.
    """
    whose = f"the template {record[0]} at {record[1][:12]}"
    with cli_errors(whose), new_worker(source, destination, answers, record=record, exclude=exclude) as worker:
        worker.run_copy()
    _check_rendered(destination, whose)
    return _recorded(destination / ANSWERS_FILE, whose)


@contextmanager
def cli_errors(whose: str) -> Iterator[None]:
    """Turn whatever Copier and a template's expressions raise into the sentence that a command ends with."""
    try:
        with warnings.catch_warnings():
            # They are about templates in general; on stderr they would pass for errors of this project.
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        # Copier's own errors, and any error of a template's expression: OverflowError, MemoryError and so on.
        # Jinja's TemplateNotFound is an OSError, too, without a number.
        if isinstance(error, OSError) and error.errno and error.errno not in _OF_NAMES:
            raise
        raise cli_error(error, whose) from error


def _check_rendered(folder: Path, whose: str) -> None:
    """Refuse a link, which Copier renders wherever it leads to, and what git would take for its own."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        check_path(name, whose)
        if path.is_symlink():
            raise Refused(f"expected {whose} to render files alone, got: a link at {name}; use another template")


def _recorded(file: Path, whose: str) -> dict[str, Any]:
    try:
        return load_mapping(file.read_bytes())
    except (OSError, ValueError) as error:
        got = "none" if isinstance(error, FileNotFoundError) else error
        raise Refused(f"expected {whose} to make {ANSWERS_FILE}, got: {got}; use another template") from error


def new_worker(
    source: Path,
    destination: Path,
    answers: Mapping[str, Any],
    *,
    record: tuple[str, str] = ("", ""),
    exclude: Sequence[str] = (),
) -> "Worker":
    """Copier's worker, for the parameters of `render`: its public functions can record nothing else."""
    from copier._main import Worker
    from copier._settings import SettingsModel
    from copier._template import Template

    class PlainFolder(Template):
        @cached_property
        def vcs(self) -> None:
            """None, even where GIT_DIR makes every folder look like a repository."""

    class Rendering(Worker):
        @cached_property
        def template(self) -> Template:
            return PlainFolder(url=str(self.src_path))

        @cached_property
        def jinja_env(self) -> "SandboxedEnvironment":
            environment = super().jinja_env
            for name in _READING:
                environment.filters.pop(name, None)
            _compile_once(environment, repr(self.template.envops))
            return environment

        @property
        def answers_relpath(self) -> Path:
            path = str(self.answers_file or self.template.answers_relpath)
            return Path(path) if _renders_to_itself(path, self.jinja_env) else super().answers_relpath

        def _render_string(self, string: str, extra_context: dict[str, Any] | None = None) -> str:
            plain = _renders_to_itself(string, self.jinja_env)
            return string if plain else super()._render_string(string, extra_context)

        def _answers_to_remember(self) -> Mapping[str, Any]:
            src, commit = record
            return {"_commit": commit, **super()._answers_to_remember(), "_src_path": src}

        def _sync_git_index_executable_bit(self, dst_relpath: Path, src_mode: int) -> None:
            """Ask git nothing for each file: what is rendered here is in no index yet."""

    return Rendering(
        src_path=str(source),
        dst_path=destination,
        data=dict(answers),
        # A user's own settings would make `--defaults` mean something else on each machine, and trust tasks.
        settings=SettingsModel(),
        defaults=True,
        quiet=True,
        exclude=exclude,
    )


def _renders_to_itself(text: str, environment: "SandboxedEnvironment") -> bool:
    """Whether a text has no tag, as nearly every part of a path.

    Copier collects all answers for each part of each path, and for the name of the answers file beside it: that would
    be half of a render's time.
    """
    environment.preprocess(text)  # Copier's `yield` starts anew with each text.
    starts = (
        environment.block_start_string,
        environment.variable_start_string,
        environment.comment_start_string,
        environment.line_statement_prefix,
        environment.line_comment_prefix,
        "\n",  # the last one may be dropped
    )
    return not any(start and start in text for start in starts)


def _compile_once(environment: "SandboxedEnvironment", envops: str) -> None:
    """Let an environment take the code of a template from another one with the same settings, or from itself.

    Copier compiles the name of the answers file and each pattern of `_exclude` for every path, and an update renders
    two releases that differ in a few files: this is two thirds of a render's time.
    """
    compile_anew = environment.compile

    def compile_once(source: str, name: str | None = None, filename: str | None = None) -> CodeType:
        known = (envops, source, name)
        if known in _compiled:
            # Copier's `yield` starts anew with each text that is compiled.
            environment.preprocess(source, name, filename)
        else:
            _compiled[known] = compile_anew(source, name, filename)
        return _compiled[known]

    environment.compile = compile_once  # type: ignore[method-assign, assignment]


def cli_error(error: Exception, whose: str) -> AsyncgenError:
    """The sentence for an error of Copier's or of a template's expression."""
    text = " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
    if answer := re.match(r"Validation error for question '(\w+)': expected (.*)", text):
        return BadInput(f"expected {answer[1]} to be {answer[2]}")
    if missing := re.match(r'Question "(\w+)" is required', text):
        return BadInput(
            f"expected an answer to {missing[1]}, which has no default, got: none; give -d {missing[1]}=VALUE"
        )
    return Refused(f"expected {whose} to be rendered, got: {text}; use another commit of it")
