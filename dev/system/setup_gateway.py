"""A database that receives messages: an alias domain, a sales team, mailboxes."""

DOMAIN = "example.com"
USER = "everything@example.com"


def set_up(env, domain=DOMAIN):
    """Let sales@example.com create leads; return the sales team."""
    domain = env["mail.alias.domain"].create(
        {
            "name": domain,
            "bounce_alias": "bounce",
            "catchall_alias": "catchall",
        }
    )
    env.company.alias_domain_id = domain
    # A new database has the preset already.
    query_no_name_servers(env)
    team = env["crm.team"].search([], limit=1)
    team.write({"alias_name": "sales", "use_leads": True})
    return team


def recommend(env):
    """Apply the preset *Recommended*, without queries to name servers."""
    env["mail.postmaster.policy"].apply_preset("recommended")
    query_no_name_servers(env)


def query_no_name_servers(env):
    env["ir.config_parameter"].set_param("mail.postmaster.authentication.own", "off")


def add_server(env, dovecot, kind="imap", user=USER, name="Mailbox"):
    """Return a confirmed incoming server for a mailbox of Dovecot."""
    dovecot.add_user(user)
    server = env["fetchmail.server"].create(
        {
            "name": name,
            "server_type": kind,
            "server": dovecot.host,
            "port": dovecot.imap_port if kind == "imap" else dovecot.pop3_port,
            "user": user,
            "password": "secret",
            "is_ssl": False,
        }
    )
    server.button_confirm_login()
    return server


def add_server_at(env, port, kind="imap", name="Mailbox", **values):
    """Return a confirmed incoming server on this machine, without asking it."""
    server = env["fetchmail.server"].create(
        {
            "name": name,
            "server_type": kind,
            "server": "127.0.0.1",
            "port": port,
            "user": USER,
            "password": "secret",
            "is_ssl": False,
            **values,
        }
    )
    server.state = "done"
    return server


def send_by(env, smtp, **values):
    """Make a database send through a test server; return the ``ir.mail_server``."""
    return env["ir.mail_server"].create(
        {
            "name": "Outgoing",
            "smtp_host": smtp.host,
            "smtp_port": smtp.port,
            "smtp_encryption": "none",
            "smtp_authentication": "login",
            **values,
        }
    )


def send_queue(database):
    with database.env() as env:
        env["mail.mail"].process_email_queue()
