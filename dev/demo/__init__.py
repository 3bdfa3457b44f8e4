"""What ``make run`` shows: a database that has received messages of many kinds.

=========== ==================================================================
module      content
=========== ==================================================================
``samples`` the messages of ``dev/samples``, adapted to this database
``fill``    program inside Odoo: configure, let Odoo fetch, report what happened
``table``   output of the result
=========== ==================================================================
"""
