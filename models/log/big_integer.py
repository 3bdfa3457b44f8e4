from odoo import fields


class BigInteger(fields.Integer):
    """A 64-bit integer: UIDs and UIDVALIDITY of IMAP are unsigned 32-bit integers."""

    _column_type = ("int8", "int8")
