import logging

from odoo import api, models
from odoo.exceptions import AccessError

from . import work  # noqa: F401  what is extended here

_logger = logging.getLogger(__name__)

THREAD = "mail.thread"


class MailPostmasterCaller(models.AbstractModel):
    """What a caller without superuser rights may request together with a message.

    ``message_process`` is public RPC, and after the check the message is processed in superuser
    mode. The password of a gateway is stored on a mail server: it must grant no more than sending
    messages to this database does.
    """

    _inherit = "mail.postmaster.pipeline"

    @api.model
    def _entry_for_caller(self, thread, options):
        """Return the recordset to process a submitted message on, in superuser mode.

        Code in superuser mode passes on what it likes, as in core.

        :param thread: the recordset ``message_process`` was called on
        :param dict options: the other arguments of the call
        :raises AccessError: naming what is allowed
        """
        self._check_may_submit()
        if self.env.su:
            return thread
        self._check_options(thread._name, options)
        # Checked: a gateway needs no other rights, as a mailbox that is fetched has none. The
        # context is the caller's as well, and its default values would reach every record.
        return self.env(context={}, su=True)[thread._name]

    def _check_options(self, entry_model, options):
        if options["custom_values"] or options["thread_id"]:
            self._refuse_caller(
                self.env._(
                    "The gateway cannot set values or a record: submit the message without "
                    "custom_values and thread_id, as odoo-mailgate.py does."
                )
            )
        wanted = [entry_model] if entry_model != THREAD else []
        wanted += [options["model"]] if options["model"] else []
        allowed = self._routed_models() if wanted else []
        for model in wanted:
            if model not in allowed:
                self._refuse_caller(
                    self.env._(
                        "No alias, incoming server or alias domain creates records of the model "
                        "%(model)s. Allowed models: %(allowed)s. Without a model, the recipients "
                        "decide.",
                        model=model,
                        allowed=", ".join(allowed) or "–",
                    )
                )

    def _routed_models(self):
        """Return the names of the models that incoming messages create records of."""
        env = self.env(context={}, su=True)
        routes = [
            *env["mail.alias"]._read_group([("alias_name", "!=", False)], ["alias_model_id"]),
            *env["fetchmail.server"]._read_group([("object_id", "!=", False)], ["object_id"]),
            *env["mail.alias.domain"]._read_group(
                [("fallback_model_id", "!=", False)],
                ["fallback_model_id"],
            ),
        ]
        return sorted({model.model for (model,) in routes})

    def _refuse_caller(self, sentence):
        """Refuse before anything is stored: the mail server keeps the message.

        :raises AccessError: always
        """
        _logger.warning(
            "A message submitted by user %s was not accepted: %s", self.env.uid, sentence
        )
        raise AccessError(sentence)
