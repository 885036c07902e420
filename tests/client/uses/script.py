"""`python script.py JSON`: publish orders, each `[keyword arguments, options]`; print what became of each as JSON.

Instead of a call, "many" publishes the rest of a list at once, and "wait" waits for a line of standard input.
"""

import json
import sys
import time
from typing import Any

import shop_client as client


def outcome(step: Any) -> list[Any]:
    began = time.monotonic()
    try:
        if step == "wait":
            print("waiting", flush=True)
            return [sys.stdin.readline()]
        if step[0] == "many":
            return [each.reason for each in client.publish_many([client.record_order.signature(*a) for a in step[1:]])]
        arguments, options = step
        return ["sent", client.record_order.apply_async(arguments, **options).id]
    except Exception as error:
        return [type(error).__name__, str(error), time.monotonic() - began]


if __name__ == "__main__":
    print(json.dumps([outcome(step) for step in json.loads(sys.argv[1])]))
