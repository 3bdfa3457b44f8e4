"""The records: those of core that are extended, and those of the log.

Beside them: ``mail_postmaster_screening``, by which another addon adds a rule.
"""

from . import core, log, mail_postmaster_screening
