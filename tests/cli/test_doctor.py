"""`asyncgen doctor` on machines that lack something, and outside of a service."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import Ran, commit, write

Asyncgen = Callable[..., Ran]
Found = Callable[[], tuple[int, dict[str, Any]]]


@pytest.fixture
def found(asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch) -> Found:
    """The exit code, and the findings by their subjects; no variable names a server."""
    for variable in ("SHOP_BROKER_URL", "SHOP_IDEMPOTENCY_URL"):
        monkeypatch.delenv(variable, raising=False)

    def found() -> tuple[int, dict[str, Any]]:
        ran = asyncgen("doctor", "--json")
        return ran.code, {row["subject"]: row for row in json.loads(ran.out)}

    return found


def program(folder: Path, name: str) -> None:
    write(folder, {name: "#!/bin/sh\nexit 1\n"})
    (folder / name).chmod(0o755)


def test_outside_of_a_service_it_looks_at_the_machine(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    lines = asyncgen("doctor").out.splitlines()
    assert lines[0].startswith("ok       Python           3.")
    assert any(
        line.startswith("ok       template ") and f"of {template}, which ASYNCGEN_TEMPLATE" in line for line in lines
    )
    assert lines[-2:] == [
        "unknown  service          none in this folder or above: only the machine was looked at",
        f"{'':<26}$ asyncgen new myservice",
    ]


def test_a_bare_machine_is_no_failure(
    service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Found
) -> None:
    write(service, {".venv/pyvenv.cfg": "home = /usr/bin\n"})
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("asyncgen.doctor.machine._PLACES", ())
    _, rows = found()
    for name in ("git", "make", "docker", "redis"):
        assert rows[name]["ok"]
        assert rows[name]["warning"]
        assert rows[name]["fix"] == f"install {name}, and put it on PATH"
    for name in ("template", "release"):
        assert (rows[name]["ok"], rows[name]["unknown"]) == (True, True)
    assert rows["environment"]["warning"]
    assert "rabbitmq" not in rows
    program(tmp_path / "bin", "apt-get")
    program(tmp_path / "bin", "valkey-server")
    _, rows = found()
    assert rows["git"]["fix"] == "sudo apt-get install git"
    assert rows["redis"]["detail"] == str(tmp_path / "bin/valkey-server")


def test_a_server_that_the_environment_names_is_not_missed(
    service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Found
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("asyncgen.doctor.machine._PLACES", ())
    monkeypatch.setenv("SHOP_BROKER_URL", "redis://elsewhere/0")
    detail = found()[1]["redis"]["detail"]
    assert detail == ("not on this machine, and SHOP_IDEMPOTENCY_URL not set: make test and make demo take fakeredis")
    monkeypatch.setenv("SHOP_IDEMPOTENCY_URL", "redis://elsewhere/1")
    row = found()[1]["redis"]
    assert not row["warning"]
    assert row["detail"] == "not on this machine; SHOP_BROKER_URL and SHOP_IDEMPOTENCY_URL are set"


def test_a_broken_service_is_a_failure(service: Path, asyncgen: Asyncgen) -> None:
    (service / ".copier-answers.yml").write_text("package: [")
    ran = asyncgen("doctor")
    assert ran.code == 1
    assert ran.out.splitlines()[-1].startswith(
        f"FAIL     service          expected {service}/.copier-answers.yml to be YAML"
    )


def test_a_template_behind_a_url_is_not_asked(service: Path, monkeypatch: pytest.MonkeyPatch, found: Found) -> None:
    answers = service / ".copier-answers.yml"
    lines = [line for line in answers.read_text().splitlines() if not line.startswith("_src_path")]
    answers.write_text("\n".join([*lines, "_src_path: git+https://template.invalid/x.git", ""]))
    monkeypatch.setenv("ASYNCGEN_TEMPLATE", "git+https://template.invalid/x.git")
    _, rows = found()
    for name in ("template", "release"):
        assert (rows[name]["ok"], rows[name]["unknown"]) == (True, True)
    assert rows["template"]["fix"] == "git ls-remote https://template.invalid/x.git"
    assert rows["release"]["fix"] == "asyncgen update --check"


def test_a_release_that_cannot_be_found_is_a_failure(
    service: Path, template: Path, tmp_path: Path, found: Found
) -> None:
    template.rename(tmp_path / "moved")
    code, rows = found()
    assert (code, rows["release"]["ok"]) == (1, False)
    assert f"to be at {template}, got: no such folder" in rows["release"]["detail"]


def test_a_newer_release_is_a_warning(service: Path, template: Path, found: Found) -> None:
    assert not found()[1]["release"]["warning"]
    commit(template, "Release 0.2.0")
    row = found()[1]["release"]
    assert (row["ok"], row["warning"], row["fix"]) == (True, True, "asyncgen update --dry-run")
