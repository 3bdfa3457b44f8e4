from odoo.tests.common import BaseCase

from odoo.addons.mail_postmaster.gateway.spreadsheet import as_text


class TestSpreadsheet(BaseCase):
    def test_formulas_become_texts(self):
        for before in ("", "\t", "\r", "\n", " ", "\r\n\t"):
            for sign in "=+-@＝＋－＠":
                text = f"{before}{sign}cmd|' /c calc'!A1"
                with self.subTest(text):
                    self.assertEqual(as_text(text), f"'{text}")
                    self.assertEqual(as_text(as_text(text)), f"'{text}")

    def test_other_values_stay(self):
        for value in ("", "a=b", "<x@y>", "'=1", -1, 1.5, False, None, b"=1", "\tx"):
            with self.subTest(value):
                self.assertEqual(as_text(value), value)
