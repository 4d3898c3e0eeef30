"""What may have been meant where nothing was found: a wrong keyboard, or one wrong letter."""

from collections.abc import Iterator

from pilito.stems import ARABIC_SCRIPT

SHORTEST = 4  # letters; of a shorter word too many others are one letter away
LATIN = "abcdefghijklmnopqrstuvwxyz"
PERSIAN = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
# The same keys on the two keyboards of one desk (ISIRI 9147 and US).
KEYS_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,\\"
KEYS_PERSIAN = "ضصثقفغعهخحجچشسیبلاتنمکگظطزرذدئوپ"
SWAPPED = {
    **dict(zip(KEYS_LATIN, KEYS_PERSIAN, strict=True)),
    **dict(zip(KEYS_PERSIAN, KEYS_LATIN, strict=True)),
}


def by_other_keyboard(text: str) -> str:
    """The text as the other keyboard would have written it: "lhkj," for «مانتو»."""
    return "".join(SWAPPED.get(letter, letter) for letter in text.lower())


def one_letter_away(word: str) -> Iterator[str]:
    """Every word that one letter less, more, changed or swapped with its neighbour makes of this one."""
    if len(word) < SHORTEST or not word.isalpha():
        return
    alphabet = PERSIAN if ARABIC_SCRIPT.match(word) else LATIN
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        yield from (before + letter + after for letter in alphabet)
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in alphabet if letter != after[0])
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
