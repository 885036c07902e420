"""Whether contract.yaml says what the tasks take."""

import json
import subprocess
import sys

import yaml

from ..settings import NAME
from .requirement import ROOT

__all__ = ["contract_is_current"]


def contract_is_current() -> bool:
    """Whether the service's command prints what contract.yaml holds: a process of its own has no test's tasks."""
    printed = subprocess.run([sys.executable, "-m", NAME, "contract", "--json"], stdout=subprocess.PIPE, check=True)
    try:
        committed = yaml.safe_load((ROOT / "contract.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return False
    return bool(committed == json.loads(printed.stdout))
