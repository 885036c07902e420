"""ACG108."""

import ast
import re
from collections.abc import Iterator

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
    "httpx.Client().post": "an HTTP POST",
    "boto3.client().send_email": "a mail",
    "boto3.client().publish": "a message to others",
    "boto3.client().send_message": "a message to others",
    "stripe.Charge.create": "a charge", "stripe.PaymentIntent.create": "a payment",
    "stripe.Refund.create": "a refund",
}  # fmt: skip
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
            if self._is_guarded(task, run):
                continue
            effect = self._effect(module, project, run)
            if effect is not None:
                call, what = effect
                yield self.finding(
                    module,
                    call,
                    f"{task.name} is acknowledged late, so that a crash repeats {what}",
                    "pass an idempotency key on, or record what is done before the effect",
                )

    @staticmethod
    def _is_guarded(task: Task, run: Function) -> bool:
        if any(_GUARD.search(name) for name in (*task.options, *(a.arg for a in run.args.args))):
            return True
        if task.has_custom_base and task.base is not None and _GUARD.search(task.base.name):
            return True
        if task.find("idempotency") is not None or task.opaque:
            return True
        text = "\n".join(ast.unparse(statement) for statement in run.body)
        return len(run.decorator_list) > 1 or bool(_GUARD.search(text))

    @staticmethod
    def _effect(module: Module, project: Project, run: Function) -> tuple[ast.Call, str] | None:
        calls = [n for n in ast.walk(run) if isinstance(n, ast.Call)]
        for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset)):
            what = _EFFECTS.get(project.names.name(module, call.func))
            if what is not None:
                return call, what
        return None
