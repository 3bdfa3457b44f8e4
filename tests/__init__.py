from . import (
    gateway,
    test_decisions,
    test_hooks,
    test_intake,
    test_policy,
    test_release,
    test_retention,
)
