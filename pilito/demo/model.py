"""The demo's stand-in for a model: no intelligence, only the lines of the given facts that hold what was asked.

It speaks the OpenAI API over HTTP, so the demo runs the same client, prompt and checks as a real shop. Of the prompt it
reads the data section alone (`pilito.assistant.prompt.read_blocks`); like a real model it is asked to answer from the
fact blocks, and unlike one it cannot do anything else.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from flask import Flask, Response, jsonify, request

from pilito.assistant.prompt import Block, read_blocks
from pilito.demo.media import VOICE, VOICE_SECONDS, VOICE_WORDS, find_media
from pilito.spelling import plain

MODEL_NAME = "demo model, not an AI"
DELAY_SETTING = "PILITO_DEMO_MODEL_DELAY_SECONDS"
DELAY_HEADER = "Pilito-Demo-Model-Delay-Seconds"
DELAY_SECONDS = "0.6"  # an answer that is there at once does not look like one
LONGEST_DELAY_SECONDS = 30.0
LONGEST_QUOTE = 3  # lines

# Patterns are held against `spelling.plain` text: one spelling, so ی and ک stand for ي and ك too, and أ is ا.
COLOURS = (
    r"مشکی|سیاه|سفید|قرمز|زرشکی|ابی|سرمه ای|سبز|زرد|صورتی|بنفش|کرم|طوسی|نارنجی|قهوه ای|بژ"
    r"|\b(black|white|red|blue|navy|green|yellow|pink|purple|beige|gr[ae]y|orange|brown)\b"
    r"|اسود|ابیض|احمر|ازرق|اخضر|اصفر|وردی"
)
AMOUNT = (
    r"\d[\d.,،٬٫/ ]*(تومان|تومن|ریال|هزار|میلیون|درهم|دینار|جنیه|د\.ا|t\b|tomans?\b|usd|eur|aed|irr|[$€£﷼])"
    r"|([$€£]|\b(usd|eur|aed))\s*\d|(قیمت|price|سعر)\D{0,20}\d"
)
HOW_MUCH = (
    r"چند(?!\s*(تا|روز|ساعت|وقت|سایز|رنگ|نفر|مدل|م\b|ین))|(چقد|چه قدر)(?!.{0,12}(طول|زمان|روز))"
    r"|\bhow much\b|\bبکم\b|^کم\b|\bکم (ال|سعر|ثمن|هذ)|\bchande?\b"
)
SHIPPING = r"ارسال|\bshipping\b|\bdeliver|\bship\b|شحن|توصیل|\bersal"
LETTER_SIZES = r"\b([2-6]?x?xs|[2-6]?x?xl)\b|\bs\s*[-,،/]\s*m\b|\bm\s*[-,،/]\s*l\b"
IS_THERE = r"دار|موجود|هست|\bavailable\b|\bhave\b|\bin stock\b|متوفر"


class Said(NamedTuple):
    """A fact block: its number in the prompt, its source, and what it says."""

    number: int
    source: str
    text: str


@dataclass(frozen=True)
class Topic:
    """Something customers ask for: how the question sounds, and how a line that answers it looks, the surest first."""

    name: str
    asked: str
    held: tuple[str, ...]
    is_about_product: bool = True  # then a shared post's caption decides, and no other fact


TOPICS = (
    Topic(
        "price",
        rf"{HOW_MUCH}|قیمت|\bprices?\b|\bcosts?\b|سعر|\b(gh|q)[ei]*y?mat",
        (r"(قیمت|\bprice|سعر).*\d", rf"^(?!.*({SHIPPING})).*({AMOUNT})"),
    ),
    Topic(
        "size",
        r"سایز|\bsiz(e|es|ing)\b|مقاس",
        (
            r"^\W*(سایز|sizes?\b|المقاس|مقاس)[^:\d]{0,12}:",
            rf"(سایز|\bsiz(e|es|ing)\b|مقاس).*(\d|\b[sml]\b|استاندارد)|{LETTER_SIZES}|\bfree ?size\b|فری سایز",
        ),
    ),
    Topic(
        "colour",
        rf"رنگ|\bcolou?rs?\b|لون|الوان|({COLOURS}).*({IS_THERE})|({IS_THERE}).*({COLOURS})",
        (r"^\W*(رنگ|colou?rs?\b|اللون|الالوان|الوان|لون)[^:\d]{0,12}:", rf"\d رنگ|\d colou?rs|{COLOURS}"),
    ),
    Topic(
        "stock",
        r"موجود|\bin stock\b|\bavailable\b|\bstill have\b|متوفر|متوافر|\bmojoo?d",
        (r"موجود(?!ی)|موجودی\s*:|تمام شد|\bin stock\b|\bavailable\b|\bsold out\b|متوفر|نفد",),
    ),
    Topic(
        "material",
        r"\bجنس|متریال|پارچه|\bmaterials?\b|\bfabric\b|قماش|خامه",
        (
            r"\bجنس|متریال|\bmaterials?\b|\bfabric\b|قماش|خامه",
            r"پارچه|نخی|لینن|ابریشم|پشم|چرم|کاموا|\b(cotton|linen|silk|wool|leather|stoneware)\b|قطن|جلد|حریر",
        ),
    ),
    Topic(
        "shipping_cost",
        rf"({SHIPPING}).*({HOW_MUCH}|هزینه|\bcosts?\b|\bfee\b)|({HOW_MUCH}|هزینه|\bcosts?\b|\bfee\b).*({SHIPPING})",
        (rf"({SHIPPING}).*(\d|رایگان|\bfree\b|مجان|هزینه)|(رایگان|\bfree\b|مجان).*({SHIPPING})",),
        is_about_product=False,
    ),
    Topic("shipping", SHIPPING, (SHIPPING,), is_about_product=False),
    Topic(
        "address",
        r"ادرس(?! ?(سایت|اینست))|نشانی|کجا(ست|یی)|حضوری|\baddress\b|\bwhere are you\b|\blocated\b|عنوان|\bوین\b",
        (r"ادرس|نشانی|خیابان|پاساژ|بلوار|\baddress\b|\bstreet\b|شارع|العنوان",),
        is_about_product=False,
    ),
    Topic(
        "phone",
        r"شماره|تلفن|واتس ?اپ|\bphone\b|\bnumber\b|\bwhats ?app\b|هاتف",
        (r"(\+|\b00|\b0)\d[\d\s-]{7,}",),
        is_about_product=False,
    ),
    Topic(
        "link",
        r"لینک|سایت|\blinks?\b|\bweb ?site\b|رابط|موقع",
        (r"https?://|\bwww\.|\b[\w-]+\.(com|ir|shop|net|org|store)\b",),
        is_about_product=False,
    ),
)
# A question for the first is not one for the second, though its words are there.
SWALLOWS = {"shipping_cost": {"shipping"}, "size": {"stock"}, "colour": {"stock"}}
PRICE_WORD = r"قیمت|\bprice|سعر|\b(gh|q)[ei]*y?mat"

PERSON = r"اپراتور|پشتیبان|ادم|انسان|با (یه|یک|ی) نفر|\bhuman\b|\b(real|a) person\b|\boperator\b|\bagent\b|موظف|\bشخص\b"
# What is never left to a model, with the reason for the hand-over; the first that fits.
FOR_PEOPLE = (
    (PERSON, "asked_for_person"),
    (r"شکایت می ?کن|پلیس|دادگاه|وکیل|کلاهبردار|\b(police|lawyer|court|sue)\b|شرطه|محکمه", "law"),
    (r"پولم|عودت|پس (می ?)?(گرفت|گیر|بگیر)|\brefund\b|\bmoney back\b|استرجاع|استرداد", "refund"),
    (r"باردار|حامله|الرژی|حساسیت دار|بیمار|\b(pregnan\w+|allerg\w+)\b|حساسیه", "health"),
    (r"ناراضی|افتضاح|خراب بود|پاره بود|شکایت|\b(complain\w*|terrible|broken|torn)\b|شکوی", "complaint"),
)
# "This one": the customer sees a product that we do not.
POINTED_AT = r"\b(این|اینو|اون|همین|this|that|these|هذا|هذه)\b"
# Too many to ask about, and words that tell no product from another.
MOST_NAMES = 5
SMALL_WORDS = (
    r"از|با|به|در|تا|که|را|رو|یک|یه|هم|این|ان|اون|برای|چند|چنده|چقدر|قیمت\w*|سایز\w*|رنگ\w*|دار\w*|موجود\w*|هست|سلام"
    r"|the|and|for|is|are|it|of|in|to|do|you|have|how|much|what|price|size|colou?r|this|that|with|من|ما|هل|هذا|سعر"
)
GREETING = (
    r"سلام|درود|وقت بخیر|خسته نباشید|خوبین|خوبید|چطورین|مرحبا|اهلا|کیف الحال"
    r"|\b(hi|hello|hey|salam|how are you|good (morning|evening|afternoon))\b"
)
THANKS = r"ممنون|مرسی|متشکر|سپاس|تشکر|دستت(ون)? درد نکنه|\b(thanks?( you)?|thx|merci|mersi)\b|شکرا"
# Arabic is told from Persian by letters and words that Persian has not.
ARABIC = (
    r"[ةإ]|\b(بکم|هل|شکرا|مرحبا|اهلا|لو سمحت|متوفر|ما هو|وین|هذا|هذه)\b"
    r"|\b(ال)?(سعر|مقاس|مقاسات|الوان|توصیل|هاتف)\b"
)
FINGLISH = r"\b(salam|chande?|(gh|q)[ei]*y?mat\w*|mersi|merci|mojoo?d\w*|ersal|darin|darid)\b"

# In words that the checks let by anywhere (assistant/words): what is not on their lists is held back, the demo's too.
TEXTS = {
    "fa": {
        "hello": "سلام!",
        "greeting": "سلام! خوش آمدید. چه کمکی از دستم برمی‌آید؟",
        "thanks": "خواهش می‌کنم!",
        "caption": "در توضیحات همین پست نوشته شده:",
        "catalogue": "در لیست کالاهای فروشگاه، {name}:",
        "which": "منظورتان کدام است؟",
        "which_post": "منظورتان کدام کالاست؟ نامش را بنویسید یا پستش را بفرستید.",
        "shop": "فروشگاه این‌طور نوشته است:",
    },
    "en": {
        "hello": "Hi!",
        "greeting": "Hi, and welcome! How can I help you?",
        "thanks": "You're welcome!",
        "caption": "The post says:",
        "catalogue": "Our description of {name} says:",
        "which": "Which one do you mean?",
        "which_post": "Which product do you mean? Write its name or share the post.",
        "shop": "Here is what our text says:",
    },
    "ar": {
        "hello": "مرحبا!",
        "greeting": "مرحبا بك! كيف أساعدك؟",
        "thanks": "عفوا!",
        "caption": "وصف منشور المتجر:",
        "catalogue": "{name}، في منتجات المتجر:",
        "which": "أي واحد تقصد؟",
        "which_post": "أي منتج تقصد؟ ما اسمه؟",
        "shop": "حسب المتجر:",
    },
}


def create_demo_model() -> Flask:
    """Make the stand-in's web application: chat completions, transcriptions and the list of models, under /v1."""
    app = Flask("pilito_demo_model")
    app.add_url_rule("/v1/models", view_func=list_models, methods=["GET"])
    app.add_url_rule("/v1/audio/transcriptions", view_func=write_down, methods=["POST"])
    app.add_url_rule("/v1/chat/completions", view_func=complete_chat, methods=["POST"])
    return app


