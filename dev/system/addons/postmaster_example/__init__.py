from . import message, outcome, reason, rule, source
