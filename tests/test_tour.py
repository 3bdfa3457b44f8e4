from odoo.tests import HttpCase, tagged

from .common import need
from .reports_common import JANE, JOHN, sample_report
from .screens_common import DOMAIN, ReceivedMail, raw_mail


@tagged("post_install", "-at_install")
class TestTour(HttpCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.env["mail.postmaster.message"].search([]).unlink()

    def test_repair_an_alias(self):
        # Without it there is nothing to open at the end.
        need(self.env, "crm")
        self.make_alias("desks", "crm.lead", alias_defaults="{'type': 'nonsense'}")
        mail = self.receive(raw_mail(f"desks@{DOMAIN}", "Twenty desks"))
        self.assertEqual(mail.state, "parked")
        self.env.ref("base.user_admin").company_ids += self.company
        self.start_tour("/odoo", "mail_postmaster_repair_alias", login="admin")
        self.assertEqual((mail.state, mail.reason_code), ("delivered", "record_created"))
        lead = self.env["crm.lead"].search([("name", "=", "Twenty desks")])
        self.assertEqual(mail.delivery_ids.filtered("res_id").res_id, lead.id)

    def test_process_many(self):
        alias = self.make_broken_alias("contacts")
        for number in range(11):
            self.receive(raw_mail(f"contacts@{DOMAIN}", f"Mail {number}"))
        self.receive(raw_mail(subject="Unknown address"))
        alias.alias_defaults = "{}"
        self.start_tour("/odoo/postmaster-attention", "mail_postmaster_process_many", login="admin")
        parked = self.env["mail.postmaster.message"].search([("state", "=", "parked")])
        self.assertEqual(parked.mapped("subject"), ["Unknown address"])

    def test_process_what_was_settled(self):
        alias = self.make_broken_alias("contacts")
        waiting = self.receive(raw_mail(f"contacts@{DOMAIN}", "Waiting"))
        alias.alias_defaults = "{}"
        self.make_alias("closed", alias_contact="partners")
        refused = self.receive(raw_mail(f"closed@{DOMAIN}", "Refused"))
        self.receive(raw_mail(f"contacts@{DOMAIN}", "Twice"))
        repeated = self.receive(raw_mail(f"contacts@{DOMAIN}", "Twice"))
        self.assertEqual((refused.state, repeated.reason_code), ("refused", "duplicate"))
        self.start_tour("/odoo/postmaster", "mail_postmaster_process_settled", login="admin")
        self.assertEqual((waiting + refused).mapped("state"), ["delivered", "delivered"])
        self.assertEqual(repeated.state, "ignored")

    def test_from_message_to_mail(self):
        self.make_alias("contacts")
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}"))
        partner_id = mail.delivery_ids.res_id
        self.start_tour(
            f"/odoo/res.partner/{partner_id}",
            "mail_postmaster_from_message",
            login="admin",
        )

    def test_sender_that_is_not_proved(self):
        self.env["mail.postmaster.policy"].apply_preset("recommended")
        self.env["ir.config_parameter"].set_param("mail.postmaster.authserv", "mx.received.test")
        talk = self.env["res.partner"].create({"name": "Talk"})
        self.make_alias("talk", alias_force_thread_id=talk.id)
        for subject, result in (("Forged", "fail"), ("Genuine", "pass")):
            self.receive(
                b"Authentication-Results: mx.received.test; dmarc=%s header.from=customer.test\r\n"
                % result.encode()
                + raw_mail(f"talk@{DOMAIN}", subject),
            )
        self.start_tour(f"/odoo/res.partner/{talk.id}", "mail_postmaster_sender", login="admin")

    def test_reports_behind_the_envelope(self):
        partners = self.env["res.partner"]
        record = partners.create({"name": "Quotation"})
        customers = partners.create(
            [
                {"name": "Lost Customer", "email": JANE},
                {"name": "Reading Customer", "email": JOHN},
            ]
        )
        sent = record.message_post(
            body="Our offer",
            partner_ids=customers.ids,
            subtype_xmlid="mail.mt_comment",
        )
        sent.notification_ids.write({"notification_status": "sent"})
        self.receive(sample_report("gmail_failed", sent, number=1))
        self.receive(
            sample_report("thunderbird_read", sent, number=2).replace(
                JANE.encode(),
                JOHN.encode(),
            )
        )
        self.start_tour(f"/odoo/res.partner/{record.id}", "mail_postmaster_reports", login="admin")
