"""The variables that `template/task` renders with. They are a contract, and only grow: a later asyncgen renders the
task files of every earlier release, and a service's own sample task is rendered by Copier with the same ones.

package              the service's package
name                 the task: its file, its function
release              the template version that is rendered, as the project records it
queue                the name of a member of `Queue`
idempotency          transactional, lease, at-most-once or natural
key                  names of arguments; [] for the task's id
arguments            [name, type] pairs, the type as in the signature
type_imports         sorted import lines that the types need
examples             a Python expression for each argument
example_imports      sorted import lines that the examples need
retry_on             exceptions as the file names them; [] without retries
stdlib_imports, third_party_imports, own_imports     sorted import lines that these need
max_retries          0: never retried
retry_backoff, retry_backoff_max, longest_wait       seconds; the last is all waits together
expected, soft_time_limit, time_limit                seconds
keep_result          the reason to keep the return value; "" to ignore it
every                the schedule, a crontab or a period; "" without one
rate_limit           runs a second, minute or hour of one worker, as Celery writes it: 10/m; "" without one
bound                what a run waits for or works on: io, cpu; "" if not given
breaker              the circuit that all workers share for what the task calls; "" without one

All are strings, whole numbers and lists of strings, so that a Copier template can set them literally.
"""

from . import failure, payload
from .answers import Answers
from .resources import limits

__all__ = ["GROWN", "variables"]

GROWN = {"every": "--every", "rate_limit": "--rate-limit", "bound": "--bound", "breaker": "--breaker"}
"""The variables that the first release did not have, and the option behind each: "" renders as without them."""


def variables(name: str, answers: Answers, package: str, release: str) -> dict[str, object]:
    """The variables for one task."""
    stdlib, third_party, own = failure.imported_modules(answers.retry_on, package)
    soft, hard = limits(answers.expected)
    types = {argument.item for argument in answers.arguments}
    # The example of a Literal is one of its values.
    examples = {name for name in types if not name.startswith("Literal[")}
    return {
        "package": package,
        "name": name,
        "release": release,
        "queue": answers.queue,
        "idempotency": answers.idempotency,
        "key": list(answers.key),
        "arguments": [[argument.name, argument.type] for argument in answers.arguments],
        "type_imports": payload.imports(types),
        "examples": [payload.example(argument) for argument in answers.arguments],
        "example_imports": payload.imports(examples | ({"UTC"} if "datetime" in types else set())),
        "retry_on": list(answers.retry_on),
        "stdlib_imports": stdlib,
        "third_party_imports": third_party,
        "own_imports": own,
        "max_retries": answers.max_retries,
        "retry_backoff": failure.RETRY_BACKOFF,
        "retry_backoff_max": failure.RETRY_BACKOFF_MAX,
        "longest_wait": failure.longest_wait(answers.max_retries),
        "expected": answers.expected,
        "soft_time_limit": soft,
        "time_limit": hard,
        "keep_result": answers.keep_result,
        "every": answers.every,
        "rate_limit": answers.rate_limit,
        "bound": answers.bound,
        "breaker": answers.breaker,
    }
