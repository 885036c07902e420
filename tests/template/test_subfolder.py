"""The pipeline of a service in a subfolder: it runs in that folder, and only for changes there."""

from pathlib import Path

import yaml

from .rendering import render

ANSWERS = {"service_name": "Shop", "package": "my_shop", "subfolder": "services/my shop"}


def test_github(tmp_path: Path) -> None:
    service = render(tmp_path / "service", ANSWERS)
    (workflow,) = (service / ".github/workflows").iterdir()
    loaded = yaml.safe_load(workflow.read_text())
    events = loaded[True]  # YAML 1.1 reads `on` so
    assert events["push"]["paths"] == events["pull_request"]["paths"]
    assert events["push"]["paths"] == ["services/my shop/**", ".github/workflows/my-shop.yml"]
    assert loaded["jobs"]["test"]["defaults"] == {"run": {"working-directory": "services/my shop"}}
    updates = yaml.safe_load((service / ".github/dependabot.yml").read_text())["updates"]
    assert [update["directory"] for update in updates] == ["/services/my shop", "/"]


def test_gitlab(tmp_path: Path) -> None:
    service = render(tmp_path / "service", ANSWERS | {"ci": "gitlab"})
    loaded = yaml.safe_load((service / ".gitlab-ci.yml").read_text())
    assert loaded["default"]["before_script"] == ['cd "services/my shop"']
    assert loaded["workflow"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "parent_pipeline"'}]
    assert sorted(loaded) == ["container", "contract", "default", "test", "workflow"]
