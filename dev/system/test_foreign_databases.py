"""The scripts leave foreign databases and files of the same name alone."""

import os
import subprocess
from contextlib import contextmanager

import pytest
from conftest import server_named

from environment import databases, marks, odoo, postgresql
from environment.places import ROOT
from environment.processes import free_port
from environment.progress import Stop

NAME = "postmaster_test_environment"
TABLE = "CREATE TABLE invoices AS SELECT 42 AS number"


@pytest.fixture
def server(durable_cluster):
    """A second database server, used by this process and those it starts."""
    with server_named(durable_cluster):
        yield durable_cluster


@contextmanager
def foreign(name, *statements):
    """A database created elsewhere, with a table in it."""
    postgresql.query("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    postgresql.query("postgres", f'CREATE DATABASE "{name}"')
    for statement in (TABLE, *statements):
        postgresql.query(name, statement)
    try:
        yield
        assert postgresql.query(name, "SELECT number FROM invoices") == "42"
    finally:
        postgresql.query("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')


def parameters(value):
    """Return the SQL that creates Odoo's table of parameters, with one row."""
    return (
        "CREATE TABLE ir_config_parameter (key varchar, value text); "
        f"INSERT INTO ir_config_parameter VALUES ('{marks.PARAMETER}', '{value}')"
    )


def start_demo():
    """Run what `make run` runs, and return its end; it has no time to install Odoo."""
    return subprocess.run(
        [ROOT / "dev" / "run"],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "POSTMASTER_PORT": str(free_port())},
    )


def test_demo_leaves_a_foreign_database_alone(server):
    with foreign("postmaster"):
        ended = start_demo()
        assert ended.returncode == 1
        assert 'The database "postmaster" was not made by' in ended.stdout


@pytest.mark.parametrize(
    "replace",
    [
        databases.drop,
        databases.create,
        databases.made_of,
        lambda name: databases.copy("template1", name),
        lambda name: databases.template(name.removeprefix("postmaster_template_"), ("mail",)),
    ],
)
def test_foreign_database_is_refused(server, replace):
    name = "postmaster_template_foreign"
    with foreign(name), pytest.raises(Stop, match="was not made by"):
        replace(name)


@pytest.mark.parametrize(
    "statements",
    [
        # Only the comment, as after a restored dump; and of other owners, in all stages.
        (marks.comment(NAME, "0123"),),
        (marks.comment(NAME, marks.UNFINISHED),),
        (marks.comment(NAME, "0123"), parameters("another checkout")),
        (marks.comment(NAME, "0123"), marks.table()),
        # Only the content, as in a copy.
        (marks.table(), parameters(marks.OWNER)),
        (marks.table(), f"COMMENT ON DATABASE {NAME} IS '{'0' * 64}'"),
        # That of another checkout.
        (marks.table(), marks.comment(NAME, "0").replace(marks.OWNER, f"{marks.OWNER}/more")),
    ],
)
def test_one_mark_is_not_enough(server, statements):
    with foreign(NAME, *statements), pytest.raises(Stop, match="was not made by"):
        databases.create(NAME)


def test_unfinished_database_is_made_again(server):
    databases.create(NAME)
    postgresql.query(NAME, TABLE)
    assert databases.made_of(NAME) == ""
    databases.create(NAME)
    assert postgresql.query(NAME, "SELECT to_regclass('invoices')") == ""
    databases.drop(NAME)
    assert marks.read(NAME) == ""


def test_database_that_lost_its_files_is_made_again(server):
    databases.create(NAME)
    postgresql.query(NAME, parameters(""))
    databases.finish(NAME, "0123")
    assert databases.made_of(NAME) == ""
    databases.filestore(NAME).mkdir(parents=True)
    assert databases.made_of(NAME) == "0123"
    databases.drop(NAME)
    assert not databases.filestore(NAME).exists()


def test_interruption_leaves_no_database_without_marks(server, monkeypatch):
    monkeypatch.setattr(databases, "_add_trigrams", lambda database: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        databases.create(NAME)
    like = f"SELECT datname FROM pg_database WHERE datname LIKE '{NAME}%'"
    assert postgresql.query("postgres", like) == ""


def test_filestore_of_another_server_survives(durable_cluster):
    kept = databases.filestore(NAME) / "ab" / "abcd"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("of the first server")
    try:
        with server_named(durable_cluster):
            databases.create(NAME)
            databases.copy(NAME, f"{NAME}_copy")
            for name in (f"{NAME}_copy", NAME):
                databases.drop(name)
            configuration = odoo.write_configuration(databases.LOGS.parent / "conf" / "other.conf")
        assert kept.read_text() == "of the first server"
        assert f"data_dir = {databases.filestore(NAME).parent.parent}\n" not in (
            configuration.read_text()
        )
    finally:
        databases.drop(NAME)


def test_quotes_in_the_name_of_the_checkout(server, monkeypatch):
    monkeypatch.setattr(marks, "OWNER", 'the user\'s "checkout": x')
    databases.create(NAME)
    assert marks.read(NAME) == marks.UNFINISHED
    databases.drop(NAME)


def test_databases_are_dropped_in_one_place():
    words = "DROP " + "DATABASE"
    scripts = (path for path in (ROOT / "dev").rglob("*") if path.is_file())
    found = {path.name for path in scripts if words in path.read_text(errors="replace")}
    assert found == {"databases.py", "test_foreign_databases.py"}
