"""Small real files, as bytes."""

import struct
import zlib
from pathlib import Path

DEMO = Path(__file__).parents[1] / "pilito" / "static" / "demo" / "media"
JPEG = (DEMO / "customer-1.jpg").read_bytes()
OTHER_JPEG = (DEMO / "customer-2.jpg").read_bytes()
MP4 = (DEMO / "clip.mp4").read_bytes()
WAV = (
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00@\x1f\x00\x00\x01\x00\x08\x00data"
    + bytes(64)
)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
HTML = b"<!doctype html><script>alert(1)</script>"


def png(width, height):
    """The header of a picture of this size, and hardly any picture."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
