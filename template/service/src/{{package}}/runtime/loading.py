"""Imports the application for a command. An error in an owner's file is one sentence: file, line and cause."""

import gc
import traceback
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ConfigurationError, ServiceError

if TYPE_CHECKING:  # it imports Celery
    from .service import ServiceApp

__all__ = ["load"]

RUNTIME = Path(__file__).parent


def load(module: str) -> "ServiceApp":
    """The application that `module` holds as `app`, in a process of its own.

    What it is made of stays until the process ends. So Python looks for no garbage in it any more (`gc.freeze`), in a
    worker or at the end of a command, and the processes of a pool go on sharing its memory, which that would write to.

    Raises ServiceError where it cannot work, and where a file of the service's owner cannot be imported; any other
    error is a defect, and is raised as it is.
    """
    try:
        app: ServiceApp = import_module(module).app
    except ServiceError:
        raise
    except Exception as error:
        place = _place(error, module)
        if place is None:
            raise
        file, line = place
        shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
        cause = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
        raise ConfigurationError(
            f"expected {shown} to be imported, got: {type(error).__name__} in line {line}: {cause}; "
            f'correct the line (python -c "import {module}" shows the traceback)'
        ) from error
    gc.freeze()
    return app


def _place(error: Exception, module: str) -> tuple[Path, int] | None:
    """The owner's file and line that the error comes from."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return None
    main = Path(spec.origin)

    def owned(file: Path) -> bool:
        return file.is_relative_to(main.parent) and not file.is_relative_to(RUNTIME)

    if isinstance(error, SyntaxError) and error.filename and owned(Path(error.filename)):
        return Path(error.filename), error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if owned(file := Path(frame.filename)):
            # What the application's own file calls is the runtime: an error in there is no owner's.
            return None if file == main and frame is not frames[-1] else (file, frame.lineno or 1)
    return None
