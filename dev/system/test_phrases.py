"""What ``dev/lint`` takes for a phrase to avoid, and where it looks for some."""

import json

import pytest

from environment.progress import Stop
from linting import phrases
from linting.reading import readable


def found(name, text):
    return phrases.find(readable(name, text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A message can not be sent.", ["can not"]),
        ("Nobody mails, whoever\nis said to.", ["Nobody", "mails", "whoever", "is said"]),
        (
            "Let somebody look at what becomes of it, for once.",
            ["somebody", "becomes of", "for once"],
        ),
        ("“x” is no email address.", ["is no"]),
        ("There is no alias, and it is no longer used.", []),
        ("Emails cannot go in a circle.", []),
        ("A message can\n\nnot this one.", []),
        ("Write to nobody@example.com, see find_mails and docs/mails.md.", []),
        ("The option `can not` and\n```\nmails\n```\nare code.", []),
    ],
)
def test_phrases_of_a_page(text, expected):
    assert [phrase for _line, phrase in found("page.md", text)] == expected


PYTHON = '''\
"""What a module says can not
be said."""

mails = somebody("mails", f"{mails} of them", "%(mails)s and {mails}")
answer = "It can "  # Whoever reads this
# is no reader.
answer += "not."
text = _(
    "It can "
    f"not {mails}."
)
label = "Mails"
'''


def test_texts_of_python():
    assert found("module.py", PYTHON) == [
        (1, "can not"),
        (5, "Whoever"),
        (6, "is no"),
        (9, "can not"),
        (12, "Mails"),
    ]
    assert found("script", f"#!/usr/bin/env python3\n{PYTHON}")[0] == (2, "can not")
    assert readable("image.svg", "mails") is None


def test_comment_over_lines():
    assert found("module.py", "# An alias is\n# no record.\nx = 1  # It is\n# no y\n") == [
        (1, "is no"),
        (3, "is no"),
    ]


def test_code_between_texts_separates_them():
    assert found("module.py", 'x = ("it is", "no y")\n# It is\nx = 1\n# no y\n') == []


def test_texts_of_views():
    view = """\
<odoo>
    <!-- For once. -->
    <field name="mails" string="All mails" invisible="mails > 0"/>
    <p>This <b>can</b> not
    be.</p>
</odoo>
"""
    assert found("view.xml", view) == [(2, "For once"), (3, "mails"), (4, "can not")]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with two pages and a record of one phrase in each."""
    monkeypatch.setattr(phrases, "ROOT", tmp_path)
    monkeypatch.setattr(phrases, "RECORD", tmp_path / "phrases.json")
    monkeypatch.setattr(phrases.stage, "tracked", lambda: ["a.md", "b.md"])
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("Nobody.")
    phrases.lower()
    return tmp_path


def record(checkout):
    return json.loads((checkout / "phrases.json").read_text())


def test_a_file_may_have_what_is_recorded(checkout, capsys):
    assert phrases.check() == 0
    assert "To lower it" not in capsys.readouterr().out


def test_one_more_in_a_file_is_refused(checkout, capsys):
    (checkout / "a.md").write_text("A line.\nNobody, somebody.")
    (checkout / "b.md").write_text("No alias.")
    assert phrases.check() == 1
    said = capsys.readouterr().out
    assert "a.md:2: somebody" in said
    assert "b.md" not in said


def test_fewer_lower_the_record_when_asked(checkout, capsys):
    (checkout / "b.md").write_text("No alias.")
    assert phrases.check() == 0
    assert "dev/phrases --record" in capsys.readouterr().out
    assert record(checkout) == {"a.md": 1, "b.md": 1}
    phrases.lower()
    assert record(checkout) == {"a.md": 1}


def test_the_record_never_rises(checkout):
    (checkout / "a.md").write_text("Nobody, somebody.")
    with pytest.raises(Stop):
        phrases.lower()
    assert record(checkout) == {"a.md": 1, "b.md": 1}
