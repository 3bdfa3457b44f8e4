"""A private Postfix on the loopback interface, which sends no message to the internet.

Postfix changes accounts between its programs, so it is started as root: directly, or through
sudo. Its configuration, queue and data are in the system's temporary folder, because its account
must be able to access them; an installed Postfix is left alone.
"""

import subprocess

from . import debian
from .places import short_folder
from .processes import LOOPBACK, Background, free_port, is_answering
from .progress import run

PACKAGE = "postfix"

# Anything that the settings of a test do not route elsewhere is returned to its sender.
SETTINGS = {
    "compatibility_level": "3.6",
    # It logs to standard output; syslog need not run.
    "maillog_file": "/dev/stdout",
    "inet_interfaces": LOOPBACK,
    "inet_protocols": "ipv4",
    "myhostname": "mx.example.com",
    "mynetworks": f"{LOOPBACK}/32",
    "smtpd_peername_lookup": "no",
    "smtpd_recipient_restrictions": "permit_mynetworks, reject",
    "smtp_dns_support_level": "disabled",
    "default_transport": "error:5.1.2 no mail leaves this server",
    # If another server starts at the same moment, retry at once.
    "queue_run_delay": "1s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "2s",
    "mydestination": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "alias_database": "",
}

# service, type, private, unprivileged, chroot, wake-up, maximum processes, command
SERVICES = """\
{address}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def require():
    """Make sure that Postfix is installed and return its path."""
    return debian.require("postfix", PACKAGE)


class Postfix:
    """A private Postfix; usable in a ``with`` statement.

    :param name: name of its folder; two servers need two names
    :param dict settings: settings of ``main.cf``; they override those of ``SETTINGS``
    :param services: additional lines of ``master.cf``
    """

    def __init__(self, name, settings, services=""):
        self.folder = short_folder(name)
        self.settings = settings
        self.services = services
        self.host = LOOPBACK
        self.port = free_port()
        self.log = self.folder / "postfix.log"
        self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.remove()

    def start(self):
        """Start the server and wait until it answers.

        :raises Stop: if it cannot run here, for example because this user is not root
        """
        command = self._command(require(), "start-fg")
        self.remove()
        self._prepare()
        self._process = Background("Postfix", command, self.log)
        self._process.wait_until(lambda: is_answering(self.port))
        return self

    def remove(self):
        """Kill the server, and remove its folder with all messages."""
        if not self.folder.joinpath("conf").exists():
            return
        # A server left behind by a crashed run is found by its folder. It may have ended, too.
        subprocess.run(self._command(require(), "abort"), check=False, capture_output=True)
        if self._process:
            self._process.process.wait()
            self._process = None
        run(debian.as_root(["rm", "-rf", self.folder]))

    def _command(self, program, action):
        return debian.as_root([program, "-c", str(self.folder / "conf"), action])

    def _prepare(self):
        conf, queue = self.folder / "conf", self.folder / "queue"
        for made in (conf, queue):
            made.mkdir(parents=True)
        settings = {
            **SETTINGS,
            "queue_directory": queue,
            "data_directory": self.folder / "data",
            **self.settings,
        }
        lines = (f"{name} = {value}\n" for name, value in settings.items())
        (conf / "main.cf").write_text("".join(lines))
        services = SERVICES.format(address=self.host, port=self.port) + self.services
        (conf / "master.cf").write_text(services)
