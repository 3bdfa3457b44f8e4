"""The machine this addon is developed and tested on.

``dev/bootstrap`` builds it, the other scripts of ``dev/`` use it:

=============== ==============================================================
module          what it knows
=============== ==============================================================
``places``      folders, ports and names
``progress``    what a script says while it works
``debian``      system packages, through the machine's own package manager
``odoo``        where Odoo 19 comes from and how it is started
``virtual``     virtual environments of pinned packages
``pythons``     the Pythons on which Odoo may run
``odoo_log``    what of a log of Odoo a person wants to see
``databases``   databases with Odoo in them: installed, copied
``marks``       which databases were made here
``addons``      the folder through which Odoo sees this checkout as an addon
``postgresql``  the private database cluster
``processes``   programs that run beside a script, and their ports
``stage``       a real folder with the addon's name, for linters and packagers
``dovecot``     a private IMAP and POP3 server
``smtp_sink``   a place where outgoing mail ends
=============== ==============================================================

Standard library only, apart from ``smtp_sink``: the first script runs before
anything is installed.
"""
