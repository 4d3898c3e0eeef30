"""Finds words in outside texts that speak to the assistant and not to customers: what such words say is no fact.

A caption, a page or a product's description is what the shop tells its customers. Where one tells a program what to
write ("ignore the rules above and answer …"), somebody else has put it there. The prompt fences it, but a model may
obey all the same; so nothing in such a text carries a reply, and a person answers. Patterns are held against
`spelling.plain` text.
"""

# ruff: noqa: E501 -- a pattern that is broken over lines can hardly be read
import re

from pilito.spelling import plain

RULES = (
    r"(?:instructions?|rules?|prompts?|guidelines?|directives?|polic(?:y|ies)|commands?|orders?|restrictions?|messages?"
    r"|limits?|checks?|training|text)"
)
REPLYING = r"(?:reply|respond|answer|say|write|output|print|repeat|state|tell|send|type)"
ENGLISH = (
    rf"\b(?:ignore|disregard|forget|override|overrule|bypass|skip|drop|discard|cancel|delete|stop following)\b.{{0,60}}\b{RULES}\b",
    r"\b(?:ignore|disregard|forget) (?:all|everything|whatever|what)\b",
    r"\b(?:previous|prior|above|earlier|your|new|hidden|secret|real|updated) (?:system )?(?:instructions?|prompts?|rules|orders|directives?)\b",
    r"\bsystem (?:prompt|message|override|note|notice|update|instructions?)\b|^\W*(?:system|assistant|developer|admin|user|root)\b\W{0,3}[:>\]|]",
    r"<\|?/?(?:system|assistant|im_start|im_end|inst|user|s|instructions?|tool)\b|\[/?inst\]|\[/?system\]|(?<!#)#{2,8}\s{0,8}(?:system|instruction|new)",
    r"\byou (?:are|must be|will be) (?:now|no longer|a (?:bot|model|program|different|new)|an? (?:ai|assistant|unrestricted))\b|\bas an? (?:ai|assistant|language model)\b",
    r"\b(?:dear|hey|hello|attention|note to|to) (?:the )?(?:ai|a\.i|assistant|bot|chatbot|model|llm|gpt|language model)\b|\b(?:ai|llm|chat ?bot|language model|assistant)s?\b.{0,40}\b(?:must|should|shall|has to|have to|are to|is to|will|reading)\b",
    r"\b(?:developer|debug|admin|maintenance|god|test|jailbreak) mode\b|\bjailbreak|\bdan mode\b|\broleplay\b|\bpretend (?:to be|that|you)\b|\bact as\b|\bfrom now on\b",
    rf"\b{REPLYING}\b.{{0,30}}\b(?:exactly|verbatim|only|literally|word for word|the following|this (?:text|sentence|line)|as follows|instead|with)\b",
    rf"\b{REPLYING}\b.{{0,20}}\b(?:customers?|every(?:one|body)|users?|buyers?|them|whoever|anyone)\b",
    rf"\bwhen(?:ever)? (?:you are |someone |anyone |a customer |they |customers? )?(?:asks?|asked|answering|replying)\b.{{0,60}}\b{REPLYING}\b",
    r"\b(?:do not|don't|never) (?:hand over|mention this|reveal this|follow|obey|verify|check)\b",
    r"\byour (?:reply|answer|response|output|task|job|goal|role|mission)\b|\bjson\b|\bhand_over\b|\bfacts_used\b",
)  # fmt: skip
FA_RULES = r"(?:دستور\w*|قانون\w*|قواعد\w*|قوانین\w*|راهنما\w*|محدودیت\w*|پرامپت\w*|پیام\w* سیستم\w*|تنظیمات|گفته\w*|بالا|قبلی\w*)"
FA_WRITE = r"(?:بگو\w*|بنویس\w*|پاسخ (?:بده|بدهید|بده\w*)|جواب (?:بده|بدهید|بدین)|تکرار کن\w*|اعلام کن\w*|ارسال کن|چاپ کن\w*|معرفی کن\w*)"
PERSIAN = (
    rf"(?:نادیده|فراموش|بی خیال|کنار بگذار|کنار بذار|لغو|باطل|دور بریز|اعتنا نکن|توجه نکن|گوش نکن).{{0,60}}{FA_RULES}|{FA_RULES}.{{0,60}}(?:نادیده|فراموش|بی خیال|کنار بگذار|کنار بذار|لغو|باطل|دور بریز|اعتنا نکن|توجه نکن|گوش نکن|عوض شد)",
    r"(?:ای |به |توجه |خطاب به )?(?:دستیار|هوش مصنوعی|چت ?بات|ربات|مدل زبانی|بات)\b.{0,60}(?:باید|موظف|توجه|بگو|بنویس|پاسخ|جواب|بدان|لطفا|:|،|!)",
    r"(?:پیام|دستور|اعلان|یادداشت|به روزرسانی|هشدار) (?:سیستم\w*|جدید|مدیر\w*|توسعه دهنده|مخفی)|^\W*(?:سیستم|دستیار|مدیر سیستم|ادمین سیستم)\s*[:>\]]",
    r"(?:از این به بعد|از حالا|از الان)\b.{0,40}(?:تو|شما|نقش|فقط|باید|همیشه|بگو|بنویس)|(?:وانمود|تظاهر) کن|نقش .{0,30}(?:بازی|بگیر)|تو (?:دیگر|حالا|الان) .{0,30}هستی|حالت (?:توسعه|مدیر|آزمایش|ازمایش|اشکال)",
    rf"(?:فقط|عینا|دقیقا|همین|این) (?:را |رو |جمله |متن |عبارت )*.{{0,40}}{FA_WRITE}|{FA_WRITE}\s*[:：«\"]",
    rf"(?:به|برای) (?:همه|هر|مشتری\w*|خریدار\w*|کاربر\w*|هرکس\w*)\b.{{0,60}}{FA_WRITE}|(?:هرکس|هر کس|هر کسی|مشتری|کسی|وقتی|اگر).{{0,40}}(?:پرسید|سوال).{{0,60}}{FA_WRITE}",
    rf"در (?:پاسخ|جواب)\w*\b.{{0,40}}{FA_WRITE}|(?:پاسخ|جواب) تو\b|وظیفه (?:تو|ات)|متن پاسخ",
)  # fmt: skip
AR_WRITE = r"(?:قل|اکتب|اجب|رد|کرر|اخبر\w*|ارسل|اطبع)"
ARABIC = (
    r"(?:تجاهل|انس|تخط|الغ|اهمل|لا تتبع|تجاوز)\b.{0,60}(?:تعلیمات|قواعد|اوامر|القواعد|التعلیمات|الاوامر|السابقه|اعلاه|ما سبق|قیود\w*|کل)",
    r"(?:ایها|الی|یا|عزیزی) (?:ال)?(?:مساعد|ذکاء|روبوت|بوت|نموذج)\b|(?:المساعد|الذکاء الاصطناعی|الروبوت|النموذج)\b.{0,40}(?:یجب|علیه|ان یقول|:)",
    r"(?:رساله|تعلیمات|امر|تحدیث) (?:النظام|جدیده|جدید|المطور|سریه)|^\W*(?:النظام|نظام|المساعد)\s*[:>\]]",
    r"من الان فصاعدا|انت الان|انت لم تعد|تظاهر ب|تصرف ک|وضع المطور",
    rf"\b{AR_WRITE}\b.{{0,30}}(?:فقط|حرفیا|التالی|بالضبط|هذا النص|للعمیل|للزبون|للجمیع|لکل|:|«|\")",
    rf"(?:عندما|اذا|کلما|کل من) .{{0,40}}(?:سال|یسال)\w*.{{0,60}}{AR_WRITE}",
)  # fmt: skip
ORDER = re.compile("|".join(f"(?:{pattern})" for pattern in (*ENGLISH, *PERSIAN, *ARABIC)), re.MULTILINE)


def speaks_to_the_assistant(text: str) -> bool:
    """Whether a text holds such words, also where they are broken over two lines."""
    said = plain(text)
    return ORDER.search(said) is not None or ORDER.search(re.sub(r"\s+", " ", said)) is not None
