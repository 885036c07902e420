"""Where an entry goes, and when the order of a sequence leaves no doubt about it."""

from collections.abc import Hashable, Iterable, Sequence, Set

from .tree import UnmergeableError

__all__ = ["check_order", "place"]

Keys = Sequence[Hashable]


def place(key: Hashable, order: Keys, base: Keys, theirs: Keys) -> int:
    """The index in `order` for an entry that the template added: after the one that it follows there, else before the
    one that follows it.

    order: the keys of ours, with those that the template removed still in it.
    """
    at = theirs.index(key)
    before = next((other for other in reversed(theirs[:at]) if other in order), None)
    if before is not None:
        return order.index(before) + 1
    after = next((other for other in theirs[at + 1 :] if other in order), None)
    # In place of what the template removed there.
    gone = set(base[: base.index(after)] if after in base else base).difference(theirs)
    places = [order.index(other) for other in gone if other in order]
    return min(places, default=order.index(after) if after is not None else len(order))


def check_order(ours: Keys, base: Keys, theirs: Keys) -> None:
    """Raise UnmergeableError for a sequence in which both sides changed the same stretch, or the template its order."""
    if _only(theirs, base) != _only(base, theirs):
        raise UnmergeableError("the template put a sequence in another order")
    anchors = set(base).intersection(ours, theirs)
    if _only(ours, anchors) != _only(base, anchors):
        if set(theirs) - set(base):
            raise UnmergeableError("the template added to a sequence that has another order here")
        return
    stretches = zip(*(_stretches(keys, anchors) for keys in (ours, base, theirs)), strict=True)
    for mine, old, new in stretches:
        added, added_too = mine - old - new, new - old - mine
        removed, removed_too = old - mine, old - new
        if (added and added_too and (removed or removed_too)) or (removed & removed_too and (added or added_too)):
            raise UnmergeableError("both sides replaced the same items of a sequence")


def _only(keys: Keys, those: Iterable[Hashable]) -> list[Hashable]:
    known = frozenset(those)
    return [key for key in keys if key in known]


def _stretches(keys: Keys, anchors: Set[Hashable]) -> list[set[Hashable]]:
    """The keys before, between and after the anchors."""
    found: list[set[Hashable]] = [set()]
    for key in keys:
        if key in anchors:
            found.append(set())
        else:
            found[-1].add(key)
    return found
