{
    "name": "Postmaster: an example of an extension",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "Postmaster contributors",
    "depends": ["mail_postmaster"],
}
