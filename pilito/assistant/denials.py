"""Gives a "not" that stands once for a whole list to each of its items, and to what is excepted.

"مرجوعی و تعویض نداریم", "No returns or exchanges", "Canada | No", "❌ مرجوعی", "everywhere but Canada": read part by
part, only the part beside the "not" would be refused. Works on `spelling.plain` text in which numbers are `unify`-ed.
What cannot be told for sure from a description ("cotton, no lining") is left as it stands.
"""

import re
from collections.abc import Iterator

from pilito.assistant.lexicon import WORD, terms_in

NEGATION = re.compile(
    r"(?<!\w)(?:ن(?:دار|داشت|یست|می|شد|کرد|کن|شو|باش|با|خو|گیر|تو|بود)\w*|بدون|تعطیل\w*"
    r"|بلا|لا|لن|لم(?: [نیت]عد)?|لیس\w*|غیر(?! این| از)|عدم|بشرط الا|به جز|بجز|(?:ما )?عدا|مغلق\w*"
    # As it is spoken; «ما» is Persian for "we", «مو» for hair, «مش» for a mesh.
    r"|(?<!کل )(?<!مثل )(?<!حسب )ما(?: ?فی|(?= (?:عند(?:نا|ی)|[یت]وجد|ب?ن(?:شحن|وصل|رسل|قبل|بیع|رجع|قدر))(?!\w)))"
    r"|ماکو|ما?فیش|(?:مش|مو)(?= (?:متوفر|متاح))|مش(?= ممکن)"
    r"|(?:مقدور|میسر|فراهم) (?:نیست|نمی)\w*|(?:متوقف|منتفی|ممنوع|قطع|لغو) (?:است|شده?|هست|می)\w*"
    r"|(?:متوقف|موقوف|معلق)ه? حالیا)(?!\w)"
    r"|(?<=\w )(?<!که )(?<!چرا )(?<!مگه )(?<!مگر )(?<!یا )نه(?=\s*(?:$|[.،,؛!]))"  # "40 and 41, but 42 not"
    r"|\b(?:no|not|cannot|without|never|unless|none|neither|nor|closed|excluding|except|excluded|un\w+ed|unworn"
    r"|unavailable|discontinued|(?:is|are|currently|temporarily) suspended|stopped (?=\w+ing\b)|\w+n't)\b"
)
CONDITION = re.compile(r"(?<!\w)(?:if|unless|provided|when|که|اگر|اگه|چنانچه|بشرط|اذا)(?!\w)")
QUESTION = ("?", "؟")
PIECE = re.compile(r"(?<=[!?؟؛;|…])|(?<=\.)(?!\d)")  # where a sentence ends, its sign with it
STOPS = " .!?؟؛;…"
FEW = 2  # words that an exception excepts
MOST_ITEMS = 40  # of a list whose "not" is at its end or that is excepted
LONGEST_ITEM = 5  # words: what is longer is a statement of its own

YES, NO = "✅✔☑", "❌✖🚫⛔"
SIGN = re.compile(f"[{YES}{NO}]")
# What alone behind a colon, or in the second of two cells, answers what stands before it.
VERDICT = re.compile(
    r"^(?P<label>[^:|]+)[:|]\s*(?:no|none|not (?:available|possible|included|offered)|unavailable|suspended"
    r"|خیر|نه|نداریم|ندارد|نیست|ناموجود|امکان ?پذیر نیست|مقدور نیست|لا(?: یوجد)?|غیر (?:متاح|متوفر|ممکن))\s*[|.!]*\s*$"
)
# "Not included: …", "به شهرهای زیر ارسال نداریم:": a head that says that it speaks of what follows.
LISTS = re.compile(
    r"\bfollowing\b|\b(?:not|n't) (?:included|available|covered|accepted|shipped|sold|returnable|offered)\s*$"
    r"|\b(?:excluded|except|to)\s*$|(?<!\w)(?:زیر|ذیل|این \w+)(?!\w)|(?<!\w)التالی\w*"
    r"|(?<!\w)(?:شامل نیست|شامل نمی شود|ارسال نداریم|نداریم به|ارسال نداریم به)\s*$"
)
BULLET = re.compile(r"^\s*(?:[-–—•*▪●◾◦·]|\d{1,2}[.)])\s+")