def list_models() -> Response:
    return jsonify({"object": "list", "data": [{"id": MODEL_NAME, "object": "model", "owned_by": "pilito"}]})


def write_down() -> tuple[Response, int]:
    """The demo's own voice note is a hum that stands for a question; nothing else is understood here."""
    file = request.files.get("file")
    hum = find_media(VOICE)
    if file is None or hum is None or file.read() != hum.content:
        return _refusal("file: the demo model knows the demo's own voice note only.")
    return jsonify({"text": VOICE_WORDS, "usage": {"type": "duration", "seconds": VOICE_SECONDS}}), 200


def complete_chat() -> tuple[Response, int]:
    body: Any = request.get_json(silent=True)
    texts = _texts(body)
    if not texts:
        return _refusal("messages: expected a list with texts.")
    if body.get("stream"):
        return _refusal("stream: the demo model answers in one piece.")
    time.sleep(_delay_seconds())
    return jsonify(_completion(texts, json.dumps(answer(_data(texts)), ensure_ascii=False))), 200


def _refusal(message: str) -> tuple[Response, int]:
    return jsonify({"error": {"message": message, "type": "invalid_request_error"}}), 400


def _texts(body: Any) -> list[str]:
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return []
    found = [message.get("content") for message in messages if isinstance(message, dict)]
    return [text for text in found if isinstance(text, str)]


