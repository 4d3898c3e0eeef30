"""Our own copies of files: what we keep of which kind, and the store they lie in (a folder or a bucket)."""

from pilito.config import Settings
from pilito.media.folder import Folder
from pilito.media.store import Store


def open_store(settings: Settings) -> Store:
    """Make the store of MEDIA_URL; it touches disk and network on first use."""
    if settings.media_url.startswith("s3://"):
        from pilito.media.bucket import Bucket  # late: its library is loaded only where it is used

        return Bucket(settings)
    return Folder.of(settings)
