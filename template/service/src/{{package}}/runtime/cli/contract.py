"""`contract`: what producers may send, as an AsyncAPI document."""

import json
from pathlib import Path

import click

from ..errors import ConfigurationError
from ..settings import stand_in
from . import LoadApp

__all__ = ["command"]

ROOT = Path(__file__).parents[4]
"""The project, where the package lies in its src."""


@click.command("contract")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--write", is_flag=True, help="Write contract.yaml in the project instead.")
@click.pass_obj
def command(load_app: LoadApp, as_json: bool, write: bool) -> None:
    """Print the contract, an AsyncAPI document of all tasks.

    Their arguments are in it. No server is needed.
    """
    stand_in()
    app = load_app()
    from ..contract import as_yaml, document

    contract = document(app)
    if as_json and not write:
        click.echo(json.dumps(contract, indent=2))
        return
    try:
        text = as_yaml(contract)
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            "expected PyYAML to be installed, as the requirements of the tests have it, got: none; "
            "install it, or print JSON by --json"
        ) from missing
    if write:
        _write(text)
    else:
        click.echo(text, nl=False)


def _write(text: str) -> None:
    """Replace contract.yaml at once, unless it has this text already."""
    if not (ROOT / ".copier-answers.yml").is_file():
        raise ConfigurationError(
            f"expected the package to lie in src of its project, got: {ROOT} without .copier-answers.yml; "
            "run it in the project's own environment, as make contract does"
        )
    file = ROOT / "contract.yaml"
    if file.is_file() and file.read_bytes() == text.encode():
        return
    new = file.with_name(".contract.yaml.new")
    new.write_bytes(text.encode())
    new.replace(file)
    click.echo("contract.yaml is written anew: commit it")