def _data(texts: list[str]) -> str:
    """The newest text that carries a question: told that its reply is held back, it has nothing else to say."""
    return next((text for text in reversed(texts) if any(one.kind == "question" for one in read_blocks(text))), "")


def _delay_seconds() -> float:
    value = request.headers.get(DELAY_HEADER) or os.environ.get(DELAY_SETTING) or DELAY_SECONDS
    try:
        return min(max(float(value), 0.0), LONGEST_DELAY_SECONDS)
    except ValueError:
        return float(DELAY_SECONDS)


def _completion(texts: list[str], content: str) -> dict[str, Any]:
    asked, answered = sum(map(_tokens, texts)), _tokens(content)
    message = {"role": "assistant", "content": content}
    return {
        "id": "chatcmpl-demo-" + hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:16],
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL_NAME,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
    }


def _tokens(text: str) -> int:
    """A rough count, so that the panel has something to show."""
    return len(text) // 4 + 1


def answer(data: str) -> dict[str, Any]:
    """Answer a prompt's data section in the form that the rules of the prompt ask for."""
    blocks = read_blocks(data)
    said = "\n".join(_own_words(block.text) for block in blocks if block.kind == "question")
    facts = [Said(number, *block) for number, block in _facts(blocks)]
    asked, words = plain(said), TEXTS[_language(said)]
    if reason := next((reason for pattern, reason in FOR_PEOPLE if _found(pattern, asked)), None):
        return _hand_over(reason)
    topics = _topics(asked)
    if written := _written_down(asked, topics, facts):
        return _told(written, asked, words)
    if topics:
        return _about(topics, facts, asked, words)
    return _courtesy(asked, words)


