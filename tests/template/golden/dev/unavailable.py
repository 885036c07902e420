"""The one error of this folder."""

__all__ = ["Unavailable"]


class Unavailable(Exception):  # noqa: N818  # a state of the machine
    """A server is neither named by the environment nor can it be started: one sentence that says what to do."""
