"""The manifests of workers in kubernetes/workers.yaml: a Deployment for each queue, and what goes with it."""

import re
from collections.abc import Sequence

from ..edits import Edit, edited, unable
from ..service import QueueClass, Service
from .grace import grace_period

__all__ = ["kubernetes"]

_GRACE = re.compile(r"^( +terminationGracePeriodSeconds: )\d+$", re.MULTILINE)


def kubernetes(path: str, text: str, service: Service, queues: Sequence[QueueClass]) -> Edit:
    """The manifests of each queue, with its grace period. A new queue's are those of the last one, renamed."""
    documents = re.split(r"(?m)^(?=---$)", text if text.endswith("\n") else f"{text}\n")
    workers = _Workers(f"{service.package.replace('_', '-').strip('-')}-worker-")
    last = next((queue.name for queue in queues if workers.places(documents, queue.name)), "")
    for queue in queues:
        places, grace = workers.places(documents, queue.name), grace_period(queue)
        if not places:
            likes = [documents[place] for place in workers.places(documents, last)]
            added = [workers.renamed(each, last, queue.name) for each in likes]
            if f"[worker, --queue, {queue.name}]" not in "".join(added):
                advice = f"add a Deployment of the workers of {queue.name} to {path}, with:"
                return unable(path, f"{advice}\nterminationGracePeriodSeconds: {grace}")
            places = range(len(documents), len(documents) + len(added))
            documents += added
        changed = [_GRACE.subn(rf"\g<1>{grace}", documents[place]) for place in places]
        if not any(number for _, number in changed):
            advice = f"give the pods of {workers.name(queue.name)} in {path} the line:"
            return unable(path, f"{advice}\nterminationGracePeriodSeconds: {grace}")
        for place, (document, _) in zip(places, changed, strict=True):
            documents[place] = document
        last = queue.name
    if gone := workers.names(documents) - {workers.name(queue.name) for queue in queues}:
        return unable(path, f"take {min(gone)} out of {path}: no queue of the table has that name")
    return edited(path, text, "".join(documents))


class _Workers:
    """The objects that are called PREFIX and a queue's name with hyphens."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def name(self, queue: str) -> str:
        """What the objects of a queue are called."""
        return self.prefix + queue.replace("_", "-")

    def names(self, documents: Sequence[str]) -> set[str]:
        """What they are called in a file."""
        return {name for each in documents for name in re.findall(rf"(?m)^  name: ({self.prefix}\S+)$", each)}

    def places(self, documents: Sequence[str], queue: str) -> Sequence[int]:
        """Where in a file a queue's objects are."""
        return [place for place, each in enumerate(documents) if f"\n  name: {self.name(queue)}\n" in each]

    def renamed(self, document: str, old: str, new: str) -> str:
        """An object of one queue as that of another's."""
        before, after = old.replace("_", "-"), new.replace("_", "-")
        document = re.sub(rf"(?<=worker-){before}(?![a-z0-9-])", after, document)
        return re.sub(rf"((?:--queue, |queue=\"|Name: \w+\.)){old}(?!\w)", rf"\g<1>{new}", document)
