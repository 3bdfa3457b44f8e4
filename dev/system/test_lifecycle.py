"""Update, copy, neutralization and removal of the addon, with Odoo's own commands."""

import subprocess
from email.utils import formatdate

import pytest
from mails import mail
from setup_gateway import set_up

from environment import odoo as odoo_source
from environment.places import ADDON, WORK

LOG = "mail.postmaster.message"
CONFIRMATION = "mail.postmaster.database"


@pytest.fixture
def received(database):
    """A database with one delivered and one refused message; return the bytes of the second."""
    raw = mail(to="nobody@example.com")
    with database.env() as env:
        set_up(env)
    with database.env() as env:
        env["mail.thread"].message_process(False, mail())
    with database.env() as env, pytest.raises(ValueError, match="No possible route"):
        env["mail.thread"].message_process(False, raw)
    return raw


def run_odoo(database, *arguments, stdin="", environment=None):
    source = odoo_source.locate()
    path = odoo_source.write_configuration(WORK / "conf" / f"{database.name}-command.conf")
    database.forget()
    command = source.command(*arguments[:1], "-c", path, "-d", database.name, *arguments[1:])
    result = subprocess.run(
        command,
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
        env=environment or source.environment(),
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert " ERROR " not in result.stderr, result.stderr[-2000:]
    return result.stderr


def test_update_keeps_log_and_settings(database, received):
    with database.env() as env:
        env["ir.config_parameter"].set_param("mail.postmaster.raw.days", "30")
        env.ref("mail_postmaster.ir_cron_process").interval_number = 7
        # As an earlier version has confirmed the database.
        confirmation = env["ir.config_parameter"].get_param(CONFIRMATION)
        env["ir.config_parameter"].set_param(CONFIRMATION, confirmation.partition(" ")[0])
        before = env[LOG].search([]).read(["state", "reason", "message_id", "settled_at"])
    run_odoo(database, "server", "-u", ADDON, "--stop-after-init", "--no-http")
    with database.env() as env:
        assert env[LOG].search([]).read(["state", "reason", "message_id", "settled_at"]) == before
        assert env["ir.config_parameter"].get_param("mail.postmaster.raw.days") == "30"
        assert env.ref("mail_postmaster.ir_cron_process").interval_number == 7
        assert env["mail.postmaster.policy"]._is_confirmed_database()
        assert env["ir.config_parameter"].get_param(CONFIRMATION) == confirmation
        assert "filestore=" in confirmation
        mails = env[LOG].search([("state", "=", "refused")])
        assert env["mail.postmaster.raw"]._read_content(mails.id) == received


def test_neutralized_copy_neither_fetches_nor_answers(database, received):
    run_odoo(database, "neutralize")
    with database.env() as env:
        assert not env["mail.postmaster.policy"]._is_confirmed_database()
        server = env["fetchmail.server"].create({"name": "Box", "state": "done"})
        assert "copy" in str(server._fetch_mail())
    answers = "SELECT count(*) FROM mail_message WHERE subject = 'Your message was not delivered'"
    for is_confirmed, expected in ((False, "0"), (True, "1")):
        with database.env() as env:
            if is_confirmed:
                env["mail.postmaster.policy"].confirm_database()
        with database.env() as env:
            # A different text each time: repeated and old messages get no notice.
            raw = mail(
                to="catchall@example.com",
                subject=f"Answers: {expected}",
                date=formatdate(),
            )
            env["mail.thread"].message_process(False, raw)
        assert database.query(answers) == expected


def test_removal_keeps_what_is_in_no_record(database, received):
    database.query("UPDATE mail_postmaster_message SET state = 'parked' WHERE state = 'refused'")
    said = run_odoo(
        database,
        "shell",
        "--no-http",
        stdin=(
            f"addon = env['ir.module.module'].search([('name', '=', '{ADDON}')])\n"
            "addon.button_immediate_uninstall()\n"
        ),
    )
    assert "1 messages that are not in any record" in said
    assert database.query("SELECT to_regclass('mail_postmaster_message')") == ""
    assert database.query("SELECT to_regproc('mail_postmaster_claim_next')") == ""
    with database.env() as env:
        kept = env["ir.attachment"].search([("name", "like", "received-mail-%.eml")])
        assert kept.raw == received
        # A user who may read a document could read its attachments.
        assert not kept.res_model
        # Core receives messages as before.
        assert env["mail.thread"].message_process(False, mail())
