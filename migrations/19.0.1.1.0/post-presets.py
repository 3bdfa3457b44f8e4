"""Let a preset mean the alias domains of the moment, unless that is stricter than before.

Previously, a preset wrote the alias domains of its day into a parameter of core. Whatever else has
come to the presets since is left as in core, and offered above the list of received messages.
"""

from odoo.addons.mail_postmaster.gateway.addresses import domain_or_none
from odoo.addons.mail_postmaster.policy.settings import (
    ADDRESSING,
    ALLOWED_DOMAINS,
    LOCAL_PARTS,
    OURS,
    PRESET,
    PRESET_DOMAINS,
)


def migrate(cr, version):
    keys = [ADDRESSING, ALLOWED_DOMAINS, LOCAL_PARTS, PRESET, PRESET_DOMAINS]
    cr.execute("SELECT key, value FROM ir_config_parameter WHERE key = ANY(%s)", [keys])
    values = dict(cr.fetchall())
    written = values.get(PRESET_DOMAINS)
    if not written or values.get(ALLOWED_DOMAINS) != written or LOCAL_PARTS in values:
        return
    cr.execute("SELECT name FROM mail_alias_domain")
    own = {domain_or_none(name) for (name,) in cr.fetchall()}
    # Where core determines the recipients, it knows only its own parameter.
    is_ours = values.get(PRESET) in OURS and values.get(ADDRESSING) == "True"
    if not is_ours or not own.issuperset(written.split(",")):
        return
    cr.execute(
        "DELETE FROM ir_config_parameter WHERE key = ANY(%s)", [[ALLOWED_DOMAINS, PRESET_DOMAINS]]
    )
    cr.execute("INSERT INTO ir_config_parameter (key, value) VALUES (%s, 'own')", [LOCAL_PARTS])
