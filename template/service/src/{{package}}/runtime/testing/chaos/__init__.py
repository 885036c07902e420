"""Kills at random, and a count of what was lost and repeated: `python -m <package>.runtime.testing.chaos`."""
