"""What ``make run`` shows: a database that has received mail of many kinds.

=========== ==================================================================
module      what it knows
=========== ==================================================================
``samples`` the mails of ``dev/samples``, made ready for this database
``fill``    program inside Odoo: configure, let Odoo fetch, tell what happened
``table``   how the result is printed
=========== ==================================================================
"""
