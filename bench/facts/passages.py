"""500 passages of the same shop: questions with their answers, and pieces of its pages, in three languages."""

from collections.abc import Iterator

from bench.facts.catalogue import ARABIC, ENGLISH, PERSIAN, Item

PERSIAN_CITIES = (
    "تهران اصفهان شیراز مشهد تبریز کرج اهواز قم رشت ساری کرمان یزد همدان زاهدان ارومیه اراک بندرعباس کرمانشاه گرگان قزوین"
    " سنندج بوشهر زنجان خرم‌آباد ایلام بجنورد بیرجند سمنان شهرکرد یاسوج"
).split()
PERSIAN_MATERIALS = (
    "کتان لینن کرپ جین ابریشم ساتن حریر مخمل پشم کاموا چرم جیر نقره طلا استیل مروارید سرامیک حصیری ورنی کشمیر"
).split()
PERSIAN_PEOPLE = "مادر پدر همسر دوست خواهر برادر معلم همکار نامزد مادربزرگ پدربزرگ کودک نوجوان".split()
ARABIC_CITIES = (
    "دبي أبوظبي الشارقة الرياض جدة الدمام الدوحة الكويت مسقط المنامة عمان بيروت بغداد أربيل البصرة القاهرة".split()
)
ARABIC_MATERIALS = "قطن حرير ساتان شيفون مخمل كريب كتان جلد شامواه صوف كشمير فضة ذهب لؤلؤ".split()
ENGLISH_PLACES = "Germany France Turkey Canada Sweden Austria Italy Spain Norway Australia Georgia Oman Iraq".split()
ENGLISH_MATERIALS = (
    "cotton linen silk satin velvet wool cashmere leather suede silver gold pearl stoneware denim".split()
)

