"""The nightly clean-up as core runs it: all addons, with commits in between."""

from mails import mail
from setup_gateway import set_up

LOG = "mail.postmaster.message"


def test_nightly_clean_up(database):
    with database.env() as env:
        set_up(env)
    for subject in ("Old", "A week old", "New"):
        with database.env() as env:
            env["mail.thread"].message_process(False, mail(subject=subject))
    for subject, days in (("Old", 181), ("A week old", 8)):
        database.query(
            "UPDATE mail_postmaster_message SET "
            f"create_date = create_date - interval '{days} days', "
            f"settled_at = settled_at - interval '{days} days' WHERE subject = '{subject}'"
        )
    with database.env(context={"cron_id": 1}) as env:
        env["ir.autovacuum"]._run_vacuum_cleaner()
    with database.env() as env:
        rows = env[LOG].search([], order="id")
        assert rows.mapped("subject") == ["A week old", "New"]
        assert rows.mapped("raw_kept") == [False, True]
        assert env["mail.postmaster.raw"].search_count([]) == 1
        assert env["crm.lead"].search_count([]) == 3
