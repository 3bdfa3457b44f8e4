"""What identifies an installation outside its database: its filestore, or a name in its settings.

All hosts of an installation share these. A file in the filestore is right by default: hosts must
share the filestore anyway, a container keeps it, and a failover of PostgreSQL does not touch it.
Its content tells an empty or foreign filestore apart, its number (inode) a copy. An administrator
who sets ``postmaster_instance`` decides instead: files may then be moved or copied.
"""

import functools
import logging
import os
import re
import secrets
from pathlib import Path

from odoo.tools import config

from .identity import FILESTORE, INODE

_logger = logging.getLogger(__name__)

OPTION = "postmaster_instance"
VARIABLE = "POSTMASTER_INSTANCE"
# Beside the folders of attachments in the filestore of a database.
FILE = "postmaster-instance"
_TOKEN = re.compile(r"[0-9a-f]{32}")
# File systems on which a file has the same number on all hosts, and after each mount. Others make
# numbers up: many in user space, and shares of Windows.
KEEPS_NUMBERS = frozenset(
    "bcachefs btrfs ceph ext2 ext3 ext4 f2fs fuse.glusterfs gfs2 gpfs jfs lustre nfs nfs4 ocfs2 "
    "overlay tmpfs xfs zfs".split()
)


def instance() -> str:
    """Return what an administrator has set; the environment comes before the configuration."""
    return (os.environ.get(VARIABLE) or config.get(OPTION) or "").strip()


def of_files(database: str) -> dict[str, str | None]:
    """Return the markers of the filestore of a database.

    :return: an empty text if the file is missing or unreadable, None for what cannot be known here
    """
    path = _path(database)
    try:
        with path.open("rb") as file:
            token, number = file.read(64).decode("ascii", "replace"), os.fstat(file.fileno()).st_ino
    except OSError:
        return {FILESTORE: "", INODE: None}
    return {FILESTORE: token, INODE: str(number) if _keeps_numbers(path.parent) else None}


def leave(database: str) -> None:
    """Leave a file in the filestore of a database, unless there is one.

    Where that is not possible, the confirmation does without it.
    """
    path = _path(database)
    try:
        if path.exists() and _TOKEN.fullmatch(path.read_text("ascii", "replace")):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{FILE}-{secrets.token_hex(8)}")
        new.write_text(secrets.token_hex(16))
        new.replace(path)
    except OSError as error:
        _logger.warning("The filestore has no marker (%s)", type(error).__name__)


def _path(database):
    return Path(config.filestore(database)) / FILE


@functools.lru_cache(maxsize=128)
def _keeps_numbers(folder):
    """Return whether numbers of files identify them on the file system of a folder."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        folder = folder.resolve()
    except OSError:
        return False
    # Fields of proc(5): the fifth is the mount point, and the type follows a lone hyphen. A later
    # mount hides an earlier one at the same place.
    kind, longest = "", -1
    for line in lines:
        fields, _separator, rest = line.partition(" - ")
        point = Path(fields.split()[4].encode().decode("unicode_escape"))
        if folder.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = rest.split()[0], len(point.parts)
    return kind in KEEPS_NUMBERS
