"""``odoo-bin postmaster import``: old messages, once, in order, without any notification."""

import os
import signal
import subprocess

import pytest
from mails import mail
from setup_gateway import recommend, set_up

from environment import addons
from environment import odoo as odoo_source
from environment.places import WORK

LOG = "mail.postmaster.message"
FRIDAY, SATURDAY = "Fri, 20 Nov 2026 10:00:00 +0000", "Sat, 21 Nov 2026 10:00:00 +0000"
ANSWER = "In-Reply-To: <first@customer.test>\nReferences: <first@customer.test>"


def mbox(*mails):
    return b"".join(b"From - Fri Nov 20 10:00:00 2026\r\n" + raw + b"\r\n" for raw in mails)


@pytest.fixture
def ready(database):
    with database.env() as env:
        set_up(env)
        recommend(env)
    return database


@pytest.fixture
def command(ready):
    """Function that returns the command line of an import."""
    source = odoo_source.locate()
    configuration = odoo_source.write_configuration(WORK / "conf" / f"{ready.name}-import.conf")

    def line(*arguments):
        return source.command(
            f"--addons-path={addons.link()}",
            "postmaster",
            "import",
            "-c",
            configuration,
            "-d",
            ready.name,
            *arguments,
        )

    return line


@pytest.fixture
def run_import(command):
    """Function that imports and returns ``(exit status, standard output)``."""

    def run(*arguments):
        result = subprocess.run(
            command(*arguments),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=odoo_source.locate().environment(),
        )
        assert "Traceback" not in result.stderr, result.stderr
        return result.returncode, result.stdout

    return run


def leads(database):
    with database.env() as env:
        return env["crm.lead"].search([], order="id").mapped("name")


def test_in_the_order_of_their_dates(ready, run_import, tmp_path):
    """A reply that precedes its question in the file finds the conversation."""
    question = mail(
        subject="Question",
        message_id="<first@customer.test>",
        date="Mon, 02 Mar 2020 09:00:00 +0100",
    )
    answer = mail(
        subject="Re: Question",
        headers=ANSWER,
        date="Tue, 03 Mar 2020 09:00:00 +0100",
        sender="Joe <joe@customer.test>",
    )
    (tmp_path / "INBOX").write_bytes(mbox(answer, question))
    status, output = run_import(tmp_path)
    assert (status, leads(ready)) == (0, ["Question"])
    assert "1  delivered: Posted in an existing conversation." in output
    with ready.env() as env:
        messages = (
            env["crm.lead"]
            .search([])
            .message_ids.filtered(lambda message: message.message_type == "email")
            .sorted("id")
        )
        # The conversation shows the date of writing, not of the import.
        assert [str(message.date) for message in messages] == [
            "2020-03-02 08:00:00",
            "2020-03-03 08:00:00",
        ]
        assert set(env[LOG].search([]).mapped("source")) == {"import"}


def test_nobody_hears_of_it(ready, run_import, smtp_sink, tmp_path):
    """No follower is notified, no notice sent, no sender limited, no address marked as bad."""
    with ready.env() as env:
        follower = env["res.users"].create(
            {
                "name": "Clerk",
                "login": "clerk",
                "email": "clerk@example.com",
                "group_ids": [(6, 0, env.ref("base.group_user").ids)],
            }
        )
        follower_id = follower.partner_id.id
        team = env["crm.team"].search([], limit=1)
        team.message_subscribe(
            follower.partner_id.ids,
            env["mail.message.subtype"].search([]).ids,
        )
        team.alias_id.alias_defaults = repr({"user_id": follower.id})
        partner_id = env["res.partner"].create({"name": "Joe", "email": "joe@customer.test"}).id
        env["mail.alias"].create(
            {
                "alias_name": "closed",
                "alias_model_id": env["ir.model"]._get_id("res.partner"),
                "alias_domain_id": env.company.alias_domain_id.id,
                "alias_mode": "refuse",
            }
        )
        parameters = env["ir.config_parameter"]
        parameters.set_param("mail.gateway.loop.threshold", "2")
        parameters.set_param("mail.postmaster.responsible", env.ref("base.user_admin").id)
        before = env["mail.mail"].search([]).ids
    report = mail(
        to="bounce@example.com",
        sender="MAILER-DAEMON@relay.example",
        content_type='multipart/report; report-type=delivery-status; boundary="b"',
        body=b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay\r\n"
        b"\r\nFinal-Recipient: rfc822; joe@customer.test\r\nAction: failed\r\n"
        b"Status: 5.1.1\r\n--b--\r\n",
    )
    raws = [
        *(mail(subject=f"Number {n}") for n in range(4)),
        mail(to="closed@example.com"),
        mail(to="catchall@example.com"),
        mail(to="nobody@example.com"),
        report,
    ]
    for number, raw in enumerate(raws):
        (tmp_path / f"{number}.eml").write_bytes(raw)
    status, output = run_import(tmp_path)
    assert status == 0, output
    assert len(leads(ready)) == 4
    with ready.env() as env:
        made = env["mail.mail"].search([("id", "not in", before)])
        assert not made.filtered(lambda one: one.state != "cancel"), made.mapped("subject")
        told = [("res_partner_id", "=", follower_id)]
        assert not env["mail.notification"].search(told)
        assert not env["mail.activity"].search([("res_model", "=", LOG)])
        assert not env["res.partner"].browse(partner_id).message_bounce
        reasons = sorted(env[LOG].search([]).mapped("reason_code"))
        assert reasons == sorted(
            [
                *["record_created"] * 4,
                "alias_refuses",
                "catchall",
                "no_route",
                "report_imported",
            ]
        )
        env["mail.mail"].process_email_queue()
    assert smtp_sink.messages == []


