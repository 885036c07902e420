"""The order in which tests run."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first, in each half of the list: `-n 2` deals out halves, and neither process should end alone."""
    long = [item for item in items if item.get_closest_marker("long")]
    short = [item for item in items if not item.get_closest_marker("long")]
    middle = len(short) // 2
    items[:] = long[::2] + short[:middle] + long[1::2] + short[middle:]
