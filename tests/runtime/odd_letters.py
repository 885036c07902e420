"""Odd messages in a queue's dead letters, as another program may leave them there."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kombu import Connection
from redis import Redis

__all__ = ["plant"]

DEATH = {"reason": "ValueError: no", "traceback": "", "attempts": 1, "last": "2026-01-31T12:00:00+00:00"}

HEADERS: dict[str, dict[str, Any]] = {
    "a list as id": {"id": [1, [2]]},
    "an object as id": {"id": {"a": 1}},
    "a number as id": {"id": 17},
    "a surrogate in the id": {"id": "\ud800 odd"},
    "lines in the id": {"id": "odd\nid\x1b[31m"},
    "a list as task": {"task": ["tests.effect"]},
    "odd compression": {"compression": "rot13"},
    "a list as compression": {"compression": ["zlib"]},
    "compressed, as it says": {"compression": "zlib"},
    "text as x-death": {"x-death": "often"},
    "an object as x-death": {"x-death": {"queue": "runtime.long"}},
    "numbers in x-death": {"x-death": [1, "two", None, []]},
    "odd deaths": {"x-death": [{"queue": "runtime.long", "reason": ["x"], "time": 2**62, "count": "many"}]},
    "a death without a reason": {"x-death": [{"queue": "runtime.long"}]},
    "a death at no time": {"x-death": [{"queue": "runtime.long", "reason": "rejected", "time": "noon"}]},
    "a list as the first reason": {"x-first-death-reason": ["rejected"]},
    "a list as letter": {"dead_letter": [1]},
    "text as letter": {"dead_letter": "ValueError"},
    "an empty letter": {"dead_letter": {}},
    "an odd letter": {"dead_letter": {"reason": [1], "traceback": {}, "attempts": "two", "last": "2026-13-01"}},
    "a letter without a zone": {"dead_letter": {**DEATH, "last": "2026-01-31 12:00"}},
    "lines in the reason": {"dead_letter": {**DEATH, "reason": "first\nsecond\r\n\x1b[2Jthird"}},
    "text as retries": {"retries": "two", "x-delivery-count": [3]},
    "a number as the first time": {"first_published": 17},
    "a list as the first time": {"first_published": ["2026"]},
    "another zone": {"first_published": "2026-01-31T12:00:00"},
    "no JSON": {"odd": [Decimal("1.5"), datetime(2026, 1, 31, tzinfo=UTC)], "also": {"x": [{"y": None}]}},
    "numbers as lists": {"lang": [], "argsrepr": {"x": 1}, "eta": [1], "expires": {}, "timelimit": "x"},
}
"""What differs from a good letter, by what it is, on both brokers."""


def nested(levels: int) -> list[Any]:
    """A list in a list in a list..."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def plant(url: str, queue: str, mark: str, good: dict[str, Any]) -> int:
    """Put all of them into the dead letters of `queue`, a good one between any two; how many there are.

    mark: the ids' end, where a message has one. good: the body of a task's message, and its name.
    """
    headers = {name: {"id": name + mark, "task": good["task"], **odd} for name, odd in HEADERS.items()}
    headers["nested deep"] = {"id": "deep" + mark, "odd": nested(400)}
    bodies = {
        "no body": "",
        "nested deep in the body": f"[[{'[' * 500}{']' * 500}], {{}}, {{}}]",
        "nested deeper": "[" * 100_000,
        "an odd type": '[[{"__type__": "decimal", "__value__": "x"}], {}, {}]',
        "no list": "{}",
        "\ud800": '[["\\ud800"], {}, {}]',
    }
    redis = url.startswith("redis")
    put = _redis(url, queue) if redis else _rabbitmq(url, queue)
    number = 0
    for name, each in headers.items():
        put({**each, "odd_case": name}, good["body"], {})
    for name, body in bodies.items():
        put({"id": name + mark, "task": good["task"]}, body, {})
    put({"id": "codec" + mark}, good["body"], {"content_encoding": "no-codec", "content_type": "text/odd"})
    put({}, mark, {"content_type": None, "content_encoding": None})
    for number in range(3):
        put({"id": f"good {number}{mark}", "task": good["task"], "dead_letter": DEATH}, good["body"], {})
    planted = len(headers) + len(bodies) + 5
    return planted + (_plant_entries(url, queue, mark, good["body"]) if redis else 0)


def _rabbitmq(url: str, queue: str) -> Any:
    def put(headers: dict[str, Any], body: str, properties: dict[str, Any]) -> None:
        with Connection(url) as connection:
            channel: Any = connection.default_channel
            content = {"content_type": "application/json", "content_encoding": "utf-8", **properties}
            message = channel.prepare_message(body.encode(), headers=headers, **content)
            channel.basic_publish(message, exchange="", routing_key=queue)

    return put


def _entry(headers: Any, body: Any, **parts: Any) -> dict[str, Any]:
    info = {"exchange": "", "routing_key": "runtime.long"}
    properties = {"delivery_tag": "1", "delivery_info": info, "delivery_mode": 2, "priority": 0}
    content = {"content-type": "application/json", "content-encoding": "utf-8"}
    return {"body": body, "headers": headers, "properties": properties, **content, **parts}


def _redis(url: str, queue: str) -> Any:
    client = Redis.from_url(url)

    def put(headers: dict[str, Any], body: str, properties: dict[str, Any]) -> None:
        content = {name.replace("_", "-"): value for name, value in properties.items()}
        client.lpush(queue, json.dumps(_entry(headers, body, **content), default=str))

    return put


def _plant_entries(url: str, queue: str, mark: str, body: str) -> int:
    """What only Redis takes: a list there holds anything."""
    good = _entry({"id": "entry"}, body)
    entries: list[Any] = [
        _entry([mark, "a list"], body),
        _entry("headers" + mark, body),
        _entry({"id": "properties" + mark}, body, properties=["a list"]),
        _entry({"id": "text" + mark}, body, properties="text"),
        _entry({"id": "no properties" + mark}, body, properties={}),
        _entry({"id": "encoding" + mark}, body, **{"content-encoding": 5, "content-type": [1]}),
        _entry({"id": "body_encoding" + mark}, body, properties={"body_encoding": 7, "delivery_tag": 1}),
        _entry({"id": "base64" + mark}, "no base64!", properties={"body_encoding": "base64"}),
        _entry({"id": "info" + mark}, body, properties={"delivery_info": [1], "priority": [2], "reply_to": {}}),
        _entry({"id": "body" + mark}, {"a": [1]}),
        _entry({"id": "numeric" + mark}, 10**12),
        {name: value for name, value in good.items() if name != "body"} | {"headers": {"id": "bodyless" + mark}},
        {"body": mark},
        [mark],
        mark,
        None,
        17,
    ]
    raw = [json.dumps(entry).encode() for entry in entries]
    raw += [b"\xff" + mark.encode(), b"", b"[" * 100_000, b'{"a":' * 500 + b"1" + b"}" * 500]
    raw.append(b'{"headers": {"id": {"__type__": "decimal", "__value__": "x"}}, "properties": {}}')
    with Redis.from_url(url) as client:
        client.lpush(queue, *raw)
    return len(raw)
