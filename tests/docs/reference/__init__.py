"""The pages of reference/, made from the code while the site is built: none of them is committed, none can be stale."""

from . import alerts, commands, questions, rules, settings, task_options

__all__ = ["pages"]


def pages() -> dict[str, str]:
    """The text of each page, by its path below the folder of all pages."""
    return {
        "reference/questions.md": questions.page(),
        "reference/commands.md": commands.generator_page(),
        "reference/service-commands.md": commands.service_page(),
        "reference/task-options.md": task_options.page(),
        "reference/settings.md": settings.page(),
        "reference/rules.md": rules.page(),
        "reference/alerts.md": alerts.page(),
    }
