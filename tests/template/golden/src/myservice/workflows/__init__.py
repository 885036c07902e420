"""Workflows: one file for each, which names existing tasks and the order in which they run."""
