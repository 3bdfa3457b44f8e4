from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import states


class TestStates(BaseCase):
    def test_worst(self):
        cases = [
            (["delivered"], "delivered"),
            (["delivered", "ignored"], "delivered"),
            (["delivered", "refused"], "refused"),
            (["refused", "retry"], "retry"),
            (["retry", "parked", "delivered"], "parked"),
        ]
        for given, expected in cases:
            with self.subTest(given=given):
                self.assertEqual(states.worst(given), expected)
        with self.assertRaises(ValueError):
            states.worst([])

    def test_a_delivered_mail_stays_delivered(self):
        for state in states.TRANSITIONS:
            self.assertFalse(states.can_move(states.DELIVERED, state))

    def test_whatever_was_not_delivered_can_be_released(self):
        for state in states.RELEASABLE:
            self.assertTrue(states.can_move(state, states.RECEIVED))
        self.assertNotIn(states.DELIVERED, states.RELEASABLE)

    def test_every_state_is_either_waiting_or_settled(self):
        self.assertEqual(set(states.WAITING) | set(states.SETTLED), set(states.TRANSITIONS))
        self.assertFalse(set(states.WAITING) & set(states.SETTLED))
