"""Which copies of a database are told apart, a matrix of markers; docs/copies.md is the table."""

import itertools
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase
from odoo.tools import config

from odoo.addons.mail_postmaster.policy import markers
from odoo.addons.mail_postmaster.policy.identity import UNCONFIRMED, differences, written

ORIGINAL = {
    "name": "prod",
    "cluster": "7312",
    "oid": "16401",
    "port": "5432",
    "filestore": "9f" * 16,
    "inode": "1312",
    "instance": "",
}
NAMED = {**ORIGINAL, "port": None, "filestore": None, "inode": None, "instance": "berlin"}
# Which markers a copy has that differ from those of the original.
COPIES = {
    "createdb": {"name": "test", "oid": "17000", "filestore": "", "inode": None},
    "createdb, then renamed": {"oid": "17000"},
    "restored on another server": {"cluster": "9", "oid": "17000", "inode": "7"},
    "restored under its name": {"oid": "17000"},
    "pg_basebackup, no filestore": {"filestore": "", "inode": None},
    "pg_basebackup, another filestore": {"filestore": "ab" * 16, "inode": "7"},
    "pg_basebackup, copied filestore": {"inode": "7"},
    "pg_basebackup, another port": {"port": "5433"},
    "filestore not mounted": {"filestore": "", "inode": None},
}
# The same markers: another container or host, a replica that was promoted, and a clone of all.
SAME = "container restarted", "another host", "replica promoted", "VM clone", "storage snapshot"


class TestIdentity(BaseCase):
    def test_copies_differ(self):
        confirmation = written(ORIGINAL)
        for copy, changes in COPIES.items():
            with self.subTest(copy=copy):
                self.assertEqual(
                    set(differences(confirmation, {**ORIGINAL, **changes})),
                    {marker for marker, text in changes.items() if text is not None},
                )

    def test_the_same_installation_does_not_differ(self):
        for same in SAME:
            with self.subTest(same=same):
                self.assertEqual(differences(written(ORIGINAL), dict(ORIGINAL)), [])
                self.assertEqual(differences(written(NAMED), dict(NAMED)), [])

    def test_clone_whose_settings_say_so_differs(self):
        for text in ("", "test"):
            clone = {**(NAMED if text else ORIGINAL), "instance": text}
            self.assertEqual(differences(written(NAMED), clone), ["instance"])

    def test_named_installation_may_move_its_files_and_its_server(self):
        self.assertEqual(differences(written(NAMED), NAMED), [])
        # Named after its confirmation: what is not known now is not compared.
        self.assertEqual(differences(written(ORIGINAL), NAMED), [])

    def test_every_combination_of_differences(self):
        """Each marker that is recorded and known is compared, and no other."""
        others = {marker: f"{text}0" for marker, text in ORIGINAL.items()}
        recorded = {**ORIGINAL, "instance": "berlin"}
        for choice in itertools.product(("same", "other", "unknown"), repeat=len(ORIGINAL)):
            found = {
                marker: {"same": recorded[marker], "other": others[marker], "unknown": None}[which]
                for marker, which in zip(ORIGINAL, choice, strict=True)
            }
            self.assertEqual(
                set(differences(written(recorded), found)),
                {
                    marker
                    for marker, which in zip(ORIGINAL, choice, strict=True)
                    if which == "other"
                },
            )

    def test_confirmation_of_an_earlier_version(self):
        self.assertEqual(differences("prod@7312", ORIGINAL), [])
        self.assertEqual(differences("prod@9", ORIGINAL), ["cluster"])
        self.assertEqual(differences("other@7312", ORIGINAL), ["name"])

    def test_unreadable_confirmation_confirms_nothing(self):
        for text in (None, False, "", "prod", "prod@", "@", "prod@7312 oid", "prod@7312  oid=1"):
            with self.subTest(text=text):
                self.assertEqual(differences(text, ORIGINAL), [UNCONFIRMED])

    def test_names_with_any_characters(self):
        for text in ("a b", "a@1 oid=2", "ä\n=;%", "x@9", "%40"):
            odd = {**ORIGINAL, "name": text, "instance": text}
            with self.subTest(text=text):
                self.assertEqual(differences(written(odd), odd), [])
                self.assertEqual(
                    differences(written(odd), {**odd, "name": "b", "instance": "b"}),
                    ["name", "instance"],
                )


class TestMarkers(BaseCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.startPatcher(
            patch.object(config, "filestore", lambda database: str(self.folder / database))
        )
        self.file = self.folder / "prod" / markers.FILE

    def test_file_is_left_once(self):
        self.assertEqual(markers.of_files("prod"), {"filestore": "", "inode": None})
        markers.leave("prod")
        found = markers.of_files("prod")
        self.assertRegex(found["filestore"], "^[0-9a-f]{32}$")
        markers.leave("prod")
        self.assertEqual(markers.of_files("prod"), found)
        self.assertEqual([path.name for path in self.file.parent.iterdir()], [markers.FILE])

    def test_half_a_file_is_replaced(self):
        self.file.parent.mkdir()
        self.file.write_text("9f9f")
        self.assertEqual(markers.of_files("prod")["filestore"], "9f9f")
        markers.leave("prod")
        self.assertRegex(markers.of_files("prod")["filestore"], "^[0-9a-f]{32}$")

    def test_folder_that_cannot_be_written_leaves_no_marker(self):
        (self.folder / "prod").write_text("not a folder")
        with self.assertLogs("odoo.addons.mail_postmaster.policy.markers", "WARNING"):
            markers.leave("prod")
        self.assertEqual(markers.of_files("prod"), {"filestore": "", "inode": None})

    def test_numbers_count_only_where_they_are_kept(self):
        markers.leave("prod")
        for kind, counts in (("ext4", True), ("nfs4", True), ("cifs", False), ("fuse.s3fs", False)):
            table = (
                "21 1 8:1 / / rw - xfs /dev/a rw\n"
                f"22 21 0:5 / {str(self.folder).replace(' ', chr(92) + '040')} rw shared:1 - "
                f"{kind} x rw\n"
                "23 21 0:6 / /nowhere rw - vfat x rw\n"
            )
            markers._keeps_numbers.cache_clear()
            with (
                self.subTest(kind=kind),
                patch.object(Path, "read_text", lambda *_arguments, table=table: table),
            ):
                self.assertEqual(markers.of_files("prod")["inode"] is not None, counts)
        markers._keeps_numbers.cache_clear()

    def test_environment_comes_before_the_configuration(self):
        with patch.dict(config.options, {markers.OPTION: " berlin "}):
            self.assertEqual(markers.instance(), "berlin")
            with patch.dict("os.environ", {markers.VARIABLE: "paris"}):
                self.assertEqual(markers.instance(), "paris")
        self.assertEqual(markers.instance(), "")
