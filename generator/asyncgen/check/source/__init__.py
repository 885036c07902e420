"""One project's files as syntax: found, read, parsed, indexed, known by their dotted names."""

__all__: list[str] = []
