"""The files of a client: those of `template/client`, rendered, and modules of the runtime as they are."""

import json

from ..errors import Refused
from ..skeletons.render import environment
from ..source import Template, read
from .document import Contract
from .module import variables

__all__ = ["copied", "files_of"]

RUNTIME = "template/service/src/{{package}}/runtime"
CLIENT = "template/client"

MODULES = (
    *("errors.py", "payload.py", "sending.py", "urls.py"),
    *(f"client/{name}.py" for name in ("__init__", "app", "client", "contract", "settings", "task", "testing")),
)
BROKER_MODULES = {
    "rabbitmq": ("batch.py", "delays.py", "publishing.py"),
    "redis": ("batch.py", "publishing.py"),
}


def copied(broker: str) -> tuple[str, ...]:
    """The modules of the runtime that a client of a service with this broker has, relative to the runtime."""
    return (*MODULES, f"client/{broker}.py", *(f"brokers/{broker}/{name}" for name in BROKER_MODULES[broker]))


def files_of(contract: Contract, template: Template) -> dict[str, str]:
    """The files of the client's package, by their paths in it; BadInput for names that collide in it."""
    values = variables(contract)
    modules = {f"{RUNTIME}/{path}": path for path in copied(contract.broker)}
    found = read(template, [CLIENT, *modules])
    sources = {path: text for path, text in found.items() if path.startswith(f"{CLIENT}/")}
    if not sources or not modules.keys() <= found.keys():
        raise Refused(
            f"expected the template {template.src} at {template.commit[:7]} to hold {CLIENT}, got: an older one; "
            "install a newer asyncgen"
        )
    package = f"src/{values['module']}"
    made = {f"{package}/runtime/{path}": found[source] for source, path in modules.items()}
    made[f"{package}/contract.json"] = json.dumps(contract.document, indent=2, ensure_ascii=False) + "\n"
    jinja = environment(sources)
    for path, text in sources.items():
        target = jinja.from_string(path.removeprefix(f"{CLIENT}/")).render(values)
        rendered = jinja.get_template(path).render(values) if path.endswith(".jinja") else text
        made[target.removesuffix(".jinja")] = rendered
    return dict(sorted(made.items()))