# What makes a piece a statement of its own, and no item of a list.
OWN = re.compile(
    r"(?<!\w)(?:دار(?:د|یم|ند|ه|ن|ید)|هست\w*|است|می|شد\w*|شو\w{1,2}|کن\w{1,2}|باش\w{0,2}|بود|ولی|اما|فقط|رایگان|دارای|با"
    r"|لکن|مجانی\w*|نشحن|نرسل|نوصل|نقبل|نبیع|نوفر|یوجد|یمکن|متوفر\w*|متاح\w*|لدینا|نستطیع)(?!\w)"
    r"|\b(?:is|are|was|have|has|can|may|do|does|will|takes?|costs?|comes?|ships?|shipped|get|pay|use|we|you|it|they"
    r"|but|only|free|with|within|please|until|instead)\b|\d"
)
# The verb at the end of a Persian list: the shop's own and of what can be had, and that of anything else.
OURS = re.compile(
    r"(?<!\w)(?:نداریم|نمی ?\w*یم|(?:(?:امکان ?پذیر|ممکن|مقدور|میسر|موجود|فعال) (?:نیست\w*|نمی ?باش\w*))|امکان ندار\w+"
    r"|(?:پذیرفته|انجام|ارسال|تعویض|مرجوع|قبول) نمی ?ش\w+)$"
)
THEIRS = re.compile(r"(?<!\w)(?:ندار(?:د|ه|ند|ن)|نیست\w*)$")
# The end of an English or Arabic list that is the subject: "A and B are not possible".
SUBJECT = re.compile(
    r"\b(?:are|is)(?:n't| not| (?:currently |temporarily )?(?:unavailable|suspended|excluded))\b"
    r"|\b(?:cannot|can't) be\b|(?<!\w)غیر (?:متاح|متوفر|ممکن|مسموح|مقبول)\w*"
)
# In front of a list: what "or" goes on with always, and behind a verb of what a shop does, "and" too.
LEAD = re.compile(
    r"(?<!\w)(?:لا|لن|لم|لیس\w*)(?!\w)(?! ت?تردد| تنس)|(?<!\w)(?:بدون|بلا)(?!\w)"
    r"|\b(?:no|neither|without|never|not|cannot|\w+n't)\b"
    r"(?! (?:worries|problem|doubt|matter|only|hesitate|forget|miss)\b)"
)
DOES = re.compile(
    r"(?<!\w)(?:لا|لن|لم) (?:ن\w+|یوجد|توجد)|\b(?:not|cannot|\w+n't)\s(?:\w+ly\s|yet\s)?"
    r"(?:ship|deliver|send|sell|accept|offer|take|provide|support)\b"
)
JOINT = re.compile(r"\s*[،,]\s*(?:(?:and|or|nor|و|یا|او)\s+)?|\s+(?:and|or|nor|و|یا|او|ولا)\s+|\s+و(?=ال\w{3}|\w{4})")
# What stands before who has none: "it has nuts, but *the box* has no sugar or gluten".
BEFORE_WHO = re.compile(r"[،,:]|(?<!\w)(?:but|and|while|ولی|اما|و|لکن)(?!\w)")
ANDS = ("and", "و")
ORS = ("or", "nor", "یا", "او", "ولا")
SCOPE = re.compile(r"\s*(?:برای|در|روی|for|on|in|during)(?!\w)")
TAIL = re.compile(r"(?<=\w)\s(?:برای|در|روی|از|به|for|on|in|of|during|within|by|at|from|to|الی|علی|فی|من)\s.*$")
# Except: always, and where all are spoken of.
EXCEPTION = re.compile(
    r"(?<!\w)(?:(?:به ?)?جز|به استثنای?|باستثناء?|باستثنای|(?:ما ?)?عدا|سوی)(?!\w)"
    r"|\b(?:except(?: for| to)?|excluding|with the exception of)\b"
)
OF_ALL = re.compile(
    r"(?<!\w)(?:به غیر از|غیر از|مگر(?! این| ان| در صورت| اگر)|الا|غیر(?= ال))(?!\w)"
    r"|\b(?:other than|apart from|aside from)(?: to)?\b|(?<=where )(?:but|save)(?: for| to)?\b"
    r"|(?<=\w )but(?! (?:also|only|not|no)\b)(?: for| to)?\b(?=\W+\w+(?:\W+\w+){0,2}\W*$)"
)
ALL = re.compile(r"(?<!\w)(?:همه\w*|هر|تمام\w*|سراسر|کل|کلیه|جمیع)(?!\w)|\b(?:all|every\w*|any\w*|worldwide)\b")
MAY_DENY = re.compile(
    "|".join(one.pattern for one in (NEGATION, EXCEPTION, OF_ALL)) + f"|[{NO}]|[:|]\\s*(?:خیر|نه|ناموجود|suspended)"
)


