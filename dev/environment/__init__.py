"""The environment in which this addon is developed and tested.

``dev/bootstrap`` builds it, and the other scripts in ``dev/`` use it:

=============== ==============================================================
module          content
=============== ==============================================================
``places``      folders, ports and names
``progress``    progress output of scripts
``debian``      system packages, through the machine's own package manager
``odoo``        where Odoo 19 comes from and how to start it
``virtual``     virtual environments of pinned packages
``pythons``     the Python versions on which Odoo can run
``odoo_log``    the relevant part of an Odoo log
``databases``   databases with Odoo in them: installed, copied
``marks``       which databases were created here
``addons``      the folder through which Odoo sees this checkout as an addon
``neighbours``  addons of others that are tested together with this one
``postgresql``  the private database cluster
``processes``   background programs and their ports
``stage``       a real folder with the addon's name, for linters and packagers
``dovecot``     a private IMAP and POP3 server
``smtp_sink``   an SMTP server that keeps outgoing messages
=============== ==============================================================

Standard library only, except for ``smtp_sink``: the first script runs before anything is installed.
"""
