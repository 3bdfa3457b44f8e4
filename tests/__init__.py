from . import (
    gateway,
    test_access,
    test_controllers,
    test_decisions,
    test_hooks,
    test_intake,
    test_policy,
    test_release,
    test_retention,
    test_screens,
    test_tour,
)