def _facts(blocks: list[Block]) -> Iterator[tuple[int, tuple[str, str]]]:
    return ((number, (one.label, one.text)) for number, one in enumerate(blocks, start=1) if one.kind == "fact")


def _own_words(question: str) -> str:
    """Return a question without the shared post before it: what a post says is looked up in the facts."""
    return question.rpartition("[/CONTEXT]")[2].strip()


def _topics(asked: str) -> list[Topic]:
    topics = [topic for topic in TOPICS if _found(topic.asked, asked)]
    swallowed = {name for topic in topics for name in SWALLOWS.get(topic.name, ())}
    if any(topic.name == "shipping_cost" for topic in topics) and not _found(PRICE_WORD, asked):
        swallowed.add("price")
    return [topic for topic in topics if topic.name not in swallowed]


def _written_down(asked: str, topics: list[Topic], facts: list[Said]) -> Said | None:
    """Return the answer to just this question, where the shop wrote one down; of a shared post its caption tells."""
    if any(topic.is_about_product for topic in topics) and any(fact.source == "caption" for fact in facts):
        return None
    wanted = _words(re.sub(f"{GREETING}|{THANKS}", " ", asked))
    return next((one for one in facts if one.source == "faq" and wanted and wanted == _words(_name(one))), None)


def _told(fact: Said, asked: str, words: dict[str, str]) -> dict[str, Any]:
    """Reply with all that stands beneath a question of the shop's own."""
    hello = [words["hello"]] if _found(GREETING, asked) else []
    lines = [(fact, line) for line in _lines(fact.text.partition("\n")[2])]
    return _reply("\n".join([*hello, *_cited(lines, words)]), [fact.number]) if lines else _hand_over("not_known")


