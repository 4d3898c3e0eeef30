"""The demo shop's catalogue and the questions it answers, in Persian and English; made as a shop makes its own."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from pilito.demo.shop import find_post
from pilito.knowledge.drafts import ProductDraft, VariantDraft
from pilito.knowledge.products import save_product
from pilito.knowledge.texts import save_text
from pilito.lifecycle import PassageKind
from pilito.models import Source, db
from pilito.money import TOMAN

OFFER = timedelta(days=30)


def fill(inbox_id: int, now: datetime) -> bool:
    """Give the demo shop its facts, unless it has some; return whether it did."""
    known = select(Source.id).where(or_(Source.inbox_id == inbox_id, Source.inbox_id.is_(None))).limit(1)
    if db.session.scalar(known) is not None:
        return False
    for draft in products(now):
        save_product(None, inbox_id, draft, None, now)
    for kind, title, text in TEXTS:
        save_text(None, inbox_id, kind, title, text, None, now)
    return True


def products(now: datetime) -> tuple[ProductDraft, ...]:
    return (
        _product(
            "پیراهن لینن «ماهور»", "dress", "پیراهن، لباس زنانه",
            "لینن شسته‌شده با آستر نخی، جیب‌دار، قد ۱۱۵ سانتی‌متر. شستشو با آب سرد.",
            _grid("MH", ("36", "38", "40", "42", "44"), ("کرم", "گل‌بهی", "سبز زیتونی"), 1_850_000,
                  stocks=(3, 0, 2, 5, 1, 4, 2, 0, 3, 1, 2, 2, 0, 1, 1)),
        ),
        _product(
            "روسری ابریشم توییل «حوض فیروزه»", "scarf", "روسری",
            "قواره ۹۰ در ۹۰ سانتی‌متر، دور دست‌دوز. شستشو فقط با دست و آب سرد.",
            _colours("HF", ("فیروزه‌ای", "اناری"), 690_000, (6, 2)),
        ),
        _product(
            "کیف دوشی چرم «کارون»", "bag", "کیف، چرم",
            "چرم طبیعی دست‌دوز، ۲۴ در ۱۸ در ۸ سانتی‌متر، بند قابل تنظیم. ۱۲ ماه ضمانت دوخت و یراق.",
            _colours("KR", ("عسلی", "مشکی"), 2_400_000, (2, 4)),
        ),
        _product(
            "پالتوی پشمی «البرز»", "coat", "پالتو، لباس زمستانی",
            "۷۰٪ پشم با آستر ساتن. سایز ۱ برای ۳۸ تا ۴۰ و سایز ۲ برای ۴۲ تا ۴۴.",
            _grid("AL", ("۱", "۲"), ("شتری", "سرمه‌ای"), 4_650_000, stocks=(2, 1, 3, 0)),
        ),
        _product(
            "گردنبند «نگین»", "necklace", "زیورآلات",
            "نقره‌ی ۹۲۵ با آبکاری طلا و نگین فیروزه‌ی نیشابور، زنجیر ۴۵ سانتی‌متر.",
            (VariantDraft(sku="NG-1", price=890_000, stock=7, available=True),),
        ),
        _product(
            "\u201cToranj\u201d ankle boots", "boots", "Shoes, boots",
            "Genuine leather, 5 cm block heel, side zip. True to size.",
            _grid("TR", ("36", "37", "38", "39", "40", "41"), ("tan", "black"), 3_200_000,
                  stocks=(1, 2, 3, 3, 2, 0, 0, 2, 4, 3, 1, 1)),
        ),
        _product(
            "ست بافت زمستانه: پلیور و کلاه", "knit", "بافت، لباس زمستانی",
            "کاموای مرینوس بدون حساسیت پوستی، فری‌سایز، مناسب ۳۶ تا ۴۲.",
            _colours("BF", ("یاسی", "شیری", "طوسی"), 1_320_000, (3, 5, 0), old_price=1_550_000),
        ),
        _product(
            "Hand-thrown stoneware mugs, set of two", "mugs", "Home, ceramics",
            "300 ml each, dishwasher safe, packed in a gift box.",
            _colours("MG", ("sea blue", "terracotta"), 480_000, (8, 5)),
        ),
        _product(
            "عینک آفتابی «کیش»", "sunglasses", "عینک",
            "فریم استات، عدسی پلاریزه‌ی UV400، همراه با جعبه و دستمال.",
            _colours("KS", ("لاک‌پشتی", "مشکی"), 980_000, (4, 6)),
        ),
        _product(
            "شومیز نخی «نسیم»", None, "شومیز، لباس زنانه",
            "نخ پنبه، آستین بلند، مناسب محل کار.",
            _grid("NS", ("38", "40", "42"), ("سفید", "آبی آسمانی"), 980_000, stocks=(4, 2, 3, 3, 0, 1)),
        ),
        _product(
            "Linen tote bag", None, "Bags",
            "Undyed linen, 40 by 38 cm, inner pocket. Machine washable at 30 degrees.",
            (VariantDraft(sku="TB-1", price=320_000, stock=15, available=True),),
        ),
        _product(
            "بسته‌ی هدیه‌ی زمستانه: شال و جوراب پشمی", None, "هدیه",
            "شال ۱۸۰ در ۳۰ سانتی‌متر و یک جفت جوراب پشمی، در جعبه‌ی هدیه.",
            (VariantDraft(sku="GF-1", price=750_000, old_price=920_000, stock=9, available=True),),
            valid_until=now + OFFER,
        ),
    )  # fmt: skip


TEXTS = (
    (
        PassageKind.FAQ,
        "هزینه و زمان ارسال چقدر است؟",
        "پست پیشتاز به سراسر ایران ۶۵٬۰۰۰ تومان، ۲ تا ۴ روز کاری. خرید بالای ۳٬۰۰۰٬۰۰۰ تومان ارسال رایگان دارد. "
        "در تهران پیک همان روز هم هست و هزینه‌ی پیک با مشتری است.",
    ),
    (
        PassageKind.FAQ,
        "تعویض و مرجوعی چگونه است؟",
        "تا ۷ روز پس از رسیدن کالا، اگر استفاده نشده و برچسب آن سالم باشد. هزینه‌ی پست تعویض با مشتری است، "
        "مگر کالا ایراد داشته باشد.",
    ),
    (
        PassageKind.FAQ,
        "چطور پرداخت کنم؟",
        "کارت به کارت یا درگاه پرداخت. پرداخت در محل فقط در تهران با پیک.",
    ),
    (
        PassageKind.FAQ,
        "How do I choose my size?",
        "Our clothes are true to size. Between two sizes, take the larger one. Boots come in EU sizes 36 to 41.",
    ),
    (
        PassageKind.FAQ,
        "Do you ship abroad?",
        "Not yet: we ship to every city in Iran, by express post for 65,000 toman, in 2 to 4 working days.",
    ),
    (
        PassageKind.TEXT,
        "درباره‌ی گالری نیلوفر",
        "گالری نیلوفر یک فروشگاه کوچک آنلاین است. به پیام‌ها شنبه تا پنجشنبه از ساعت ۱۰ تا ۲۰ پاسخ می‌دهیم. "
        "فروش حضوری نداریم.",
    ),
)


def _product(
    name: str,
    post_id: str | None,
    category: str,
    description: str,
    variants: Iterable[VariantDraft],
    valid_until: datetime | None = None,
) -> ProductDraft:
    post = find_post(post_id) if post_id else None
    rows = tuple(variants)
    return ProductDraft(
        name=name,
        description=description,
        category=category,
        sku=rows[0].sku if len(rows) == 1 else None,
        link=post.permalink if post else None,
        currency=TOMAN,
        valid_until=valid_until,
        variants=rows,
    )


def _grid(
    code: str, sizes: tuple[str, ...], colours: tuple[str, ...], price: int, stocks: tuple[int, ...]
) -> Iterable[VariantDraft]:
    pairs = [(size, colour) for colour in colours for size in sizes]
    for number, ((size, colour), stock) in enumerate(zip(pairs, stocks, strict=True), 1):
        yield VariantDraft(
            sku=f"{code}-{number}", size=size, colour=colour, price=price, stock=stock, available=stock > 0
        )


def _colours(
    code: str, colours: tuple[str, ...], price: int, stocks: tuple[int, ...], old_price: int | None = None
) -> Iterable[VariantDraft]:
    for number, (colour, stock) in enumerate(zip(colours, stocks, strict=True), 1):
        yield VariantDraft(
            sku=f"{code}-{number}",
            colour=colour,
            price=price,
            old_price=old_price,
            stock=stock,
            available=stock > 0,
        )
