"""How a message can be treated by a policy; each policy offers some of these.

``REVIEW`` is not a policy: it is how a message is treated that a user should read as a note.
"""

ACCEPT = "accept"
MARK = "mark"
SILENT = "silent"
NOTE = "note"
NEW = "new"
WITHHOLD = "withhold"
IGNORE = "ignore"
PARK = "park"
REFUSE = "refuse"
OFF = "off"
REVIEW = "review"
