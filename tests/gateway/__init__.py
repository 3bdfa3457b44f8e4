from importlib.util import find_spec

from . import (
    test_address_book,
    test_address_list,
    test_addresses,
    test_authentication_alignment,
    test_authentication_author,
    test_authentication_dkim,
    test_authentication_field,
    test_authentication_trusted,
    test_automatic,
    test_charsets,
    test_corpus,
    test_envelope,
    test_explanation,
    test_forwarding,
    test_hops,
    test_identity,
    test_imports,
    test_limits,
    test_mailbox,
    test_mailbox_imap,
    test_matching,
    test_mime,
    test_preview,
    test_origin,
    test_recipients,
    test_repair,
    test_report_bounds,
    test_report_delivery_status,
    test_report_disposition,
    test_report_feedback,
    test_report_original,
    test_report_status,
    test_report_unstructured,
    test_report_wording,
    test_retired,
    test_shared_addresses,
    test_retries,
    test_states,
    test_trace,
)

# A library of development (dev/requirements.txt), which an Odoo elsewhere need not have.
if find_spec("hypothesis"):
    from . import (
        test_address_properties,
        test_authentication_properties,
        test_automatic_properties,
        test_forwarding_properties,
        test_mime_properties,
    )
    from . import test_report_properties
