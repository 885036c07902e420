"""ACG108."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.task import Task
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["LateAckNotIdempotent"]

_EFFECTS = {
    "requests.post": "an HTTP POST", "requests.patch": "an HTTP PATCH",
    "httpx.post": "an HTTP POST", "httpx.patch": "an HTTP PATCH",
    "django.core.mail.send_mail": "a mail", "django.core.mail.send_mass_mail": "mails",
    "django.core.mail.mail_admins": "a mail", "django.core.mail.mail_managers": "a mail",
    "django.core.mail.EmailMessage().send": "a mail",
    "django.core.mail.EmailMultiAlternatives().send": "a mail",
    "django.core.mail.message.EmailMultiAlternatives().send": "a mail",
    "smtplib.SMTP().sendmail": "a mail", "smtplib.SMTP().send_message": "a mail",
    "smtplib.SMTP_SSL().sendmail": "a mail", "smtplib.SMTP_SSL().send_message": "a mail",
    "requests.Session().post": "an HTTP POST", "requests.session().post": "an HTTP POST",
    "httpx.Client().post": "an HTTP POST", "httpx.AsyncClient().post": "an HTTP POST",
    "aiohttp.ClientSession().post": "an HTTP POST",
    "twilio.rest.Client().messages.create": "a message", "twilio.rest.Client().calls.create": "a call",
    "sendgrid.SendGridAPIClient().send": "a mail", "flask_mail.Mail().send": "a mail", "resend.Emails.send": "a mail",
    "slack_sdk.WebClient().chat_postMessage": "a message", "firebase_admin.messaging.send": "a message",
    "boto3.client().send_email": "a mail",
    "boto3.client().publish": "a message to others",
    "boto3.client().send_message": "a message to others",
    "stripe.Charge.create": "a charge", "stripe.PaymentIntent.create": "a payment",
    "stripe.Refund.create": "a refund",
}  # fmt: skip
#: How many functions of the project may lie between a task and its effect.
_DEPTH = 2
_GUARD = re.compile(
    r"idempot|dedup|\bnx\s*=|setnx|get_or_create|update_or_create|select_for_update|\block(ed|s|ing)?\b|_lock|already|"
    r"cache\.add|once|processed|sent\b|_sent|sent_|is_done|\bunique|\.status\b|\.state\b|exists\(\)",
    re.IGNORECASE,
)


class LateAckNotIdempotent(Rule):
    """A task that is acknowledged late has an effect outside, and nothing that keeps it from happening twice.

    With late acknowledgement a message comes back whenever its worker dies, loses the connection or takes longer
    than the visibility timeout: the mail is sent again, the card is charged again.

    Bad:
        @shared_task(acks_late=True)
        def charge(order_id: int) -> None:
            requests.post(PAYMENTS, json={"order": order_id})

    Good:
        requests.post(PAYMENTS, json=..., headers={"Idempotency-Key": f"charge-{order_id}"})

    Source: https://docs.celeryq.dev/en/stable/faq.html#should-i-use-retry-or-acks-late
    """

    code = "ACG108"
    name = "late-ack-not-idempotent"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for task in project.tasks.of(module):
            run = task.run
            if run is None or task.effective("acks_late") is not True:
                continue
            effect = None if _is_guarded(task, run) else _effect(project, module, run, 0)
            if effect is not None:
                finding = self.finding(
                    module,
                    effect.call,
                    f"{task.name} is acknowledged late, so that a crash repeats {effect.what}",
                    "pass an idempotency key on, or record what is done before the effect",
                )
                yield self.repeated(finding, task.name, effect.within) if effect.within else finding


def _is_guarded(task: Task, run: Function) -> bool:
    if any(_GUARD.search(name) for name in (*task.options, *(a.arg for a in run.args.args))):
        return True
    if task.has_custom_base and task.base is not None and _GUARD.search(task.base.name):
        return True
    return task.find("idempotency") is not None or task.opaque or len(run.decorator_list) > 1


class _Effect(NamedTuple):
    """A call of a task's, and the one that it makes `within` a function which other tasks may call."""

    call: ast.Call
    what: str
    within: tuple[Module, ast.AST] | None = None


def _effect(project: Project, module: Module, function: Function, depth: int) -> _Effect | None:
    """The first call of a function that has an effect, itself or in a function of the project, with nothing before it
    that keeps it from happening twice.
    """
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset)):
        what = _EFFECTS.get(_name(project, module, call.func))
        effect = _Effect(call, what) if what else _of_callee(project, module, call, depth)
        if effect is not None:
            return None if _GUARD.search(_text_until(module, function, call)) else effect
    return None


def _name(project: Project, module: Module, func: ast.expr) -> str:
    """The dotted name of what is called, of a method of what a `with` opened too."""
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        for binding in project.names.bindings(module, func.value.id, func):
            if binding.kind == "with" and isinstance(binding.target, ast.expr):
                return f"{project.names.name(module, binding.target)}.{func.attr}"
    return project.names.name(module, func)


def _of_callee(project: Project, module: Module, call: ast.Call, depth: int) -> _Effect | None:
    symbol = project.names.resolve(module, call.func) if depth < _DEPTH else None
    if symbol is None or symbol.module is None or not isinstance(symbol.node, Function):
        return None
    if symbol.node.decorator_list or symbol.node in project.tasks.by_node:
        return None
    effect = _effect(project, symbol.module, symbol.node, depth + 1)
    if effect is None:
        return None
    return _Effect(call, f"{effect.what}, in {symbol.node.name}", effect.within or (symbol.module, effect.call))


def _text_until(module: Module, function: Function, call: ast.Call) -> str:
    """What a function does up to a call: what comes later keeps nothing from happening twice."""
    return "\n".join(module.lines[function.body[0].lineno - 1 : call.end_lineno])
