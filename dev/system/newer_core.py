"""A change in newer Odoo 19.0, applied to a copy of the installed method.

Since 2026 ``message_process`` takes a lock on the Message-Id after its search for duplicates, and
ignores the message if another transaction holds it. Debian's package is older.
"""

import inspect
import textwrap

LOCK = "pg_try_advisory_xact_lock"
BEFORE = "        if self._detect_loop_headers(msg_dict):"
TAKE_LOCK = """\
        import hashlib
        number = int.from_bytes(
            hashlib.sha256(msg_dict['message_id'].encode()).digest()[:8], 'big', signed=True)
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not self.env.cr.fetchone()[0]:
            return False

"""


def with_lock(module):
    """Return ``message_process`` of core's module ``mail_thread`` with that lock."""
    source = textwrap.dedent(inspect.getsource(module.MailThread.message_process))
    source = textwrap.indent(source, "    ")
    if LOCK in source:
        return module.MailThread.message_process
    assert source.count(BEFORE) == 1, "message_process of this Odoo looks different"
    source = textwrap.dedent(source.replace(BEFORE, TAKE_LOCK + BEFORE))
    names = dict(vars(module))
    exec(compile(source, module.__file__, "exec"), names)  # noqa: S102  Odoo's own text
    return names["message_process"]
