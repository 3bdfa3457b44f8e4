from . import (
    test_address_list,
    test_addresses,
    test_envelope,
    test_identity,
    test_imports,
    test_mailbox,
    test_preview,
    test_recipients,
    test_retries,
    test_states,
    test_trace,
)