def is_denied(text: str) -> bool:
    """Whether something of it is said with a "not"."""
    return NEGATION.search(text) is not None or (bool(MAY_DENY.search(text)) and bool(NEGATION.search(spread(text))))


def spread(text: str) -> str:
    """Return the text with one "not" for each item that it is meant for; questions stay as they are."""
    return "\n".join(_spread(text)) if MAY_DENY.search(text) else text


def _spread(text: str) -> Iterator[str]:
    head = ""
    for line in (" ".join(line.split()) for line in text.split("\n")):
        if head and line and _is_item(line):
            yield f"no {head} {BULLET.sub('', line)} ."
            continue
        head = "" if line else head
        if line.endswith(":") and _lists(line):
            head = _terms_of(line) or " "
            yield line
        else:
            yield "".join(_of_line(line))


def _is_item(line: str) -> bool:
    """A page's lists come without their marks, as short lines."""
    item = BULLET.sub("", line)
    return len(WORD.findall(item)) <= (FEW if item == line else LONGEST_ITEM) and not OWN.search(item)


def _of_line(line: str) -> Iterator[str]:
    if signed := _signed(line):
        yield from signed
    elif verdict := VERDICT.match(line):
        yield _no(verdict["label"])
    else:
        yield from (part for sentence in PIECE.split(line) for part in _of_sentence(sentence))


def _signed(line: str) -> list[str]:
    """What stands behind each sign, or before it where the line ends with one; nothing where signs only adorn."""
    signs, texts = SIGN.findall(line), SIGN.split(line)
    first, last = texts[0].strip(" -–•"), texts[-1].strip(" .!")
    if not any(sign in NO for sign in signs) or bool(first) == bool(last):
        return []
    said = texts[:-1] if first else texts[1:]
    return [
        _no(one) if sign in NO and not any(map(str.isdigit, one)) else f"{one} . "  # an old price has a ❌ too
        for sign, one in zip(signs, said, strict=True)
        if one.strip()
    ]


def _of_sentence(sentence: str) -> Iterator[str]:
    """The sentence, or one for each item; of a condition's sentence nothing is sure."""
    text = sentence.rstrip(STOPS)
    if sentence.rstrip().endswith(QUESTION) or CONDITION.search(text) or not MAY_DENY.search(text):
        yield sentence
        return
    for reading in (_headed, _excepted, _ended, _subjects, _led):
        if found := reading(text):
            yield from found
            return
    yield sentence


def _no(item: str) -> str:
    return f"no {item.strip()} . "


def _lists(head: str) -> bool:
    head = head.rstrip(" :")
    return bool(NEGATION.search(head) or EXCEPTION.search(head)) and LISTS.search(head) is not None


def _headed(text: str) -> list[str]:
    """Not included: charger, case."""
    head, colon, rest = text.partition(":")
    items = [item for item in JOINT.split(rest) if item.strip()]
    if not colon or not items or not _lists(head) or any(map(_is_own, items)):
        return []
    return [_no(f"{_terms_of(head)} {item}") for item in items]


def _excepted(text: str) -> list[str]:
    """We ship everywhere but Canada and Mexico: what stands behind is refused, and the rest still said."""
    found = EXCEPTION.search(text) or (OF_ALL.search(text) if ALL.search(text) else None)
    if found is None or not text[: found.start()].strip() or _is_denied_beside(text, found):
        return []
    behind = text[found.end() :].strip()
    if any(map(str.isdigit, behind)):
        return []  # "10 to 8, except Friday from 2": what is excepted has hours, or a sum, of its own
    pieces, items, rest = list(_pieces(behind)), [], behind
    last = max((place for place, (joint, _) in enumerate(pieces) if joint in ANDS + ORS), default=0)
    for place, (_, piece) in enumerate(pieces[: min(last + 1, MOST_ITEMS)]):
        own = OWN.search(piece)
        words = list(WORD.finditer(piece[: own.start()] if own else piece))[:FEW]
        if not words or (place and own and own[0].isascii()):
            break
        items.append(piece[words[0].start() : words[-1].end()])
        rest = piece[words[-1].end() :] + _joined(pieces[place + 1 :])
    return [f"{text[: found.start()]} {rest} . ", *map(_no, items)] if items else []


