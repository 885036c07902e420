"""What follows from the tasks and from the queue table."""

from myservice.runtime.testing import contract_is_current, queue_differences


def test_contract_yaml_says_what_the_tasks_take() -> None:
    assert contract_is_current(), "run `make contract` and commit contract.yaml"


def test_each_queue_of_the_table_is_in_the_other_files_and_no_other() -> None:
    assert queue_differences() == [], "run `asyncgen sync-queues`"
