"""Answers are kept, mapped or refused, never reset; and changing one later advises on tasks and messages."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support import Ran, commit, write

from .planted import FIRST, PACKAGE, QUESTIONS, release, snapshot

Command = Callable[..., Ran]
RENAMED = QUESTIONS.replace("[redis, rabbit]", "[redis, rabbitmq]")
HISTORY = "choices:\n  broker: {rabbit: rabbitmq}\n"


def answers(service: Path) -> dict[str, object]:
    read: dict[str, object] = yaml.safe_load((service / ".copier-answers.yml").read_text())
    return read


@pytest.fixture
def rabbit(service: Path, asyncgen: Command) -> Path:
    """A service with a choice that will go."""
    assert asyncgen("update", "-d", "broker=rabbit").code == 0
    commit(service)
    return service


def test_a_removed_choice_maps_to_its_successor(template: Path, rabbit: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", {"copier.yml": RENAMED, "template/history.yml": HISTORY})
    ran = asyncgen("update")
    assert ran.code == 0
    assert "  broker: rabbit is gone; rabbitmq takes its place." in ran.out.splitlines()
    assert answers(rabbit)["broker"] == "rabbitmq"


def test_a_removed_choice_without_successor_is_asked_for(template: Path, rabbit: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", {"copier.yml": RENAMED})
    before = snapshot(rabbit)
    ran = asyncgen("update")
    assert ran.code == 2
    assert "got: rabbit, a choice that the new release no longer has; choose with -d broker=VALUE" in ran.err
    assert snapshot(rabbit) == before
    assert asyncgen("update", "-d", "broker=redis").code == 0
    assert answers(rabbit)["broker"] == "redis"


def test_a_removed_choice_of_several(template: Path, service: Path, asyncgen: Command) -> None:
    assert asyncgen("update", "-d", "deploy=compose,helm").code == 0
    commit(service)
    fewer = QUESTIONS.replace("[compose, helm]", "[compose, kubernetes]")
    release(template, "0.2.0", {"copier.yml": fewer, "template/history.yml": "choices: {deploy: {helm: kubernetes}}\n"})
    assert asyncgen("update").code == 0
    assert answers(service)["deploy"] == ["compose", "kubernetes"]


def test_a_renamed_question_keeps_its_answer(template: Path, rabbit: Path, asyncgen: Command) -> None:
    renamed = QUESTIONS.replace("\nbroker:", "\ncarrier:")
    readme = FIRST["template/service/README.md.jinja"].replace("broker", "carrier")
    release(
        template,
        "0.2.0",
        {
            "copier.yml": renamed,
            "template/service/README.md.jinja": readme,
            "template/history.yml": "questions: {broker: carrier}\n",
        },
    )
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert "  broker is called carrier now; your answer is kept." in ran.out.splitlines()
    assert answers(rabbit)["carrier"] == "rabbit"
    assert "broker" not in answers(rabbit)


def test_a_new_question_in_its_short_form_takes_its_default(template: Path, service: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", {"copier.yml": QUESTIONS + "region: north\n"})
    assert asyncgen("update").code == 0
    assert answers(service)["region"] == "north"


def test_a_question_that_is_gone_is_named(template: Path, service: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", {"copier.yml": "".join(x for x in QUESTIONS.splitlines(True) if "results" not in x)})
    ran = asyncgen("update")
    assert (ran.code, "results is no longer asked; your answer was none." in ran.out) == (0, True)


def test_a_stricter_validator_is_reported_and_not_applied_silently(
    template: Path, service: Path, asyncgen: Command
) -> None:
    strict = QUESTIONS.replace(
        'default: "{{ _copier_conf.dst_path.name }}"',
        "default: best, validator: \"{% if service_name == 'shop' %}expected best, got: shop{% endif %}\"",
    )
    release(template, "0.2.0", {"copier.yml": strict})
    before = snapshot(service)
    ran = asyncgen("update")
    assert ran.code == 2
    assert "expected service_name to be best, got: shop" in ran.err
    assert snapshot(service) == before


def test_a_new_question_without_a_default_is_refused(template: Path, service: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", {"copier.yml": QUESTIONS + "owner: {type: str}\n"})
    ran = asyncgen("update")
    assert ran.code == 2
    assert "expected an answer to owner, which has no default" in ran.err
    assert asyncgen("update", "-d", "owner=Ann").code == 0
    assert answers(service)["owner"] == "Ann"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("broker=kafka", "expected broker to be redis or rabbit, got: kafka"),
        ("brker=redis", "did you mean broker?"),
        ("package=other", "expected package to stay shop"),
        ("broker", "expected --data to be KEY=VALUE"),
    ],
)
def test_a_wrong_answer_is_one_sentence(service: Path, asyncgen: Command, data: str, message: str) -> None:
    ran = asyncgen("update", "-d", data)
    assert ran.code == 2
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_the_broker_changes_and_the_messages_are_spoken_of(service: Path, asyncgen: Command) -> None:
    ran = asyncgen("update", "-d", "broker=rabbit", "--json")
    assert ran.code == 0
    assert (service / "README.md").read_text().startswith("# shop\n\nOn rabbit.\n")
    (advice,) = json.loads(ran.out)["advice"]
    assert advice.startswith("broker: messages stay in redis.")
    commit(service)
    assert "Up to date" in asyncgen("update", "-d", "broker=rabbit").out


def test_a_queue_that_tasks_name_survives_its_layout(template: Path, service: Path, asyncgen: Command) -> None:
    task = (service / "src/shop/tasks/send_welcome.py").read_bytes()
    ran = asyncgen("update", "-d", "queue_layout=latency")
    assert ran.code == 0, ran.err
    assert "DEFAULT stays in src/shop/queues.py, since send_welcome names it" in ran.out
    assert "queue_layout: messages stay in the old queues" in ran.out
    table = (service / "src/shop/queues.py").read_text()
    assert (
        table.index("SOON = ")
        < table.index("LATER = ")
        < table.index('DEFAULT = QueueClass("default", longest_run=300)')
    )
    services = yaml.safe_load((service / "compose.yaml").read_text())["services"]
    assert set(services) == {"worker-soon", "worker-later", "worker-default", "redis"}
    assert services["worker-default"]["command"] == ["worker", "--queue", "default"]
    assert (service / "src/shop/tasks/send_welcome.py").read_bytes() == task
    commit(service)
    release(template, "0.2.0", {f"{PACKAGE}/added.py": ""})
    assert asyncgen("update").code == 0
    assert "DEFAULT = " in (service / "src/shop/queues.py").read_text()


@pytest.mark.parametrize(
    ("path", "content", "kept"),
    [
        ("src/shop/reports.py", b"QUEUE = Queue.DEFAULT\n", True),
        ("src/shop/billing/inner/reports.py", b"QUEUE = queues.Queue.DEFAULT\n", True),
        ("src/shop/reports.py", b"QUEUE = Queue['DEFAULT']  # gr\xf6\xdfer\n", True),
        ("src/shop/times.py", b"QUEUE = Queue.DEFAULT\n", True),
        ("tests/test_mine.py", b"assert Queue.DEFAULT\n", True),
        ("src/shop/reports.py", b"QUEUE = OtherQueue.DEFAULT\n", False),
        ("src/shop/named.py", b"QUEUE = Queue.DEFAULT\n", False),
        ("src/shop/named.py", b"QUEUE = Queue.DEFAULT\r\n", False),
        ("src/shop/.hidden/reports.py", b"QUEUE = Queue.DEFAULT\n", False),
        ("docs/reports.py", b"QUEUE = Queue.DEFAULT\n", False),
    ],
)
def test_a_queue_that_another_file_of_the_users_names_survives_its_layout(
    template: Path, service: Path, asyncgen: Command, path: str, content: bytes, kept: bool
) -> None:
    """`named.py` is the template's own, and the layout that the answer brings has another one."""
    for layout, queue in (("single", "DEFAULT"), ("latency", "SOON")):
        named = f"{PACKAGE}/{{% if layout_{layout} %}}named.py{{% endif %}}"
        write(template, {named: f"QUEUE = Queue.{queue}\n"})
    release(template, "0.2.0", {})
    assert asyncgen("update", "--no-verify").code == 0
    write(service, {"src/shop/tasks/send_welcome.py": "TASK = 1\n"})
    (service / path).parent.mkdir(parents=True, exist_ok=True)
    (service / path).write_bytes(content)
    commit(service)
    ran = asyncgen("update", "-d", "queue_layout=latency", "--no-verify")
    assert ran.code == 0, ran.err
    assert (f"DEFAULT stays in src/shop/queues.py, since {path} names it" in ran.out) is kept
    assert ("DEFAULT = " in (service / "src/shop/queues.py").read_text()) is kept
    assert ("worker-default" in (service / "compose.yaml").read_text()) is kept


