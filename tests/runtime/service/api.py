"""An HTTP interface of the service in tests, made as the example of a rendered service is."""

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

from runtime import submit
from runtime.producers.fastapi import ACCEPTED, TOLD, IdempotencyKey, TaskId, Told, accepted, answer_errors, told

from .tasks.effects import effect
from .tasks.waiting import waits

__all__ = ["api"]

api = FastAPI(title="tests", version="1")
answer_errors(api)


class Effect(BaseModel, strict=True):
    """Arguments of the task `effect`, whose key is `name`."""

    name: str
    folder: str


@api.post("/effects", status_code=202, responses=ACCEPTED)
def create_effect(body: Effect, request: Request, response: Response, key: IdempotencyKey = None) -> Told:
    """Publish it."""
    return accepted(request, response, "read_effect", submit(effect, body.model_dump(), key or ""))


@api.get("/effects/{task_id}", responses=TOLD)
def read_effect(task_id: TaskId) -> Told:
    """Tell its state."""
    return told(effect, task_id)


@api.post("/untyped", status_code=202, responses=ACCEPTED)
def create_untyped(body: dict[str, str | int], request: Request, response: Response) -> Told:
    """Publish the same task with whatever came."""
    return accepted(request, response, "read_effect", submit(effect, body))


@api.post("/waits", status_code=202, responses=ACCEPTED)
def create_wait(request: Request, response: Response) -> Told:
    """Publish a task that keeps no key."""
    return accepted(request, response, "read_wait", submit(waits, {"folder": "", "name": "", "seconds": 0.0}))


@api.get("/waits/{task_id}", responses=TOLD)
def read_wait(task_id: TaskId) -> Told:
    """Tell its state."""
    return told(waits, task_id)


@api.get("/alive")
async def alive() -> bool:
    """Answered by the event loop itself."""
    return True
