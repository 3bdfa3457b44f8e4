"""The message writer of newer Pythons, on all versions that can be installed.

Since CVE-2026-1299 (Debian's 3.11.2-6+deb12u9, and versions after 3.13.11), the bytes writer also
raises on a header field that would be read as two. Core writes attached messages with it.
"""

import re
from email import _policybase, errors, generator
from unittest.mock import patch

_LINE_END_IN_FIELD = re.compile(rb"\r\n[^ \t]|\r[^ \n\t]|\n[^ \t]")


def _write_headers(self, message):
    for name, value in message.raw_items():
        folded = self.policy.fold_binary(name, value)
        line_end = self.policy.linesep.encode()
        is_one_field = folded.endswith(line_end) and not _LINE_END_IN_FIELD.search(
            folded.removesuffix(line_end)
        )
        if self.policy.verify_generated_headers and not is_one_field:
            # The class has no separate name in older versions.
            raise errors.MessageError(f"folded header contains newline: {folded!r}")
        self._fp.write(folded)
    self.write(self._NL)


def patches():
    """Return the patches, as a list of context managers."""
    return [
        patch.object(_policybase.Policy, "verify_generated_headers", True, create=True),
        patch.object(generator.BytesGenerator, "_write_headers", _write_headers),
    ]
