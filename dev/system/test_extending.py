"""Another addon adds a rule, a reason, a field, a listener and a source (docs/extending.md)."""

import json
import re

import pytest
from mails import mail
from setup_gateway import set_up
from test_lifecycle import run_odoo

from environment import addons
from environment.places import ROOT

EXAMPLE = ROOT / "dev" / "system" / "addons" / "postmaster_example"
PAGE = ROOT / "docs" / "extending.md"
BLOCK = re.compile(r"`(\w+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)

SCRIPT = """
import json
from pathlib import Path
folder, answer = Path({folder!r}), {{}}
env["postmaster.example.folder"]._read(folder)
env.cr.commit()
answer["files"] = len(list(folder.iterdir()))
def told(subject):
    env.invalidate_all()
    message = env["mail.postmaster.message"].search([("subject", "=", subject)])
    return [message.state, message.reason_code, message.reason, message.spam_score, message.source]
answer["held"], answer["passed"] = told("Invoice 17"), told("Question")
labels = dict(env["mail.postmaster.message"]._fields["source"]._description_selection(env))
answer["source"] = labels["example"]
codes = dict(env["mail.postmaster.message"]._selection_reasons())
answer["label"] = codes["example_invoice_held"]
env["mail.postmaster.message"].search([("subject", "=", "Invoice 17")]).action_process_again()
# A new transaction sees what was committed.
env.cr.commit()
answer["released"] = told("Invoice 17")
Path({result!r}).write_text(json.dumps(answer))
"""


@pytest.fixture
def answer(database, tmp_path):
    """What the example has made of two messages in a folder."""
    with database.env() as env:
        set_up(env)
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, subject in enumerate(("Invoice 17", "Question")):
        raw = mail(subject=subject, headers="X-Spam-Score: 4.2")
        (folder / f"{number}.eml").write_bytes(raw)
    path = f"--addons-path={addons.link()},{EXAMPLE.parent}"
    run_odoo(database, "server", path, "-i", EXAMPLE.name, "--stop-after-init", "--no-http")
    result = tmp_path / "answer.json"
    said = run_odoo(
        database,
        "shell",
        path,
        "--no-http",
        stdin=SCRIPT.format(folder=str(folder), result=str(result)),
    )
    assert result.exists(), said[-3000:]
    return {**json.loads(result.read_text()), "log": said}


def test_example_extends_the_way_of_a_message(answer):
    assert answer["held"] == [
        "parked",
        "example_invoice_held",
        "The invoice “Invoice 17” is held for the accountants.",
        "4.2",
        "example",
    ]
    assert answer["passed"][0] == "delivered"
    # Both were stored before their files were removed.
    assert answer["files"] == 0
    assert answer["source"] == "Read from a folder"
    assert answer["label"].startswith("The invoice “")
    # A held message of another addon is released like ours.
    assert answer["released"][:2] == ["delivered", "record_created"]
    assert re.search(r"Message \d+: parked", answer["log"])


def test_page_shows_the_code_that_runs():
    shown = dict(BLOCK.findall(PAGE.read_text()))
    assert shown.keys() == {path.name for path in EXAMPLE.glob("[a-z]*.py")}
    for name, code in shown.items():
        assert code == (EXAMPLE / name).read_text(), name
