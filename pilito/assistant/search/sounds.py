"""How a Persian word sounds in Latin letters, roughly: enough to find "kafsh charm ghermez" in a Persian catalogue."""

import re

# Letters that sound the same fall together, which also finds the commonest misspellings (غرمز, سندل, حوله and هوله).
PERSIAN = str.maketrans(
    {
        **dict.fromkeys("ثسص", "s"), **dict.fromkeys("ذزضظ", "z"), **dict.fromkeys("تط", "t"),
        **dict.fromkeys("حه", "h"), **dict.fromkeys("غق", "q"), **dict.fromkeys("ءعئ", ""),
        "ا": "a", "ب": "b", "پ": "p", "ج": "j", "چ": "C", "خ": "x", "د": "d", "ر": "r", "ژ": "Z", "ش": "S", "ف": "f",
        "ک": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n", "و": "u", "ی": "i",
    }
)  # fmt: skip
LATIN = (
    ("sch", "S"), ("gh", "q"), ("sh", "S"), ("ch", "C"), ("zh", "Z"), ("ph", "f"), ("oo", "u"),
    ("ou", "u"), ("ee", "i"), ("aa", "a"), ("ei", "i"), ("ey", "i"), ("ck", "k"), ("x", "ks"), ("c", "k"), ("y", "i"),
    ("w", "u"), ("v", "u"), ("o", "u"), ("'", ""),
)  # fmt: skip
KH = "\0"
VOWELS = re.compile(r"[aeiou]")
# What Persian in Latin letters sticks to a word: "rangesh", "mantoha", "kifetoon".
ENDINGS = re.compile(r"(?:haye|hay|hatoon|hatun|ha|etoon|etun|eton|esho|esh|et|em|am|ash|ye|eh|e|i)$")


def of_persian(word: str) -> str:
    return word.translate(PERSIAN)


def of_latin(word: str) -> str:
    """The sounds of a word as Persians spell it in Latin letters."""
    word = word.replace("kh", KH)  # or its sound, written x, would be read as ks
    for letters, sound in LATIN:
        word = word.replace(letters, sound)
    return word.replace(KH, "x")


def bones(sounds: str) -> str:
    """The consonants, doubled ones once: written Persian leaves the short vowels out, and ه at an end is one."""
    rest = VOWELS.sub("", sounds[:-1] + sounds[-1:].replace("h", ""))
    return re.sub(r"(.)\1+", r"\1", rest)


def without_ending(latin: str) -> str:
    shorter = ENDINGS.sub("", latin)
    return shorter if len(shorter) > 2 else latin
