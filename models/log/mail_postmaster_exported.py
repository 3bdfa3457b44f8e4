from odoo import models

from ...gateway.spreadsheet import as_text


class MailPostmasterExported(models.AbstractModel):
    """What models share whose texts were written by senders: an export has no formulas.

    Core's export to CSV escapes some of the characters, and that to Excel none.
    """

    _name = "mail.postmaster.exported"
    _description = "Export of what was received"

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        rows = super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
        return [[as_text(value) for value in row] for row in rows]
