"""The files of the demo: pictures of the shop's posts and what a customer sends. A fixed list, nothing else is read.

The pages draw them from SVG; what the fake Instagram gives out are the same pictures as JPEG, as Meta's servers would.
"""

import io
import math
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pilito.demo.shop import POSTS

FOLDER = Path(__file__).resolve().parent.parent / "static" / "demo" / "media"
PHOTO = "photo.jpg"
CLIP = "clip.mp4"
STORY = "story.jpg"
VOICE = "voice.wav"
AVATAR = "shop.jpg"
CUSTOMERS = ("customer-1.jpg", "customer-2.jpg", "customer-3.jpg")
DRAWINGS = frozenset({f"{post.id}.svg" for post in POSTS} | {"photo.svg", "clip.svg", "story.svg", "shop.svg"})
PICTURES = frozenset({f"{post.id}.jpg" for post in POSTS} | {PHOTO, STORY, AVATAR, *CUSTOMERS})

VOICE_SECONDS = 1.6
VOICE_RATE = 8000
VOICE_WORDS = "سلام، این لباس چقدره؟"  # what the hum stands for


@dataclass(frozen=True)
class Media:
    content: bytes
    mimetype: str


@cache
def find_media(name: str) -> Media | None:
    """Return the file of that name, or None for a name that is not on the list."""
    if name == VOICE:
        return Media(_hum(), "audio/wav")
    for names, mimetype in ((DRAWINGS, "image/svg+xml"), (PICTURES, "image/jpeg"), ((CLIP,), "video/mp4")):
        if name in names:
            return Media((FOLDER / name).read_bytes(), mimetype)
    return None


def still_of(name: str) -> str:
    """The drawing that stands for a file on the phone page; the name itself where there is none."""
    drawing = f"{name.rpartition('.')[0]}.svg"
    return drawing if drawing in DRAWINGS else name


def _hum() -> bytes:
    """A short hum that rises and falls: a voice note that can be played, though nothing is said in it: the demo model
    takes it for VOICE_WORDS."""
    count = int(VOICE_SECONDS * VOICE_RATE)
    samples = bytes(128 + int(60 * _loudness(i / count) * math.sin(i * _pitch(i / count))) for i in range(count))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(VOICE_RATE)
        file.writeframes(samples)
    return out.getvalue()


def _loudness(part: float) -> float:
    return math.sin(math.pi * part) * (0.65 + 0.35 * math.sin(part * 38))


def _pitch(part: float) -> float:
    return 2 * math.pi * (170 + 30 * math.sin(part * 3)) / VOICE_RATE
