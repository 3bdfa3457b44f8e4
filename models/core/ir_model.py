from odoo import api, models, tools

from ...shortcuts.cache_prefill import put_into_cache


class IrModel(models.Model):
    _inherit = "ir.model"

    def _take_names_for_read(self):
        """Mark the names of models as read in this transaction: they never change."""
        names = self._names()
        known = self.filtered(lambda model: model.id in names)
        put_into_cache(known, {"model": [names[model_id] for model_id in known.ids]})

    @api.model
    @tools.ormcache()
    def _names(self):
        """Return ``{id: name}`` of all models."""
        # The names of models are not secret: they are in the code.
        models_of_all = self.sudo().search_fetch([], ["model"])
        return {model.id: model.model for model in models_of_all}
