"""What this addon knows about mail, without Odoo and without a database.

================ ==========================================================
Nothing here imports Odoo; ``tests/gateway`` runs in seconds and walks the imports.
"""
