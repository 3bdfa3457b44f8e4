from functools import partial

from odoo import api, models

from ...context_keys import ATTEMPT
from ...pipeline import delivering, entry, notices, notifying, reading, routing, sender
from ...shortcuts import contacts, field_descriptions


class MailThread(models.AbstractModel):
    """The adapter to core: every method on the path of a message that is overridden.

    The methods are in the order in which core calls them. Each delegates to ``pipeline/`` and lets
    core decide by ``super()``; outside an attempt each does nothing else.
    """

    _inherit = "mail.thread"

    @api.model
    def _post_model_setup__(self):
        result = super()._post_model_setup__()
        if self._name == entry.THREAD:
            entry.put_first(type(self))
        return result

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
        """Let core process the message, which was stored before: see ``pipeline/entry.py``."""
        options = {
            "custom_values": custom_values,
            "save_original": save_original,
            "strip_attachments": strip_attachments,
            "thread_id": thread_id,
        }

        def core(thread, message, model=None, **options):
            return super().message_process(model, message, **options)

        if (attempt := entry.attempt_of(self)) and attempt.enter():
            return reading.process(attempt, message, partial(core, self, model=model, **options))
        # Another addon has called this for a second message, or nothing is to be stored.
        return entry.submit(self, message, {"model": model, **options}, core)

    # --- reading ---------------------------------------------------------------------

    @api.model
    def message_parse(self, message, save_original=False):
        attempt, core = self.env.context.get(ATTEMPT), super().message_parse
        if not attempt:
            return core(message, save_original=save_original)
        return reading.parse(self, attempt, message, save_original, core)

    def _message_parse_extract_bounce(self, email_message, message_dict):
        """Find the message that a report is about; core guesses it from the first parts."""
        attempt = self.env.context.get(ATTEMPT)
        if not attempt:
            return super()._message_parse_extract_bounce(email_message, message_dict)
        if not self._detect_is_bounce(email_message, message_dict):
            return {"is_bounce": False}
        return self.env["mail.postmaster.report"]._bounce_values(attempt, message_dict)

    @api.model
    def _detect_is_bounce(self, message, message_dict):
        attempt, core = self.env.context.get(ATTEMPT), super()._detect_is_bounce
        if not attempt:
            return core(message, message_dict)
        return routing.is_report(self, attempt, message, message_dict, core)

    def _get_parent_message(self, msg_dict):
        parent = super()._get_parent_message(msg_dict)
        if attempt := self.env.context.get(ATTEMPT):
            reading.note_parent(attempt, parent, msg_dict)
        return parent

    # --- routing ---------------------------------------------------------------------

    @api.model
    def _detect_loop_headers(self, msg_dict):
        attempt, core = self.env.context.get(ATTEMPT), super()._detect_loop_headers
        if not attempt:
            return core(msg_dict)
        return routing.is_notice_reply(self, attempt, msg_dict, core)

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        attempt = self.env.context.get(ATTEMPT)
        core = partial(
            super().message_route, model=model, thread_id=thread_id, custom_values=custom_values
        )
        if not attempt:
            return core(message, message_dict)
        return routing.route(self, attempt, message, message_dict, core)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        attempt, core = self.env.context.get(ATTEMPT), super()._routing_handle_bounce
        if not attempt:
            return core(email_message, message_dict)
        return routing.handle_report(self, attempt, email_message, message_dict, core)

    @api.model
    def _detect_write_to_catchall(self, msg_dict):
        attempt, core = self.env.context.get(ATTEMPT), super()._detect_write_to_catchall
        if not attempt:
            return core(msg_dict)
        return routing.is_written_to_catchall(self, attempt, msg_dict, core)

    def _mail_find_user_for_gateway(self, email_value, alias=None):
        """Return no user if the one that core finds must not create the record."""
        if sender.is_withheld(self.env, self.env.context.get(ATTEMPT), alias):
            return self.env["res.users"]
        return super()._mail_find_user_for_gateway(email_value, alias=alias)

    @api.model
    def _routing_check_route(self, message, message_dict, route, raise_exception=True):
        attempt, core = self.env.context.get(ATTEMPT), super()._routing_check_route
        if not attempt:
            return core(message, message_dict, route, raise_exception=raise_exception)
        return routing.check_route(
            self, attempt, message, message_dict, route, raise_exception, core
        )

    def _alias_get_error(self, message, message_dict, alias):
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.mail.is_released:
            return False
        return super()._alias_get_error(message, message_dict, alias)

    @api.model
    def _routing_warn(self, error_message, message_id, route, raise_exception=True):
        if attempt := self.env.context.get(ATTEMPT):
            routing.note_warning(attempt, error_message, is_final=raise_exception)
        return super()._routing_warn(
            error_message, message_id, route, raise_exception=raise_exception
        )

    def _routing_create_bounce_email(self, email_from, body_html, message, **mail_values):
        def core(thread, body_html, mail_values):
            super()._routing_create_bounce_email(email_from, body_html, message, **mail_values)

        attempt = self.env.context.get(ATTEMPT)
        if not attempt:
            core(self, body_html, mail_values)
            return
        notices.tell(self, attempt, email_from, body_html, mail_values, core)

    @api.model
    def _routing_reset_bounce(self, email_message, message_dict):
        attempt = self.env.context.get(ATTEMPT)
        if attempt and not routing.is_address_working(self.env, attempt, message_dict):
            return None
        return super()._routing_reset_bounce(email_message, message_dict)

    @api.model
    def _detect_loop_sender(self, message, message_dict, routes):
        attempt, core = self.env.context.get(ATTEMPT), super()._detect_loop_sender
        if not attempt:
            return core(message, message_dict, routes)
        return routing.is_loop(self, attempt, message, message_dict, routes, core)

    def _message_parse_post_process(self, message, message_dict, routes):
        if attempt := self.env.context.get(ATTEMPT):
            message_dict = sender.without_author(self.env, attempt, message_dict, routes)
        return super()._message_parse_post_process(message, message_dict, routes)

    def _partner_find_from_emails(
        self,
        records_emails,
        avoid_alias=True,
        ban_emails=None,
        filter_found=None,
        additional_values=None,
        no_create=False,
    ):
        attempt, core = self.env.context.get(ATTEMPT), super()._partner_find_from_emails
        options = {
            "avoid_alias": avoid_alias,
            "ban_emails": ban_emails,
            "filter_found": filter_found,
            "additional_values": additional_values,
            "no_create": no_create,
        }
        if not attempt:
            return core(records_emails, **options)
        known = sender.without_withheld(attempt, records_emails)
        return contacts.find(self, known, core, options)

    # --- delivering ------------------------------------------------------------------

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        def core(thread, message, message_dict, route):
            return super()._message_route_process(message, message_dict, [route])

        attempt = self.env.context.get(ATTEMPT)
        if not attempt or not routes:
            return super()._message_route_process(message, message_dict, routes)
        return delivering.deliver(self, attempt, message, message_dict, routes, core)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        attempt = self.env.context.get(ATTEMPT)
        is_asked_again = attempt and attempt.route and not allfields and not attributes
        if is_asked_again and field_descriptions.IS_ON:
            return self.env["mail.postmaster.shortcuts"]._fields_of(self._name)
        return super().fields_get(allfields, attributes)

    # --- notifying -------------------------------------------------------------------

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        def core(message, msg_vals):
            return super(MailThread, self)._notify_get_recipients(
                message, msg_vals=msg_vals, **kwargs
            )

        attempt = self.env.context.get(ATTEMPT)
        if not attempt:
            return core(message, msg_vals)
        return notifying.recipients(self, attempt, message, msg_vals, core)

    def _notify_by_email_get_base_mail_values(
        self, message, recipients_data, additional_values=None
    ):
        if self.env.context.get(ATTEMPT) and notifying.is_acknowledgement(self.env, message):
            additional_values = notifying.as_automatic(self.env, additional_values)
        return super()._notify_by_email_get_base_mail_values(
            message, recipients_data, additional_values=additional_values
        )

    def _notify_thread_with_out_of_office(self, message, recipients_data, msg_vals=False, **kwargs):
        attempt = self.env.context.get(ATTEMPT)
        if attempt and not notifying.is_vacation_told(self.env, attempt):
            return self.env["mail.message"]
        return super()._notify_thread_with_out_of_office(
            message, recipients_data, msg_vals=msg_vals, **kwargs
        )
