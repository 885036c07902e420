"""For FastAPI: the header and the path of a task's id, the answers with their OpenAPI, and errors as answers.

Endpoints are plain functions, which FastAPI runs in threads: publishing waits for the broker, and a view that is
`async def` would stop its event loop meanwhile. In one of those, `await run_in_threadpool(submit, ...)`.
"""

from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from ..errors import ServiceError
from ..status import TaskState, task_status
from ..task import ServiceTask
from .http import ID_PATTERN, LONGEST_ID, refusal

__all__ = ["ACCEPTED", "TOLD", "IdempotencyKey", "Problem", "TaskId", "Told", "accepted", "answer_errors", "told"]

ID: dict[str, Any] = {"min_length": 1, "max_length": LONGEST_ID, "pattern": ID_PATTERN}

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Names this request: the same one again has no second effect. It becomes the task's id.",
        **ID,
    ),
]
TaskId = Annotated[str, Path(description="The task's id.", **ID)]


class Told(BaseModel):
    """The state of a task."""

    id: str
    state: TaskState


class Problem(BaseModel):
    """What is wrong."""

    detail: str


def _header(description: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    return {"description": description, "schema": schema, "required": required}


def _retry_after(required: bool) -> dict[str, Any]:
    return {"Retry-After": _header("Seconds to wait.", {"type": "integer", "minimum": 1}, required)}


AWAY: dict[int | str, dict[str, Any]] = {
    503: {
        "model": Problem,
        "description": "Broker or store are away: ask again, with the same Idempotency-Key.",
        "headers": _retry_after(required=True),
    }
}
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The task is published.",
        "headers": {"Location": _header("Where its state is told.", {"type": "string"}, True)},
    },
    409: {
        "model": Problem,
        "description": "The Idempotency-Key stands for another request, or for one that is being handled.",
        "headers": _retry_after(required=False),
    },
    **AWAY,
}
"""`responses` of an endpoint that publishes a task; FastAPI adds 422."""

TOLD: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "Nothing is known of this id."}, **AWAY}
"""`responses` of an endpoint that tells a task's state."""


def accepted(request: Request, response: Response, endpoint: str, task_id: str) -> Told:
    """The answer for a published task; `endpoint` is the name of the one that tells its state, by `task_id`."""
    response.headers["Location"] = request.url_for(endpoint, task_id=task_id).path
    return Told(id=task_id, state="waiting")


def told(task: ServiceTask, task_id: str) -> Told:
    """The answer of what is known of a task; raises HTTPException 404 for nothing."""
    status = task_status(task, task_id)
    if not status.published:
        raise HTTPException(404, f"nothing is known of {task_id}")
    return Told(id=task_id, state=status.state)


def answer_errors(api: FastAPI) -> None:
    """Answer the errors of publishing as the module `http` says; the others remain errors of the server."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        found = refusal(error) if isinstance(error, ServiceError) else None
        if found is None:
            raise error
        headers = {"Retry-After": str(found.retry_after)} if found.retry_after else None
        detail: Any = found.detail
        if found.status == 422:  # in the form of FastAPI's own
            detail = [{"loc": ["body"], "msg": found.detail, "type": "payload_error"}]
        return JSONResponse({"detail": detail}, found.status, headers)

    api.add_exception_handler(ServiceError, answer)
