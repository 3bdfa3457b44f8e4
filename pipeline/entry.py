"""The entry of a message: it is stored before the first override of any addon runs.

The overrides of ``message_process`` run in the attempt, each once, whichever way the message came
and in whatever order the addons were loaded. What they write is committed or rolled back together
with the outcome, and a message that one of them drops or changes is in the log as it was received.
"""

from collections.abc import Callable

from odoo import api, models

from ..context_keys import ATTEMPT
from .attempt import Attempt

THREAD = "mail.thread"


def put_first(thread_class: type[models.BaseModel]) -> None:
    """Let ``message_process`` of a registry's ``mail.thread`` begin with the intake.

    Odoo looks up methods in the registry's class before those of the addons, so it is the first of
    them for every model that is a mail thread, unless that model overrides the method itself.

    :param thread_class: the registry's class of ``mail.thread``
    """

    @api.model
    def message_process(
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        """Store the message, then let the overrides and core process it."""

        def overrides(thread, message, model=None, **options):
            return super(thread_class, thread).message_process(model, message, **options)

        options = {
            "custom_values": custom_values,
            "save_original": save_original,
            "strip_attachments": strip_attachments,
            "thread_id": thread_id,
        }
        if (attempt := attempt_of(self)) and attempt.takes_call():
            return overrides(self, message, model=model, **options)
        return submit(self, message, {"model": model, **options}, overrides)

    thread_class.message_process = message_process


def attempt_of(thread: models.BaseModel) -> Attempt | None:
    """Return the attempt that a recordset belongs to, or None."""
    # An attempt is in superuser mode; a context that came by RPC cannot contain one.
    return thread.env.context.get(ATTEMPT) if thread.env.su else None


def submit(thread: models.BaseModel, message: object, options: dict, core: Callable) -> object:
    """Store a message and process it in an attempt of its own.

    A message that another addon submits while one is processed, as it was attached to it, has
    nothing to do with that attempt.

    :param options: the other arguments of ``message_process``
    :param core: function of a thread, a message and options
    """
    if attempt_of(thread):
        thread = thread.with_context(**{ATTEMPT: None})
    return thread.env["mail.postmaster.pipeline"]._submit(thread, message, options, core)