def test_what_people_wrote_into_workers_stays_beside_changes(template: Path, service: Path, asyncgen: Command) -> None:
    asyncgen("add-queue", "reports", "--longest", "600")
    compose = service / "compose.yaml"
    text = compose.read_text().replace("620s\n", "620s\n    deploy:\n      replicas: 3\n").replace("320s", "400s")
    compose.write_text(text)
    commit(service)
    source = template / "template/service/compose.yaml.jinja"
    release(
        template,
        "0.2.0",
        {str(source.relative_to(template)): source.read_text().replace("image: redis", "image: valkey")},
    )
    ran = asyncgen("update")
    assert ran.code == 0, ran.out + ran.err
    assert compose.read_text() == text.replace("image: redis", "image: valkey")


def test_a_store_that_a_task_needs_cannot_go(template: Path, service: Path, asyncgen: Command) -> None:
    assert asyncgen("update", "-d", "idempotency_store=postgresql").code == 0
    task = service / "src/shop/tasks/send_welcome.py"
    task.write_text(task.read_text().replace('"lease"', '"transactional"'))
    commit(service)
    before = snapshot(service)
    ran = asyncgen("update", "-d", "idempotency_store=redis")
    assert ran.code == 2
    assert "send_welcome with idempotency transactional, which needs the store postgresql" in ran.err
    assert snapshot(service) == before


def test_comments_in_the_answers_file_stay_and_conflicts_never_enter_it(
    template: Path, service: Path, asyncgen: Command
) -> None:
    file = service / ".copier-answers.yml"
    file.write_text(file.read_text() + "# mine\n")
    commit(service)
    assert asyncgen("update", "-d", "broker=rabbit").code == 0
    assert file.read_text().endswith("# mine\n")
    file.write_text(file.read_text().replace("_commit:", "# about the commit\n_commit:"))
    commit(service)
    release(template, "0.2.0", {f"{PACKAGE}/added.py": ""})
    ran = asyncgen("update")
    assert ran.code == 0
    assert answers(service)["broker"] == "rabbit"
    assert "<<<<" not in file.read_text()
