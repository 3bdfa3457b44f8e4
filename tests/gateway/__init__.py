from . import (
    test_charsets,
    test_envelope,
    test_identity,
    test_imports,
    test_mailbox,
    test_preview,
    test_retries,
    test_states,
    test_trace,
)
