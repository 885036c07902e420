"""The order in which tests run, and the signals that their processes inherit."""

import signal

import pytest


def pytest_configure() -> None:
    """A shell lets what it runs in the background ignore SIGINT, and every process from there on ignores it too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first, in each half of the list: `-n 2` deals out halves, and neither process should end alone."""
    long = [item for item in items if item.get_closest_marker("long")]
    short = [item for item in items if not item.get_closest_marker("long")]
    middle = len(short) // 2
    items[:] = long[::2] + short[:middle] + long[1::2] + short[middle:]
