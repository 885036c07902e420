"""`doctor`: is everything there that the service relies on?"""

import json
import sys
from dataclasses import asdict

import click

__all__ = ["command"]


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Ask the broker, the store and the tasks; exit 1 if something has to be changed. Nothing is changed by it."""
    from ..doctor import examine

    findings = list(examine())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{'ok' if finding.well else 'FAIL':<4}  {finding.subject:<22}  {finding.says}")
    sys.exit(0 if all(finding.well for finding in findings) else 1)