PERSIAN_GENERAL = {
    "pay": ("روش‌های پرداخت", "کارت به کارت، درگاه بانکی و پرداخت در محل (فقط تهران)."),
    "instalments": ("خرید اقساطی", "با اسنپ‌پی و دیجی‌پی در چهار قسط ماهانه بدون سود."),
    "exchange": ("تعویض کالا", "تا ۷ روز پس از تحویل، با لیبل و بدون استفاده. هزینه پست با خریدار است."),
    "return": ("مرجوع کردن", "تا ۳ روز پس از دریافت می‌توانید کالا را بازگردانید؛ وجه تا ۴۸ ساعت به کارت شما برمی‌گردد."),
    "tracking": ("کد رهگیری مرسوله", "شب ارسال برای شما پیامک می‌شود؛ از سامانه پست پیگیری کنید."),
    "gift": ("بسته‌بندی کادویی", "با کاغذ، ربان و کارت دست‌نویس، ۴۵ هزار تومان."),
    "wholesale": ("فروش عمده", "از ۱۰ عدد به بالا قیمت همکاری داده می‌شود."),
    "tailor": ("دوخت سفارشی با اندازه‌های شما", "ده روز کاری زمان می‌برد و بیعانه ۵۰ درصد دارد."),
    "coupon": ("کد تخفیف خرید اول", "عضو کانال شوید؛ کد ده درصدی برای شما فرستاده می‌شود."),
    "original": ("اصالت کالا", "کارها تولید خودمان است و برندها با شناسنامه و هولوگرام عرضه می‌شود."),
    "hours": ("ساعت کاری", "شنبه تا پنجشنبه از ۱۰ تا ۲۱؛ جمعه‌ها تعطیل هستیم."),
    "cancel": ("لغو سفارش", "تا پیش از بسته‌بندی، یعنی دو ساعت پس از ثبت، ممکن است."),
    "address_change": ("تغییر آدرس گیرنده", "پیش از ارسال به ما پیام دهید تا نشانی را درست کنیم."),
    "damaged": ("کالای آسیب‌دیده یا پاره", "همان روز تحویل عکس بفرستید؛ یک نوی آن را می‌فرستیم."),
    "wrong": ("کالای اشتباه", "اگر چیز دیگری به دست شما رسید، هزینه رفت و برگشت با ماست."),
    "restock": ("خبر کردن موقع شارژ مجدد", "آیدی و سایز خود را بگذارید تا با موجود شدن خبر بدهیم."),
    "abroad": ("ارسال به خارج از کشور", "به امارات، ترکیه و آلمان با DHL؛ گمرک با گیرنده است."),
    "photo": ("تفاوت رنگ با عکس", "عکس‌ها در نور روز گرفته شده؛ روی هر گوشی کمی فرق می‌کند."),
    "preorder": ("پیش‌خرید", "با پرداخت نیمی از مبلغ، کار فصل بعد برای شما کنار گذاشته می‌شود."),
    "invoice": ("فاکتور رسمی", "برای شرکت‌ها با کد اقتصادی صادر می‌شود."),
    "loyalty": ("باشگاه مشتریان", "هر صد هزار تومان خرید یک امتیاز؛ ده امتیاز یک ارسال رایگان."),
    "blogger": ("همکاری با بلاگرها", "رزومه و آمار پیج را به ایمیل تبلیغات بفرستید."),
    "job": ("استخدام", "برای فروشنده و خیاط، فرم سایت را پر کنید."),
    "giftcard": ("کارت هدیه", "در مبلغ‌های ۵۰۰ هزار و یک میلیون تومان، بدون تاریخ انقضا."),
    "express": ("ارسال فوری در تهران", "با پیک موتوری در همان روز، اگر تا ساعت ۱۴ سفارش دهید."),
    "free_shipping": ("ارسال رایگان", "برای خرید بالای دو میلیون تومان پست مهمان ما هستید."),
    "allergy": ("حساسیت پوستی به زیورآلات", "بدلیجات ما بدون نیکل است و پوست حساس را اذیت نمی‌کند."),
    "discolour": ("سیاه شدن نقره", "با جوش شیرین و فویل تمیز می‌شود؛ به عطر و آب نزنید."),
    "engraving": ("حک اسم", "روی پلاک تا ۱۲ حرف، فارسی یا لاتین، رایگان است."),
    "wide_foot": ("پای پهن", "برای پنجه پهن یک سایز بزرگ‌تر بردارید."),
}
ARABIC_GENERAL = {
    "pay": ("طرق الدفع", "بطاقة بنكية، تحويل، أو الدفع عند الاستلام."),
    "instalments": ("التقسيط", "عبر تابي وتمارا على أربع دفعات بلا فوائد."),
    "exchange": ("الاستبدال", "خلال سبعة أيام والقطعة بحالتها الأصلية."),
    "return": ("الإرجاع واسترداد المبلغ", "خلال ثلاثة أيام من الاستلام ويعود المبلغ إلى حسابك."),
    "tracking": ("تتبع الشحنة", "نرسل رقم التتبع برسالة نصية عند الشحن."),
    "gift": ("تغليف الهدايا", "علبة فاخرة وبطاقة مكتوبة باليد مقابل عشرين درهما."),
    "wholesale": ("البيع بالجملة", "أسعار خاصة للتجار من عشر قطع فأكثر."),
    "tailor": ("التفصيل حسب القياس", "يستغرق عشرة أيام عمل مع عربون."),
    "coupon": ("كود الخصم", "اشترك في القائمة البريدية لتحصل على عشرة بالمئة."),
    "original": ("ضمان الأصالة", "جميع منتجاتنا أصلية مع بطاقة ضمان."),
    "hours": ("ساعات الدوام", "من السبت إلى الخميس من العاشرة صباحا حتى التاسعة مساء."),
    "cancel": ("إلغاء الطلب", "ممكن قبل التغليف بالتواصل معنا."),
    "damaged": ("وصلت القطعة تالفة", "صورها يوم الاستلام ونرسل لك بديلا."),
    "wrong": ("منتج خاطئ", "إذا استلمت غير ما طلبت فالشحن علينا."),
    "restock": ("إشعار التوفر", "اترك رقمك ومقاسك ونخبرك عند توفره."),
    "customs": ("الجمارك والضرائب", "يدفعها المستلم حسب بلده."),
    "giftcard": ("بطاقة هدايا", "بقيمة مئة أو مئتي درهم وصالحة لسنة."),
    "express": ("التوصيل السريع", "في نفس اليوم داخل دبي قبل الثانية ظهرا."),
    "free_shipping": ("الشحن المجاني", "للطلبات فوق ثلاثمئة درهم."),
    "allergy": ("حساسية الجلد من الإكسسوارات", "قطعنا خالية من النيكل."),
    "engraving": ("نقش الاسم", "حتى اثني عشر حرفا بالعربية أو الإنجليزية مجانا."),
    "oud": ("ثبات العطر", "يدوم العطر الزيتي أكثر من ثماني ساعات على الملابس."),
}
ENGLISH_GENERAL = {
    "pay": ("Ways to pay", "Visa, Mastercard, PayPal or bank transfer."),
    "instalments": ("Paying in instalments", "Klarna splits the amount into three without interest."),
    "exchange": ("Exchanges", "Within 14 days, unworn and with its tags."),
    "return": ("Returns and refunds", "Send it back within 14 days; the money is on your card after five."),
    "tracking": ("Tracking your parcel", "You get a link by e-mail when it leaves us."),
    "gift": ("Gift wrapping", "A box, a ribbon and a handwritten note for 6 USD."),
    "wholesale": ("Wholesale", "Shops get a trade list from ten pieces on."),
    "tailor": ("Made to measure", "Ten working days and a deposit of half."),
    "coupon": ("Discount codes", "Ten per cent off your first order if you join the newsletter."),
    "original": ("Authenticity", "Everything is made by us and comes with a certificate."),
    "hours": ("Opening hours", "Monday to Saturday, 10 to 19."),
    "cancel": ("Cancelling an order", "Possible until it is packed, usually two hours."),
    "damaged": ("It arrived broken or torn", "Send a photo on the day and we replace it."),
    "wrong": ("Wrong item received", "We pay the way back and send what you ordered."),
    "restock": ("Back in stock alerts", "Leave your size and we write when it is here again."),
    "customs": ("Customs and duties", "Are paid by whoever receives the parcel."),
    "giftcard": ("Gift cards", "50 or 100 USD, valid for two years."),
    "express": ("Express delivery", "Next day in the city if ordered before 14:00."),
    "free_shipping": ("Free shipping", "On orders above 150 USD."),
    "allergy": ("Sensitive skin", "Our jewellery holds no nickel and is hypoallergenic."),
    "engraving": ("Engraving", "Up to twelve letters on any pendant, free of charge."),
    "vegan": ("Vegan materials", "The candles and the canvas bags hold nothing from animals."),
}