def _is_denied_beside(text: str, found: re.Match[str]) -> bool:
    """ "We ship nowhere but to Iran" excepts nothing: it says where."""
    return NEGATION.search(f"{text[: found.start()]} . {text[found.end() :]}") is not None


def _ended(text: str) -> list[str]:
    """مرجوعی، تعویض و لغو سفارش نداریم: a comma is of the list only where an "and" ends it."""
    end = OURS.search(text) or THEIRS.search(text)
    before, pieces = _last_list(text[: end.start()].rstrip()) if end else ("", [])
    if end is None or len(pieces) < 2:
        return []
    if end.re is THEIRS and not all(terms_in(piece) or len(piece.split()) == 1 for piece in pieces[:-1]):
        return []
    return [f"{before} . ", *(f"{item} {end[0]} . " for item in _whole(pieces))]


def _subjects(text: str) -> list[str]:
    """Returns and exchanges are not possible."""
    end = SUBJECT.search(text)
    before, pieces = _last_list(text[: end.start()].rstrip()) if end else ("", [])
    if end is None or len(pieces) < 2 or (end[0].startswith("is") and not terms_in(pieces[0])):
        return []
    rest = text[end.end() :].strip()
    return [f"{before} . ", *(_no(f"{item} {rest}") for item in _whole(pieces))]


def _led(text: str) -> list[str]:
    """No returns or exchanges on sale items."""
    lead = LEAD.search(text)
    if lead is None:
        return []
    joints = ORS + ANDS if DOES.match(text, lead.start()) else ORS
    found = list(_pieces(text[lead.end() :].strip()))
    others = (place for place, (joint, piece) in enumerate(found) if place and _is_own(piece, joint))
    own = next(others, len(found))
    last = max((place for place, (joint, _) in enumerate(found[:own]) if joint in joints), default=0)
    if not last or not found[0][1]:
        return []
    start = max((match.end() for match in BEFORE_WHO.finditer(text, 0, lead.start())), default=0)
    who = text[start : lead.start()].strip()
    items = _whole([piece for _, piece in found[: last + 1]])
    rest = [f"{piece} . " for _, piece in found[last + 1 :]]
    return [f"{text[:start]} . ", *(_no(f"{who} {item}") for item in items), *rest]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Each piece with the word that joins it to the one before."""
    start, joint = 0, ""
    for match in JOINT.finditer(text):
        yield joint, text[start : match.start()]
        joint, start = match[0].strip(" ،,") or ",", match.end()
    yield joint, text[start:]


def _last_list(text: str) -> tuple[str, list[str]]:
    """What stands before the list that a text ends with, and its items, with what is said once for all of them."""
    found = list(_pieces(text))
    joint, item = found.pop()
    if joint not in ORS + ANDS or item.startswith(":"):
        return text, []
    items = [item]
    while found and len(items) < MOST_ITEMS:
        head, colon, item = found[-1][1].rpartition(":")
        of_all = TAIL.search(item) and not any(map(terms_in, items))  # "shipping to Shiraz, Ahvaz and …"
        if _is_own(item, "" if of_all else joint):
            break
        joint = found.pop()[0]
        if SCOPE.match(item) and len(items) > 1 and not colon:
            return _joined(found), [f"{one} {item}" for one in items]
        items.insert(0, item)
        if colon:
            return _joined([*found, (joint, head)]), items
    return _joined(found), items


def _joined(found: list[tuple[str, str]]) -> str:
    return " ".join(f"{joint} {piece}" for joint, piece in found)


def _is_own(piece: str, joint: str = "") -> bool:
    """Whether a piece says something of itself; behind or before a comma ("fast delivery, no …") more easily."""
    longest = LONGEST_ITEM if joint != "," else 1 if terms_in(piece) else 2
    return OWN.search(piece) is not None or NEGATION.search(piece) is not None or len(piece.split()) > longest


def _whole(items: list[str]) -> list[str]:
    """Each item with what only the first or the last says: "*shipping* to A or B", "A or B *on sale items*"."""
    ends = (end for end in (items[0], items[-1]) if not all(map(terms_in, WORD.findall(end))))
    of = next(filter(None, map(_terms_of, ends)), "")
    tail = TAIL.search(items[-1])
    whole = [item if terms_in(item) else f"{of} {item}" for item in items]
    return [one if tail is None or TAIL.search(item) else one + tail[0] for one, item in zip(whole, items, strict=True)]


def _terms_of(text: str) -> str:
    return " ".join(word for word in WORD.findall(text) if terms_in(word))
