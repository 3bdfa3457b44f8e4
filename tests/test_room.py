"""What waits or needs attention is bounded, in all and by one sender."""

from unittest.mock import patch

from psycopg2.errors import DiskFull

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..fetching.server_run import ServerRun
from ..gateway import states
from ..gateway.fingerprint import intake_key
from ..gateway.mailbox.run import Fetched
from ..pipeline import room
from ..pipeline.submission import IMPORTED, LMTP, SUBMITTED, Submission
from ..policy.settings import HELD_MEGABYTES, HELD_SENDER_MEGABYTES
from .common import GatewayCase

LARGE, SENDER = 300_000, "ann@customer.test"


@tagged("post_install", "-at_install")
class TestRoom(GatewayCase):
    def setUp(self):
        super().setUp()
        self.patch(room, "FRESH_SECONDS", -1)
        self.addCleanup(room._totals.clear)
        self.pipeline = self.env["mail.postmaster.pipeline"]
        self.held(0, "received", other=True)

    def held(self, size, state, sender=SENDER, raw_kept=True, other=False):
        """Make all messages, or another one, take so many bytes in this state."""
        if other:
            self.env.cr.execute("UPDATE mail_postmaster_message SET size = 0")
            return None
        _result, row = self.receive(self.raw(sender, 10))
        self.env.cr.execute(
            "UPDATE mail_postmaster_message SET size = %s, state = %s, raw_kept = %s WHERE id = %s",
            [size, state, raw_kept, row.id],
        )
        return row

    def raw(self, sender=SENDER, size=LARGE, before=""):
        number = self.env["mail.postmaster.message"].search_count([])
        head = (
            f"{before}From: {sender}\r\nTo: people@postmaster.test\r\n"
            f"Subject: {size}\r\nMessage-Id: <{self.id()}.{number}.{sender}@x>\r\n\r\n"
        )
        return head.encode() + b"x" * size

    def refused(self, raw, source=LMTP):
        submission = Submission(raw=raw, entry_model="mail.thread", source=source)
        return self.pipeline._without_room([submission]).get(0)

    def limits(self, megabytes, of_sender):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param(HELD_MEGABYTES, megabytes)
        parameters.set_param(HELD_SENDER_MEGABYTES, of_sender)

    def test_which_limit_applies(self):
        """State of what is held × who sends × how large it is."""
        self.limits(100, 10)
        full_of_sender, full = 9_900_000, 99_900_000
        for state in states.TRANSITIONS:
            for kept in (True, False):
                counts = kept and state in states.OPEN
                row = self.held(full_of_sender, state, raw_kept=kept)
                by_sender = HELD_SENDER_MEGABYTES if counts else None
                with self.subTest(state, kept=kept):
                    self.assertEqual(self.refused(self.raw()), by_sender)
                    self.assertIsNone(self.refused(self.raw(size=200_000)))
                    self.assertIsNone(self.refused(self.raw("bob@customer.test")))
                    # Anybody may be the null sender.
                    null = self.raw(before="Return-Path: <>\r\n")
                    self.assertIsNone(self.refused(null))
                    self.assertIsNone(self.refused(self.raw(), source=IMPORTED))
                self.env.cr.execute(
                    "UPDATE mail_postmaster_message SET size = %s, email_normalized = 'x@y.test' "
                    "WHERE id = %s",
                    [full, row.id],
                )
                in_all = HELD_MEGABYTES if counts else None
                with self.subTest(state, kept=kept, full=True):
                    for raw in (self.raw(), self.raw(size=200_000), null):
                        self.assertEqual(self.refused(raw), in_all)
                self.held(0, state, other=True)

    def test_small_messages_do_not_count_for_their_sender(self):
        self.limits(100, 10)
        for _number in range(3):
            self.held(room.SMALL, "parked")
        self.assertEqual(self.pipeline._held_by({SENDER}), {})

    def test_a_batch_counts_itself(self):
        self.limits(100, 10)
        self.held(9_500_000, "parked")
        submissions = [
            Submission(raw=self.raw(size=LARGE + n), entry_model="mail.thread", source=LMTP)
            for n in range(3)
        ]
        self.assertEqual(
            self.pipeline._without_room(submissions),
            {1: HELD_SENDER_MEGABYTES, 2: HELD_SENDER_MEGABYTES},
        )

    @mute_logger("odoo.addons.mail_postmaster.pipeline.room")
    def test_batch_stores_the_others(self):
        self.limits(100, 10)
        self.held(9_900_000, "parked")
        raws = [self.raw("bob@customer.test"), self.raw(), self.raw(size=100)]
        with patch.object(type(self.pipeline), "_take_in_all", lambda _self, stored: stored):
            rows = self.pipeline._take_in_batch(
                [Submission(raw=raw, entry_model="mail.thread", source=LMTP) for raw in raws]
            )
        self.assertIsInstance(rows[1], DiskFull)
        self.assertEqual([rows[0].raw, rows[2].raw], [raws[0], raws[2]])

    @mute_logger("odoo.addons.mail_postmaster.pipeline.room")
    def test_callers_are_told(self):
        self.limits(100, 10)
        self.held(9_900_000, "parked")
        before = self.log.search_count([])
        with self.assertRaises(DiskFull):
            self.env["mail.thread"].message_process(False, self.raw())
        self.assertEqual(self.log.search_count([]), before)

    def test_message_that_is_stored_is_known(self):
        """Its mail server has not got the reply, and must get it now."""
        raw = self.raw()
        _result, row = self.receive(raw)
        # In a transaction of a caller, the same bytes are another message.
        row.write({"intake_key": intake_key(raw, f"{SUBMITTED}:")})
        self.env.flush_all()
        self.limits(100, 10)
        self.held(9_900_000, "parked")
        self.assertIsNone(self.refused(raw, source=SUBMITTED))
        self.assertIsNotNone(self.refused(self.raw(), source=SUBMITTED))

    def test_mailbox_keeps_what_has_no_room(self):
        self.limits(100, 10)
        self.held(9_900_000, "parked")
        server = self.env["fetchmail.server"].create({"name": "Box", "server_type": "imap"})
        run = ServerRun(server)
        folder = self.env["mail.postmaster.folder"].search([], limit=1)
        mails = [Fetched(1, self.raw(), LARGE), Fetched(2, self.raw(size=100), 100)]
        kept, full = run._within_room(folder, mails)
        self.assertEqual(full, {1: HELD_SENDER_MEGABYTES})
        self.assertEqual([mail.missing for mail in kept], ["no_room", None])
        self.assertNotIn(b"xxx", kept[0].raw)
        self.assertEqual(kept[0].size, LARGE)

    def test_alarm_before_it_is_full(self):
        self.limits(100, 10)
        kind = self.env.ref("mail_postmaster.mail_activity_room")
        alarms = [("activity_type_id", "=", kind.id)]
        with patch.object(type(self.log), "_is_first_to_tell", lambda *_args: True):
            for megabytes, count in ((7, 0), (8, 1), (9, 1)):
                with self.subTest(megabytes):
                    self.held(megabytes * 1_000_000, "parked")._call_for_attention()
                    self.assertEqual(self.env["mail.activity"].search_count(alarms), count)
                    self.held(0, "parked", other=True)
        activity = self.env["mail.activity"].search(alarms)
        self.assertIn(HELD_SENDER_MEGABYTES, activity.summary)
        self.assertIn("80%", activity.summary)

    def test_sums_are_read_from_the_index(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for statement, values in ((room.HELD, None), (room.HELD_BY, [[SENDER]])):
            self.env.cr.execute(f"EXPLAIN {statement}", values)
            plan = " ".join(line for (line,) in self.env.cr.fetchall())
            self.assertIn("open_content", plan)
