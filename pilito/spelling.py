"""One spelling for what people write in several: Persian and Arabic letters, digits, marks that nobody sees; and what
no database keeps."""

import re
import unicodedata

LETTERS = str.maketrans(
    {
        "ي": "ی",
        "ى": "ی",
        "ئ": "ی",
        "ك": "ک",
        "ة": "ه",
        "ۀ": "ه",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ؤ": "و",
        "٬": ",",  # Arabic thousands separator
        "٫": ".",  # Arabic decimal separator
        "٪": "%",
        "。": ".",
        "\u200c": " ",  # the joiner between the parts of a Persian word
        "\u00a0": " ",
        "\u202f": " ",
    }
)
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u0640\u064b-\u065f\u0670\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\ufeff]"
)

FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
# What of `plain` a database can do by itself, letter by letter: for columns that are searched where they stand.
ONE_BY_ONE: dict[str, str] = {
    **{chr(old): new for old, new in LETTERS.items()},
    **{digit: str(value) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for value, digit in enumerate(digits)},
    **dict.fromkeys("\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0654\u0670\u200d\u200e\u200f", ""),
}


def plain(text: str) -> str:
    """Return the text in one spelling and in lower case: digits 0-9, Persian ی and ک, no vowel marks, no joiners."""
    text = UNSEEN.sub("", unicodedata.normalize("NFKC", text.translate(LETTERS)).translate(LETTERS)).casefold()
    return FOREIGN_DIGIT.sub(lambda match: str(unicodedata.digit(match[0])), text)


def storable(text: str) -> str:
    """Without what no database keeps: PostgreSQL's text holds no NUL, and UTF-8 no lone surrogate."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def one_line(text: str) -> str:
    """The same of a name that people type, without a line end or a second space."""
    return " ".join(storable(text).split())
