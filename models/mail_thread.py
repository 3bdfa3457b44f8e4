from functools import partial

from odoo import api, models
from odoo.tools.mail import email_normalize, email_split

from ..gateway import states
from ..gateway.automatic import HUMAN
from .attempt import ATTEMPT, target_of
from .mail_postmaster_policy import LOOPS
from .submission import FETCHED, SUBMITTED, Submission, to_bytes

NO_ROUTE = "No possible route found"


class MailThread(models.AbstractModel):
    """The one door of inbound mail, and core's decision points with somebody watching.

    Every override calls ``super()``: core decides. Outside an attempt they do nothing.
    """

    _inherit = "mail.thread"

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
        """Store the mail, then process it; see ``mail.postmaster.pipeline``.

        :return: what core returns, and False where core returns None, which XML-RPC
            can not carry
        """
        # An attempt is in superuser mode; a context that has come by RPC holds none.
        attempt = self.env.su and self.env.context.get(ATTEMPT)
        if attempt and attempt.enter():
            process = partial(
                super().message_process,
                model,
                custom_values=custom_values,
                save_original=save_original,
                strip_attachments=strip_attachments,
                thread_id=thread_id,
            )
            return self._process_readable(attempt, message, process) or False
        # A mail inside a mail, handed over by another addon, is a mail of its own.
        door = self.with_context(**{ATTEMPT: None}) if attempt else self
        options = {
            "model": model,
            "custom_values": custom_values,
            "save_original": save_original,
            "strip_attachments": strip_attachments,
            "thread_id": thread_id,
        }
        door = door.env["mail.postmaster.pipeline"]._door_for_caller(door, options)
        pipeline = door.env["mail.postmaster.pipeline"]
        is_enabled, has_written = pipeline._read_switches()
        if not is_enabled:
            pipeline._acknowledge()
            return (
                super(MailThread, door).message_process(options.pop("model"), message, **options)
                or False
            )
        server_id = door.env.context.get("default_fetchmail_server_id")
        return (
            pipeline._process(
                door,
                Submission(
                    raw=to_bytes(message),
                    door=self._name,
                    source=FETCHED if server_id else SUBMITTED,
                    server_id=server_id,
                    options=options,
                ),
                joins=has_written,
            )
            or False
        )

    # --- what core decides ----------------------------------------------------------

    @api.model
    def _detect_is_bounce(self, message, message_dict):
        attempt = self.env.context.get(ATTEMPT)
        # Somebody who assigns a report to a record wants to read it there.
        is_assigned = attempt and attempt.addressed_to == []
        if attempt and attempt.addressing:
            to = _prepared(attempt.addressing, message_dict)["to"]
            message_dict = {**message_dict, "to": to}
        is_bounce = not is_assigned and super()._detect_is_bounce(message, message_dict)
        if attempt and not is_assigned:
            reports = self.env["mail.postmaster.report"]
            is_bounce = reports._is_report(attempt, message_dict, is_bounce)
        return self._note_check("report", is_bounce)

    def _message_parse_extract_bounce(self, email_message, message_dict):
        """Find out what a report is about, where core guesses from its first parts."""
        attempt = self.env.context.get(ATTEMPT)
        if not attempt:
            return super()._message_parse_extract_bounce(email_message, message_dict)
        if not self._detect_is_bounce(email_message, message_dict):
            return {"is_bounce": False}
        return self.env["mail.postmaster.report"]._bounce_values(attempt)

    @api.model
    def _detect_loop_headers(self, msg_dict):
        is_answer = (
            not self._is_released()
            and not self._is_answered_by_a_person()
            and super()._detect_loop_headers(msg_dict)
        )
        if is_answer and (attempt := self.env.context.get(ATTEMPT)):
            attempt.is_routed = True
            attempt.decide(states.IGNORED, "loop_notice_reply")
        return self._note_check("loop_notice", is_answer)

    def _is_answered_by_a_person(self):
        """Tell whether nothing says that a program wrote a mail, where that is ours to ask.

        People answer notices as well. A program that hides what it is meets the limits.
        """
        attempt = self.env.context.get(ATTEMPT)
        return (
            attempt
            and attempt.automatic.kind == HUMAN
            and self.env["mail.postmaster.policy"]._choice(LOOPS) == "accepted"
        )

    @api.model
    def _detect_loop_sender(self, message, message_dict, routes):
        attempt = self.env.context.get(ATTEMPT)
        policy = self.env["mail.postmaster.policy"]
        is_screened = policy._choice(LOOPS) == "accepted"
        if attempt and self._is_routed_by_another(attempt, message_dict):
            return True
        if attempt and (is_screened or attempt.is_quiet or self._is_released()):
            # Each route was screened for itself, when it was found.
            return False
        if attempt:
            attempt.answers_about = "loop_limit"
        is_loop = super()._detect_loop_sender(message, message_dict, routes)
        if attempt:
            attempt.answers_about = None
        if is_loop and attempt:
            attempt.decide(states.REFUSED, "loop_limit")
        return self._note_check("loop_sender", is_loop) if routes else is_loop

    def _alias_get_error(self, message, message_dict, alias):
        return (
            False if self._is_released() else super()._alias_get_error(message, message_dict, alias)
        )

    def _is_released(self):
        """Tell whether a person has accepted the mail of this attempt."""
        attempt = self.env.context.get(ATTEMPT)
        return bool(attempt and attempt.is_released)

    @api.model
    def _detect_write_to_catchall(self, msg_dict):
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.addressing:
            # All recipients, where core looks at To alone: an alias in Cc takes the mail.
            addresses = attempt.addressing.translate(attempt.addressing.recipients.addresses)
            msg_dict = {**msg_dict, "to": ",".join(addresses)}
        is_catchall = (
            not self._is_released()
            and not self._fallback_takes_catchall(attempt)
            and super()._detect_write_to_catchall(msg_dict)
        )
        if is_catchall and (attempt := self.env.context.get(ATTEMPT)):
            attempt.answers_about = "catchall"
            screening = self.env["mail.postmaster.screening"]
            if screening._repeats_to_catchall(attempt, attempt.message_dict):
                attempt.decide(states.IGNORED, "catchall_repeated")
            else:
                attempt.decide(states.REFUSED, "catchall")
        return self._note_check("catchall", is_catchall)

    def _fallback_takes_catchall(self, attempt):
        """Tell whether the incoming server makes a record of mail to the catchall."""
        server_id = attempt.server_id if attempt else None
        addressing = self.env["mail.postmaster.addressing"]
        if not server_id or not addressing._server(server_id).takes_catchall:
            return False
        attempt.trace.hit("fallback_takes_catchall")
        return True

    def _note_check(self, step, result):
        if attempt := self.env.context.get(ATTEMPT):
            (attempt.trace.hit if result else attempt.trace.miss)(step)
        return result

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        attempt = self.env.context.get(ATTEMPT)
        core = super()._routing_handle_bounce
        if attempt and attempt.is_quiet:
            # What could not be delivered then says nothing about an address of today.
            attempt.decide(states.IGNORED, "report_imported")
            return
        if not attempt or attempt.handles_bounce:
            core(email_message, message_dict)
            return
        self.env["mail.postmaster.report"]._handle(attempt, email_message, message_dict, core)

    @api.model
    def _routing_reset_bounce(self, email_message, message_dict):
        attempt = self.env.context.get(ATTEMPT)
        if self._withholds_sender(attempt, None):
            # Somebody else has written: whether that address works is not known.
            return
        address = email_normalize(message_dict["email_from"] or "")
        if attempt and address and (not self.env["mail.postmaster.bounce"]._forget(address)):
            return
        super()._routing_reset_bounce(email_message, message_dict)

    @api.model
    def _routing_warn(self, error_message, message_id, route, raise_exception=True):
        if attempt := self.env.context.get(ATTEMPT):
            attempt.trace.miss("route_warning", error=error_message)
            if raise_exception:
                attempt.decide(states.PARKED, "route_rejected", error=str(error_message))
        return super()._routing_warn(
            error_message, message_id, route, raise_exception=raise_exception
        )

    @api.model
    def _routing_check_route(self, message, message_dict, route, raise_exception=True):
        attempt = self.env.context.get(ATTEMPT)
        if self._is_vetoed(attempt, route):
            attempt.trace.miss("alias", alias=route[4].display_name)
            return ()
        checked = super()._routing_check_route(
            message, message_dict, route, raise_exception=raise_exception
        )
        if attempt and not attempt.addressing and (alias := route[4]):
            # As message_route of 19.0 compares them.
            addresses = {address.lower() for address in email_split(message_dict["recipients"])}
            is_exact = alias.alias_full_name in addresses
            attempt.trace.hit("alias" if is_exact else "alias_local_part", alias=alias.display_name)
        return checked

    @staticmethod
    def _is_vetoed(attempt, route):
        """Tell whether core has found an alias that this mail is not for.

        The alias of a reply is there for its contact rules, not as a target.
        """
        _model, thread_id, _values, _user_id, alias = route
        is_target = alias and (not thread_id or thread_id == alias.alias_force_thread_id)
        return bool(
            attempt
            and attempt.addressing
            and is_target
            and alias.id not in attempt.addressing.alias_ids
        )

    def _routing_create_bounce_email(self, email_from, body_html, message, **mail_values):
        """Answer the sender of one mail once about one thing, whatever the number of its copies."""
        attempt = self.env.context.get(ATTEMPT)
        if attempt:
            pipeline = self.env["mail.postmaster.pipeline"]
            answers = self.env["mail.postmaster.answer"]
            why = answers._reason_not_to_answer(attempt)
            # Delivered from the start: an answer is not given a second time by any attempt.
            answer = f"answer:{attempt.answers_about or ''}"
            if not why and not pipeline._claim(attempt, [answer], state=states.DELIVERED):
                why = self.env._("this mail was answered before")
            if why:
                attempt.trace.miss("answer", why=why)
                return
            attempt.trace.hit("answer")
        thread = self
        if attempt and answers._is_careful():
            env, body_html, mail_values = answers._rewrite(
                attempt,
                email_from,
                body_html,
                mail_values,
            )
            thread = self.with_env(env)
            automatic = thread.env["mail.postmaster.answer"]._automatic_values(attempt)
            mail_values = {**mail_values, **automatic}
        super(MailThread, thread)._routing_create_bounce_email(
            email_from, body_html, message, **mail_values
        )

    def _is_routed_by_another(self, attempt, message_dict):
        """Return whether a message is a duplicate that another addon has routed without us."""
        is_routed, attempt.is_routed = attempt.is_routed, True
        # Also where our message_route was handed a copy.
        attempt.show_message_id(message_dict)
        if is_routed or not self._repeats_a_message(attempt, message_dict["message_id"]):
            return False
        attempt.decide(states.IGNORED, "duplicate_message")
        return True

    def _repeats_a_message(self, attempt, message_id):
        """Return whether a message is here that no delivery of ours has made.

        It was received before the addon was installed, or sent by this database. Core asks the
        same, with the id that is hidden from it.
        """
        return not attempt.is_known and bool(
            self.env["mail.message"].search_count([("message_id", "=", message_id)], limit=1)
        )

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        attempt = self.env.context.get(ATTEMPT)
        if not attempt:
            return super().message_route(
                message,
                message_dict,
                model=model,
                thread_id=thread_id,
                custom_values=custom_values,
            )
        attempt.is_routed = True
        attempt.show_message_id(message_dict)
        attempt.message_dict = message_dict
        if self._repeats_a_message(attempt, message_dict["message_id"]):
            attempt.decide(states.IGNORED, "duplicate_message")
            return []
        recipients = message_dict["recipients"]
        (attempt.trace.hit if recipients else attempt.trace.miss)(
            "recipients", recipients=recipients
        )
        written = {name: message_dict[name] for name in ("to", "recipients")}
        if attempt.addressing:
            message_dict.update(_prepared(attempt.addressing, written))
            if attempt.addressing.recipients.is_envelope:
                # What nobody takes is what the envelope says, and a blind copy has no To.
                recipients = ", ".join(attempt.addresses)
        try:
            routes = super().message_route(
                message,
                message_dict,
                model=model,
                thread_id=thread_id,
                custom_values=custom_values,
            )
        except ValueError as error:
            if str(error).startswith(NO_ROUTE):
                code = "no_route" if recipients else "no_recipient"
                attempt.decide(states.PARKED, code, recipients=recipients)
            raise
        finally:
            # Prepared for routing alone: the conversation keeps them as they were written.
            message_dict.update(written)
        for route in routes:
            attempt.trace.hit("route", target=target_of(route, attempt.server_id))
        if attempt.is_released or attempt.addressed_to is not None:
            # A person has decided where it goes.
            return routes
        screening = self.env["mail.postmaster.screening"]
        return screening._screen_routes(attempt, message, message_dict, routes)


def _prepared(addressing, written):
    """Return the recipients that core is to route by.

    To is what tells core a forwarded mail from an answer; of an envelope nobody knows what
    was in To, so it is all of it.
    """
    if addressing.recipients.is_envelope:
        to = addressing.addresses
    else:
        to = addressing.translate([address.lower() for address in email_split(written["to"])])
    return {"to": ",".join(to), "recipients": ",".join(addressing.addresses)}