def _about(topics: list[Topic], facts: list[Said], asked: str, words: dict[str, str]) -> dict[str, Any]:
    """Answer from the product that is meant and from the shop's own facts; ask which one where several are."""
    if not any(topic.is_about_product for topic in topics) or any(fact.source == "caption" for fact in facts):
        return _quoted(topics, _of_the_post(facts), facts, asked, words)
    fitting = _fitting(asked, facts)
    if len(fitting) > 1:
        names = [_name(fact) for fact in fitting[:MOST_NAMES]]
        return _reply("\n".join([words["which"], *names]), [fact.number for fact in fitting], asks_which=True)
    is_pointed_at = _found(POINTED_AT, asked)
    # The price in an answer about postage is not the price of "this dress".
    beside = {"catalogue", "faq", "page"} if is_pointed_at else {"catalogue"}
    products = fitting or [fact for fact in facts if fact.source not in beside]
    answered = _quoted(topics, products, facts, asked, words)
    if answered["hand_over"] and not fitting and is_pointed_at:
        return _reply(words["which_post"], asks_which=True)
    return answered


def _of_the_post(facts: list[Said]) -> list[Said]:
    """What tells of a shared post: its product in the catalogue, known by its name in the caption, and the caption."""
    captions = [fact for fact in facts if fact.source == "caption"]
    listed = [fact for fact in facts if fact.source == "catalogue"]
    told = {word for fact in captions for word in _words(fact.text)}
    same = [fact for fact in listed if (name := _words(_name(fact))) and name <= told]
    return [*same, *captions]


def _fitting(asked: str, facts: list[Said]) -> list[Said]:
    """The products of the catalogue whose names share the most words with the question."""
    wanted = _words(asked)
    shared = {fact: sum(map(partial(_is_among, wanted), _words(_name(fact)))) for fact in facts}
    listed = {fact: count for fact, count in shared.items() if fact.source == "catalogue" and count}
    return [fact for fact, count in listed.items() if count == max(listed.values())]


def _is_among(wanted: set[str], word: str) -> bool:
    """Whether a word is asked for, perhaps with an ending on it: "کیف" in "کیفتون"."""
    return any(one == word or (len(word) > 2 and one.startswith(word)) for one in wanted)


def _name(fact: Said) -> str:
    """A product's first line, without the label that may stand before it."""
    first = next(iter(fact.text.splitlines()), "")
    return re.sub(r"^(نام|محصول|name|product)\s*:\s*", "", first, flags=re.IGNORECASE).strip()


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W\d_]{2,}", plain(text)) if not _found(rf"^({SMALL_WORDS})$", word)}


def _quoted(
    topics: list[Topic], products: list[Said], facts: list[Said], asked: str, words: dict[str, str]
) -> dict[str, Any]:
    """Reply with the lines that hold all that was asked; with a part of it missing, a person must answer."""
    found = [_held(topic, products if topic.is_about_product else facts, asked) for topic in topics]
    if not all(found):
        return _hand_over("not_known")
    hello = [words["hello"]] if _found(GREETING, asked) else []
    lines = dict.fromkeys(line for lines in found for line in lines)
    return _reply("\n".join([*hello, *_cited(lines, words)]), [fact.number for fact, _ in lines])


