"""Form senders: the limit per sender counts the people in Reply-To."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .identity_common import IdentityCase, failed


@tagged("post_install", "-at_install")
class TestFormSenders(IdentityCase):
    FORM = "noreply@form.test"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters.set_param("mail.gateway.loop.threshold", 1)

    def states(self, *reply_to, top=b"", **fields):
        fields.setdefault("sender", self.FORM)
        sender = fields.pop("sender")
        return [
            self.from_(sender, top, headers=f"\r\nReply-To: {one}", **fields).state
            for one in reply_to
        ]

    def test_not_listed(self):
        self.assertEqual(self.states("a@c.test", "b@c.test"), ["delivered", "parked"])

    def test_listed(self):
        for number, (of_alias, of_domain) in enumerate(
            (
                (self.FORM, False),
                (False, self.FORM),
                ("form.test", False),
                (False, "*.test"),
                ("other@form.test", self.FORM),
            )
        ):
            with self.subTest(of_alias=of_alias, of_domain=of_domain):
                self.alias.postmaster_form_senders = of_alias
                self.domain.postmaster_form_senders = of_domain
                first, second = f"A <a{number}@c.test>", f"b{number}@c.test"
                self.assertEqual(
                    self.states(first, second, first.lower()),
                    ["delivered", "delivered", "parked"],
                )

    def test_person_keeps_the_slots(self):
        """Entering the address of another in the form does not lock them out."""
        self.alias.postmaster_form_senders = self.FORM
        self.assertEqual(self.states("jane@customer.test"), ["delivered"])
        self.assertEqual(self.from_("jane@customer.test").state, "delivered")

    def test_without_a_reply_to(self):
        self.alias.postmaster_form_senders = self.FORM
        states = self.states("", "nonsense", self.FORM)
        self.assertEqual(states, ["delivered", "parked", "delivered"])

    def test_forged_form(self):
        self.alias.postmaster_form_senders = self.FORM
        top = failed(self.FORM)
        self.assertEqual(self.states("a@c.test", "b@c.test", top=top), ["delivered", "parked"])

    def test_checked_and_stored_in_one_form(self):
        self.alias.postmaster_form_senders = " NoReply@Form.TEST;form.test, "
        self.assertEqual(self.alias.postmaster_form_senders, "noreply@form.test, form.test")
        for record in (self.alias, self.domain):
            with self.assertRaisesRegex(ValidationError, "neither an address"):
                record.postmaster_form_senders = "noreply@form.test, not an address"
