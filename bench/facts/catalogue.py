"""2,000 products of a made-up shop in Persian, Arabic and English, always the same ones.

Put together from words written by hand, so that each product has near neighbours: the same kind in another material,
the same material in another kind, the same model name on something else. What each product is, stands in `about` in
the very words it was made from; labels of questions name those.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

SEED = 4


@dataclass(frozen=True)
class Item:
    """A product or a passage: its key, what it is by name and text, and the words it was made from."""

    key: str
    name: str
    text: str
    about: dict[str, str]


# kind: (materials, features)
PERSIAN = {
    "مانتو": ("کتان لینن مازراتی کرپ تنسل جین ابریشم", "جلوباز دکمه‌دار بلند کوتاه عبایی کمربندی اداری"),
    "پیراهن": ("ساتن کرپ نخی حریر مخمل لینن", "مجلسی بلند کوتاه ماکسی آستین‌پفی گلدار ساحلی"),
    "شلوار": ("جین کتان کرپ فاستونی لینن مخمل", "بگ راسته مام‌استایل دمپا کارگو اسلش پارچه‌ای"),
    "شومیز": ("ساتن نخی حریر کرپ لینن", "یقه‌دار پاپیون‌دار راه‌راه آستین‌بلند اورسایز"),
    "تیشرت": ("نخی پنبه سوپر ویسکوز", "ساده لانگ چاپی اورسایز یقه‌هفت"),
    "بافت": ("کاموا پشم مرینو اکریلیک موهر", "یقه‌اسکی جلوباز زیپ‌دار پیچ اورسایز"),
    "پالتو": ("پشم فوتر کشمیر چرم", "بلند کوتاه کلاه‌دار کمربندی یقه‌خز"),
    "کت": ("چرم جین کرپ مخمل فاستونی", "تک بلیزر کراپ رسمی"),
    "دامن": ("جین ساتن چرم تور پلیسه", "میدی ماکسی کوتاه چین‌دار"),
    "هودی": ("دورس نخی سه‌نخ", "زیپ‌دار کلاه‌دار چاپی ساده"),
    "شال": ("نخی حریر پشم ابریشم موهر", "ساده طرح‌دار گلدوزی منگوله‌دار"),
    "روسری": ("ابریشم نخی ساتن کرپ", "گرد مینی‌اسکارف دوردوز طرح‌دار قواره‌بزرگ"),
    "کفش": ("چرم جیر ورنی پارچه‌ای", "پاشنه‌بلند تخت کالج طبی مجلسی اداری"),
    "کتونی": ("چرم مش جیر پارچه‌ای", "پیاده‌روی ساق‌دار سفید رانینگ لژدار"),
    "بوت": ("چرم جیر ورنی", "ساق‌بلند نیم‌بوت کوهنوردی پاشنه‌دار"),
    "صندل": ("چرم حصیری لاستیکی", "بندی لژدار تخت مجلسی"),
    "کیف": ("چرم جیر پارچه‌ای حصیری", "دوشی دستی مجلسی پاسپورتی کمری اداری"),
    "کوله": ("چرم برزنت ضدآب", "لپ‌تاپ مدرسه کوهنوردی مینی"),
    "کمربند": ("چرم جیر کشی", "سگک‌دار باریک پهن"),
    "گردنبند": ("نقره طلا استیل مروارید برنج", "زنجیری اسم قلب پلاک‌دار چوکر"),
    "انگشتر": ("نقره طلا استیل عقیق فیروزه", "تک‌نگین حلقه فری‌سایز مردانه"),
    "گوشواره": ("نقره طلا استیل مروارید", "آویز میخی حلقه‌ای نگین‌دار"),
    "دستبند": ("نقره چرم سنگ استیل", "زنجیری مهره‌ای پلاک‌دار ست"),
    "ساعت": ("چرم استیل سرامیک", "مچی مردانه زنانه دیواری هوشمند"),
    "عینک": ("کائوچو فلزی پلاریزه", "آفتابی گرد خلبانی طبی"),
    "ماگ": ("سرامیک چینی شیشه‌ای", "دست‌ساز دردار حرارتی جفتی"),
    "شمع": ("سویا پارافین موم", "معطر استوانه‌ای گل‌خشک تولد"),
    "کوسن": ("مخمل کتان بافت", "طرح‌سنتی ساده منگوله‌دار"),
    "گلدان": ("سفال بتن شیشه‌ای سرامیک", "آویز رومیزی دیواری"),
    "رومیزی": ("ترمه کتان مخمل", "گرد مستطیل راه‌راه"),
}
PERSIAN_MODELS = (
    "نیلوفر ترنج مهتاب باران آوا یلدا رها شکوفه پرنیان سپیده مرجان نگین آرام ستاره بهار ژینا روژان هلیا کیمیا تارا لیلیوم"
    " آفتاب غزل افسون رویا پانیذ ماهور سایه دلوین نسیم یاس گیلاس ونوس الیزه پاریز میلان سوگند تیارا بنفشه ارغوان کاسپین"
).split()
PERSIAN_COLOURS = "مشکی سفید کرم طوسی زرشکی قرمز سبز سرمه‌ای آبی صورتی بنفش قهوه‌ای نسکافه‌ای خردلی یشمی گلبهی".split()
PERSIAN_WORDS = (
    "دوخت تمیز و تن‌خور عالی، مناسب استفاده روزمره.|کار ایرانی با کیفیت بالا، عکس از خود کار است.|جنس درجه یک، رنگ ثابت.|"
    "مناسب مهمانی و هدیه، با جعبه ارسال می‌شود.|تعداد محدود، بعد از فروش دوباره شارژ نمی‌شود.|پرفروش‌ترین کار این فصل."
).split("|")

ARABIC = {
    "فستان": ("قطن حرير ساتان شيفون مخمل", "سهرة قصير طويل مطرز كاجوال"),
    "عباية": ("كريب حرير نداء كتان", "مفتوحة مطرزة كلوش سادة شتوية"),
    "حجاب": ("قطن شيفون حرير", "سادة مطبوع رياضي"),
    "حذاء": ("جلد شامواه قماش", "كعب رياضي مسطح رسمي أطفال"),
    "حقيبة": ("جلد قماش قش", "يد كتف سفر مدرسية"),
    "قميص": ("قطن كتان جينز", "رجالي نسائي مخطط رسمي"),
    "بنطلون": ("جينز قطن كتان قماش", "واسع ضيق رجالي رياضي"),
    "تنورة": ("جينز ساتان صوف", "طويلة قصيرة كسرات"),
    "معطف": ("صوف جلد كشمير", "طويل قصير بقبعة"),
    "خاتم": ("فضة ذهب عقيق", "رجالي نسائي خطوبة"),
    "سلسال": ("فضة ذهب لؤلؤ", "قلب اسم طبقات"),
    "عطر": ("عود مسك ورد عنبر", "رجالي نسائي زيتي"),
    "بخور": ("عود صندل مسك", "معمول فاخر"),
    "شمعة": ("صويا عسل", "معطرة كبيرة"),
}
ARABIC_MODELS = (
    "ياسمين لمى نور جوري ريتاج شهد ديما سارة جود ليان غيم رغد ميس هند دانة لولوة ورد قمر ندى سما تالا ريم جنى لين فجر"
    " مرام هيا بيسان نجد أصالة الشام بيروت مراكش زهرة"
).split()
ARABIC_COLOURS = "أسود أبيض أحمر أزرق أخضر بيج وردي كحلي رمادي بني عنابي بنفسجي".split()
ARABIC_WORDS = (
    "خامة ممتازة وخياطة متقنة.|مناسب للمناسبات والهدايا.|متوفر بكمية محدودة.|صناعة يدوية بعناية.|قصة مريحة للاستخدام اليومي."
).split("|")

ENGLISH = {
    "dress": ("cotton linen silk satin velvet", "midi maxi wrap evening floral"),
    "blouse": ("cotton silk chiffon linen", "ruffled striped oversized puff-sleeve"),
    "coat": ("wool leather cashmere", "trench long hooded belted"),
    "sweater": ("merino cotton mohair", "turtleneck cropped cable-knit zip"),
    "trousers": ("linen cotton wool", "wide-leg cargo tailored"),
    "skirt": ("denim satin leather", "pleated mini midi"),
    "sneakers": ("leather mesh suede", "running high-top platform"),
    "boots": ("leather suede rubber", "ankle knee-high hiking"),
    "bag": ("leather canvas straw", "tote crossbody clutch laptop"),
    "scarf": ("silk wool cotton", "square fringed printed"),
    "necklace": ("silver gold pearl", "pendant choker layered"),
    "earrings": ("silver gold pearl", "hoop stud drop"),
    "mug": ("stoneware porcelain glass", "handmade travel espresso"),
    "candle": ("soy beeswax", "scented pillar birthday"),
    "blanket": ("wool cotton fleece", "knitted weighted baby"),
}
ENGLISH_MODELS = (
    "Aurora Willow Luna Hazel Ivy Stella Juniper Sienna Olive Marlow Wren Harper Clara Freya Isla Margot Rosalie Bea"
    " Delphine Opal Sable Tess Vera Winnie Zoe Coco Daphne Elle Fern Greta"
).split()
ENGLISH_COLOURS = "black white red navy green beige pink grey brown burgundy mustard lilac".split()
ENGLISH_WORDS = (
    "Made in small batches.|A best seller of the season.|Soft to the touch, true to size.|Comes in a gift box.|Limited stock."
).split("|")


def make_products() -> list[Item]:
    """1,110 in Persian, 446 in Arabic, 444 in English."""
    chance = random.Random(SEED)  # noqa: S311  (the same shop each time)
    return [
        *_family(chance, "fa", PERSIAN, PERSIAN_MODELS, 37),
        *_family(chance, "ar", ARABIC, ARABIC_MODELS, 32, 446),
        *_family(chance, "en", ENGLISH, ENGLISH_MODELS, 30, 444),
    ]


def _family(
    chance: random.Random,
    language: str,
    kinds: dict[str, tuple[str, str]],
    models: list[str],
    each: int,
    most: int = 10**6,
) -> Iterator[Item]:
    number = 0
    for kind, (materials, features) in kinds.items():
        for model in chance.sample(models, each):
            number += 1
            if number > most:
                return
            about = {
                "language": language,
                "kind": kind,
                "material": chance.choice(materials.split()),
                "feature": chance.choice(features.split()),
                "model": model,
                "sku": f"{language.upper()}-{1000 + number}",
            }
            yield Item(f"product:{language}{number}", _name(about), _text(chance, about), about)


def _name(about: dict[str, str]) -> str:
    if about["language"] == "fa":
        return f"{about['kind']} {about['feature']} {about['material']} مدل {about['model']}"
    if about["language"] == "ar":
        return f"{about['kind']} {about['material']} {about['feature']} {about['model']}"
    return f"{about['model']} {about['feature']} {about['material']} {about['kind']}"


def _text(chance: random.Random, about: dict[str, str]) -> str:
    if about["language"] == "fa":
        colours = "، ".join(chance.sample(PERSIAN_COLOURS, 3))
        price = f"{chance.randrange(180, 4900) * 1000:,} تومان"
        return f"{chance.choice(PERSIAN_WORDS)}\nرنگ‌ها: {colours}\nسایز: {_sizes(chance)}\nقیمت: {price}\nکد: {about['sku']}"
    if about["language"] == "ar":
        colours = "، ".join(chance.sample(ARABIC_COLOURS, 3))
        price = f"{chance.randrange(40, 900)} درهم"
        return f"{chance.choice(ARABIC_WORDS)}\nالألوان: {colours}\nالمقاسات: {_sizes(chance)}\nالسعر: {price}\nرمز: {about['sku']}"
    colours = ", ".join(chance.sample(ENGLISH_COLOURS, 3))
    price = f"{chance.randrange(12, 390)} USD"
    return f"{chance.choice(ENGLISH_WORDS)}\nColours: {colours}\nSizes: {_sizes(chance)}\nPrice: {price}\nSKU: {about['sku']}"


def _sizes(chance: random.Random) -> str:
    return chance.choice(("36 38 40 42", "38 40 42 44", "S M L", "M L XL", "37 38 39 40 41", "Free size"))
