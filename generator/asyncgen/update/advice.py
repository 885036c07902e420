"""What to do about messages, keys and results after a changed answer: they stay where they were."""

from collections.abc import Mapping
from typing import Any

__all__ = ["advice"]


def advice(before: Mapping[str, Any], after: Mapping[str, Any], package: str) -> list[str]:
    """What to do about the old queues, keys and results, a sentence or two for each changed answer."""
    changed = {name for name in after if name in before and before[name] != after[name]}
    sentences = []
    if "broker" in changed:
        sentences.append(
            f"broker: messages stay in {before['broker']}. Deploy producers first; keep workers of the old release on "
            f"{before['broker']} until `{package} top` shows no message there, replay its dead letters before, then "
            "stop them."
        )
    if "queue_layout" in changed:
        sentences.append(
            "queue_layout: messages stay in the old queues. Keep a worker of the old release on each queue that is "
            f"gone until it is empty, and replay its dead letters with `{package} dead replay`, then delete it."
        )
    if "idempotency_store" in changed:
        sentences.append(
            f"idempotency_store: the keys of finished work stay in {before['idempotency_store']}. Let the queues run "
            "empty before workers of the new release start: what is delivered again afterwards runs again."
        )
        if after["idempotency_store"] == "postgresql":
            sentences.append(f"idempotency_store: run `{package} migrate` before the first worker starts.")
    if "results" in changed and before["results"] != "none":
        sentences.append(
            f"results: values that were kept in {before['results']} stay there until they expire; nobody reads them."
        )
    if "scheduler" in changed and after["scheduler"]:
        sentences.append(f"scheduler: run one `{package} beat`; tasks that name `every` start with it.")
    return sentences
