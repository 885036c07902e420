"""For Django: what publishes with the commit, and what reads requests and answers them.

A view that publishes is not atomic as a whole, also where ATOMIC_REQUESTS is set: it opens a `transaction.atomic()` of
its own, after which it knows whether the task is published, and can answer 503 where it is not.
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ..errors import PayloadError, ServiceError
from ..status import task_status
from ..submission import Submission
from ..task import ServiceTask
from .http import checked_id, refusal

__all__ = ["accepted", "answering", "arguments_of", "key_of", "publish", "told"]


def publish(
    task: ServiceTask, arguments: Mapping[str, Any], task_id: str = "", using: str = DEFAULT_DB_ALIAS, **options: Any
) -> str:
    """Publish a task once under its id, as `submit` does, when the transaction of the database `using` commits.

    A rollback publishes nothing. Raises KeyConflict, PayloadError and StoreUnavailable at once; PublishError is raised
    by the end of `transaction.atomic()`, when the transaction has been committed: the same request again publishes it.
    """
    submission = Submission.new(task, arguments, task_id)
    if submission.recorded():
        transaction.on_commit(functools.partial(submission.publish, **options), using=using)
    return submission.id


def arguments_of(request: HttpRequest, task: ServiceTask) -> dict[str, Any]:
    """The body, a JSON object, as keyword arguments of the task. Raises PayloadError."""
    try:
        values = json.loads(request.body)
    except (ValueError, RecursionError) as invalid:
        raise PayloadError(f"expected the body to be JSON, got: {invalid}; send a JSON object") from invalid
    if not isinstance(values, dict):
        raise PayloadError(f"expected the body to be a JSON object, got: {values!r:.100}; send one")
    return task.typed.read(values)


def key_of(request: HttpRequest) -> str:
    """The header Idempotency-Key, empty where there is none. Raises PayloadError for one that is no id."""
    key = request.headers.get("Idempotency-Key")
    return "" if key is None else checked_id(key)


def accepted(location: str, task_id: str) -> HttpResponse:
    """202, with the path of the task's state."""
    return JsonResponse({"id": task_id, "state": "waiting"}, status=202, headers={"Location": location})


def told(task: ServiceTask, task_id: str) -> HttpResponse:
    """200 with the task's state, 404 where nothing is known of the id."""
    status = task_status(task, checked_id(task_id))
    if not status.published:
        return JsonResponse({"detail": f"nothing is known of {task_id}"}, status=404)
    return JsonResponse({"id": task_id, "state": status.state})


def answering(view: Callable[..., HttpResponse], method: str) -> Callable[..., HttpResponse]:
    """The view for requests of this method, with errors as the answers that the module `http` names.

    Exempt from the check of CSRF, since a page of another site cannot send JSON: a POST of another type is a 415.
    """

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if method == "POST" and request.content_type != "application/json":
            return JsonResponse({"detail": "expected Content-Type to be application/json"}, status=415)
        try:
            return view(request, *args, **kwargs)
        except ServiceError as error:
            if (found := refusal(error)) is None:
                raise
            headers = {"Retry-After": str(found.retry_after)} if found.retry_after else None
            return JsonResponse({"detail": found.detail}, status=found.status, headers=headers)

    wrapped: Callable[..., HttpResponse] = require_http_methods([method])(answer)
    for decorate in (csrf_exempt, transaction.non_atomic_requests):
        wrapped = decorate(wrapped)
    return wrapped