def make_passages() -> list[Item]:
    return list(_all())[:500]


def _all() -> Iterator[Item]:
    yield from _general("fa", PERSIAN_GENERAL)
    yield from _general("ar", ARABIC_GENERAL)
    yield from _general("en", ENGLISH_GENERAL)
    yield from _persian()
    yield from _arabic()
    yield from _english()


def _general(language: str, passages: dict[str, tuple[str, str]]) -> Iterator[Item]:
    for topic, (name, text) in passages.items():
        yield _passage(language, topic, "", name, text)


def _passage(language: str, topic: str, of: str, name: str, text: str) -> Item:
    about = {"language": language, "topic": topic, "of": of}
    return Item(f"passage:{language}-{topic}-{of}", name, text, about)


def _persian() -> Iterator[Item]:
    for number, city in enumerate(PERSIAN_CITIES):
        cost, days = 45 + number * 3 % 50, 1 + number % 5
        yield _passage(
            "fa",
            "shipping",
            city,
            f"ارسال به {city}",
            f"با پست پیشتاز {cost} هزار تومان، {days} تا {days + 2} روز کاری.",
        )
    for number, city in enumerate(PERSIAN_CITIES[:14]):
        yield _passage(
            "fa",
            "branch",
            city,
            f"شعبه {city}",
            f"خیابان امام، پلاک {number + 12}. تلفن 0{21 + number}-8877{number:02}66. خرید حضوری هر روز.",
        )
    for material in PERSIAN_MATERIALS:
        yield _passage(
            "fa",
            "care",
            material,
            f"شست‌وشو و نگهداری {material}",
            f"{material} را با آب سرد و بدون سفیدکننده تمیز کنید و دور از آفتاب نگه دارید.",
        )
        yield _passage(
            "fa",
            "about",
            material,
            f"{material} چیست",
            f"درباره {material}: از کجا می‌آید و چه فرقی با نمونه‌های ارزان دارد.",
        )
    for person in PERSIAN_PEOPLE:
        yield _passage(
            "fa", "gift_for", person, f"هدیه برای {person}", f"چند پیشنهاد که {person} را خوشحال می‌کند، با جعبه و کارت."
        )
    for kind in PERSIAN:
        yield _passage(
            "fa", "sizes", kind, f"راهنمای سایز {kind}", f"جدول اندازه‌های {kind}؛ دور کمر و قد خود را با متر بگیرید."
        )
        yield _passage("fa", "guarantee", kind, f"ضمانت {kind}", f"{kind} شش ماه گارانتی دوخت و ساخت دارد.")
        yield _passage(
            "fa", "matching", kind, f"{kind} را با چه بپوشیم", f"چند پیشنهاد برای ست کردن {kind} در مهمانی و محل کار."
        )


