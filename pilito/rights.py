"""Root types a command: it works as the user of the services, who must be able to read what it writes."""

import os
import pwd
from pathlib import Path


def act_as_owner_of(folder: Path, *, unless: Path) -> None:
    """Become the user whom the folder belongs to, where root would leave files in it that nobody else may read.

    `unless` is a file by which one knows a copy of `make run`, where all programs are the same user's.
    """
    if os.geteuid() != 0 or unless.exists() or not folder.exists():
        return
    owner = folder.stat()
    if owner.st_uid == 0:
        return
    try:
        os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    except KeyError:  # a number without a name, as in a container
        os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
