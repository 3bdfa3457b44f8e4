{
    "name": "Neighbour above Postmaster",
    "summary": "Overrides what Postmaster overrides, and is loaded after it",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "Postmaster contributors",
    "depends": ["mail_neighbour_below", "mail_postmaster"],
}