def test_once_however_often_it_runs(ready, run_import, tmp_path):
    raw = mail()
    (tmp_path / "one.eml").write_bytes(raw)
    status, output = run_import(tmp_path)
    assert (status, output.split()[:2]) == (0, ["1", "delivered:"])
    assert run_import(tmp_path) == (0, "       1  was imported before\n")
    # The same message in another file, and one that arrived another way.
    (tmp_path / "copy.eml").write_bytes(raw)
    other = mail(subject="Other")
    with ready.env() as env:
        env["mail.thread"].message_process(False, other)
    (tmp_path / "other.eml").write_bytes(other)
    status, _output = run_import(tmp_path)
    assert (status, sorted(leads(ready))) == (0, ["Hello", "Other"])


def test_dry_run_changes_nothing(ready, run_import, tmp_path):
    question = mail(subject="Question", message_id="<first@customer.test>", date=FRIDAY)
    answer = mail(subject="Re: Question", headers=ANSWER, date=SATURDAY)
    raws = (question, answer, mail(to="nobody@example.com"), mail(content_type="x; " + "x*0*=" * 9))
    for number, raw in enumerate(raws):
        (tmp_path / f"{number}.eml").write_bytes(raw)
    status, foreseen = run_import("--dry-run", tmp_path)
    assert (status, leads(ready)) == (0, [])
    with ready.env() as env:
        assert not env[LOG].search_count([])
    first, *table = foreseen.splitlines()
    assert first.startswith("Nothing was changed.")
    status, output = run_import(tmp_path)
    # A reply to a message in a dry run also finds its conversation.
    assert (status, output.splitlines()) == (0, table)
    assert any("Posted in an existing conversation" in line for line in table)


def test_choices(ready, run_import, tmp_path):
    for year in (2018, 2019, 2020, 2021):
        (tmp_path / f"{year}.eml").write_bytes(
            mail(
                subject=f"Of {year}",
                to="nobody@example.com",
                date=f"Mon, 02 Mar {year} 09:00:00 +0000",
            )
        )
    status, _output = run_import(
        tmp_path,
        "--since=2019-01-01",
        "--until=2021-01-01",
        "--limit=1",
        "--model=crm.lead",
    )
    assert (status, leads(ready)) == (0, ["Of 2019"])
    status, _output = run_import(tmp_path, "--since=2021-01-01", "--to=sales@example.com")
    assert (status, leads(ready)) == (0, ["Of 2019", "Of 2021"])
    for wrong in (
        ["--model=res.country"],
        ["--model=mail.thread"],
        ["--company=999"],
        ["--to=sales"],
        ["--to=sales@example.com", "--to="],
        [tmp_path / "missing"],
    ):
        status, output = run_import(*wrong, tmp_path)
        assert (status, output) == (2, "")
    # A database that is down: the import can be repeated, and prints no traceback.
    assert run_import("-d", f"{ready.name}_away", tmp_path) == (1, "")


def test_file_that_can_not_be_read(ready, run_import, tmp_path):
    """It is counted, and the messages beside it are imported."""
    (tmp_path / "cur").mkdir()
    (tmp_path / "cur" / "1.a:2,S").write_bytes(mail())
    (tmp_path / "cur" / "2.b:2,S").symlink_to("renamed")
    status, output = run_import(tmp_path)
    assert (status, leads(ready)) == (1, ["Hello"])
    assert "1  the file could not be read" in output


def test_killed_and_run_again(ready, command, run_import, tmp_path):
    """Nothing is lost or duplicated, whenever an import is killed."""
    subjects = [f"Number {number:02}" for number in range(40)]
    (tmp_path / "INBOX").write_bytes(mbox(*(mail(subject=subject) for subject in subjects)))
    environment = odoo_source.locate().environment()
    for number, wanted in ((signal.SIGKILL, 5), (signal.SIGKILL, 12), (signal.SIGTERM, 20)):
        process = subprocess.Popen(
            command(tmp_path),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while process.poll() is None and len(leads(ready)) < wanted:
            pass
        os.killpg(process.pid, number)
        process.communicate()
        if number == signal.SIGTERM:
            assert process.returncode == 1
    status, _output = run_import(tmp_path)
    assert (status, leads(ready)) == (0, subjects)
    with ready.env() as env:
        assert set(env[LOG].search([]).mapped("state")) == {"delivered"}
        assert env[LOG].search_count([]) == len(subjects)
