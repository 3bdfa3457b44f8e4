from . import inbound, mail
