"""A Python beside the worker, with the worker's environment: runs what comes in, one JSON object a line.

`{"code": "..."}` is executed; `{"command": [...]}` is a command of the service; `{"call": "module:function", "args":
[], "kwargs": {}}` calls a function. Answers with what was printed, or with the function's result as JSON, and with the
error if there was one. One process for many calls: to import Celery takes a second.
"""

import json
import sys
import traceback
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from typing import Any

from click.testing import CliRunner

from ..cli import group
from .app import load_app

__all__ = ["answer"]

NAMES: dict[str, object] = {"__name__": "__main__"}
"""What the code has defined so far."""


def answer(request: dict[str, Any]) -> dict[str, str]:
    """Do what the request says."""
    if "command" in request:
        result = CliRunner().invoke(group, request["command"], obj=load_app)
        return {"printed": result.stdout, "error": "" if result.exit_code == 0 else result.output}
    printed = StringIO()
    try:
        with redirect_stdout(printed):
            if "call" not in request:
                exec(request["code"], NAMES)
                return {"printed": printed.getvalue(), "error": ""}
            module, _, function = request["call"].partition(":")
            result = getattr(import_module(module), function)(*request["args"], **request["kwargs"])
        return {"printed": json.dumps(result), "error": ""}
    except Exception:
        return {"printed": printed.getvalue(), "error": traceback.format_exc()}


if __name__ == "__main__":
    load_app()
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
