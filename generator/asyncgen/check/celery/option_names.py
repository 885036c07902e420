"""Celery's options: of a task, and of one message.

Source: `celery.app.task.Task` and `celery.app.base.Celery` of Celery 5.7, and the names that earlier releases
understood (an older project may be right to use them).
"""

__all__ = ["MESSAGE_OPTIONS", "TASK_ONLY_OPTIONS", "TASK_OPTIONS"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: What `@app.task(...)` takes, besides what a base class declares.
TASK_OPTIONS: frozenset[str] = _words(
    """
    name base bind pydantic pydantic_strict pydantic_context pydantic_dump_kwargs abstract acks_late
    acks_on_failure acks_on_failure_or_timeout acks_on_timeout autoretry_for backend default_retry_delay
    dont_autoretry_for expires ignore_result max_retries priority rate_limit reject_on_worker_lost
    resultrepr_maxsize retry_backoff retry_backoff_max retry_jitter retry_kwargs retry_on_worker_lost
    send_events serializer shadow_name soft_time_limit store_errors_even_if_ignored store_eager_result throws
    time_limit track_started trail typing queue routing_key exchange delivery_mode compression immediate
    mandatory filter lazy shared app run options exchange_type result_expires before_start after_return
    on_failure on_success on_retry on_replace on_bound run_every relative
    """
)

#: What `apply_async`, `send_task`, `signature(options=...)` and `retry` take for one message.
MESSAGE_OPTIONS: frozenset[str] = _words(
    """
    args kwargs task_id producer link link_error shadow countdown eta expires retry retry_policy connection
    queue exchange routing_key priority serializer compression add_to_parent publisher headers time_limit
    soft_time_limit ignore_result router result_cls group_id group_index retries chord reply_to root_id
    parent_id route_name chain task_type replaced_task_nesting correlation_id delivery_mode mandatory
    immediate timeout confirm_timeout declare stamped_headers expiration message_id timestamp app_id user_id
    content_type content_encoding properties exchange_type interval body create_sent_event
    """
)

#: Read from the task alone: given to one message they do nothing.
TASK_ONLY_OPTIONS: frozenset[str] = _words(
    """
    acks_late acks_on_failure_or_timeout acks_on_failure acks_on_timeout autoretry_for bind
    default_retry_delay dont_autoretry_for rate_limit reject_on_worker_lost retry_backoff retry_backoff_max
    retry_jitter retry_kwargs throws track_started typing
    """
)
