"""The channels Pilito knows: a new one adds its line here."""

from pilito.channels.base import Channel
from pilito.channels.instagram import Instagram
from pilito.config import Settings

CHANNELS = (Instagram,)


def build_channels(settings: Settings) -> dict[str, Channel]:
    """Make every channel once for this process, by name."""
    return {channel.name: channel(settings) for channel in CHANNELS}
