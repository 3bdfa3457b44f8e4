"""Addons loaded before this one and after it, two of ours and those of the OCA for Odoo 19."""

import json

import pytest
from mails import mail
from setup_gateway import USER, add_server, set_up
from test_lifecycle import run_odoo

from environment import addons, neighbours
from environment.places import ROOT

EXAMPLES = ROOT / "dev" / "system" / "addons"
BELOW, ABOVE = "mail_neighbour_below", "postmaster_neighbour_above"
WAYS = ("called", "posted", "processed later", "fetched")
REPORT = """\
--b
Content-Type: text/plain

No such user.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.test

Final-Recipient: rfc822; jane@customer.test
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-Id: {about}

--b--
"""

SCRIPT = """
import base64, json
from pathlib import Path
from odoo.addons.mail_postmaster.pipeline.submission import POSTED, Submission
given = json.loads(Path({given!r}).read_text())
raws = [base64.b64decode(raw) for raw in given["raws"]]
thread, pipeline = env["mail.thread"], env["mail.postmaster.pipeline"]
answer = {{}}
def told(way):
    env.cr.rollback()
    calls = env["mail.neighbour.call"].search([], order="id")
    answer[way] = [[call.place, call.method, call.told] for call in calls]
    calls.unlink()
    env.cr.commit()
def posted(raw):
    return Submission(raw=raw, entry_model="mail.thread", source=POSTED)
thread.message_process(False, raws[0])
told("called")
pipeline._hand_over(posted(raws[1]))
told("posted")
pipeline._take_in_batch([posted(raws[2])])
pipeline.with_context(cron_id=1)._cron_process()
told("processed later")
server = env["fetchmail.server"].search([], limit=1)
server.fetch_mail()
told("fetched")

jane = env["res.partner"].create({{"name": "Jane", "email": "jane@customer.test"}})
sent = jane.message_post(body="Our offer", partner_ids=jane.ids, subtype_xmlid="mail.mt_comment")
tracking = env["mail.tracking.email"].create({{
    "mail_message_id": sent.id, "recipient": jane.email, "partner_id": jane.id, "state": "sent",
}})
env.cr.commit()
report = given["report"].replace("ABOUT", sent.message_id).encode()
thread.message_process(False, report)
told("report")
answer["tracking"] = tracking.state
answer["states"] = env["mail.postmaster.message"].search([], order="id").mapped("state")
Path({result!r}).write_text(json.dumps(answer))
"""


@pytest.fixture
def answer(database, dovecot, tmp_path):
    """What all of them have made of four messages and a report."""
    import base64

    neighbours.install()
    with database.env() as env:
        set_up(env)
        add_server(env, dovecot)
    raws = [mail(subject=way) for way in WAYS]
    dovecot.deliver(USER, raws[-1])
    given, result = tmp_path / "given.json", tmp_path / "answer.json"
    report = mail(
        to="bounce@example.com",
        sender="MAILER-DAEMON@mx.customer.test",
        content_type="multipart/report; report-type=delivery-status; boundary=b",
        body=REPORT.format(about="ABOUT").encode(),
    )
    given.write_text(
        json.dumps(
            {
                "raws": [base64.b64encode(raw).decode() for raw in raws],
                "report": report.decode(),
            }
        )
    )
    path = f"--addons-path={addons.link()},{EXAMPLES},{neighbours.ADDONS}"
    environment = neighbours.environment()
    modules = ",".join((BELOW, ABOVE, *neighbours.MODULES))
    options = ("-i", modules, "--stop-after-init", "--no-http")
    run_odoo(database, "server", path, *options, environment=environment)
    said = run_odoo(
        database,
        "shell",
        path,
        "--no-http",
        stdin=SCRIPT.format(given=str(given), result=str(result)),
        environment=environment,
    )
    assert result.exists(), said[-3000:]
    return {**json.loads(result.read_text()), "sizes": [str(len(raw)) for raw in raws]}


def test_every_override_runs_once_and_knows_what_core_knows(answer):
    assert answer["states"] == ["delivered"] * 5
    for way, size in zip(WAYS, answer["sizes"], strict=True):
        processed = [call for call in answer[way] if call[1] == "message_process"]
        assert processed == [["above", "message_process", size], ["below", "message_process", size]]
    opened = [call[0] for call in answer["fetched"] if call[1] == "_connect__"]
    assert opened == ["above", "below"]
    bounced = [call for call in answer["report"] if call[1] == "_routing_handle_bounce"]
    assert bounced == [
        [place, "_routing_handle_bounce", "jane@customer.test"] for place in ("above", "below")
    ]
    # mail_tracking reads who has failed before it calls core.
    assert answer["tracking"] == "soft-bounced"
