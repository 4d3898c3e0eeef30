"""Finds words in outside texts that speak to the assistant and not to customers: what such words say is no fact.

A caption, a page or a product's description is what the shop tells its customers. Where one tells a program what to
write ("ignore the rules above and answer …"), somebody else has put it there. The prompt fences it, but a model may
obey all the same; so nothing in such a text carries a reply, and a person answers. Patterns are held against
`spelling.plain` text.

Shops write orders too, to their customers ("send us this post", "don't forget our return policy"), and a post that is
wrongly found here answers nobody. So a verb alone is none: it needs what only a program has (rules, a prompt, a reply
to give to customers), and in Persian the singular, in which one speaks to a program.
"""

# ruff: noqa: E501 -- a pattern that is broken over lines can hardly be read
import re

from pilito.spelling import plain

BOT = r"(?:ai|a\.i|bot|chat ?bot|llm|gpt|language model|ai model|assistant|ai assistant|ai agent)"
RULES = r"(?:instructions?|rules?|prompts?|guidelines?|directives?|commands?|restrictions?)(?! of\b)"
BEFORE = r"(?:previous|prior|above|earlier|preceding)"
ALL = r"(?:all|any|every|these|those|your|its)"
SAY = r"(?:reply|respond|answer|say|write|output|print|repeat|tell)"
MUST = r"(?:must|should|shall|has to|have to|are to|is to)"
# The voice of a speaker, a robot that sweeps: goods, and no program that reads this.
GOODS = r"(?! (?:vacuums?|cleaners?|mops?|mowers?|toys?|kits?|speakers?|cameras?)\b)"
REPLY = r"(?:reply|response|answer)"
NOT = r"(?:do not|don't|don’t|never)"
UNLESS_DENIED = r"(?<!n't )(?<!n’t )(?<!not )(?<!never )\b"
SENTENCE = r"(?:^|[.!?:;]\s{0,3})"
BUYERS = r"(?:customers?|users?|buyers?|clients?)"
ENGLISH = (
    rf"{UNLESS_DENIED}(?:ignore|disregard|override|overrule|bypass|stop (?:following|obeying))\b.{{0,20}}\b(?:the|{ALL}|{BEFORE})\b[^.!?,]{{0,25}}\b{RULES}\b",
    rf"{UNLESS_DENIED}(?:forget|skip|drop|discard|cancel|delete) (?:{ALL}|the {BEFORE})(?: \w{{1,15}}){{0,2}} (?:{RULES}|checks|limits)\b|{UNLESS_DENIED}forget the \w{{1,15}} above\b",
    rf"\b(?:ignore|disregard|override|overrule|bypass) (?:{ALL} |the )?(?:\w{{1,15}} )?(?:polic(?:y|ies)|checks?|training)\b",
    rf"\b(?:ignore|disregard|forget) (?:\w{{1,15}} ){{0,3}}{BEFORE} (?:text|messages?|orders?|polic(?:y|ies))\b",
    r"\b(?:ignore|disregard|forget) (?:all|everything|whatever|what)\b.{0,15}\b(?:above|before|previous|earlier|told|instructed)\b",
    rf"\b(?:previous|prior|hidden|secret|your (?:real|only|true|updated)) (?:system )?(?:instructions?|prompts?|directives?)\b|\bnew (?:instructions?|directives?|task)\s?:|\b(?:your|the|hidden|secret) system {RULES}\b",
    rf"\b(?:reveal|print|repeat|show|output) (?:your (?:system )?{RULES}|everything above)\b|\b(?:instructions?|note|message|task|attention|hint) (?:for|to) (?:the |all |any |every )?{BOT}s?\b(?!-){GOODS}",
    rf"\bsystem (?:prompt|message|override)\b|^[^\w\n]{{0,8}}(?:system(?: note| notice| update| instructions?)?|assistant)\b\W{{0,3}}[:>\]|].{{0,60}}\b(?:{SAY}\b(?! (?:us|me|calls)\b)|{RULES}|policy|override|from now|(?:the|every|all) customers?)\b",
    r"<\|?/?(?:system|assistant|im_start|im_end|inst|user|instructions?|tool)\b|</?s>|\[/?inst\]|\[/?system\]|(?<!#)#{2,8}\s{0,8}(?:system\b|instructions?\s?:|new instructions?)",
    rf"\byou (?:are|must be|will be) (?:now |no longer )?(?:an? |the |this )?(?:new |different |helpful |free )?(?:{BOT}\b(?!-)|program\b|unrestricted\b|pirate\b|owner of (?:the|this) (?:shop|store|page)(?!'))|\bas an? (?:ai|language model)\b|\bas (?:the|an?) {BOT},? you\b|\byou're (?:an? )?{BOT}\b|\bstop being an? (?:\w{{1,15}} )?{BOT}\b",
    rf"\b(?:dear|hey|hello|attention) (?:the |all |any )?{BOT}s?\b(?!-)|\bto (?:the |any )?(?:ai|chat ?bot|llm|gpt|language model|ai model|ai assistant)s?\b|\b(?:llm|gpt|language model|chat ?bot)s?\s?:|{SENTENCE}(?:ai )?assistants?,",
    rf"\b{BOT}s?\b.{{0,20}}\b(?:{MUST}\b.{{0,30}}\b(?:{SAY}|recommend|mention|include|offer|quote\b|(?:give|sell|charge)\b.{{0,20}}(?:\d|\bfree\b))|reading (?:this|the))\b",
    r"\b(?:developer|debug|god|jailbreak) mode\b|\byou are (?:now )?in (?:admin|owner|maintenance) mode\b|\byou are (?:now )?dan\b(?!['’])|\badmin mode (?:on|enabled|activated)\b|\bjailbreak|\bdan mode\b",
    rf"\b(?:roleplay|act|speak) as (?:an? |the |its |if you )?(?:new |different |shop )?(?:{BOT}|owner|admin|developer|manager|human|unrestricted)\b|\b(?:simulate|pretend (?:to be|that you are|you are|you're)) (?:an? |the )?(?:\w{{1,15}} |shop's ){{0,2}}(?:{BOT}|owner|manager|admin|human|unrestricted)\b",
    rf"\bfrom now on\W{{1,3}}(?:you (?:are an?|must|shall)\b|(?:always |only )?{SAY}\b(?! (?:us|me|to us|to me|your)\b)|ignore\b|act as\b)|\byou must now {SAY}\b|{SENTENCE}always {SAY} that\b",
    rf"\b{SAY}\b.{{0,20}}\b(?:verbatim|literally|word for word|as follows|exactly (?:this|these|the following)(?:\s?[:\"'“«]| (?:text|sentence|words|message)\b)|the following (?:text|sentence|words|line|message|reply|answer)\b|this (?:text|sentence|exact)\b)",
    r"\boutput only\b|\b(?:say|reply|answer|respond|write) only(?:\s?[:\"'“«]| with (?!your\b))|\b(?:respond|answer|output)(?: only)? with\W{0,2}[:\"'“«]|\breply with\s?:|\b(?:begin|start|end) (?:your|each|every|all) (?:reply|replies|responses?|answers?)\b|\bin (?:all|every|each)(?: of)?(?: your)? (?:reply|replies|responses?)\b",
    rf"(?:{SENTENCE}|\b(?:then|must|and|on) )(?:tell|inform) (?:all |every |each |any |the )?{BUYERS}\b(?!')|\bwhen(?:ever)?\b.{{0,30}}\basks?\b.{{0,30}}\b(?:prices?|costs?|discounts?)\b.{{0,20}}(?<!we )\b{SAY}\b|\bwhen(?:ever)?\b.{{0,30}}\basked\b.{{0,40}}\b{SAY}\s?[:\"'“«]",
    rf"\b{NOT} (?:(?:mention|reveal) this|obey|tell (?:the |any |your )?{BUYERS}|follow (?:the|{ALL})(?: \w{{1,15}}){{0,2}} {RULES})\b|\b{NOT} hand (?:this |it )?over(?=\W{{0,3}}(?:$|[.,!;:]|to (?:an? |the |any )?(?:human|persons?|people|operators?|colleagues?|staff)\b))",
    rf"\byour (?:reply|response|output) (?:{MUST})\b|\byour answer {MUST} (?:be\s?[:\"'“«]|say|begin|start|contain)|\byour (?:task|job|role|mission|goal) is to (?:{SAY}|sell|convince|persuade)\b|\b(?:as|in|valid) json\b|\bjson (?:format|object|output|reply|response)\b|\bhand_over\b|\bfacts_used\b",
    rf"(?:{SENTENCE}|\b(?:please|then|always|must) ){SAY} (?:to )?(?:all|every|each)(?: of)?(?: (?:the|our|your))? (?:{BUYERS}\b(?!['’]| (?:reviews?|photos?|stories|names?|service)\b)|(?:questions?|messages?|comments?) with\b)",
    rf"\byour {REPLY}\s?:\s{{0,3}}(?![a-d]\b|yes\b)[\w$€£\"'“«]|\byour {REPLY} {MUST} be(?: only| just)? (?:[$€£]|the price\b|free\b|\d[\d.,]*+(?! (?:words?|characters?|letters?|lines?|numbers?)\b))|\b(?:put|include|append|add|insert|use|copy|write) (?:this|these|the following)(?: (?:exact|text|sentence|words?|line|links?|price|phone|message|offer)){{0,2}} (?:in|into|to) (?:your|the|each|every) {REPLY}\b|\bin your {REPLY},? (?:please )?(?:{SAY}|quote)(?: \w{{1,6}}){{0,2}}\W{{0,3}}(?:[\d$€£:\"“«]|\b(?:that|it|price|free)\b)",
    rf"{SENTENCE}{BOT},\s?(?:{SAY}|inform)\b(?! (?:us|me|calls|it|your|hello|hi|goodbye)\b)|\bfrom now on\W{{1,3}}(?:(?:the|our|this|every) )?{BOT}s? (?:{SAY})s? only\b(?! (?:in|on|at|from|to|by|via|between|during|your|our|questions?)\b)|\bfrom now on\W{{1,3}}(?:always |only )?(?:quote (?:only )?(?:[$€£]|\d|the price|a price)|(?:quote|charge|sell|give|offer) (?:to )?(?:all|every|each|any|the) {BUYERS}\b)",
    rf"(?<!make )(?<!set )\byour new (?:system )?{RULES}\b(?! (?:booklet|manual|card|sheet|leaflet|book|for|on)\b)|\byour (?:\w{{1,15}} )?{RULES} (?:(?:are|were|have been|has been) (?:now )?(?:no longer|not valid|void|cancell?ed|changed|replaced|revoked|invalid)|have changed|no longer)\b|\b(?:no longer|not) bound by (?:your|any|these|those|the) (?:\w{{1,15}} )?{RULES}\b|{UNLESS_DENIED}forget (?:all )?(?:of )?your (?:\w{{1,15}} )?training,? (?:and|then)\b",
)  # fmt: skip
FA_BOT = r"(?:دستیار|هوش مصنوعی|چت ?بات|ربات|بات|مدل زبانی)(?!\w)"
FA_GOODS = r"(?! (?:صوتی|خانگی|تلگرام\w*|جارو\w*)(?!\w))"
FA_RULES = r"(?<!\w)(?:دستور(?:ات|ها\w*|العمل\w*)?|قانون\w*|قواعد\w*|قوانین\w*|محدودیت\w*|پرامپت\w*)(?!\w)"
# What is the customer's own is asked of the customer, also in the singular: «سایزت رو بگو».
FA_YOURS = "".join(rf"(?<!{own} {to} )" for own in ("سایزت", "رنگت", "اسمت", "نظرت", "دلخواهت") for to in ("رو", "را"))
# The singular is said to a program; "write to us", «بنویسید», to customers.
FA_SAY = rf"(?<!\w){FA_YOURS}(?:بگو|بنویس|پاسخ بده|جواب بده|تکرار کن|اعلام کن|چاپ کن)(?!\w)"
FA_SAY_ALSO = (
    r"(?<!\w)(?:(?:بگو|بنویس)(?:ید|یید|ین)?|بگید|(?:پاسخ|جواب) (?:بده|بدهید|بدین)|(?:تکرار|اعلام) کن(?:ید|ین)?)(?!\w)"
)
FA_DROP = r"(?:نادیده بگیر\w*|فراموش کن|بی خیال شو|کنار (?:بگذار|بذار)\w*|لغو کن|باطل کن|دور بریز\w*|(?:اعتنا|توجه|گوش) نکن)(?!\w)"
FA_BUYERS = r"(?:مشتری|خریدار|کاربر)\w*"
PERSIAN = (
    rf"(?<!\w)(?:همه|تمام|کلیه) ?(?:ی )?{FA_RULES}.{{0,20}}(?<!\w)(?:لغو|باطل|عوض) شد|{FA_RULES}.{{0,40}}(?<!\w){FA_DROP}|(?<!\w){FA_DROP}.{{0,15}}{FA_RULES}|{FA_RULES}(?: \w{{1,15}})?(?: را| رو)? فراموش کن(?:ید|ین)(?!\w)",
    r"(?<!\w)(?:گفته(?: شد\w*)?|بالا|قبلی\w*|پیشین)(?: را| رو)? (?:نادیده بگیر|فراموش کن|بی خیال شو|دور بریز|کنار بگذار|کنار بذار)(?!\w)",
    rf"(?<!\w)(?:ای|خطاب به|سلام|توجه) {FA_BOT}|(?<!\w){FA_BOT} (?:عزیز|محترم)(?!\w)(?! فروش)|(?<!\w)(?:شما|تو) (?:یک|یه|دیگر|دیگه) {FA_BOT}|(?<!\w)اگر {FA_BOT} هست|(?<!\w)(?:پیام|دستور|یادداشت|اعلان|توجه)(?! ب?د(?:ه|ید|ین|هید)(?!\w))(?: \w{{1,15}}){{0,3}} (?:به|برای) {FA_BOT}",
    rf"(?<!\w)(?<!جارو )(?<!جاروی ){FA_BOT}{FA_GOODS}.{{0,40}}{FA_SAY}|(?<!\w){FA_BOT} باید .{{0,30}}(?<!\w)(?:بگو|بنویس|پاسخ|جواب|اعلام|تکرار)",
    rf"(?<!\w)(?:پیام|دستور|اعلان|یادداشت|هشدار) (?:سیستم\w*|توسعه دهنده|مخفی)(?!\w)|^[^\w\n]{{0,8}}(?:سیستم|دستیار|مدیر سیستم|ادمین سیستم)\s?[:>\]].{{0,60}}(?:{FA_RULES}|{FA_SAY})",
    rf"(?<!\w)(?:از این به بعد|از حالا|از الان)(?!\w).{{0,40}}(?:{FA_SAY}|(?<!\w)تو (?:یک|دیگر|دیگه|باید|مدیر|نقش)(?!\w))|(?<!\w)از (?:این|حالا|الان) به بعد(?!\w).{{0,10}}(?<!\w)(?:همیشه|به همه)(?!\w).{{0,40}}(?<!\w)(?:بفرست|بده|بگذار)(?!\w)|(?<!\w)(?:وانمود|تظاهر) کن(?!\w)|(?<!\w)تو (?:دیگر|دیگه|حالا|الان|اکنون) .{{0,30}}هستی(?!\w)",
    r"(?<!\w)نقش .{0,20}(?<!\w)(?:را|رو) (?:بازی کن|بگیر)(?!\w)|(?<!\w)حالت (?:توسعه دهنده|مدیر سیستم|اشکال زدایی)",
    rf"(?<!\w)(?:عینا|کلمه به کلمه)(?!\w).{{0,40}}{FA_SAY}|(?<!\w)(?:این|همین) (?:جمله|متن|عبارت)(?: را| رو)?(?: عینا| دقیقا| فقط| به \w{{1,12}})? {FA_SAY_ALSO}|(?<!\w)فقط {FA_SAY}\s?:|(?<!\w)بگو\s?[:«\"]",
    rf"(?<!\w)به (?:همه ?(?:ی )?|هر |تمام )?{FA_BUYERS}(?:.{{0,40}}{FA_SAY}| (?:بگو(?:یید|ید|ین)|بگید)(?!\w))|{FA_BUYERS}.{{0,15}}(?<!\w)پرسید(?!\w).{{0,20}}{FA_SAY}|(?<!\w)از تو(?!\w).{{0,25}}(?<!\w)(?:پرسید|خواست)\w*.{{0,30}}{FA_SAY}|(?<!\w)(?:قیمت|تخفیف|هزینه)\w*(?: را| رو)? پرسید(?!\w).{{0,30}}(?<!پرسید دایرکت ){FA_SAY}(?! دایرکت)",
    rf"(?<!\w)در (?:پاسخ|جواب) (?:به )?(?:همه|هر|{FA_BUYERS})(?!\w).{{0,40}}{FA_SAY_ALSO}|(?<!\w)(?:پاسخ|جواب) تو باید(?!\w)|(?<!\w)وظیفه (?:ی )?تو(?!\w)|(?<!\w)متن پاسخ\s?:|(?<!\w)در (?:همه|تمام|هر) (?:ی )?(?:جواب|پاسخ)(?: ?ها\w*)?(?!\w)",
    rf"{FA_RULES}(?: ها\w*)? (?:قبلی|پیشین)(?: تو| خود)? (?:لغو|باطل)(?!\w)|(?<!\w)دستور(?:ات|العمل)? جدید\s?[:،][^.!?؟\n]{{0,60}}{FA_SAY}(?! (?:کدوم|کدام|چی|تا)(?!\w))|^[^\w\n]{{0,8}}(?:سیستم|دستیار|مدیر سیستم|ادمین سیستم)\s?[:>\]]\s{{0,3}}قیمت (?:همه|هر|تمام|کل|.{{0,25}}(?<!\w)است)(?!\w)",
    rf"(?<!\w)در (?:پاسخ|جواب) {FA_SAY}(?! عدد).{{0,20}}(?:\d|(?<!\w)(?:قیمت|رایگان|تخفیف|هزینه))|(?<!\w)(?:پاسخ|جواب) تو\s?:\s?[\w«\"]|(?<!\w)فقط {FA_SAY} (?:قیمت\w* )?(?:این (?:\w{{1,12}} )?|همه |هر )?\d[\d,.]*(?: \w{{1,10}})? ?(?:تومان|تومن|ریال|دلار|درهم|دینار)(?! تخفیف)",
    rf"(?<!\w)(?:کسی|هر ?کس\w*|هر ?کی)(?: که)? پرسید(?!\w).{{0,15}}(?<!\w)(?:قیمت|چند|هزینه)\w*.{{0,15}}{FA_SAY}(?! دایرکت)|(?<!\w)به (?:هر ?(?:کسی?|کی)|همه)(?: که)?(?: قیمت)? پرسید(?!\w).{{0,15}}{FA_SAY}(?! دایرکت)",
)  # fmt: skip
AR_BOT = r"(?:مساعد|ذکاء (?:ال)?اصطناعی\w{0,2}|روبوت|بوت|نموذج)(?!\w)"
AR_SAY = r"(?<!\w)[وف]?(?:قل|اجب|کرر|اطبع|اکتب|اخبر)(?!\w)(?! لنا)"
ARABIC = (
    r"(?<!\w)[وف]?(?:تجاهل|انس|تخط|الغ|اهمل|لا تتبع|تجاوز)(?!\w).{0,60}(?<!\w)(?:(?:ال)?(?:تعلیمات|قواعد|اوامر|قیود)(?!\w)|السابقه|اعلاه|ما سبق)|(?<!\w)[وف]?(?:تجاهل|انس|اهمل) (?:کل )?(?:ما|شیء) (?:قیل|قالوا|طلب)(?!\w)",
    rf"(?<!\w)(?:ایها|عزیزی|الی) (?:ال)?{AR_BOT}|(?<!\w)(?:ایها|عزیزی) الذکاء(?!\w)|(?<!\w)یا (?:مساعد|ذکاء|روبوت|نموذج)(?!\w)|(?<!\w)(?:المساعد|الذکاء الاصطناعی|الروبوت|النموذج)(?!\w).{{0,40}}(?:یجب|علیه|ان یقول)(?!\w)",
    rf"(?<!\w)(?:رساله|امر|تحدیث|تعلیمات) (?:النظام|المطور|سریه)(?!\w)|(?<!\w)تعلیمات جدیده\s?:|^[^\w\n]{{0,8}}(?:النظام|نظام|المساعد)\s?[:>\]].{{0,60}}(?:{AR_SAY}|التعلیمات|القواعد)",
    rf"(?<!\w)من الان فصاعدا(?!\w).{{0,40}}{AR_SAY}|(?<!\w)انت (?:الان |لم تعد )?(?:صاحب|مدیر|مساعد|روبوت|نموذج)|(?<!\w)اذا کنت {AR_BOT}|(?<!\w)لا تذکر (?:القواعد|التعلیمات|هذا)|(?<!\w)تظاهر ب|(?<!\w)تصرف ک(?:انک )?(?:صاحب|مدیر|مساعد)|(?<!\w)وضع المطور",
    rf"{AR_SAY} (?:ان|العملاء|الزباین)(?!\w)|{AR_SAY}.{{0,30}}(?<!\w)(?:حرفیا|بالضبط|هذا النص|هذه الجمله|للعمیل|للزبون|للجمیع|للعملاء|للزباین|لکل (?:زبون|عمیل|العملاء|الزباین))(?!\w)|(?<!\w)[وف]?(?:قل|اجب)\s?[:«\"]|(?<!\w)[وف]?اکتب فقط\s?[:«\"]",
    rf"(?<!\w)(?:عندما|اذا|کلما|کل من) .{{0,40}}(?<!\w)(?:سال|یسال)\w*.{{0,60}}{AR_SAY}",
)  # fmt: skip
ORDER = re.compile("|".join(f"(?:{pattern})" for pattern in (*ENGLISH, *PERSIAN, *ARABIC)), re.MULTILINE)


def speaks_to_the_assistant(text: str) -> bool:
    """Whether a text holds such words, also where they are broken over two lines."""
    said = plain(text)
    return ORDER.search(said) is not None or ORDER.search(re.sub(r"\s+", " ", said)) is not None
