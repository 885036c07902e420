"""Odd messages: a good one of each task, with one to three of its parts replaced, left out or added.

A message is a JSON document with the fields of kombu's virtual transports: body, content-type, content-encoding,
headers, properties. `redis_form` and `amqp_form` say how it lies in a queue of either broker. Depth is written as a
placeholder, since neither Python's encoder nor its decoder could be asked for 100,000 levels.
"""

import base64
import bz2
import json
import lzma
import re
import zlib
from datetime import UTC, datetime, timedelta
from random import Random
from struct import pack
from typing import Any
from uuid import UUID

import amqp
from celery.app.task import Context

__all__ = ["amqp_form", "good", "odd", "redis_form"]

DEPTHS = (50, 150, 500, 700, 900, 3000, 100_000)
DEEP = re.compile(r'"@(\d+)@"')
JSON = "application/json"

ENVELOPE = ("body", "content-type", "content-encoding", "headers", "properties")
PROPERTIES = ("correlation_id", "reply_to", "delivery_mode", "delivery_info", "priority", "body_encoding", "expiration")
HEADERS = (
    *("lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id"),
    *("parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "stamped_headers"),
    *("stamps", "compression", "deferrals", "came_back", "first_published", "dead_letter", "x-death", "redelivered"),
    *("x-delivery-count", "x-first-death-reason", "undecodable", "dead_lettered", "session", "idempotency_key"),
    *("args", "kwargs", "headers", "celery_beat_task", "custom", "published_retry"),
    *sorted(set(dir(Context)) - {"__init__"}),
)
EMBEDDED = ("callbacks", "errbacks", "chain", "chord", "id", "task", "retries", "delivery_info", "get", "custom")
TYPES = ("decimal", "uuid", "bytes", "base64", "datetime", "date", "time", "nonsense")
ENCODINGS = ("base64", "BASE64", "utf-16", "zlib", "hex", "rot13", "idna", "nonsense", "binary", "", "utf-8")
CONTENT_TYPES = ("application/x-python-serialize", "application/data", "text/plain", "application/x-yaml", "nonsense")
PACKERS: dict[str, Any] = {"gzip": zlib.compress, "bz2": bz2.compress, "bzip2": bz2.compress, "lzma": lzma.compress}


def good(mark: str, task: str, folder: str) -> dict[str, Any]:
    """The message of a run that writes `mark` to a file in `folder`."""
    return {
        "body": [[mark, folder], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
        "content-type": JSON,
        "content-encoding": "utf-8",
        "headers": {"lang": "py", "task": task, "id": mark, "root_id": mark, "retries": 0, "mark": mark},
        "properties": {
            "correlation_id": mark,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "nowhere"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": mark,
        },
    }


def odd(random: Random, mark: str, task: str, folder: str) -> dict[str, Any]:
    """A message that is odd in one to three places; `mark` stands somewhere in it."""
    while True:
        message = good(mark, task, folder)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            random.choice((_envelope, _property, _header, _header, _header, _body, _body, _embed, _bytes))(
                random, message
            )
        if mark in str(_readable(message)):
            return message


def _readable(message: dict[str, Any]) -> list[Any]:
    return [message.get("headers"), message.get("properties"), message.get("raw", message.get("body"))]


# ---- the places ----


def _envelope(random: Random, message: dict[str, Any]) -> None:
    _change(random, message, random.choice(ENVELOPE))
    if random.random() < 0.3:
        message["content-type"] = random.choice(CONTENT_TYPES)
    if random.random() < 0.3:
        message["content-encoding"] = random.choice(ENCODINGS)


def _property(random: Random, message: dict[str, Any]) -> None:
    if isinstance(message.get("properties"), dict):
        name = random.choice(PROPERTIES)
        _change(random, message["properties"], name)
        if name == "body_encoding" and random.random() < 0.5:
            message["properties"][name] = random.choice(ENCODINGS)


def _header(random: Random, message: dict[str, Any]) -> None:
    headers = message.get("headers")
    if isinstance(headers, dict):
        name = random.choice(HEADERS)
        _change(random, headers, name)
        if name in ("eta", "expires") and random.random() < 0.7:
            headers[name] = _time(random)
        if name == "timelimit" and random.random() < 0.7:
            headers[name] = [value(random), value(random)]


def _body(random: Random, message: dict[str, Any]) -> None:
    body = message.get("body")
    if isinstance(body, list) and len(body) == 3:
        place = random.randrange(4)
        if place == 3:
            message["body"] = body[: random.randrange(3)] if random.random() < 0.5 else [*body, value(random)]
        elif place == 0 and isinstance(body[0], list) and random.random() < 0.5:
            body[0] = [*body[0], value(random)]
        elif place == 1 and random.random() < 0.5:
            body[1] = {random.choice(("value", "self", "mark", "é", "")): value(random)}
        else:
            body[place] = value(random)


def _embed(random: Random, message: dict[str, Any]) -> None:
    body = message.get("body")
    if isinstance(body, list) and len(body) == 3 and isinstance(body[2], dict):
        name = random.choice(EMBEDDED)
        signature: dict[str, Any] = {"task": "of.nobody", "args": [], "kwargs": {}, "options": {}, "subtask_type": None}
        if random.random() < 0.5:
            _change(random, signature, random.choice(tuple(signature)))
        chosen = [[signature], signature, [value(random)], value(random), value(random)]
        body[2][name] = random.choice(chosen)


def _bytes(random: Random, message: dict[str, Any]) -> None:
    """Replace the encoded body, or what it is packed with."""
    text = json.dumps(message.get("body")).encode()
    mark = json.dumps(message.get("properties", "")).encode()
    kind = random.randrange(7)
    if kind == 0:
        message["raw"] = random.choice((b"", b"null", b"0", b'""', b"[", b"\xff{", b"NaN", b'"args"', b"[[],{}]"))
    elif kind == 1:
        message["raw"] = text[: random.randrange(len(text) + 1)]
    elif kind == 2:
        message["raw"] = random.randbytes(random.randrange(200)) + mark
    elif kind == 3:
        message["raw"] = text.decode().encode(random.choice(("utf-16", "utf-32", "utf-8-sig")))
    elif kind == 4:
        message["raw"] = json.dumps(
            {"task": "of.nobody", "id": value(random), "args": [], "kwargs": value(random)}
        ).encode()
    elif isinstance(message.get("headers"), dict):
        name = random.choice(tuple(PACKERS))
        plain = b"0" * 20_000_000 if kind == 5 and random.random() < 0.2 else text
        message["raw"] = PACKERS[name](plain)[: None if random.random() < 0.7 else 20]
        message["headers"]["compression"] = name


def _change(random: Random, fields: dict[str, Any], name: str) -> None:
    if random.random() < 0.15:
        fields.pop(name, None)
    else:
        fields[name] = value(random)


# ---- the values ----


def value(random: Random, level: int = 0) -> Any:
    """Anything that JSON can hold, and some that it cannot."""
    kind = random.randrange(16 if level < 2 else 12)
    if kind < 4:
        return random.choice(
            (None, True, False, 0, 1, -1, 7, 1.5, -0.0, 1e308, float("nan"), float("inf"), 2**31, 10**30)
        )
    if kind < 8:
        text = ("", "x", "0", "\0", "\ud800", "é" * 300, "a b\nc", "x" * 5000, "celery", "[1]", "${x}", "%s%d", "1e9")
        return random.choice(text)
    if kind == 8:
        return f"@{random.choice(DEPTHS)}@"
    if kind < 11:
        content: Any = random.choice(
            ("1", "x", 5, None, [], {"hex": "x"}, {"hex": str(UUID(int=7))}, "2026-01-01T00:00:00")
        )
        return {"__type__": random.choice(TYPES), "__value__": content}
    if kind == 11:
        return random.choice(([], {}, [[]], [None], {"": None}, ["x"] * 1000))
    if kind < 14:
        return [value(random, level + 1) for _ in range(random.randrange(4))]
    return {
        random.choice(("a", "é", "", "id", "task", "\0")): value(random, level + 1) for _ in range(random.randrange(4))
    }


def _time(random: Random) -> str:
    now = datetime.now(UTC)
    far = ("9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01", "now")
    near = [(now + timedelta(seconds=seconds)).isoformat() for seconds in (-(10**8), -1, 0.5, 1, 10**6)]
    return random.choice((*far, *near))


# ---- how they lie in a queue ----


def redis_form(random: Random, message: dict[str, Any], is_good: bool) -> bytes:
    """The entry of a list; now and then no JSON at all, unless the message has to be good."""
    document = {name: field for name, field in message.items() if name != "raw"}
    raw = message.get("raw", _dumps(message["body"]) if "body" in message else None)
    packed = message.get("properties")
    encoding = packed.get("body_encoding") if isinstance(packed, dict) else None
    if isinstance(raw, bytes) and not (isinstance(message.get("body"), str) and random.random() < 0.5):
        document["body"] = base64.b64encode(raw).decode() if encoding == "base64" else raw.decode("latin-1")
    entry = _dumps(document)
    if not is_good and random.random() < 0.03:
        entry = random.choice(
            (entry[:-1], entry + b"]", b"\xff" + entry, b"[" + entry + b"]", entry.replace(b":", b"="))
        )
    return entry


def amqp_form(message: dict[str, Any]) -> amqp.Message:
    """A message to publish; raises what py-amqp raises for one that AMQP has no form for."""
    properties = message.get("properties")
    given = dict(properties) if isinstance(properties, dict) else {}
    for name in ("delivery_info", "body_encoding", "delivery_tag"):
        given.pop(name, None)
    raw = message.get("raw", _dumps(message["body"]) if "body" in message else b"")
    form = _RawMessage(
        raw,
        content_type=message.get("content-type"),
        content_encoding=message.get("content-encoding"),
        application_headers=_table(message.get("headers")),
        **given,
    )
    form.levels = max([int(levels) for levels in DEEP.findall(json.dumps(message.get("headers")))], default=0)
    return form


class _RawMessage(amqp.Message):
    """One whose headers may be nested deeper than py-amqp can write."""

    levels = 0

    def _serialize_properties(self) -> bytes:
        if not self.levels:
            serialized: bytes = super()._serialize_properties()  # type: ignore[misc]  # not in the stubs
            return serialized
        fields = b""
        for _ in range(min(self.levels, 10_000)):
            fields = b"\x01aF" + pack(">I", len(fields)) + fields
        text = json.dumps(self.properties["correlation_id"]).encode()
        fields += b"\x04markS" + pack(">I", len(text)) + text
        return pack(">H", 0x2000) + pack(">I", len(fields)) + fields


def _table(headers: Any) -> Any:
    """Headers as AMQP has them: times and decimals by type, a placeholder of depth as it is."""
    if isinstance(headers, dict):
        kind, content = headers.get("__type__"), headers.get("__value__")
        if kind == "bytes" and isinstance(content, str):
            return content.encode() + b"\xff"
        if kind == "datetime" and isinstance(content, str) and content.startswith("2"):
            return datetime.fromisoformat(content)
        return {name: _table(each) for name, each in headers.items()}
    return [_table(each) for each in headers] if isinstance(headers, list) else headers


def _dumps(document: Any) -> bytes:
    nested = lambda found: "[" * int(found[1]) + "]" * int(found[1])  # noqa: E731  # the shortest form of a replacement
    return DEEP.sub(nested, json.dumps(document)).encode()
