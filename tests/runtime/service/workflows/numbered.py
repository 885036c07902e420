"""Workflows of a first and a second step."""

from celery import chain, chord, group

from runtime import Workflow

from ..tasks.steps import failed, first, second
from ..tasks.waiting import waits

__all__ = ["start_chain", "start_chord", "start_group", "start_slow_chain"]


def start_chain(workflow_id: str, fails: bool = False) -> str:
    """One step after the other."""
    workflow = Workflow("tests", workflow_id, failed)
    return workflow.publish(chain(workflow.step("1", first, fails), workflow.step("2", second)))


def start_group(workflow_id: str) -> str:
    """Two steps side by side."""
    workflow = Workflow("tests", workflow_id, failed)
    return workflow.publish(group(workflow.step("1", first, False), workflow.step("2", second)))


def start_chord(workflow_id: str, fails: bool) -> str:
    """Three first steps, of which one may fail, and a last one when all have run."""
    workflow = Workflow("tests", workflow_id, failed)
    parts = [workflow.step(str(number), first, fails and number == 1, counted=True) for number in range(3)]
    return workflow.publish(chord(parts, workflow.step("last", second)))


def start_slow_chain(workflow_id: str, folder: str) -> str:
    """Three steps, of which the second waits for `folder/go`."""
    workflow = Workflow("tests", workflow_id, failed)
    slow = workflow.step("2", waits, folder, "slow", 45)
    return workflow.publish(chain(workflow.step("1", first, False), slow, workflow.step("3", second)))
