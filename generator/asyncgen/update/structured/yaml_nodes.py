"""The values of a YAML document, and where they are in its text: from the parser's events. No object is made."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from .tree import UnmergeableError, mapping_data

__all__ = ["Node", "read_nodes"]

_DEEPEST = 50
_IDENTITIES = ("id", "alias", "uses", "name", "run")
"""The keys by which an item of a sequence is known, if it has one of them; else it is its first one."""
_RESOLVER: Any = yaml.resolver.Resolver()


@dataclass(frozen=True)
class Node:
    """A value from `start` to `end`, and what it says.

    children: the key, where it starts, and the value, for each entry of a collection that is merged by its entries.
    """

    start: int
    end: int
    data: Any
    children: "tuple[tuple[Hashable, int, Node], ...]" = ()
    is_map: bool = False
    flow: bool = False


def read_nodes(text: str) -> Node:
    """The root of the one document in a text; UnmergeableError for any other text."""
    events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
    try:
        first = next((event for event in events if isinstance(event, yaml.NodeEvent)), None)
        root = _Reader(text, events).node(first, 0) if first else None
        if root is None or any(isinstance(event, yaml.DocumentStartEvent) for event in events):
            raise UnmergeableError("no document, or more than one")
    except yaml.YAMLError as error:
        raise UnmergeableError(str(error)) from error
    return root


class _Reader:
    """Takes events, which have marks and anchors that the types of PyYAML do not know."""

    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self.text = text
        self.events = events
        self.anchors: set[str] = set()

    def node(self, event: Any, depth: int) -> Node:
        """The value that begins with an event."""
        (start, end), anchor = _span(event), event.anchor
        if isinstance(event, yaml.AliasEvent):
            if anchor not in self.anchors:
                raise UnmergeableError(f"{anchor} is used before it is there")
            return Node(start, end, ("alias", anchor))
        if anchor in self.anchors or depth > _DEEPEST:
            raise UnmergeableError(f"{anchor} is there twice, or the document is nested too deep")
        self.anchors |= {anchor} if anchor else set()
        if isinstance(event, yaml.ScalarEvent):
            tag = event.tag or _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)
            if event.style in ("|", ">"):
                end = start + len(self.text[start:end].rstrip("\n "))
            return Node(start, end, (tag, event.value, anchor))
        return self.collection(event, depth + 1)

    def collection(self, event: Any, depth: int) -> Node:
        """A mapping or a sequence; with a tag, and in braces, it is merged as a whole."""
        is_map = isinstance(event, yaml.MappingStartEvent)
        read, children = self.entry if is_map else self.item, []
        while not isinstance(inner := next(self.events), yaml.CollectionEndEvent):
            children.append(read(inner, depth))
        keys = [key for key, _, _ in children]
        if is_map and len(set(keys)) < len(keys):
            raise UnmergeableError("a key that is there twice")
        data: Any = [value.data for _, _, value in children]
        data = mapping_data(zip(keys, data, strict=True)) if is_map else data
        start, end = _span(event)[0], _span(inner)[1] if event.flow_style else children[-1][2].end
        if event.flow_style and event.anchor:
            return Node(start, end, (event.tag, event.anchor, data))
        if event.tag or (event.flow_style and is_map):
            return Node(start, end, (event.tag, data) if event.tag else data)
        return Node(start, end, data, tuple(children), is_map, event.flow_style)

    def entry(self, event: Any, depth: int) -> tuple[Hashable, int, Node]:
        """An entry of a mapping. `on` and "on" are one key: for GitHub they mean the same."""
        if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
            raise UnmergeableError("a key that is no plain word")
        return event.value, _span(event)[0], self.node(next(self.events), depth)

    def item(self, event: Any, depth: int) -> tuple[Hashable, int, Node]:
        """An item of a sequence, by what it is known by when it is changed."""
        item = self.node(event, depth)
        if item.children and not item.is_map and not item.flow:
            item = Node(item.start, item.end, item.data)
        values = {key: value.data[1] for key, _, value in item.children if isinstance(value.data, tuple)}
        first = item.children[0][0] if item.is_map else None
        key = next((key for key in (*_IDENTITIES, first) if item.is_map and key in values), None)
        if key is None:
            return repr(item.data), item.start, item
        return (key, values[key].partition("@")[0] if key == "uses" else repr(values[key])), item.start, item


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index
