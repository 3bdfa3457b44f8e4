"""Imports old messages from files, through the same pipeline as new ones, without notices.

=========== ==============================================================
module      what it does
=========== ==============================================================
``command`` the command line of ``odoo-bin postmaster import``
``run``     submits each message, counts the outcomes, can be resumed
=========== ==============================================================
"""
