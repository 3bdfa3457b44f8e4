"""What this addon relies on in Odoo: methods that are overridden, and others, with the reason."""

import ast
import hashlib
import importlib
import inspect
import textwrap
from pathlib import Path

from odoo.addons.mail_postmaster.pipeline.facts import NOTICE_TAG
from odoo.addons.mail_postmaster.pipeline.routing import NO_ROUTE

ROOT = Path(__file__).resolve().parent.parent
# The folders with classes of models that core calls.
ROOMS = ("rules", "policy", "pipeline", "shortcuts", "models", "fetching")
# Where a model's own methods are Odoo's, whatever else is installed.
OF_CORE = ("odoo.addons.base.", "odoo.addons.mail.", "odoo.models", "odoo.orm.")

# Methods that are not overridden, and what here depends on them.
RELIED_ON = {
    ("fetchmail.server", "fetch_mail"): "calls _fetch_mail, and is never overridden",
    ("ir.cron", "_commit_progress"): "the scheduled action reports its progress by it",
    ("mail.mail", "send_after_commit"): "sends notices after the commit of an attempt",
    ("mail.message", "create"): "writes message_id, which an attempt shows before",
    ("mail.thread", "_detect_loop_sender_domain"): "pipeline/routing.py leaves it to core",
    ("mail.thread", "_message_parse_extract_from_parent"): "sets is_internal and parent_id",
    ("mail.thread", "_message_parse_extract_payload"): "names the original original_email.eml",
    ("mail.thread", "_notify_thread"): "asks the overridden methods for recipients",
    ("mail.thread", "message_new"): "asks fields_get for the fields of the model",
    ("mail.thread", "message_post"): "makes the message whose id a delivery records",
    ("mail.thread", "message_update"): "returns whether the record may be updated",
    ("res.partner", "_find_or_create_from_emails"): "shortcuts/contacts.py repeats its search",
}
# Texts in core's code that are compared here.
TEXTS = {
    ("mail.thread", "message_route", NO_ROUTE): "a message without a route gets a reason by it",
    ("mail.thread", "_detect_loop_headers", NOTICE_TAG): "replies to our own notices are found",
}
# Functions and methods of classes that are no models.
FUNCTIONS = {
    "odoo.addons.mail.models.fetchmail.OdooIMAP4.check_unread_messages": "gateway/mailbox wraps it",
    "odoo.addons.mail.models.fetchmail.OdooIMAP4.retrieve_unread_messages": "the same",
    "odoo.addons.mail.models.fetchmail.OdooIMAP4.handled_message": "the same",
    "odoo.addons.mail.models.fetchmail.OdooIMAP4.disconnect": "the same",
    "odoo.addons.mail.models.fetchmail.OdooPOP3.check_unread_messages": "the same",
    "odoo.addons.mail.models.fetchmail.OdooPOP3.retrieve_unread_messages": "the same",
    "odoo.addons.mail.models.fetchmail.OdooPOP3.handled_message": "the same",
    "odoo.addons.mail.models.fetchmail.OdooPOP3.disconnect": "the same",
    "odoo.tools.mail.decode_message_header": "pipeline/sender.py reads From as core does",
    "odoo.tools.mail.email_normalize": "addresses are compared in this form",
    "odoo.tools.mail.email_split_and_format": "pipeline/sender.py takes the first sender as core",
}


def overridden():
    """Return ``{(model, method): [file]}`` of every method that a class here defines."""
    found = {}
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and (model := _model_of(node)):
                for member in node.body:
                    for name in _names(member):
                        place = found.setdefault((model, name), [])
                        place.append(str(path.relative_to(ROOT)))
    return found


def of_core(env, model, method):
    """Return the definitions of a method in the classes of a model that are Odoo's own."""
    found = (
        vars(base)[method]
        for base in type(env[model]).__mro__
        if method in vars(base) and f"{base.__module__}.".startswith(OF_CORE)
    )
    # The registry's class of mail.thread is of Odoo, and begins with a function of ours.
    return [one for one in found if f"{getattr(one, '__module__', '')}.".startswith(OF_CORE)]


def function(path):
    """Return what a dotted path names.

    :raises ImportError: when there is no such module
    :raises AttributeError: when the module has no such name
    """
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            found = getattr(found, name)
        return found
    raise ImportError(path)


def digest(*definitions):
    """Return a text that is another one as soon as the code of a definition has changed.

    Comments, docstrings and layout do not count.
    """
    trees = []
    for definition in definitions:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(definition))))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        trees.append(ast.dump(tree))
    return hashlib.sha256("\n".join(trees).encode()).hexdigest()[:16]


def _model_of(node):
    values = {
        target.id: member.value
        for member in node.body
        if isinstance(member, ast.Assign)
        for target in member.targets
        if isinstance(target, ast.Name)
    }
    for name in ("_name", "_inherit"):
        if isinstance(values.get(name), ast.Constant):
            return values[name].value
    return None


def _names(member):
    if isinstance(member, ast.FunctionDef):
        return [member.name]
    if isinstance(member, ast.Assign):
        names = [target.id for target in member.targets if isinstance(target, ast.Name)]
        return [name for name in names if name not in ("_name", "_inherit", "_description")]
    return []
