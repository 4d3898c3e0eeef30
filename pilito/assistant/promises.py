"""Finds promises in a reply: deeds that the assistant cannot do. Handing over is all it can do, and that is a state.

Patterns are held against `spelling.plain` text, one sentence at a time.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from pilito.assistant.lexicon import WORD, alike, lists
from pilito.assistant.matters import Part, Told, contrasts, is_of_others, matters_in, part_at, shares_words, told_in
from pilito.assistant.quantities import unify
from pilito.assistant.sayings import numbers_in
from pilito.spelling import plain
from pilito.stems import stem

CLAUSE = re.compile(r"[،,]|(?<!\w)(?:ولی|اما|but|و)(?!\w)")
SENTENCE = re.compile(r"[!?؟\n؛…]+|\.(?!\d)")


def any_of(words: str) -> str:
    """A group of words, given with bars between them."""
    return "(?:" + "|".join(word.strip() for word in words.split("|")) + ")"


def doing(stem: str) -> str:
    """A Persian verb in its present: I, we, they do, will do."""
    return rf"می\s?{stem}(?:م|یم|د|ن|ند|ه)\b"


SOON = any_of(
    "الان | همین الان | حتما | براتون | برات | برایتان | واستون | واست | بهتون | بعدا | به زودی | فورا | سریع | امروز"
    "| فردا"
)
COLLEAGUE = any_of("همکار | همکارم | همکارمون | همکاران | همکارانم | همکارانمان | همکارا | همکارامون | پشتیبان")
COLLEAGUES = any_of("پشتیبانی | بچه ها | ادمین | کارشناس | کارشناسان | تیم | مدیر | مدیریت")
THING = any_of("رزرو | ثبت | کنار | نگه | لغو | کنسل | مرجوع | تعویض")
DONE = any_of("کردم | کردیم | شد | گذاشتم | گذاشتیم | داشتم | داشتیم")
PERSIAN = (
    rf"{any_of('خبر | اطلاع | جواب | پاسخ | نتیجه')}[^.،]{{0,20}}?(?:{doing('ده?')}|می\s?د[یه]م|{doing('کن')})",
    rf"{any_of('بررسی | چک | پیگیری | هماهنگ | استعلام')} ?(?:ش|شو|اش)? ?(?:{doing('کن')}|می\s?شه|می\s?شود|خواه\w+)",
    rf"{doing('پرس')}|خواه(?:م|یم) پرسید",
    rf"{any_of('تماس | زنگ')} ?(?:خواه\w+|{doing('گیر')}|{doing('زن')})",
    rf"{SOON}[^.]{{0,40}}?(?:{doing('فرست')}|ارسال (?:{doing('کن')}|می\s?شه|می\s?شود|خواهد)|خواه(?:م|یم) فرستاد)",
    r"می\s?فرستم|ارسال می\s?کنم|خواهم فرستاد|فرستادم|ارسال (?:کردم|شد)\b",
    rf"{THING} ?(?:{DONE}\b|خواه(?:م|یم)|می\s?(?:کن|گذار|ذار|دار)(?:م|یم))",
    rf"{any_of('تخفیف | هدیه | ارسال رایگان')}[^.]{{0,20}}(?:می\s?ده?(?:م|یم)|در نظر|اعمال|می\s?زن(?:م|یم))",
    rf"(?:{COLLEAGUE}|{COLLEAGUES})\b[^.]{{0,60}}(?:می\s?(?:گیر|زن|ده|د|گ|فرست|کن|رسون)\w*|خواه(?:د|ند))",
    rf"{any_of('مبلغ | پول | وجه')}[^.]{{0,25}}(?:برمی\s?گرد\w+|برگشت|عودت|پس می\s?د\w+|واریز می\s?\w+)",
    rf"{any_of('بهتون | براتون | بهت | برات | خدمتتون')} ?{doing('گ')}|بر ?می\s?گرد(?:م|یم)\b|پیگیر می\s?ش(?:م|یم)\b",
    r"(?:پست|راهی|روانه)\s?(?:ش|اش) ?(?:رو |را )?می\s?کن(?:م|یم)\b|(?:نگاه|وارسی) می\s?کن(?:م|یم)\b",
    r"^\W*(?:لطفا )?(?:(?:یه|یک|چند) )?(?:لحظه |کم )?صبر کن(?:ید|ین)?\b|^\W*(?:یه|یک|چند) لحظه\W*(?:$|[،,])",
    r"انجام (?:داده )?شد(?:ه)?\b|(?:شارژ|موجود) (?:می\s?ش\w+|خواه\w+)",
    r"(?:بذار\w*|بگذار\w*|برم) ببینم|کنار گذاشته ش|سفارش\w*(?: شما)? (?:نهایی|قطعی|انجام) شد",
)

DEEDS = any_of(
    "check | get back | call | contact | let you know | send | ship | dispatch | reserve | hold | keep | set aside"
    "| find out | ask | confirm | follow up | update | notify | email | message | arrange | process | refund | cancel"
    "| place | apply | give you | make sure | look into | forward | inform | text | ring | deliver"
)
DEEDS_DONE = any_of(
    "checked | reserved | placed | processed | booked | cancelled | canceled | refunded | shipped | dispatched"
    "| set aside | applied | sent | notified | forwarded | registered | confirmed"
)
DOING = any_of("sending | checking | shipping | reserving | holding | calling | asking | placing | processing")
OFFERED = any_of("check | ask | reserve | hold | set aside | find out | give you | arrange | call")
REACHES = any_of(
    "get back to | hear from | reach you | have it with | be in touch | call you | contact you | reach out"
    "| reply to you | arrive | follow up | message you | answer you | be shipped | be sent | be refunded"
    "| be delivered | be processed"
)
ENGLISH = (
    rf"\b(?:i|we)(?:'ll| will| am going to|'m going to| are going to|'re going to) (?:\w+ )?{DEEDS}\b",
    rf"\b(?:i|we)(?:'ve| have)? (?:\w+ )?{DEEDS_DONE}\b",
    rf"\b(?:i|we) can {OFFERED}\b",
    r"\blet me (?:just )?(?:check|ask|confirm|find|look|see|get|verify)\b",
    rf"\b(?:will|going to|'ll) {REACHES}\b",
    rf"\b(?:your|the) {any_of('order | refund | booking | reservation | parcel | package')}"
    rf" (?:has been|is being|is now|is|was) (?:{DEEDS_DONE}|made|done|ready)\b",
    rf"\b(?:i|we)(?:'m| am|'re| are) (?:now |just |already )?{DOING}\b|\bput (?:\w+ ){{1,3}}aside\b",
    r"\bhang on\b|\b(?:give me|just) (?:a|one|two) (?:minute|moment|second|sec)s?\b",
    r"\b(?:back in stock|restocked?) (?:soon|next|by|in)\b|\bone moment\b|\bconsider it done\b",
    rf"\b(?:your|the) {any_of('order | parcel | package')} is (?:in\b|on its way)|"
    r"\byour (?:payment|card|account|money) (?:is|was|has)\b|\b(?:we|i) (?:will |fully )?refund\b",
    r"\bsomeone (?:will|from)\b|\bi promise\b|\b(?:i|we) guarantee\b",
)

ARABIC_DEEDS = any_of("تواصل | تصل | رسل | تحقق | خبر | رد | حجز | رجع | عود | سال | بلغ | تاکد | تابع | شحن | قوم")
ARABIC = (
    rf"(?<!\w)(?:س|سوف )[انیت]{ARABIC_DEEDS}\w*",
    rf"(?<!\w)تم {any_of('حجز | ارسال | تسجیل | الغاء | تاکید | شحن | استرجاع')}\w*",
    rf"(?<!\w)(?:لقد {any_of('حجزت | ارسلت | سجلت')}|دعنی {any_of('اتحقق | اسال | اتاکد')})",
)

PROMISE = re.compile("|".join(f"(?:{pattern})" for pattern in (*PERSIAN, *ENGLISH, *ARABIC)))
# "We cannot send it": the opposite of a promise.
DENIED = re.compile(r"نمی|\b(?:can't|cannot|can not|won't|unable|not able)\b|لا (?:استطیع|یمکن|نستطیع)")


def find_promise(text: str, facts: tuple[str, ...] = ()) -> str:
    """Return the words of the first promise in a reply, unless a fact makes it in the same words; empty for none."""
    said = tuple(plain(fact) for fact in facts)
    sentences = SENTENCE.split(plain(text))
    for before, sentence in zip(["", *sentences], sentences, strict=False):
        for match in PROMISE.finditer(sentence):
            if not _is_denied(before, sentence, match) and not any(match[0].strip() in fact for fact in said):
                return match[0].strip()
    return ""


def _is_denied(before: str, sentence: str, match: re.Match[str]) -> bool:
    """Whether it says that this cannot be done. "I do not know, my colleague will say" is let through too."""
    if re.match(rf"{COLLEAGUE}|{COLLEAGUES}", match[0]):
        return DENIED.search(f"{before} {sentence}") is not None
    first, last = CLAUSE.split(sentence[: match.start()])[-1], CLAUSE.split(sentence[match.end() :])[0]
    return DENIED.search(first + match[0] + last) is not None


# What costs nothing or less is a price too, though it has no digits.
BARGAIN = re.compile(
    r"(?<!\w)(?:رایگان\w*|مجانی\w*|مفت\w*|نیم بها|تخفیف\w*|حراج\w*|هدیه\w*|اشانتیون\w*|بدون هزینه|گارانتی\w*|ضمانت\w*"
    r"|(?:نصف|نیم|یک سوم|یک چهارم|ثلث|ربع) (?:قیمت|این|ان|مبلغ)|به قیمت خرید|ارز[او]ن\s?تر (?:حساب|می\s?د|برا)\w*"
    r"|یکی بخر\w*|پولی نمی\s?(?:خوا|گیر)\w*|(?:با|پای) ما(?=\s*(?:$|[،,]))"
    r"|(?:با|پای) (?:ماست|ما ?است|خودمون\w*|خودمان))(?!\w)"
    r"|\b(?:free of (?!(?:\w+ ){0,2}(?:charges?|costs?|fees?)\b)(?:(?:any|all|every|the) )*\w*|[a-z]+-free"
    r"|free(?! ?size)|gratis|complimentary|half[- ]price|half off|discount\w*|no charge|at no cost|on the house"
    r"|giveaway|clearance|gift|warrant(?:y|ies)|guarantee\w*|money[- ]back|half of"
    r"|(?:third|quarter|fraction) of the price|cheaper for you|(?:is|are|'s) on us|buy (?:one|two|1|2),? get"
    r"|price of one|throw in"
    r"|(?:pay|costs?|spend)(?: you)? (?:nothing|zero))\b"
    r"|(?<!\w)(?:مجان\w*|بالمجان|بلاش|خصم\w*|تخفیض\w*|ب?نصف السعر|هدیه|ضمان|(?:التوصیل|الشحن) علینا)(?!\w)"
)
NOT_SO = re.compile(
    r"نداریم|ندارد|نداره|ندارم|نیست|نمی|نشده|نگفته"
    r"|\b(?:no|not|don't|doesn't|isn't|aren't|can't|cannot|without any)\b|لا |لیس|غیر"
)


# What costs nothing does so of a matter: the delivery, returns. A discount and a warranty stand as they are.
GRATIS = re.compile(
    r"رایگان\w*|مجانی\w*|مفت\w*|بدون هزینه|پولی نمی\s?(?:خوا|گیر)\w*|(?:با|پای) (?:ما|ماست|ما ?است|خودمون\w*|خودمان)"
    r"|free|gratis|complimentary|no charge|at no cost|on the house|(?:is|are|'s) on us"
    r"|(?:pay|costs?|spend)(?: you)? (?:nothing|zero)"
    r"|مجان\w*|بالمجان|بلاش|(?:التوصیل|الشحن) علینا"
)
# "Free of parabens" and "hassle-free" are no price; "free of charge" is one.
FREE_OF = re.compile(
    r"\bfree of (?!(?:\w+ ){0,2}(?:charges?|costs?|fees?)\b)(?:(?:any|all|every|the) )*"
    r"(?P<of>\w*(?:(?:, (?:and |or )?| and | or )\w+(?=,| and | or |\s*$))*)|\b(?P<which>[a-z]+)-free\b"
)
# The same as "gluten free", where the other text says it in words that leave no doubt.
MAYBE_FREE_OF = re.compile(r"\b(?P<which>[a-z]+) free\b")

MOST_BARGAINS = 20  # of one sentence: no reply has more, and to look each up in every fact takes seconds


def find_bargain(text: str, facts: tuple[str, ...], asked: str = "") -> str:
    """Return the first word in a reply that makes something free or cheaper, unless a fact has it too, in any language.

    A fact that denies it ("no free shipping") does not carry it, one with a number ("free over 3,000,000") only
    together with that number, and what is free of another matter ("free returns") not at all. "Yes, it is free" is said
    of what was `asked`.
    """
    question = unify(plain(asked))
    said = [told_in(fact) for fact in facts]
    for sentence in SENTENCE.split(unify(plain(text))):
        # "Shipping is free and returns are free" says it of two.
        found = {(_beginning(match[0]), _part(sentence, match)): match for match in BARGAIN.finditer(sentence)}
        if len(found) > MOST_BARGAINS:
            return next(iter(found.values()))[0]
        numbers = numbers_in(sentence) if found else set()
        for (known, part), match in found.items():
            around = sentence[: match.start()] + sentence[match.end() :]
            meant = (known, *map(_beginning, filter(BARGAIN.fullmatch, alike(match[0]))))
            bargain = _Bargain(meant, numbers, WORD.findall(f"{sentence} {question}"), part, matters_in(question))
            is_carried = (
                NOT_SO.search(around)
                or any(_is_carried(bargain, told, said) for told in said)
                or any(_is_free_of_it(one.text, sentence, match) for told in said for one in told)
            )
            if not is_carried:
                return match[0]
    return ""


@dataclass(frozen=True)
class _Bargain:
    meant: tuple[str, ...]  # what a fact must have of it: its beginning, in each language
    numbers: set[Decimal]  # of its sentence
    words: list[str]  # of its sentence and of the question
    part: Part | None  # where it makes something free, and not only cheaper
    asked: frozenset[int | str]  # the matters of the question


def _part(sentence: str, match: re.Match[str]) -> Part | None:
    return part_at(sentence, match.start()) if GRATIS.fullmatch(match[0]) else None


def _is_carried(bargain: _Bargain, told: tuple[Told, ...], said: list[tuple[Told, ...]]) -> bool:
    """Whether the fact's sentences make free what the reply makes free, and nothing else of it, beside all facts."""
    carrying = [
        one
        for one in told
        if any(_carries(one.text, each, bargain.numbers) for each in bargain.meant)
        and not is_of_others(one, bargain.words)
    ]
    part = bargain.part
    if part is None:
        return bool(carrying)
    same = [one for one in carrying if not contrasts(part.text, one, told, chain.from_iterable(said))]
    if part.matters:
        return part.matters <= frozenset().union(*(one.matters for one in same))
    asked = bargain.asked
    return any(not asked or asked & one.matters or (not one.matters and shares_words(part.text, one)) for one in same)


