"""Program inside Odoo: configure the database, let Odoo fetch the samples, print the result.

``dev/run`` starts it with a JSON object as argument::

    database       name of the database
    configuration  path of Odoo's configuration file
    address        address of the web server, for links
    smtp_port      port of the server for outgoing mail
    mailbox        name of the mailbox that Odoo fetches
    imap_port      port of the mail server, or null if there is none

It may run again: settings are updated, and the samples are sent only once.
"""

import json
import sys
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, tools
from odoo.modules.registry import Registry

from demo import samples, table
from environment.dovecot import PASSWORD, Dovecot
from environment.processes import LOOPBACK

DOMAIN = "example.com"
CUSTOMER = "paul@example.org"
DONE = "mail_postmaster.demo.filled"
# External services of Odoo; a demonstration contacts none of them.
OUTSIDE = (
    "crm_iap_enrich.ir_cron_lead_enrichment",
    "mail.ir_cron_module_update_notification",
    "partner_autocomplete.ir_cron_partner_autocomplete",
)


@contextmanager
def environment(database):
    """An environment on its own cursor, committed at the end."""
    with Registry(database).cursor() as cursor:
        yield api.Environment(cursor, SUPERUSER_ID, {})


# --- Settings -----------------------------------------------------------------------


def configure(env, mailbox, smtp_port, imap_port):
    """Update the settings of the database; the ports differ at each start."""
    _set_domain(env)
    _set_aliases(env)
    _update(
        env,
        "ir.mail_server",
        "Sink of the demonstration",
        {
            "smtp_host": LOOPBACK,
            "smtp_port": smtp_port,
            "smtp_encryption": "none",
        },
    )
    if imap_port:
        _update(
            env,
            "fetchmail.server",
            mailbox,
            {
                "server_type": "imap",
                "server": LOOPBACK,
                "port": imap_port,
                "user": mailbox,
                "password": PASSWORD,
            },
        ).button_confirm_login()
    for name in OUTSIDE:
        cron = env.ref(name, raise_if_not_found=False)
        if cron:
            cron.active = False


def _set_domain(env):
    company = env.ref("base.main_company")
    domain = env["mail.alias.domain"].search([], limit=1)
    if not domain:
        domain = env["mail.alias.domain"].create({"name": DOMAIN})
    domain.name = DOMAIN
    company.alias_domain_id = domain


def _set_aliases(env):
    """Create three aliases: open ones for sales and for a project, and one for contacts only."""
    env.ref("sales_team.team_sales_department").alias_name = "sales"
    project, restricted = env["project.project"].search([], limit=2, order="id")
    project.write({"alias_name": "project", "alias_contact": "everyone"})
    restricted.write({"alias_name": "partners", "alias_contact": "partners"})


def _update(env, model, name, values):
    """Write values to the record with an XML id; create it if it is missing."""
    record = env[model].search([("name", "=", name)])
    if not record:
        return env[model].create({"name": name, **values})
    record.write(values)
    return record


# --- Messages -----------------------------------------------------------------------


def send_first(env):
    """Send a message to a customer, to have something to reply to; return its Message-Id."""
    customer = env["res.partner"].create({"name": "Paul Sample", "email": CUSTOMER})
    lead = env["crm.lead"].create(
        {
            "name": "Your request",
            "partner_id": customer.id,
            "type": "opportunity",
            "team_id": env.ref("sales_team.team_sales_department").id,
        }
    )
    lead.message_subscribe(env.ref("base.partner_admin").ids)
    message = lead.with_user(env.ref("base.user_admin")).message_post(
        body="When may we call you?",
        subject="Your request",
        message_type="comment",
        partner_ids=customer.ids,
        subtype_xmlid="mail.mt_comment",
    )
    return message.message_id


def fetch(database, mailbox, mails):
    """Put the messages into the mailbox and let Odoo fetch them, as its scheduled action does."""
    server = Dovecot()
    # An earlier start may have been interrupted right here.
    server.empty(mailbox)
    for raw in mails:
        server.deliver(mailbox, raw)
    with environment(database) as env:
        env["fetchmail.server"].search([("name", "=", mailbox)]).fetch_mail()


def hand_over(database, mails):
    """Pass the messages directly to the addon if there is no mail server."""
    for raw in mails:
        try:
            with environment(database) as env:
                env["mail.thread"].message_process(None, raw)
        except ValueError as refusal:
            # This caller gets an error for a message without a route; the log has the message too.
            print(f"   {str(refusal).splitlines()[0][:100]}")


# --- Result -------------------------------------------------------------------------


def rows(env):
    """Return the outcome of every message in the log, as rows of the table."""
    found = []
    for mail in env["mail.postmaster.message"].search([], order="id"):
        reached = mail.delivery_ids.filtered("res_id")
        found += [_record_row(mail, delivery) for delivery in reached] or [_log_row(mail)]
    return found


def _record_row(mail, delivery):
    recipient = delivery.alias_id.alias_full_name or mail.recipients
    return table.Row(
        delivery.state,
        mail.email_from,
        recipient,
        delivery.reason,
        f"{delivery.model} {delivery.res_id}",
        f"/odoo/{delivery.model}/{delivery.res_id}",
    )


def _log_row(mail):
    action = "action-mail_postmaster.action_mail_postmaster_message"
    return table.Row(
        mail.state,
        mail.email_from,
        mail.recipients,
        mail.reason,
        "(the log)",
        f"/odoo/{action}/{mail.id}",
    )


def main(database, configuration, address, mailbox, smtp_port, imap_port):
    tools.config.parse_config(["-c", configuration], setup_logging=True)
    with environment(database) as env:
        configure(env, mailbox, smtp_port, imap_port)
        is_filled = env["ir.config_parameter"].get_param(DONE)
    if not is_filled:
        with environment(database) as env:
            message_id = send_first(env)
        mails = samples.read(message_id, CUSTOMER)
        print(f"-> Odoo receives {len(mails)} sample messages ...", flush=True)
        if imap_port:
            fetch(database, mailbox, mails)
        else:
            hand_over(database, mails)
        with environment(database) as env:
            env["ir.config_parameter"].set_param(DONE, "1")
    with environment(database) as env:
        print(table.render(rows(env), address))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
