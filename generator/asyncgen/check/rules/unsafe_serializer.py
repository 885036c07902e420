"""ACG103."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.serializers import unread_serializers
from asyncgen.check.findings.finding import Finding
from asyncgen.check.model.values import literal
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["UnsafeSerializer"]

_UNSAFE = {
    "pickle": "pickle",
    "dill": "pickle",
    "cloudpickle": "pickle",
    "yaml": "YAML",
    "application/x-python-serialize": "pickle",
    "application/x-yaml": "YAML",
}
_SETTINGS = (
    "task_serializer", "result_serializer", "event_serializer", "accept_content", "result_accept_content",
)  # fmt: skip


class UnsafeSerializer(Rule):
    """Messages are written or accepted as pickle or YAML.

    Whoever can write to the broker or the result backend runs code in every worker that accepts pickle. Objects
    that were pickled by one release cannot be read by the next. Accepting is enough for the first, even if the
    project itself sends JSON. kombu counts YAML among the insecure ones as well, although it has it build plain
    values alone by now: there is nothing in it that JSON lacks and a message needs.

    Bad:
        app.conf.accept_content = ["json", "pickle"]

    Good:
        app.conf.accept_content = ["json"]

    Source: https://docs.celeryq.dev/en/stable/userguide/security.html#serializers
    """

    code = "ACG103"
    name = "unsafe-serializer"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for name in _SETTINGS:
            for setting, value in project.configuration.values(name):
                if setting.module is module and setting.value is not None:
                    yield from self._unsafe(module, setting.value, value, setting.raw)
        for name, unread in unread_serializers(project, module):
            yield from self._unsafe(module, unread, literal(project.names, module, unread), name)
        for call in module.calls:
            if last_name(call.func) == "enable_insecure_serializers":
                yield self.finding(module, call, "pickle and YAML are accepted", 'use "json" and nothing else')
        for task in project.tasks.of(module):
            option = task.options.get("serializer")
            if option is not None and option.module is module:
                value = literal(project.names, module, option.value)
                yield from self._unsafe(module, option.value, value, "serializer")
        for sent in project.dispatches.of(module):
            keyword = sent.options.get("serializer")
            if keyword is not None:
                value = literal(project.names, module, keyword.value)
                yield from self._unsafe(module, keyword.value, value, "serializer")

    def _unsafe(self, module: Module, node: ast.expr, value: object, name: str) -> Iterator[Finding]:
        words = [word for word in (value if isinstance(value, list) else [value]) if isinstance(word, str)]
        unsafe = {word: _UNSAFE[word.lower()] for word in words if word.lower() in _UNSAFE}
        if unsafe:
            what = " and ".join(dict.fromkeys(unsafe.values()))
            yield self.finding(
                module, node, f"{name} allows {what}: {', '.join(unsafe)}", 'use "json" and nothing else'
            )
