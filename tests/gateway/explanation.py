"""The decisions about the recipients of a message, as lines of codes."""

from odoo.addons.mail_postmaster.gateway.addresses import display
from odoo.addons.mail_postmaster.gateway.matching import match
from odoo.addons.mail_postmaster.gateway.trace import Trace


def explain(recipients, book):
    """Return the decisions about the recipients of a message, a line for each."""
    kind = "envelope" if recipients.is_envelope else "no envelope"
    lines = [f"evidence: {recipients.source} ({kind})"]
    lines += [f"rejected: {text} ({reason})" for text, reason in recipients.rejected]
    for address in recipients.addresses:
        trace = Trace()
        found = match(address, book, trace)
        lines += [display(address), *map(_step_line, trace.steps), *map(_match_line, found)]
        lines += [] if found else ["  => none"]
    return lines


def _step_line(step):
    params = "".join(f" {key}={value}" for key, value in step["params"].items() if key != "address")
    return f"  {'hit ' if step['hit'] else 'miss'} {step['step']}{params}"


def _match_line(found):
    detail = f", detail {found.detail}" if found.detail else ""
    return f"  => {found.kind} {found.record_id} by {found.rule}{detail}"
