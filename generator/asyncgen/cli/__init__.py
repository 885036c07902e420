"""The command line. `edge` is where an error becomes a sentence and an exit code; each command has a file.

What costs time is imported in the commands: `--help` loads neither copier nor jinja2, and `--version` no command.
"""