def _arabic() -> Iterator[Item]:
    for number, city in enumerate(ARABIC_CITIES):
        yield _passage(
            "ar",
            "shipping",
            city,
            f"الشحن إلى {city}",
            f"التكلفة {20 + number} درهما والمدة من {1 + number % 4} إلى {4 + number % 4} أيام.",
        )
    for city in ARABIC_CITIES[:8]:
        yield _passage("ar", "branch", city, f"فرعنا في {city}", "في المركز التجاري، الطابق الأول، مفتوح يوميا.")
    for material in ARABIC_MATERIALS:
        yield _passage(
            "ar",
            "care",
            material,
            f"العناية بـ{material} وغسله",
            f"يغسل {material} بالماء البارد ويحفظ بعيدا عن الشمس.",
        )
        yield _passage("ar", "about", material, f"من أين {material} لدينا", f"نختار {material} من ورش عائلية معروفة.")
    for kind in ARABIC:
        yield _passage("ar", "gift_of", kind, f"إهداء {kind}", f"لمن يناسب {kind} كهدية وكيف نغلفه.")
        yield _passage("ar", "sizes", kind, f"دليل مقاسات {kind}", f"جدول القياسات الخاص بـ{kind} بالسنتيمتر.")
        yield _passage("ar", "guarantee", kind, f"ضمان {kind}", f"ضمان {kind} ستة أشهر ضد عيوب الصناعة.")
        yield _passage("ar", "matching", kind, f"تنسيق {kind}", f"أفكار لتنسيق {kind} في العمل والمناسبات.")


def _english() -> Iterator[Item]:
    for number, place in enumerate(ENGLISH_PLACES):
        yield _passage(
            "en",
            "shipping",
            place,
            f"Shipping to {place}",
            f"{9 + number} USD by post, {4 + number % 5} to {9 + number % 5} working days.",
        )
    for material in ENGLISH_MATERIALS:
        yield _passage(
            "en",
            "care",
            material,
            f"How to care for {material}",
            f"Clean {material} gently in cold water and dry it flat.",
        )
        yield _passage(
            "en",
            "about",
            material,
            f"Where our {material} comes from",
            f"We buy {material} from two family businesses.",
        )
    for kind in ENGLISH:
        yield _passage(
            "en",
            "batch",
            kind,
            f"When the next {kind} batch comes",
            f"We make a new batch of each {kind} every season.",
        )
        yield _passage("en", "sizes", kind, f"Size guide: {kind}", f"Measurements of each {kind} in centimetres.")
        yield _passage("en", "guarantee", kind, f"Guarantee on {kind}", f"Six months on every {kind} against faults.")
        yield _passage("en", "matching", kind, f"What goes with a {kind}", f"Ideas for wearing or placing a {kind}.")
        yield _passage("en", "about", kind, f"How we make a {kind}", f"From the first sketch to the finished {kind}.")
        yield _passage("en", "gift_of", kind, f"Giving a {kind}", f"Who would be glad of a {kind}, and how we pack it.")
