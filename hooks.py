"""What happens once, when the addon is installed or removed."""


def post_init_hook(env):
    """Confirm the database: it is being set up here, so it is no copy."""
    env["mail.postmaster.policy"].confirm_database()
