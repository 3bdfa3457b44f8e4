from odoo import fields


class BigInteger(fields.Integer):
    """A whole number of 64 bits: UIDs and UIDVALIDITY of IMAP have 32, without a sign."""

    _column_type = ("int8", "int8")
