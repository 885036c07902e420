"""YAML of templates, of cloned projects and of users: values alone, bounded in size, with one kind of error."""

import math
from copy import deepcopy
from functools import lru_cache
from itertools import chain
from typing import Any

import yaml

__all__ = ["Loader", "load_mapping", "load_yaml"]


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader, without the tags that another library has added to it, such as an `!include` of files."""

    yaml_constructors = yaml.constructor.SafeConstructor.yaml_constructors


def load_yaml(text: str | bytes, *, most: int = 100_000, kind: type[Loader] = Loader) -> Any:
    """The value of a YAML text; ValueError for anything else.

    most: how many characters it may have; with its aliases written out, twice as many values and characters.
    kind: a loader that is stricter than the usual one.
    """
    text = text.decode() if isinstance(text, bytes) else text
    if len(text) > most:
        raise ValueError(f"{len(text)} characters, where {most} are the most")
    try:
        loader = kind(text)
        node = loader.get_single_node()
        # Merge keys are written out while values are made, and aliases where these are compared or dumped.
        if node and _size(node, {}) > 2 * most:
            raise ValueError(f"aliases that stand for more than {2 * most} values")
        return loader.construct_document(node) if node else None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise ValueError("values nested too deeply to be read") from error
    except (AttributeError, LookupError, TypeError) as error:
        # From the constructors of tags such as !!bool.
        raise ValueError(f"a value that is not what its tag says: {error}") from error


def load_mapping(text: str | bytes) -> dict[str, Any]:
    """The mapping from names in a YAML text, {} for an empty one; ValueError for anything else."""
    # A command reads the questions of a template several times, and PyYAML takes its time over them.
    return deepcopy(_mapping(text))


@lru_cache(maxsize=8)
def _mapping(text: str | bytes) -> dict[str, Any]:
    loaded = load_yaml(text) or {}
    if not isinstance(loaded, dict) or not all(isinstance(name, str) for name in loaded):
        raise ValueError("no mapping from names to values")
    return loaded


def _size(node: yaml.Node, known: dict[int, float]) -> float:
    """The values and characters of a node with all that is in it; infinite for one that is within itself."""
    if isinstance(node, yaml.ScalarNode):
        return 1 + len(node.value)
    if id(node) not in known:
        known[id(node)] = math.inf
        inside = chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_size(part, known) for part in inside)
    return known[id(node)]
