"""What changed in the arguments of a task."""

from collections.abc import Iterator, Mapping

from .changes import KEYS, MESSAGES, NEW_PRODUCERS, NEW_TASK, OLD_PRODUCERS, Change
from .document import Task
from .json_values import constraints, same, shown
from .schemas import FLOAT, INTEGER, forms, narrowed

__all__ = ["argument_changes"]

REFUSED = "workers refuse such a call, and it becomes a dead letter"
WORKERS_FIRST = "deploy workers before producers that"


def argument_changes(old: Task, new: Task) -> Iterator[Change]:
    """The changes in what a message of a task may carry."""
    renamed = _renamed(old, new)
    for name, schema in old.arguments.items():
        if name in new.arguments:
            yield from _kept(name, old, new)
        elif name in renamed:
            yield Change(
                "argument-renamed",
                new.title,
                f"argument {name} is gone, and {renamed[name]} of the same type is new",
                (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
                "workers refuse the name that they do not know, and the call becomes a dead letter",
                f'rename it with former_arguments={{"{name}": "{renamed[name]}"}} in the options of the task',
            )
        elif name in old.positional or narrowed(schema, new.rest[1]):
            yield Change(
                "argument-removed",
                new.title,
                f"argument {name} is gone",
                (MESSAGES, OLD_PRODUCERS),
                REFUSED,
                "keep it with a default, and ignore it until nothing sends it",
            )
    fresh = [name for name in new.arguments if name not in old.arguments and name not in renamed.values()]
    for name in fresh:
        yield _added(name, old, new)
    yield from _positions(old, new, renamed)
    for part, before, after in zip(("by position", "by another name"), old.rest, new.rest, strict=True):
        if reason := narrowed(before, after):
            yield Change(
                "other-arguments-narrowed",
                new.title,
                f"further arguments {part}: {reason}",
                (MESSAGES, OLD_PRODUCERS),
                REFUSED,
                NEW_TASK,
            )


def _kept(name: str, old: Task, new: Task) -> Iterator[Change]:
    before, after = old.arguments[name], new.arguments[name]
    in_key = (KEYS,) if name in old.key and name in new.key else ()
    if reason := narrowed(before, after):
        yield Change(
            "argument-narrowed",
            new.title,
            f"argument {name}: {reason}",
            (MESSAGES, OLD_PRODUCERS),
            REFUSED,
            "accept both, by a union of the types, or add another argument with a default",
        )
    elif narrowed(after, before):
        yield Change("argument-widened", new.title, f"argument {name} accepts more", fix=f"{WORKERS_FIRST} pass it")
    yield from _converted(name, old, new)
    if name in new.by_position and name not in old.by_position:
        yield Change(
            "argument-by-position",
            new.title,
            f"argument {name} has no name in messages any more",
            (MESSAGES, OLD_PRODUCERS),
            REFUSED,
            "let it be given by name",
        )
    if name in new.required and name not in old.required:
        yield Change(
            "argument-required",
            new.title,
            f"argument {name} has no default any more",
            (MESSAGES, OLD_PRODUCERS),
            REFUSED,
            "keep the default",
        )
    elif name in old.required and name not in new.required:
        yield Change(
            "argument-optional", new.title, f"argument {name} has a default", fix=f"{WORKERS_FIRST} leave it out"
        )
    elif name not in new.required and not same(_default(before), _default(after)):
        yield Change(
            "default-changed",
            new.title,
            f"the default of argument {name} is {_default(after)}, was {_default(before)}",
            (MESSAGES, OLD_PRODUCERS, *in_key),
            "calls that leave it out do another thing than when they were published, by the release of the worker",
            "keep the default, and let producers pass the new value",
        )
    if _own_name(name, before) != _own_name(name, after):
        yield Change(
            "argument-name",
            new.title,
            f"argument {name} is called {_own_name(name, after)} in code; its name in messages stays",
        )


def _converted(name: str, old: Task, new: Task) -> Iterator[Change]:
    """Where a float is expected, producers send 1.0 for 1, and a key says so."""
    before, after = forms(old.arguments[name]), forms(new.arguments[name])
    changed = {each for each in before ^ after if each[1] != INTEGER}
    refused = any(form == FLOAT for _, form in changed & after) and any(form == INTEGER for _, form in before)
    whom = ((NEW_PRODUCERS,) if refused else ()) + ((KEYS,) if changed and name in {*old.key} & {*new.key} else ())
    if whom:
        yield Change(
            "argument-converted",
            new.title,
            f"argument {name}: a number is an int or a float otherwise than before",
            whom,
            "new producers send 1.0 for 1, which old workers refuse, and 1 and 1.0 are different keys"
            if refused
            else "1 and 1.0 are different keys: what has run already, or is running, runs again",
            "let int | float take the place of int; or keep the type, and add another argument with a default",
        )


def _added(name: str, old: Task, new: Task) -> Change:
    if name in new.required:
        return Change(
            "argument-required",
            new.title,
            f"argument {name} is new, and has no default",
            (MESSAGES, OLD_PRODUCERS),
            REFUSED,
            "give it a default",
        )
    if reason := narrowed(old.rest[1], new.arguments[name]):
        return Change(
            "argument-narrowed",
            new.title,
            f"argument {name} has a name of its own: {reason}",
            (MESSAGES, OLD_PRODUCERS),
            REFUSED,
            "give it another name",
        )
    return Change(
        "argument-added", new.title, f"argument {name} is new, with a default", fix=f"{WORKERS_FIRST} pass it"
    )


def _positions(old: Task, new: Task, renamed: Mapping[str, str]) -> Iterator[Change]:
    before = [renamed.get(name, name) for name in old.positional]
    kept = [name for name in before if name in new.arguments]
    # Where one is gone, those behind it have moved; that is said of the one.
    after = list(new.positional[: len(before)]) if kept == before else [n for n in new.positional if n in kept]
    if after != kept:
        yield Change(
            "positions-changed",
            new.title,
            f"the arguments by position are ({', '.join(new.positional)}), were ({', '.join(old.positional)})",
            (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
            "workers take an argument that is given by position for another one, or refuse the call",
            "keep the order; put new arguments behind all others, or behind *",
        )


def _renamed(old: Task, new: Task) -> dict[str, str]:
    """Arguments that are gone, and of the new ones the first of the same type and need."""
    found: dict[str, str] = {}
    for name, schema in old.arguments.items():
        for other, its in new.arguments.items():
            alike = same(constraints(schema), constraints(its)) and (name in old.required) == (other in new.required)
            if alike and name not in new.arguments and other not in {*old.arguments, *found.values()}:
                found[name] = other
                break
    return found


def _default(schema: Mapping[str, object]) -> str:
    return shown(schema["default"]) if "default" in schema else "computed"


def _own_name(name: str, schema: Mapping[str, object]) -> object:
    return schema.get("x-argument", name)
