"""Addons above this one and below it: each override runs once, and reads what core found."""

import email
import email.policy
from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import ConcurrencyError
from odoo.tests import tagged

from odoo.addons.mail.models.mail_thread import MailThread

from ..pipeline.submission import POSTED, Submission
from .common import GatewayCase
from .neighbours_common import neighbour
from .reports_common import JANE, JOHN, ReportsCase

THREAD = "mail.thread"


@tagged("post_install", "-at_install")
class TestReportsAmongNeighbours(ReportsCase):
    """What core would have found is there before and after ``super()``, above and below."""

    def seen(self, raw, is_above, process=None):
        """Receive a report; return the failures that another addon reads, and its log row."""
        before, after = [], []

        def failure(message_dict):
            names = ("email", "partner", "msg_ids", "message")
            return tuple(message_dict[f"bounced_{name}"] for name in names)

        class Reader:
            __slots__ = ()

            def _routing_handle_bounce(self, email_message, message_dict):
                before.append(failure(message_dict))
                result = super()._routing_handle_bounce(email_message, message_dict)
                after.append(failure(message_dict))
                return result

        with neighbour(self.env, THREAD, Reader, is_above):
            _result, row = (process or self.receive)(raw)
        failed = [one for one in before if one[0] or one[1] or one[2]]
        # Nothing that was read before has changed.
        self.assertCountEqual(failed, [one for one in after if one[0] or one[1] or one[2]])
        return failed, row

    def each(self):
        """Yield where the other addon stands, under each preset, with a new message sent."""
        for is_above in (True, False):
            for preset in ("odoo", "recommended"):
                with self.subTest(is_above=is_above, preset=preset):
                    self.env["mail.postmaster.policy"].apply_preset(preset)
                    yield is_above, self.send(self.jane + self.john), f"{is_above}{preset}"

    def test_one_has_failed(self):
        for is_above, sent, number in self.each():
            raw = self.delivery_report(sent.message_id, JANE, number=number)
            failed, row = self.seen(raw, is_above)
            self.assertEqual(failed, [(JANE, self.jane, [sent.message_id], sent)])
            self.assertReason(row, "delivered", "report_recorded")
            self.assertEqual(self.notification(self.jane, sent).notification_status, "bounce")
            self.assertEqual(self.notification(self.john, sent).notification_status, "sent")

    def test_two_have_failed(self):
        for is_above, sent, number in self.each():
            bounces = self.jane.message_bounce, self.john.message_bounce
            failed, _row = self.seen(self.report("postfix_two_failed", sent, number), is_above)
            self.assertCountEqual(
                failed,
                [
                    (JANE, self.jane, [sent.message_id], sent),
                    (JOHN, self.john, [sent.message_id], sent),
                ],
            )
            counted = self.jane.message_bounce, self.john.message_bounce
            self.assertEqual(counted, (bounces[0] + 1, bounces[1] + 1))

    def test_the_second_has_failed(self):
        """Core would have taken the first recipient, which was delayed only."""
        for is_above, sent, number in self.each():
            raw = self.delivery_report(sent.message_id, JOHN, "4.4.1", "delayed", number)
            second = f"Final-Recipient: rfc822; {JANE}\nAction: failed\nStatus: 5.1.1"
            text = raw.decode().replace(
                "\n\n--b\nContent-Type: text/rfc", f"\n\n{second}\n\n--b\nContent-Type: text/rfc"
            )
            failed, _row = self.seen(text.encode(), is_above)
            self.assertEqual(failed, [(JANE, self.jane, [sent.message_id], sent)])

    def test_nothing_has_failed(self):
        for is_above, sent, number in self.each():
            for raw in (
                self.delivery_report(sent.message_id, JANE, "4.2.2", number=f"s{number}"),
                self.delivery_report(sent.message_id, JANE, "2.0.0", "delivered", f"d{number}"),
                self.complaint(sent.message_id, JANE, number=number),
                self.report("thunderbird_read", sent, number),
            ):
                self.assertEqual(self.seen(raw, is_above)[0], [])

    def test_a_stranger_has_failed(self):
        """Core counts the address; the message it was not sent to stays as it is."""
        stranger = self.env["res.partner"].create({"name": "S", "email": "s@example.com"})
        none = self.env["mail.message"]
        for is_above, sent, number in self.each():
            is_core = number.endswith("odoo")
            raw = self.delivery_report(sent.message_id, stranger.email, number=number)
            failed, row = self.seen(raw, is_above)
            self.assertEqual(failed, [(stranger.email, stranger, [], sent if is_core else none)])
            self.assertReason(row, "ignored", "report_unmatched")
            raw = self.delivery_report("<unknown@example.com>", stranger.email, number=f"u{number}")
            failed, row = self.seen(raw, is_above)
            self.assertEqual(failed, [(stranger.email, stranger, [], none)])

    def test_a_copy_and_an_imported_report_count_nothing(self):
        def process(raw, **values):
            before = self.log.search([], limit=1).id or 0
            submission = Submission(raw=raw, entry_model=THREAD, source=POSTED, **values)
            row = self.pipeline._take_in(submission, joins=True)
            self.pipeline._process_stored(row["id"], joins=True)
            return None, self.log.search([("id", ">", before)], limit=1)

        for is_above, sent, number in self.each():
            raw = self.delivery_report(sent.message_id, JANE, number=number)
            self.assertEqual(len(self.seen(raw, is_above, process)[0]), 1)
            failed, row = self.seen(b"Received: from a relay\r\n" + raw, is_above, process)
            self.assertEqual((failed, row.state), ([], "ignored"))
            raw = self.delivery_report(sent.message_id, JOHN, number=f"old{number}")
            quiet = self.seen(raw, is_above, lambda raw: process(raw, is_quiet=True))
            self.assertEqual((quiet[0], quiet[1].reason_code), ([], "report_imported"))

    def test_other_methods_above_read_it_as_well(self):
        seen = []

        class Reader:
            __slots__ = ()

            def message_route(self, message, message_dict, *arguments, **options):
                seen.append(message_dict["bounced_email"])
                return super().message_route(message, message_dict, *arguments, **options)

            def message_parse(self, message, save_original=False):
                values = super().message_parse(message, save_original=save_original)
                seen.append(values["bounced_email"])
                return values

        for is_above in (True, False):
            sent = self.send(self.jane)
            with neighbour(self.env, THREAD, Reader, is_above):
                self.receive(self.delivery_report(sent.message_id, JANE, number=is_above))
        self.assertEqual(seen, [JANE] * 4)


