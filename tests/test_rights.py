"""What root does in the services' folder is the services' own."""

import os
import subprocess
import sys

import pytest

NOBODY = 65534
ACT = """
import sys
from pathlib import Path
from pilito.rights import act_as_owner_of
folder = Path(sys.argv[1])
act_as_owner_of(folder, unless=folder / "secrets.env")
(folder / "written").mkdir()
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become somebody else.")


@pytest.fixture
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    for above in (folder.parent, *folder.parent.parents):
        if above.owner() == "root" and above.stat().st_mode & 0o001 == 0:
            above.chmod(above.stat().st_mode | 0o001)
    return folder


def written_by(folder):
    subprocess.run([sys.executable, "-c", ACT, folder], check=True)
    return (folder / "written").stat().st_uid


def test_what_root_writes_into_the_services_folder_belongs_to_their_user(folder):
    os.chown(folder, NOBODY, NOBODY)

    assert written_by(folder) == NOBODY


def test_in_a_folder_of_its_own_root_stays_root(folder):
    assert written_by(folder) == 0


def test_in_a_copy_of_make_run_root_stays_who_started_it(folder):
    os.chown(folder, NOBODY, NOBODY)
    (folder / "secrets.env").touch()

    assert written_by(folder) == 0


def test_what_flask_and_gunicorn_import_does_it():
    said = "from pilito import rights; rights.act_as_owner_of = lambda folder, unless: print(folder.name, unless.name)"

    done = subprocess.run(
        [sys.executable, "-c", f"{said}; import wsgi"],
        env=os.environ | {"PILITO_VAR": "/nowhere/state", "PILITO_ENV": "production"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout == "state secrets.env\n", done.stderr
