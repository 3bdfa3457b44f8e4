"""Old mail out of files, through the same door as new mail, and without a word to anybody.

=========== ==============================================================
module      what it does
=========== ==============================================================
``command`` arguments of ``odoo-bin postmaster import``
``run``     hands over each mail, keeps the count, goes on where it stopped
=========== ==============================================================
"""
