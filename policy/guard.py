import logging
import time
from typing import NamedTuple

from odoo import api, models

from . import (
    identity,
    lookup,  # noqa: F401  what is extended here
    markers,
)
from .settings import DATABASE, ENABLED

_logger = logging.getLogger(__name__)

COPY, OFF = "copy", "off"
SWITCHED_OFF = ("false", "0", "off", "no")
# Core's parameter: where attachments are stored.
STORAGE = "ir_attachment.location"
# Bypassing all caches: the switch may be set with SQL, and another database may have the name.
READ = "SELECT key, value FROM ir_config_parameter WHERE key = ANY(%s)"
LOOK = """
    SELECT current_database() AS name,
        (SELECT system_identifier FROM pg_control_system())::text AS cluster,
        (SELECT oid FROM pg_database WHERE datname = current_database())::text AS oid,
        current_setting('port') AS port
"""
# How long markers are remembered: to look costs as much as many claims of a message.
LOOK_SECONDS = 2.0
# The markers found last and until when they count, and what was logged last; by database.
_found = {}
_logged = {}


def forget() -> None:
    """Look at the markers of all databases when they are needed next."""
    _found.clear()


class OnHold(Exception):
    """Nothing may be stored or processed now; the message is kept where it is."""


class Standing(NamedTuple):
    """What a database and its surroundings say about it.

    :param differing: the markers in which it differs from the confirmed database
    :param found: all its markers, see :mod:`.identity`
    :param is_on: whether Postmaster is not bypassed
    """

    differing: list
    found: dict
    is_on: bool

    @property
    def hold(self) -> str | None:
        """Why nothing may be done; a copy stays one while it is switched off."""
        return COPY if self.differing else None if self.is_on else OFF


class MailPostmasterGuard(models.AbstractModel):
    """Whether this database may receive messages and reply to them, asked at every entrance.

    The entrances are the intake by LMTP and HTTP, a claim, the scheduled action, a fetch, a call of
    ``message_process`` and a notice. A hold loses no message and refuses none: each stays in its
    mailbox or with the mail server, or waits in the log.
    """

    _inherit = "mail.postmaster.policy"

    def init(self):
        """Record all markers of a confirmed database at each update, after its confirmation."""
        super().init()
        forget()
        standing = self._standing()
        if not standing.differing:
            self._record_confirmation(standing)

    @api.model
    def _on_hold(self):
        """Return why nothing may be done now: :data:`COPY`, :data:`OFF`, or None."""
        standing = self._standing()
        _log_change(self.env.cr.dbname, standing)
        return standing.hold

    @api.model
    def _check_not_on_hold(self):
        """Stop a transport whose clients are able to keep their messages.

        :raises OnHold: with the reason
        """
        if reason := self._on_hold():
            raise OnHold(reason)

    @api.model
    def _is_confirmed_database(self):
        """Return whether this is the database that was set up to receive messages, not a copy."""
        return self._on_hold() != COPY

    @api.model
    def _is_switched_on(self):
        """Return whether Postmaster is not bypassed; a copy may be switched on as well."""
        return self._standing().is_on

    @api.model
    def confirm_database(self):
        """Let this database fetch and reply: an administrator confirms that it is not a copy.

        :raises AccessError: see :meth:`_check_database_administrator`
        """
        self._check_database_administrator()
        forget()
        self._record_confirmation(self._standing())
        return True

    @api.model
    def _adopt_filestore(self):
        """Confirm a database whose filestore was moved or copied, if nothing else differs."""
        forget()
        standing = self._standing()
        if identity.OF_FILES.issuperset(standing.differing):
            self._record_confirmation(standing)

    def _standing(self):
        """Return the :class:`Standing` of this database as it is now."""
        self.env["ir.config_parameter"].flush_model()
        self.env.cr.execute(READ, [[DATABASE, ENABLED, STORAGE]])
        parameters = dict(self.env.cr.fetchall())
        found = self._markers(parameters.get(STORAGE) or "file")
        switch = (parameters.get(ENABLED) or "true").strip().lower()
        differing = identity.differences(parameters.get(DATABASE), found)
        return Standing(differing, found, switch not in SWITCHED_OFF)

    def _markers(self, storage):
        """Return the markers of this database; some seconds later, they are looked at again."""
        database, now = self.env.cr.dbname, time.monotonic()
        until, found = _found.get(database, (now, None))
        if now < until:
            return found
        self.env.cr.execute(LOOK)
        found = self.env.cr.dictfetchone()
        found[identity.INSTANCE] = markers.instance()
        if found[identity.INSTANCE]:
            # An administrator has decided what identifies this installation.
            found[identity.PORT] = None
        elif storage == "file":
            found |= markers.of_files(database)
        _found[database] = now + LOOK_SECONDS, found
        return found

    def _record_confirmation(self, standing):
        found = standing.found
        if identity.FILESTORE in found:
            markers.leave(self.env.cr.dbname)
            found |= markers.of_files(self.env.cr.dbname)
        # Only system administrators may write the parameter; the callers check the group.
        self.env["ir.config_parameter"].sudo().set_param(DATABASE, identity.written(found))


def _log_change(database, standing):
    """Log why a database is on hold, once until that changes."""
    reason = standing.hold and (standing.hold, *standing.differing)
    if _logged.get(database) == reason:
        return
    _logged[database] = reason
    if standing.differing:
        _logger.warning(
            "Messages wait: the database %s is an unconfirmed copy (different: %s).",
            database,
            ", ".join(standing.differing),
        )
    elif reason:
        _logger.warning("Messages wait: Postmaster is switched off in %s.", database)
    else:
        _logger.info("The database %s receives messages again.", database)
