"""What rules report, and how a finding is known again in a later run."""

__all__: list[str] = []
