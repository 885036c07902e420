"""`asyncgen template`: where templates come from on this machine, and the template cache that `copier update` reads."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .options import Json
from .output import say, say_json

if TYPE_CHECKING:
    from ..service import Service

__all__ = ["template"]

template = typer.Typer(help="Where the template comes from, and its releases here.", rich_markup_mode=None)


@template.command("show")
def _show(json: Json = False) -> None:
    """Print the releases that are here, and what a project records.

    `bundled` is what this asyncgen was built with; `cached` is what ~/.asyncgen/template has.
    """
    from dataclasses import asdict

    from ..template_cache import TEMPLATE_CACHE, bundled, cache_name, cached

    project = _project()
    if json:
        record = {"_src_path": project.src_path, "_commit": project.commit} if project else None
        say_json(
            {
                "cache": TEMPLATE_CACHE,
                "cached": cached(),
                "bundled": [asdict(release) for release in bundled()],
                "project": record,
            }
        )
        return
    say(f"{cache_name()} holds:", *(_lines(cached()) or ["  nothing; run asyncgen template sync"]))
    own = {release.version: release.commit for release in bundled()}
    say("", "Bundled with this asyncgen:", *(_lines(own) or ["  nothing: it runs from a clone or a git URL"]))
    if project:
        say("", "This project records:", f"  {project.commit} of {project.src_path}")


@template.command("sync")
def _sync(json: Json = False) -> None:
    """Put the releases of this asyncgen into ~/.asyncgen/template.

    Projects made from a wheel record that place: on a machine that never ran asyncgen, plain copier update finds the
    template after this. Releases are only added. In a project, it also makes sure that the recorded one is there.
    """
    from ..source import recorded, sync_cache
    from ..template_cache import TEMPLATE_CACHE, cache_name, cached

    added = sync_cache()
    if project := _project():
        recorded(project.src_path, project.commit)
    if json:
        say_json({"cache": TEMPLATE_CACHE, "added": added, "cached": list(cached())})
    else:
        say(f"{cache_name()} holds {', '.join(cached())}; new: {', '.join(added) or 'none'}.")


def _lines(releases: dict[str, str]) -> list[str]:
    return [f"  {version}  {commit[:12]}" for version, commit in releases.items()]


def _project() -> "Service | None":
    from ..errors import Refused
    from ..service import find_service

    try:
        return find_service(Path.cwd())
    except Refused:
        return None