def _held(topic: Topic, facts: list[Said], asked: str) -> list[tuple[Said, str]]:
    """Return the lines of the first fact that holds a topic; of a product in many variants those that were named."""
    for fact in facts:
        if lines := _matching(topic.held, _lines(fact.text)):
            named = [line for line in lines if _names_variant(line, asked)] if fact.source == "catalogue" else []
            return [(fact, line) for line in (named or lines)[:LONGEST_QUOTE]]
    return []


def _names_variant(line: str, asked: str) -> bool:
    """Whether a line has every size and colour of the question."""
    wanted = [mark[0] for mark in re.finditer(rf"\b\d{{2}}\b|\b[2-6]?x{{0,3}}[sml]\b|{COLOURS}", asked)]
    return bool(wanted) and all(one in plain(line) for one in wanted)


def _matching(patterns: tuple[str, ...], lines: list[str]) -> list[str]:
    """Return the lines that match the first of the patterns that any line matches."""
    found = ([line for line in lines if _found(pattern, plain(line))] for pattern in patterns)
    return next(filter(None, found), [])


def _cited(lines: Iterable[tuple[Said, str]], words: dict[str, str]) -> Iterable[str]:
    """Name each source once, before its lines."""
    by_source: dict[str, list[str]] = {}
    for fact, line in lines:
        head = words.get(fact.source, words["shop"]).format(name=_name(fact).rstrip(":"))
        by_source.setdefault(head, [head]).append(line)
    return (line for its_lines in by_source.values() for line in its_lines)


def _lines(text: str) -> list[str]:
    """Return the lines of a fact, long ones cut into sentences, and no lines of hashtags."""
    parts = [part.strip() for line in text.splitlines() for part in _sentences(line)]
    return [part for part in parts if re.sub(r"#\S+", "", part).strip()]


def _sentences(line: str) -> list[str]:
    return re.split(r"(?<=[.!?؟])\s+", line) if len(line) > 100 else [line]


def _is_signs(text: str) -> bool:
    """Whether it is a heart, folded hands, flowers: kind words without letters."""
    return not re.search(r"\w", text) and any(ord(letter) > 0x2000 for letter in text)


def _language(text: str) -> str:
    if not re.search(r"[^\W\d_]", text):
        return "fa"  # the shop's own
    if not re.search(r"[\u0600-\u06ff]", text):
        return "fa" if _found(FINGLISH, text.lower()) else "en"
    # The letters are looked for in the text as typed, the words in its normal form.
    return "ar" if _found(ARABIC, text) or _found(ARABIC, plain(text)) else "fa"


def _courtesy(asked: str, words: dict[str, str]) -> dict[str, Any]:
    """Answer thanks and greetings; anything more than a name beside them is a question we have no lines for."""
    rest = re.findall(r"\w+", re.sub(f"{GREETING}|{THANKS}", " ", asked))
    if len(rest) > 2 or (rest and re.search("[?؟]", asked)):
        return _hand_over("not_known")
    if _found(THANKS, asked) or (asked.strip() and not rest and not re.search("[?؟]", asked) and _is_signs(asked)):
        return _reply(words["thanks"])
    return _reply(words["greeting"]) if _found(GREETING, asked) else _hand_over("not_known")


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _reply(text: str, facts_used: Iterable[int] = (), asks_which: bool = False) -> dict[str, Any]:
    used = sorted(set(facts_used))
    return {"reply": text, "facts_used": used, "asks_which": asks_which, "hand_over": False, "reason": ""}


def _hand_over(reason: str) -> dict[str, Any]:
    return {"reply": "", "facts_used": [], "asks_which": False, "hand_over": True, "reason": reason}
