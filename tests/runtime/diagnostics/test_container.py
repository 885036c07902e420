"""The memory limit of control groups of either version, as a host and a container see them."""

from pathlib import Path

import pytest

from runtime import QueueClass
from runtime.diagnostics import container


@pytest.mark.parametrize(
    ("groups", "files", "limit"),
    [
        ("0::/a/b\n", {"a/memory.max": "300", "a/b/memory.max": "max"}, 300),
        ("0::/a/b\n", {"a/memory.max": "300", "a/b/memory.max": "200"}, 200),
        ("0::/\n", {"memory.max": "200"}, 200),
        ("0::/../other\n", {"memory.max": "200"}, 200),
        ("0::/a\n", {"a/memory.max": "max"}, None),
        ("4:memory:/a\n0::/\n", {"memory/a/memory.limit_in_bytes": "200"}, 200),
        ("4:cpu,memory:/docker/1\n", {"memory/memory.limit_in_bytes": "200"}, 200),
        ("4:memory:/a\n", {"memory/a/memory.limit_in_bytes": str(2**63 - 4096)}, None),
        ("4:cpu:/a\n", {"memory/memory.limit_in_bytes": "200"}, None),
        ("", {}, None),
    ],
)
def test_the_smallest_limit_counts(tmp_path: Path, groups: str, files: dict[str, str], limit: int | None) -> None:
    for name, text in files.items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text(f"{text}\n")
    (tmp_path / "groups").write_text(groups)
    assert container.memory_limit(tmp_path / "groups", tmp_path / "root") == limit


def test_a_system_without_control_groups_has_no_limit(tmp_path: Path) -> None:
    assert container.memory_limit(tmp_path / "none", tmp_path / "none") is None


def test_a_limit_below_what_a_worker_needs_is_found() -> None:
    queues = [QueueClass("default", 60, concurrency=2), QueueClass("mail", 60, concurrency=50, pool="threads")]
    assert container.diagnose(queues, None).ok
    assert container.diagnose(queues, container.MAIN + 2 * container.CHILD).ok
    finding = container.diagnose(queues, container.MAIN + 2 * container.CHILD - 1)
    assert not finding.ok
    assert "for a worker of queue default (2 processes)" in finding.detail
    assert finding.fix.endswith("or set concurrency=1 for default in queues.py")
