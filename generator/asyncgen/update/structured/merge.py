"""The three-way merge of trees: what changed from `base` to `theirs`, done to `ours`, whose text stays otherwise."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import replace

from .order import check_order, place
from .tree import Entry, Group, Leaf, UnmergeableError, shifted

__all__ = ["merge"]

Entries = dict[Hashable, Entry]


def merge(ours: Group, base: Group, theirs: Group) -> Group:
    """The merged tree; UnmergeableError where both sides changed the same."""
    mine, old, new = _by_key(ours, base, theirs)
    if "list" in (ours.kind, base.kind, theirs.kind):
        check_order(list(mine), list(old), list(new))
    merged: Entries = {}
    for key, entry in mine.items():
        if key in old and key in new:
            merged[key] = _entry(entry, old[key], shifted(new[key], ours.indent - theirs.indent))
        elif key in new and entry.value.data != new[key].value.data:
            raise UnmergeableError(f"{entry.key} was added by both, with other values")
        elif key in new or key not in old:
            merged[key] = entry
        elif _lines(entry.text) != _lines(old[key].text):
            raise UnmergeableError(f"{entry.key} was edited here, and removed by the template")
    order = list(mine)
    for key, entry in new.items():
        if key not in mine and key not in old:
            head = " " * ours.indent if ours.in_lines else entry.head
            merged[key] = shifted(replace(entry, head=head), ours.indent - theirs.indent)
            order.insert(place(key, order, list(old), list(new)), key)
        elif key not in mine and entry.value.data != old[key].value.data:
            raise UnmergeableError(f"{entry.key} was removed here, and changed by the template")
    keys = [key for key in order if key in merged]
    entries = tuple(replace(merged[key], blank=_blank(key, keys, mine, old, new)) for key in keys)
    kind = "list" if theirs.kind == "list" else ours.kind
    return replace(ours, kind=kind, entries=entries, foot=_either(ours.foot, base.foot, theirs.foot))


def _by_key(*sides: Group) -> list[Entries]:
    """The entries by key; where a key is there more than once, by their values too."""
    doubled = {
        key for side in sides for key, number in Counter(entry.key for entry in side.entries).items() if number > 1
    }
    found: list[Entries] = []
    for side in sides:
        numbers: Counter[Hashable] = Counter()
        entries: Entries = {}
        for entry in side.entries:
            identity = (entry.key, repr(entry.value.data)) if entry.key in doubled else entry.key
            numbers[identity] += 1
            entries[(identity, numbers[identity])] = entry
        found.append(entries)
    return found


def _entry(ours: Entry, base: Entry, theirs: Entry) -> Entry:
    """One that all three have."""
    lead = _either(ours.lead, base.lead, theirs.lead)
    if not _alike(ours, base, theirs):
        mine, old, new = ours.value.data, base.value.data, theirs.value.data
        if new in (old, mine):
            return replace(ours, lead=lead)
        if mine == old and _lines(ours.text) == _lines(base.text):
            return replace(theirs, lead=lead)
        base, theirs = _like(ours, base), _like(ours, theirs)
    if not _alike(ours, base, theirs):
        raise UnmergeableError(f"{ours.key} has other values in all three")
    return replace(
        ours,
        lead=lead,
        head=_either(ours.head, base.head, theirs.head),
        value=_value(ours.value, base.value, theirs.value),
        tail=_either(ours.tail, base.tail, theirs.tail),
    )


def _value(ours: Leaf | Group, base: Leaf | Group, theirs: Leaf | Group) -> Leaf | Group:
    if isinstance(ours, Group) and isinstance(base, Group) and isinstance(theirs, Group):
        return merge(ours, base, theirs)
    if theirs.data == base.data:
        return theirs if ours == base else ours
    if ours.data == theirs.data:
        return ours
    if ours.data == base.data and (ours == base or "#" not in ours.text):
        return theirs
    raise UnmergeableError(f"{base.data} was changed by both")


def _alike(*entries: Entry) -> bool:
    """Whether the values are of one kind and written in one style, so that they merge part by part."""
    values = [entry.value for entry in entries]
    groups = [value for value in values if isinstance(value, Group)]
    if not groups:
        return True
    styles = {(group.kind == "map", group.flow) for group in groups}
    in_lines = {group.in_lines for group in groups if group.entries}
    return len(groups) == len(values) and len(styles) == 1 and len(in_lines) <= 1


def _like(ours: Entry, side: Entry) -> Entry:
    """A side in the style of ours, if it is an array of another style, or empty."""
    group, value = ours.value, side.value
    if isinstance(group, Group) and isinstance(value, Leaf) and not value.text.strip("[]{} "):
        return replace(ours, value=replace(group, entries=(), foot=""))
    if not (isinstance(group, Group) and isinstance(value, Group) and group.flow and value.flow):
        return side
    head, tail = (" " * group.indent, "\n") if group.in_lines else ("", "")
    entries = tuple(
        replace(item, blank=" " if number and not group.in_lines else "", lead="", head=head, tail=tail)
        for number, item in enumerate(value.entries)
    )
    return replace(ours, value=replace(value, entries=entries, foot="", indent=group.indent))


def _either(ours: str, base: str, theirs: str) -> str:
    """The one of two texts that changed; blanks do not count."""
    mine, old, new = _lines(ours), _lines(base), _lines(theirs)
    if new in (old, mine):
        return ours
    if mine == old:
        return theirs
    raise UnmergeableError(f"{base.strip()} was changed by both")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _blank(key: Hashable, keys: list[Hashable], mine: Entries, old: Entries, new: Entries) -> str:
    """The blank lines before an entry of the result, from where it stands likewise: first, or not first."""
    first = key == keys[0]
    ours, base, theirs = (
        side[key].blank if key in side and (key == next(iter(side))) == first else None for side in (mine, old, new)
    )
    if ours is not None:
        return theirs if ours == base and theirs is not None else ours
    if theirs is not None:
        return theirs
    others = [
        entry.blank for side in (mine, new) for entry in (list(side.values())[:1] if first else list(side.values())[1:])
    ]
    return others[0] if others else ""
