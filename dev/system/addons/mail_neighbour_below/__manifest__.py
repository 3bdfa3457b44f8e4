{
    "name": "Neighbour below Postmaster",
    "summary": "Overrides what Postmaster overrides, and is loaded before it",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "Postmaster contributors",
    "depends": ["mail"],
}