@tagged("post_install", "-at_install")
class TestOrderOfProcessing(GatewayCase):
    """The message is stored before any override runs, and each of them runs once per attempt."""

    @contextmanager
    def process_by(self, is_above, change=lambda raw: raw, keep=False, result=False, model=THREAD):
        """Let another addon override ``message_process``; yield what it was called with."""
        calls = []

        class Neighbour:
            __slots__ = ()

            def message_process(self, model, message, *arguments, **options):
                calls.append((message, self.env.context.get("mail_postmaster_attempt")))
                if keep:
                    return result(self) if callable(result) else result
                return super().message_process(model, change(message), *arguments, **options)

        with neighbour(self.env, model, Neighbour, is_above):
            yield calls

    def ways(self):
        """Return ``{name: function of a raw message that receives it}``."""
        entry = self.env[THREAD]

        def stored(raw):
            row = self.pipeline._take_in(
                Submission(raw=raw, entry_model=THREAD, source=POSTED), joins=True
            )
            self.pipeline._process_stored(row["id"], joins=True)

        def posted(raw):
            self.pipeline._hand_over(Submission(raw=raw, entry_model=THREAD, source=POSTED))

        server = self.env["fetchmail.server"].create({"name": "Box"})
        return {
            "called": lambda raw: entry.message_process(False, raw),
            "called for a model": lambda raw: self.env["res.partner"].message_process(False, raw),
            "fetched": lambda raw: entry.with_context(
                default_fetchmail_server_id=server.id
            ).message_process(model=False, message=raw, save_original=False),
            "posted": posted,
            "processed later": stored,
        }

    def test_each_override_runs_once_per_attempt(self):
        for is_above in (True, False):
            for way, receive in self.ways().items():
                with self.subTest(way, is_above=is_above), self.process_by(is_above) as calls:
                    raw = self.mail(message_id=f"<{is_above}.{way.replace(' ', '.')}@x.test>")
                    receive(raw)
                    self.assertEqual([message for message, _attempt in calls], [raw])
                    self.assertTrue(calls[0][1])
                    row = self.log.search([], limit=1)
                    self.assertReason(row, "delivered", "record_created")

    def test_once_more_for_each_further_attempt(self):
        core, failures = MailThread.message_process, []

        def fail(thread, *arguments, **options):
            if failures:
                raise failures.pop()
            return core(thread, *arguments, **options)

        for is_above in (True, False):
            failures[:] = [ConcurrencyError("x")]
            raw = self.mail(message_id=f"<again.{is_above}@customer.test>")
            with (
                self.process_by(is_above) as calls,
                patch.object(MailThread, "message_process", fail),
            ):
                row = self.pipeline._take_in(
                    Submission(raw=raw, entry_model=THREAD, source=POSTED), joins=True
                )
                # A conflict ends the transaction of the caller, who then tries again.
                with self.assertRaises(ConcurrencyError):
                    self.pipeline._process_stored(row["id"], joins=True)
                self.pipeline._process_stored(row["id"], joins=True)
            self.assertEqual(len(calls), 2)

    def test_a_patched_method_runs_once_as_well(self):
        """Some addons replace the method of the registry's class, which stands above ours."""
        calls, thread = [], type(self.env[THREAD])
        ours = thread.message_process

        def message_process(records, *arguments, **options):
            calls.append(arguments)
            return ours(records, *arguments, **options)

        self.patch(thread, "message_process", message_process)
        for way, receive in self.ways().items():
            with self.subTest(way):
                calls.clear()
                receive(self.mail(message_id=f"<patched.{way.replace(' ', '.')}@customer.test>"))
                self.assertEqual(len(calls), 1)
                self.assertEqual(self.log.search([], limit=1).state, "delivered")

    def test_an_override_of_one_model_runs_once(self):
        """It stands before the intake when that model is called, and after it later."""
        for way in ("called for a model", "called"):
            with self.subTest(way), self.process_by(True, model="res.partner") as calls:
                self.ways()[way](self.mail(message_id=f"<one.{len(way)}@customer.test>"))
                self.assertEqual(len(calls), way != "called")
                row = self.log.search([], limit=1)
                self.assertReason(row, "delivered", "record_created")

    def test_what_is_stored_is_what_was_received(self):
        def shout(raw):
            return raw.replace(b"Good morning", b"GOOD MORNING")

        for is_above in (True, False):
            raw = self.mail(message_id=f"<shout.{is_above}@customer.test>")
            with self.subTest(is_above=is_above), self.process_by(is_above, shout):
                record_id, row = self.receive(raw)
                self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)
                self.assertEqual(row.subject, "Good morning")
                self.assertEqual(self.env["res.partner"].browse(record_id).name, "GOOD MORNING")

    def test_a_message_that_is_not_passed_on_has_a_row(self):
        for result in (False, None, 7):
            raw = self.mail(message_id=f"<kept.{result}@customer.test>")
            with self.subTest(result), self.process_by(True, keep=True, result=result) as calls:
                got, row = self.receive(raw)
                self.assertEqual(len(calls), 1)
                self.assertReason(row, "ignored", "kept_by_addon")
                self.assertIn("postmaster_neighbour", row.reason)
                self.assertEqual(got, result or False)
                self.assertStep(row, "kept", hit=False)
                self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)
            # The addon does not keep it again.
            row.action_process_again()
            self.assertReason(row, "delivered", "record_created")

    def test_addon_that_delivers_or_answers_by_itself(self):
        def deliver(thread):
            partner = thread.env["res.partner"].create({"name": "By another"})
            partner.message_post(body="Hello", message_type="email")
            return partner.id

        def tell(thread):
            message = email.message_from_bytes(self.mail(), policy=email.policy.SMTP)
            thread._routing_create_bounce_email("jane@customer.test", "Not here", message)
            return False

        with self.process_by(True, keep=True, result=deliver):
            record_id, row = self.receive(self.mail(message_id="<itself@customer.test>"))
        self.assertReason(row, "delivered", "made_by_another")
        self.assertEqual(row.delivery_ids._record(), self.env["res.partner"].browse(record_id))
        self.env["mail.postmaster.policy"].apply_preset("recommended")
        with self.process_by(True, keep=True, result=tell):
            row = self.receive(self.mail(message_id="<told@customer.test>"))[1]
        self.assertReason(row, "refused", "kept_by_addon_told")

    def test_addon_that_fails_before_core(self):
        def fail(_thread):
            raise LookupError("broken")

        with self.process_by(True, keep=True, result=fail):
            row_before = self.log.search([], limit=1)
            raw = self.mail(message_id="<fails@customer.test>")
            row = self.pipeline._take_in(
                Submission(raw=raw, entry_model=THREAD, source=POSTED), joins=True
            )
            self.pipeline._process_stored(row["id"], joins=True)
        row = self.log.search([], limit=1)
        self.assertNotEqual(row, row_before)
        self.assertReason(row, "parked", "failed")

    def test_message_that_an_addon_submits_before_core_has_the_first(self):
        """Such as one attached to it; each has its own row."""
        inner = self.mail(message_id="<inner@customer.test>", subject="Inner")

        class Splitter:
            __slots__ = ()

            def message_process(self, model, message, *arguments, **options):
                if b"inner@customer" not in message:
                    self.env[THREAD].message_process(model, inner)
                return super().message_process(model, message, *arguments, **options)

        for is_above in (True, False):
            with neighbour(self.env, THREAD, Splitter, is_above):
                inner = self.mail(message_id=f"<inner.{is_above}@customer.test>", subject="Inner")
                inner = inner.replace(b"inner.", b"inner@customer.")
                before = self.log.search_count([])
                self.receive(self.mail(message_id=f"<outer.{is_above}@customer.test>"))
                rows = self.log.search([], limit=2)
                self.assertEqual(self.log.search_count([]), before + 2)
                self.assertEqual(rows.mapped("state"), ["delivered"] * 2)

    def test_pass_through_runs_each_once(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.enabled", "false")
        before = self.log.search_count([])
        for is_above in (True, False):
            with self.subTest(is_above=is_above), self.process_by(is_above) as calls:
                raw = self.mail(message_id=f"<off.{is_above}@customer.test>")
                self.assertTrue(self.env[THREAD].message_process(False, raw))
                self.assertEqual([message for message, _attempt in calls], [raw])
        self.assertEqual(self.log.search_count([]), before)
