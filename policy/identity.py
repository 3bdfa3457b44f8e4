"""Whether a database is the one that was confirmed, or a copy of it: markers are compared.

A confirmation is a System Parameter: ``prod@7312 oid=16401 port=5432 filestore=9f… inode=1312``.
It is in every copy of the database, so it holds markers that a copy may not have. docs/copies.md
lists the kinds of copies, and which marker each of them lacks.

========== ===========================================================================
marker     what it is
========== ===========================================================================
name       the name of the database
cluster    PostgreSQL's system identifier, which physical copies share
oid        the number of the database in its cluster: another one after a restore
port       the port of the server: another one if a copy runs beside the original
filestore  the random content of a file in the filestore, which all hosts share
inode      the number of that file, which is another one in a copy of the filestore
instance   what an administrator has set as ``postmaster_instance``
========== ===========================================================================

This module compares; ``markers`` reads what is outside the database.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

NAME, CLUSTER, OID, PORT = "name", "cluster", "oid", "port"
FILESTORE, INODE, INSTANCE = "filestore", "inode", "instance"
# The markers of the files, which change when these are moved.
OF_FILES = frozenset({FILESTORE, INODE})
# A database without a readable confirmation.
UNCONFIRMED = "unconfirmed"
_CONFIRMATION = re.compile(
    r"(?P<name>.*)@(?P<cluster>\d+)(?P<others>(?: [a-z]+=[^ @]+)*)", re.DOTALL
)


def written(markers: Mapping[str, str | None]) -> str:
    """Return the confirmation of a database with these markers.

    :param markers: ``{marker: text}``, None or empty where it has none
    """
    others = [
        f" {marker}={quote(markers[marker], safe='')}"
        for marker in (OID, PORT, FILESTORE, INODE, INSTANCE)
        if markers.get(marker)
    ]
    return f"{markers[NAME]}@{markers[CLUSTER]}{''.join(others)}"


def differences(confirmation: str | None, found: Mapping[str, str | None]) -> list[str]:
    """Return the markers in which a database differs from the confirmed one, none if it is that.

    A marker that was not recorded, or that cannot be known here (None), is not compared: earlier
    versions recorded only name and cluster. An empty text is known to be missing.

    :param found: ``{marker: text or None}`` of the database as it is now
    """
    match = _CONFIRMATION.fullmatch(confirmation or "")
    if not match:
        return [UNCONFIRMED]
    recorded = {NAME: match[NAME], CLUSTER: match[CLUSTER]}
    for part in match["others"].split():
        marker, _equals, text = part.partition("=")
        recorded[marker] = unquote(text)
    return [
        marker
        for marker, text in recorded.items()
        if found.get(marker) is not None and found[marker] != text
    ]