def _is_free_of_it(fact: str, sentence: str, match: re.Match[str]) -> bool:
    """Whether the fact is free of the same that is no price: "gluten-free" is "gluten free" is "free of gluten"."""
    if NOT_SO.search(fact):
        return False
    if sure := FREE_OF.match(sentence, match.start()):
        things, known = _things(sure), _free_of(fact, FREE_OF, MAYBE_FREE_OF)
    else:
        maybe = [one for one in MAYBE_FREE_OF.finditer(sentence) if one.end() == match.end()]
        things, known = frozenset().union(*map(_things, maybe)), _free_of(fact, FREE_OF)
    return bool(things) and things <= known


def _free_of(text: str, *patterns: re.Pattern[str]) -> frozenset[str]:
    return frozenset().union(*(_things(match) for pattern in patterns for match in pattern.finditer(text)))


def _things(match: re.Match[str]) -> frozenset[str]:
    named = match.groupdict()
    words = WORD.findall(named.get("of") or named["which"] or "")
    return frozenset(stem(word) for word in words if not lists().has_grammar(word))


def _beginning(bargain: str) -> str:
    """What a fact must have of it: a word has endings ("تخفیفی"), several are held against the facts as they stand."""
    return bargain if " " in bargain or "-" in bargain else bargain[:5]


def _carries(fact: str, known: str, numbers: set[Decimal]) -> bool:
    before, found, after = FREE_OF.sub(" ", fact).partition(known)
    if not found or NOT_SO.search(before + after):
        return False
    conditions = numbers_in(fact)
    return not conditions or bool(conditions & numbers)
