from . import controllers, fetching, models, wizard
from .hooks import post_init_hook, post_load, uninstall_hook

# Odoo registers the models of each module that is imported: these define models, too.
from .pipeline import (
    authentication,
    caller,
    claim,
    domain_users,
    envelope_recipients,
    intake,
    notices,
    outcome,
    participants,
    private_replies,
    queue,
    recipients,
    release,
    report_consequences,
    reports,
    return_path,
    room,
    work,
)
from .policy import checks, guard, lookup, policy_fields
from .rules import reasons
from .shortcuts import change_tracking, field_descriptions
