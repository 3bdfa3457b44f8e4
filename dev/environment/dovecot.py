"""A private IMAP and POP3 server on the loopback interface, without TLS.

Dovecot runs under the account of the user who starts it. It refuses to read mail as root, so for
root it runs in a separate user namespace, like ``postgresql``. Mailboxes are Maildirs: each
message is a file, and its flags are in the file name.
"""

import grp
import os
import pwd
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .places import WORK, short_folder
from .processes import LOOPBACK, Background, free_port, is_answering
from .progress import run

PACKAGES = ("dovecot-imapd", "dovecot-pop3d", "dovecot-lmtpd")
PROGRAMS = "/usr/lib/dovecot"
PASSWORD = "secret"
NOBODY = 65534
EVERYTHING = "everything"

CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
protocols = imap pop3
listen = {address}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""

# Every recipient exists, and all recipients of a domain share a mailbox. So does every user: the
# file of other users is read only once a second.
CATCH_ALL = """\
protocols = imap pop3 lmtp
passdb {{
  driver = static
  args = password={password}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
protocol lmtp {{
  mail_location = maildir:{folder}/mail/{everything}@%d
  userdb {{
    driver = static
    args = uid={user} gid={group} home={folder}/home/{everything}@%d allow_all_users=yes
  }}
}}
"""


