"""How-to pages: what they say to type is typed."""

from .building import PAGES
from .walkthrough import Walkthrough

REPOSITORY = "```sh\ngit init --quiet\n```\n"
SERVICE = "```sh\nasyncgen new shop --defaults\ncd shop\n```\n"


def page(name: str) -> str:
    """The text of a how-to page."""
    return (PAGES / "howto" / f"{name}.md").read_text()


def test_a_service_lives_in_a_monorepo_and_moves_there(reader: Walkthrough) -> None:
    reader.follow(REPOSITORY + page("monorepo"))
    reader.follow("```sh\ngrep subfolder .copier-answers.yml\n```\n```text\nsubfolder: apps/shop\n```\n")


def test_a_service_changes_its_broker(reader: Walkthrough) -> None:
    """But for `make test`, which other tests run in services."""
    text = page("change-broker")
    assert "\nmake test\n" in text
    reader.follow(SERVICE + text.replace("\nmake test\n", "\n"))
    reader.follow("```sh\ngrep ^broker .copier-answers.yml\n```\n```text\nbroker: rabbitmq\n```\n")
