"""Where a project's template is on this machine, and what is said where it is not there."""

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.desk import Ran, git

from .planted import release

README = "template/service/README.md.jinja"


def test_a_shallow_clone_made_anew_says_how_to_go_on(
    template: Path, service: Path, asyncgen: Callable[..., Ran]
) -> None:
    origin = template.rename(template.with_name("origin"))
    release(origin, "0.2.0", {README: "# new\n"})
    git(origin, "clone", "--quiet", "--depth=1", origin.as_uri(), str(template))
    refused = asyncgen("update", "--check")
    assert refused.code == 2
    said = re.fullmatch(
        r"asyncgen: expected .*, got: .* in a shallow clone; run (git -C .* fetch --unshallow)\n", refused.err
    )
    assert said, refused.err
    subprocess.run(shlex.split(said[1]), check=True, capture_output=True)
    assert asyncgen("update").code == 0
    assert Path("README.md").read_text() == "# new\n"