# TLS, and logins with a token that an HTTP server checks (RFC 6749), as at the large providers.
OAUTH = """\
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/certificate.pem
auth_mechanisms = plain login xoauth2
service imap-login {{
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""
TOKENS = """\
tokeninfo_url = {url}
introspection_mode =
username_attribute = email
"""


def require():
    """Make sure that Dovecot is installed and return its path."""
    debian.require("imap-login", PACKAGES[0], folders=[PROGRAMS])
    debian.require("pop3-login", PACKAGES[1], folders=[PROGRAMS])
    debian.require("lmtp", PACKAGES[2], folders=[PROGRAMS])
    return debian.require("dovecot", *PACKAGES)


@dataclass(frozen=True)
class StoredMail:
    """A message in a mailbox.

    :param raw: bytes of the message
    :param flags: letters of Maildir: S seen, T deleted, R answered, F flagged
    """

    raw: bytes
    flags: str


class Dovecot:
    """A private Dovecot; usable in a ``with`` statement.

    :param name: name of its folder below ``WORK``; two servers need two names
    """

    def __init__(self, name="dovecot"):
        self.folder = WORK / name
        # Dovecot's settings cannot quote a space, so it gets another path to its folder.
        self.alias = short_folder(name) / "folder"
        self.host = LOOPBACK
        self.imap_port = free_port()
        self.pop3_port = free_port()
        self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.stop()

    # --- Server ---------------------------------------------------------------------

    def start(self):
        program = require()
        self._prepare()
        command = [program, "-F", "-c", self.alias / "dovecot.conf"]
        if os.getuid() == 0:
            command = [*self._to_nobody(), *command]
        log = self.folder / "dovecot.log"
        self._process = Background("Dovecot", command, log, cwd=self.folder)
        self._process.wait_until(lambda: all(map(is_answering, self._ports())))
        return self

    def stop(self):
        """Stop the server and its sessions, which Dovecot would keep for ten more seconds."""
        if self._process:
            self._process.stop()
            self._process.kill()
            self._process = None

    def _prepare(self):
        for made in ("run", "state", "mail", "home"):
            (self.folder / made).mkdir(parents=True, exist_ok=True)
        (self.folder / "users").touch()
        self.alias.unlink(missing_ok=True)
        self.alias.symlink_to(self.folder)
        (self.folder / "dovecot.conf").write_text(self._configuration())

    def _configuration(self):
        user, group = self._account()
        return CONFIGURATION.format(
            folder=self.alias,
            address=self.host,
            user=user,
            group=group,
            imap_port=self.imap_port,
            pop3_port=self.pop3_port,
        )

    def _ports(self):
        return (self.imap_port, self.pop3_port)

    @staticmethod
    def _to_nobody():
        """The command with which root runs another one as nobody, in a separate namespace."""
        return ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]

    @staticmethod
    def _account():
        """Names of the account that Dovecot runs under, as it sees them."""
        user = pwd.getpwuid(NOBODY if os.getuid() == 0 else os.getuid())
        group = NOBODY if os.getuid() == 0 else os.getgid()
        return user.pw_name, grp.getgrgid(group).gr_name

    # --- Mailboxes ------------------------------------------------------------------

    def add_user(self, user, password=PASSWORD):
        """Add a mailbox, or change its password; the server need not be restarted."""
        users = self.folder / "users"
        users.parent.mkdir(parents=True, exist_ok=True)
        lines = users.read_text("utf-8").splitlines() if users.exists() else []
        kept = [line for line in lines if not line.startswith(f"{user}:")]
        users.write_text("\n".join([*kept, f"{user}:{{PLAIN}}{password}", ""]), "utf-8")
        for part in ("tmp", "new", "cur"):
            (self._mailbox(user) / part).mkdir(parents=True, exist_ok=True)

    def create_folder(self, user, folder):
        """Create a folder in a mailbox.

        :param folder: in modified UTF-7 (RFC 3501 section 5.1.3)
        """
        for part in ("tmp", "new", "cur"):
            (self._mailbox(user, folder) / part).mkdir(parents=True, exist_ok=True)

    def deliver(self, user, raw, folder=None):
        """Put a message into a mailbox, byte for byte, like an MTA; return its file."""
        name = f"{time.time_ns()}.{os.getpid()}.postmaster"
        unfinished = self._mailbox(user, folder) / "tmp" / name
        unfinished.write_bytes(raw)
        return unfinished.rename(self._mailbox(user, folder) / "new" / name)

    def stored(self, user, folder=None):
        """Return the content of a mailbox, oldest first, as a list of ``StoredMail``."""
        mailbox = self._mailbox(user, folder)
        files = [path for part in ("new", "cur") for path in (mailbox / part).iterdir()]
        return [
            StoredMail(path.read_bytes(), path.name.partition(":2,")[2])
            for path in sorted(files, key=lambda path: path.name)
        ]

    def empty(self, user):
        """Remove all messages from a mailbox."""
        for part in ("new", "cur"):
            for path in (self._mailbox(user) / part).iterdir():
                path.unlink()

    def remove(self):
        """Kill the server, and remove its folder with all messages."""
        if self._process:
            # A regular shutdown takes Dovecot a second, which is not needed here.
            self._process.kill()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def renumber(self, user):
        """Give the mailbox a new UIDVALIDITY, like a server that has lost its index."""
        mailbox = self._mailbox(user)
        numbers = mailbox / "dovecot-uidlist"
        before = int(numbers.read_text().split()[1].removeprefix("V"))
        # Dovecot uses the time in seconds.
        while time.time() < before + 1:
            time.sleep(0.1)
        for path in mailbox.glob("dovecot*"):
            path.unlink()

    def _mailbox(self, user, folder=None):
        mailbox = Path(self.folder) / "mail" / user
        return mailbox / f".{folder}" if folder else mailbox


class CatchAllDovecot(Dovecot):
    """A Dovecot that accepts messages by LMTP for any recipient, with one mailbox per domain.

    The mailbox of example.com is everything@example.com, and every user's password is
    ``PASSWORD``. A mail server that delivers directly may write into a mailbox too, under the
    ``account``. So for root this Dovecot runs as nobody without a separate namespace, and its
    folder is accessible to all users.
    """

    def __init__(self, name):
        super().__init__(name)
        self.folder = short_folder(name) / "shared"
        self.lmtp_port = free_port()

    @property
    def account(self):
        """Numbers of the user and the group that own the messages."""
        return (NOBODY, NOBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())

    def add_user(self, user, password=PASSWORD):
        super().add_user(user, password)
        self._give_away(self.folder / "mail")

    def _prepare(self):
        super()._prepare()
        for made in ("run", "state", "mail", "home"):
            self._give_away(self.folder / made)

    def _give_away(self, folder):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, *self.account)

    def _configuration(self):
        user, group = self._account()
        return super()._configuration() + CATCH_ALL.format(
            folder=self.alias,
            user=user,
            group=group,
            everything=EVERYTHING,
            lmtp_port=self.lmtp_port,
            password=PASSWORD,
        )

    def _ports(self):
        return (*super()._ports(), self.lmtp_port)

    @staticmethod
    def _to_nobody():
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


class OAuthDovecot(Dovecot):
    """A Dovecot with TLS, whose users log in with tokens.

    :param tokens_url: URL of the HTTP server that checks the tokens; the token is appended to it
    """

    def __init__(self, name, tokens_url):
        super().__init__(name)
        self.imaps_port = free_port()
        self._tokens_url = tokens_url

    def _prepare(self):
        super()._prepare()
        certificate = self.folder / "certificate.pem"
        run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={self.host}",
                "-keyout",
                certificate,
                "-out",
                self.folder / "public.pem",
            ]
        )
        certificate.write_bytes(
            (self.folder / "public.pem").read_bytes() + certificate.read_bytes()
        )
        certificate.chmod(0o644)
        (self.folder / "oauth2.conf").write_text(TOKENS.format(url=self._tokens_url))

    def _configuration(self):
        return super()._configuration() + OAUTH.format(
            folder=self.alias,
            imaps_port=self.imaps_port,
        )

    def _ports(self):
        return (*super()._ports(), self.imaps_port)
