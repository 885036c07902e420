"""The last line of the files that add-task and add-workflow rendered: an unedited file stays an unedited one."""

import re
from collections.abc import Iterable, Mapping

from ..service import Service
from ..skeletons import Kind, edited_paths
from ..skeletons.digest import release_of, signed

__all__ = ["unedited_releases", "with_signature"]

_RECORD = re.compile(r"(^# asyncgen: [a-z-]+( .*)?\n)+\Z", re.MULTILINE)
"""At the end of files of release 0.2.1 and earlier ones."""


def unedited_releases(pairs: Iterable[tuple[Kind, str]], service: Service, location: str | None) -> Mapping[str, str]:
    """By path, the release of each file that is as it was rendered; `pairs`: the kinds and names of files with a test.

    location: where the template is now, for the record of an earlier release.
    """
    found: dict[str, str] = {}
    for kind, name in pairs:
        paths = [path for path in kind.paths(name, service.package) if (service.root / path).is_file()]
        texts = {path: (service.root / path).read_text(encoding="utf-8", errors="replace") for path in paths}
        differing = edited_paths(kind, name, texts, service, location)
        for path in texts.keys() - differing:
            record = kind.record(texts[paths[0]], name, service.package)
            release = release_of(texts[path]) or (record.release if record else "")
            found |= {path: release} if release else {}
    return found


def with_signature(text: str, release: str) -> str:
    """A text with its last line made anew, or put into the place of an earlier release's record."""
    plain = text.replace("\r\n", "\n")
    body = plain if release_of(plain) else _RECORD.sub("", plain).rstrip("\n") + "\n\n\n"
    made = signed(body, release)
    return made.replace("\n", "\r\n") if "\r\n" in text else made
