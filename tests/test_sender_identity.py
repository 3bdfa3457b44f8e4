"""No sender acts as another: the author, the creator of a record, the rights of an alias."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..policy.settings import AUTHSERV, IDENTITY, IDENTITY_OWN, IDENTITY_UNCHECKED
from .common import keep_markers, need
from .identity_common import (
    AMY,
    BOSS,
    JANE,
    OPEN,
    SERVER,
    IdentityCase,
    failed,
    passed,
    results,
)

RECEIVED = b"Received: from x by mx.postmaster.test; Fri, 20 Nov 2026 10:00:00 +0100\r\n"


@tagged("post_install", "-at_install")
class TestSenderIdentity(IdentityCase):
    # --- Who acts -------------------------------------------------------------------

    def test_what_passes_acts_as_its_sender(self):
        for user, address in ((self.boss, BOSS), (self.amy, AMY)):
            with self.subTest(address):
                row = self.from_(address, passed(address))
                self.assertActs(row, user)
                self.assertFalse(row.delivery_ids.mail_message_id.postmaster_mark)
                self.assertEqual(row.authentication, "pass")
                self.assertStep(row, "authentication")

    def test_user_whom_somebody_else_writes_as(self):
        for address in (BOSS, AMY):
            with self.subTest(address):
                row = self.from_(address, failed(address))
                self.assertReason(row, "parked", "identity_parked")
                self.assertIn(f"{address} does not seem to have written this message", row.reason)
                self.assertIn("DMARC failed for", row.reason)
                self.assertEqual(row.authentication, "fail")
                self.assertStep(row, "authentication_failed", hit=False)
                self.assertStep(row, "identity")

    def test_contact_whom_somebody_else_writes_as(self):
        row = self.from_(JANE, failed(JANE))
        self.assertReason(row, "delivered", "record_created")
        self.assertActsAsNobody(row, JANE)
        self.assertStep(row, "sender_withheld")
        # The address stays, so that users can check it.
        self.assertIn(JANE, row.delivery_ids._record().email)

    def test_each_policy(self):
        expected = {
            "off": ("delivered", "record_created"),
            "mark": ("delivered", "record_created"),
            "withhold": ("delivered", "record_created"),
            "park": ("parked", "identity_parked"),
            "refuse": ("refused", "identity_refused"),
        }
        for key, address, author in (
            (IDENTITY, JANE, self.jane),
            (IDENTITY_OWN, AMY, self.amy.partner_id),
        ):
            for policy, (state, code) in expected.items():
                self.parameters.set_param(key, policy)
                with self.subTest(key=key, policy=policy):
                    row = self.from_(address, failed(address))
                    self.assertReason(row, state, code)
                    if policy in ("off", "mark"):
                        self.assertEqual(self.message_of(row).author_id, author)
                        mark = self.message_of(row).postmaster_mark
                        self.assertEqual(mark and mark["kind"], policy == "mark" and "failed")
                    elif policy == "withhold":
                        self.assertActsAsNobody(row, address)

    def test_nothing_speaks_for_the_sender(self):
        """Small senders have no authentication; we have."""
        row = self.from_(JANE, OPEN)
        self.assertEqual(self.message_of(row).author_id, self.jane)
        self.assertEqual(row.authentication, "none")
        self.assertStep(row, "authentication_open", hit=False)
        for address in (BOSS, AMY):
            with self.subTest(address):
                self.assertActsAsNobody(self.from_(address, OPEN), address)

    def test_mail_from_inside_is_not_judged(self):
        for top in (b"", results("dkim=none; dmarc=none action=none")):
            with self.subTest(top):
                self.assertActs(self.from_(BOSS, top), self.boss)

    def test_sender_who_is_not_withheld_from_the_next_mail(self):
        self.assertActsAsNobody(self.from_(JANE, failed(JANE)), JANE)
        self.assertEqual(self.message_of(self.from_(JANE, passed(JANE))).author_id, self.jane)

    # --- Rights of an alias ---------------------------------------------------------

    def test_alias_for_contacts_and_for_followers(self):
        self.parameters.set_param(IDENTITY_OWN, "withhold")
        talk = self.env["res.partner"].create({"name": "Talk"})
        talk.message_subscribe((self.boss.partner_id + self.jane).ids)
        followers = {
            "alias_contact": "followers",
            "alias_force_thread_id": talk.id,
            "alias_parent_model_id": self.env["ir.model"]._get_id("res.partner"),
            "alias_parent_thread_id": talk.id,
        }
        self.make_alias("contacts", "res.partner", alias_contact="partners")
        self.make_alias("talk", "res.partner", **followers)
        for to in ("contacts@postmaster.test", "talk@postmaster.test"):
            for address in (BOSS, JANE):
                with self.subTest(to=to, address=address):
                    row = self.from_(address, failed(address), to=to)
                    self.assertReason(row, "parked", "alias_security")
                    # The address in From did not write it.
                    self.assertStep(row, "answer", hit=False)
                    row = self.from_(address, passed(address), to=to)
                    self.assertEqual(row.state, "delivered", row.reason)

    def test_reply_to_an_alias_for_contacts(self):
        alias = self.make_alias("contacts", "res.partner", alias_contact="partners")
        question = self.jane.message_post(body="x", message_type="comment")
        reply = {
            "to": alias.alias_full_name,
            "headers": f"\r\nIn-Reply-To: {question.message_id}",
        }
        self.assertReason(self.from_(JANE, failed(JANE), **reply), "parked", "alias_security")
        row = self.from_(JANE, passed(JANE), **reply)
        self.assertReason(row, "delivered", "reply_posted")

    def test_parked_before_the_rights_are_asked(self):
        """A user reviews it, instead of a notice going to the user whose name it uses."""
        self.alias.alias_contact = "partners"
        for address in (BOSS, AMY):
            row = self.from_(address, failed(address))
            self.assertReason(row, "parked", "identity_parked")

    def test_forged_mail_does_not_say_that_an_address_works(self):
        self.jane.message_bounce = 3
        self.from_(JANE, failed(JANE))
        self.assertEqual(self.jane.message_bounce, 3)
        self.from_(JANE, passed(JANE))
        self.assertEqual(self.jane.message_bounce, 0)

    def test_reply_and_fallback(self):
        question = self.jane.message_post(
            body="x",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        answer = {
            "to": "catchall@postmaster.test",
            "headers": f"\r\nIn-Reply-To: {question.message_id}",
        }
        self.assertReason(self.from_(JANE, passed(JANE), **answer), "delivered", "reply_posted")
        row = self.from_(JANE, failed(JANE), **answer)
        self.assertReason(row, "delivered", "reply_noted")
        self.assertFalse(self.message_of(row).author_id)
        raw = failed(JANE) + self.mail(sender=JANE, to="nobody@elsewhere.test")
        row = self.receive(raw, model="res.partner")[1]
        self.assertReason(row, "delivered", "fallback_created")
        self.assertActsAsNobody(row, JANE)

    def test_answer_of_one_of_us_that_nothing_proves(self):
        """A withheld follower has no follower rights: other followers are not notified either."""
        self.jane.message_subscribe(self.boss.partner_id.ids)
        question = self.jane.message_post(
            body="x",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        answer = {
            "to": "catchall@postmaster.test",
            "headers": f"\r\nIn-Reply-To: {question.message_id}",
        }
        row = self.from_(BOSS, OPEN, **answer)
        self.assertReason(row, "delivered", "reply_noted")
        self.assertStep(row, "reply_unproved", hit=False)
        self.assertTrue(self.message_of(row).is_internal)
        row = self.from_(BOSS, passed(BOSS), **answer)
        self.assertReason(row, "delivered", "reply_posted")

    def test_forged_mail_takes_no_places_of_the_sender(self):
        self.parameters.set_param("mail.gateway.loop.threshold", 2)
        states = [self.from_(JANE, failed(JANE)).state for _number in range(3)]
        self.assertEqual(states, ["delivered", "delivered", "parked"])
        self.assertEqual(self.from_(JANE, passed(JANE)).state, "delivered")

    def test_forged_mail_of_a_sender_without_limit(self):
        self.parameters.set_param("mail.gateway.loop.threshold", 1)
        self.env["mail.gateway.allowed"].create({"email": JANE})
        states = [self.from_(JANE, failed(JANE)).state for _number in range(2)]
        self.assertEqual(states, ["delivered", "parked"])
        states = [self.from_(JANE, passed(JANE)).state for _number in range(2)]
        self.assertEqual(states, ["delivered", "delivered"])

    def test_applications_find_nobody_either(self):
        """A task would make a contact of its sender, a lead its customer."""
        need(self.env, "crm", "project")
        self.env["project.project"].create(
            {
                "name": "P",
                "alias_name": "tasks",
                "alias_domain_id": self.domain.id,
            }
        )
        self.make_alias("leads", "crm.lead")
        self.parameters.set_param(IDENTITY_OWN, "withhold")
        before = self.env["res.partner"].search_count([])
        for to in ("tasks@postmaster.test", "leads@postmaster.test"):
            for address in (BOSS, JANE, "new@customer.test"):
                with self.subTest(to=to, address=address):
                    row = self.from_(address, failed(address), to=to)
                    self.assertActsAsNobody(row, address)
                    self.assertFalse(row.delivery_ids._record().partner_id)
        self.assertEqual(self.env["res.partner"].search_count([]), before)
        row = self.from_(JANE, passed(JANE), to="tasks@postmaster.test")
        self.assertEqual(row.delivery_ids._record().partner_id, self.jane)

    # --- Forged results ---------------------------------------------------------------

    def test_forged_results_in_every_order(self):
        """Only the topmost field of our own server counts, wherever the forged ones are."""
        forged = passed(BOSS)
        foreign = results("dmarc=pass header.from=postmaster.test", "mx.evil.test")
        unnamed = b"Authentication-Results: dmarc=pass header.from=postmaster.test\r\n"
        broken = b"Authentication-Results: (mx.postmaster.test; dmarc=pass\r\n"
        for others in (forged, foreign, unnamed, broken, forged + foreign, unnamed + forged):
            for top in (
                failed(BOSS) + RECEIVED + others,
                failed(BOSS) + others,
                RECEIVED + failed(BOSS) + others,
                failed(BOSS) + RECEIVED + RECEIVED + others,
                foreign + failed(BOSS) + RECEIVED + others,
            ):
                with self.subTest(top):
                    row = self.from_(BOSS, top)
                    self.assertReason(row, "parked", "identity_parked")

    def test_results_of_others_prove_nothing(self):
        for top in (
            results("dmarc=pass header.from=postmaster.test", "mx.evil.test"),
            results("spf=pass smtp.mailfrom=x@evil.test; dmarc=none", SERVER)
            + results("dmarc=pass header.from=postmaster.test", SERVER),
            results("spf=pass smtp.mailfrom=x@evil.test; dmarc=pass header.from=evil.test"),
        ):
            with self.subTest(top):
                self.assertNotEqual(self.from_(BOSS, top).authentication, "pass")

    # --- An unusual From ----------------------------------------------------------------

    def test_odd_from_is_marked(self):
        cases = {
            "several_addresses": f"{JANE}, {BOSS}",
            "name_claims_own_domain": f'"{BOSS}" <{JANE}>',
            "name_is_address": f'"other@person.test" <{JANE}>',
            "lookalike_domain": "Jane <jane@p0stmaster.test>",
            "no_address": "Jane Doe",
            "raw_8bit": f"Jürgen <{JANE}>",
        }
        for code, sender in cases.items():
            with self.subTest(code):
                row = self.from_(sender, passed(JANE), return_path=JANE)
                self.assertStep(row, "odd_sender", hit=False)
                steps = [step for step in row.trace if step["step"] == "odd_sender"]
                self.assertIn(code, steps[0]["params"]["oddities"])
                texts = [line["text"] for line in row.trace_lines]
                self.assertRegex("\n".join(texts), r"(?m)^The From field is suspicious: [^%]+\.$")
                if row.state == "delivered":
                    self.assertTrue(self.message_of(row).postmaster_note)

    def test_several_senders_are_nobody(self):
        for sender in (f"{BOSS}, {JANE}", f"{JANE}, {BOSS}", f"{JANE}, evil@evil.test"):
            with self.subTest(sender):
                row = self.from_(sender, passed(JANE), return_path=JANE)
                self.assertEqual(row.authentication, "fail")
                if BOSS in sender:
                    self.assertReason(row, "parked", "identity_parked")
                else:
                    self.assertActsAsNobody(row, JANE)

    def test_missing_sender(self):
        """Other fields in its place are not authentication."""
        for field in (b"Sender", b"Reply-To", b"Return-Path"):
            raw = self.mail(sender=BOSS, message_id=f"<{field}@x>")
            raw = raw.replace(b"From: ", field + b": ", 1)
            with self.subTest(field):
                row = self.receive(passed("x@evil.test") + raw)[1]
                if row.state == "delivered":
                    self.assertFalse(self.message_of(row).author_id)
                    self.assertEqual(row.delivery_ids._record().create_uid, self.env.user)

    def test_address_that_was_checked_is_the_one_that_acts(self):
        """Of two readings of one From, the harmless one passes and the other one would act."""
        for sender in (
            f"{BOSS} <{JANE}>",
            f'"{BOSS}" <{JANE}>',
            f"=?utf-8?q?boss=40postmaster=2Etest?= <{JANE}>",
            f"Boss {BOSS} <{JANE}>",
            f"({BOSS}) {JANE}",
        ):
            with self.subTest(sender):
                row = self.from_(sender, passed(JANE), return_path=JANE)
                message = self.message_of(row)
                self.assertNotEqual(message.author_id, self.boss.partner_id)
                self.assertNotEqual(row.delivery_ids._record().create_uid, self.boss)
                if row.authentication == "pass":
                    self.assertEqual(message.author_id, self.jane)
                    self.assertEqual(message.postmaster_mark["kind"], "odd")

    # --- Whose policy -------------------------------------------------------------------

    def test_name_that_is_an_address_is_no_sender_without_a_server_either(self):
        self.parameters.set_param(AUTHSERV, False)
        row = self.from_(f"{BOSS} <{JANE}>")
        self.assertEqual(self.message_of(row).author_id, self.jane)
        self.assertEqual(row.delivery_ids._record().create_uid, self.env.user)
        self.policy.apply_preset("odoo")
        self.assertActs(self.from_(f"{BOSS} <{JANE}>"), self.boss)

    def test_alias_before_domain_before_database(self):
        self.parameters.set_param(IDENTITY, "refuse")
        self.assertReason(self.from_(JANE, failed(JANE)), "refused", "identity_refused")
        self.domain.identity_policy = "park"
        self.assertReason(self.from_(JANE, failed(JANE)), "parked", "identity_parked")
        self.alias.identity_policy = "withhold"
        self.assertActsAsNobody(self.from_(JANE, failed(JANE)), JANE)
        self.assertIn(
            "Unauthenticated senders: Accept without its sender (from this alias)",
            self.alias.policies_in_force,
        )
        # A scanner that writes as one of us, without authentication.
        self.alias.identity_policy = "off"
        self.assertActs(self.from_(BOSS, failed(BOSS)), self.boss)

    def test_each_alias_of_one_mail(self):
        for names in (("open", "strict"), ("strict", "open")):
            with self.subTest(names):
                first, second = (
                    self.make_alias(
                        f"{name}-{names[0]}",
                        "res.partner",
                        identity_policy=("off" if name == "open" else "withhold"),
                    )
                    for name in names
                )
                row = self.from_(
                    AMY,
                    failed(AMY),
                    to=f"{first.alias_full_name}, {second.alias_full_name}",
                )
                makers = {
                    delivery.alias_id.identity_policy: delivery._record().create_uid
                    for delivery in row.delivery_ids
                }
                self.assertEqual(makers, {"off": self.amy, "withhold": self.env.user})
                authors = {
                    delivery.alias_id.identity_policy: delivery.mail_message_id.author_id
                    for delivery in row.delivery_ids
                }
                self.assertEqual(
                    authors,
                    {
                        "off": self.amy.partner_id,
                        "withhold": self.env["res.partner"],
                    },
                )

    def test_two_companies(self):
        other = self.env["mail.alias.domain"].create(
            {
                "name": "second.test",
                "catchall_alias": "c",
                "bounce_alias": "b",
                "identity_policy": "mark",
            }
        )
        self.env["res.company"].create({"name": "Second", "alias_domain_id": other.id})
        self.make_alias("people", "res.partner", alias_domain_id=other.id)
        # The domain of one company also counts as our own for the other.
        sender = "somebody@second.test"
        self.assertReason(self.from_(sender, failed(sender)), "parked", "identity_parked")
        row = self.from_(sender, failed(sender), to="people@second.test")
        self.assertEqual(self.message_of(row).postmaster_mark["kind"], "failed")

    # --- Releasing a message ---------------------------------------------------------------

    def test_released_mail_acts_as_its_sender(self):
        self.alias.alias_contact = "partners"
        row = self.from_(BOSS, failed(BOSS))
        self.assertReason(row, "parked", "identity_parked")
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")
        self.assertActs(row, self.boss)
        self.assertEqual(self.message_of(row).postmaster_mark["kind"], "accepted")

    def test_refused_mail_that_is_released(self):
        self.parameters.set_param(IDENTITY_OWN, "refuse")
        row = self.from_(BOSS, failed(BOSS))
        self.assertReason(row, "refused", "identity_refused")
        row.action_process_again()
        self.assertActs(row, self.boss)

    def test_mail_that_is_released_for_another_reason(self):
        """Accepting a held message does not vouch for its sender."""
        self.alias.alias_mode = "hold"
        row = self.from_(BOSS, failed(BOSS))
        self.assertReason(row, "parked", "alias_held")
        row.action_process_again()
        self.assertActsAsNobody(row, BOSS)

    # --- Without any setup --------------------------------------------------------------------

    def test_without_a_trusted_server_all_is_as_in_core(self):
        self.parameters.set_param(AUTHSERV, False)
        self.parameters.set_param(IDENTITY_UNCHECKED, "off")
        row = self.from_(BOSS, failed(BOSS))
        self.assertActs(row, self.boss)
        self.assertFalse(row.authentication)
        self.assertFalse(row.authentication_results)
        self.assertNotIn("Unauthenticated senders", self.alias.policies_in_force)

    def test_same_as_odoo_leaves_core_alone(self):
        self.policy.apply_preset("odoo")
        row = self.from_(BOSS, failed(BOSS))
        self.assertActs(row, self.boss)
        self.assertFalse(self.message_of(row).postmaster_mark)
        self.alias.alias_contact = "partners"
        self.assertEqual(self.from_(AMY, failed(AMY)).state, "delivered")
        # The author is still known, for those who look.
        self.assertEqual(row.authentication, "fail")

    def test_names_of_servers_are_checked(self):
        for text in ("mail server!, x", "mx@example.com", "mx.example.com, *"):
            with (
                self.subTest(text),
                self.assertRaisesRegex(ValidationError, "valid mail server name"),
            ):
                self.parameters.set_param(AUTHSERV, text)
        self.parameters.set_param(AUTHSERV, "mx.example.com, *.example.org")

    def test_nonsense_written_past_the_checks(self):
        self.set_parameter_with_sql(AUTHSERV, "mx.example.com, *.")
        self.assertFalse(self.env["mail.postmaster.authentication"]._is_in_force())
        row = self.from_(BOSS, failed(BOSS))
        self.assertActsAsNobody(row, BOSS)
        self.assertFalse(row.authentication_results)

    # --- Cost -----------------------------------------------------------------------------

    def test_at_most_one_more_statement(self):
        keep_markers(self)

        def statements(top, sender):
            self.from_(sender, top)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.from_(sender, top)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        stranger = "stranger@customer.test"
        with_results = statements(passed(stranger), stranger)
        not_proved = statements(OPEN, stranger)
        self.parameters.set_param(AUTHSERV, False)
        without = statements(passed(stranger), stranger)
        # Whether the sender is one of us.
        self.assertLessEqual(without, with_results + 1)
        self.assertLessEqual(not_proved, with_results + 1)

    # --- Forwarded messages -------------------------------------------------------------------

    def test_author_whom_a_forwarder_names(self):
        self.domain.trusted_forwarders = "sales@lists.test"
        author = f"\r\nX-Original-Sender: {AMY}\r\nX-Original-From: Amy <{AMY}>"
        via = '"Amy via Sales" <sales@lists.test>'
        row = self.from_(via, passed("sales@lists.test"), headers=author)
        self.assertActs(row, self.amy)
        row = self.from_(via, failed("sales@lists.test"), headers=author)
        self.assertReason(row, "parked", "identity_parked")
        self.assertActsAsNobody(self.from_(via, OPEN, headers=author), AMY)
