"""The demo shop «گالری نیلوفر» and its posts; all of it is invented."""

from dataclasses import dataclass

NAME = "گالری نیلوفر"
NAME_EN = "Niloofar Gallery"
USERNAME = "niloofar.gallery.demo"


@dataclass(frozen=True)
class Post:
    """A post or a reel of the shop, as its customers see it. `caption` is empty where the shop wrote none."""

    id: str  # also the name of its picture: static/demo/media/<id>.svg
    media_id: str
    code: str  # the last part of its permalink
    is_reel: bool
    alt: str
    alt_en: str
    caption: str = ""

    @property
    def permalink(self) -> str:
        return f"https://www.instagram.com/{'reel' if self.is_reel else 'p'}/{self.code}/"


_DRESS = """\
پیراهن لینن «ماهور» 🌸
قیمت: ۱٬۸۵۰٬۰۰۰ تومان
سایز: ۳۶ تا ۴۴
رنگ‌ها: کرم، گل‌بهی، سبز زیتونی
جنس: لینن شسته‌شده، آستر نخی، جیب‌دار
ارسال به سراسر ایران با پست پیشتاز ۶۵٬۰۰۰ تومان، ۲ تا ۴ روز کاری
خرید بالای ۳٬۰۰۰٬۰۰۰ تومان: ارسال رایگان
#پیراهن_لینن #گالری_نیلوفر"""

_SCARF = """\
روسری ابریشم توییل، طرح «حوض فیروزه»
قواره: ۹۰ در ۹۰ سانتی‌متر، دور دست‌دوز
قیمت: ۶۹۰٬۰۰۰ تومان
رنگ‌ها: فیروزه‌ای، اناری
شستشو فقط با دست و آب سرد
ارسال: پست پیشتاز، ۶۵٬۰۰۰ تومان"""

_BAG = """\
کیف دوشی چرم طبیعی «کارون» 👜 دست‌دوز
قیمت: ۲٬۴۰۰٬۰۰۰ تومان
ابعاد: ۲۴ در ۱۸ در ۸ سانتی‌متر، بند قابل تنظیم
رنگ‌ها: عسلی، مشکی
۱۲ ماه ضمانت دوخت و یراق
ارسال به همه‌ی شهرها؛ تهران با پیک همان روز، هزینه‌ی پیک با مشتری"""

_COAT = """\
پالتوی پشمی «البرز» برای سرمای واقعی ❄️
سایز: ۱ (۳۸ تا ۴۰) و ۲ (۴۲ تا ۴۴)
رنگ‌ها: شتری، سرمه‌ای
جنس: ۷۰٪ پشم، آستر ساتن
برای قیمت و موجودی پیام بدهید 🤍"""

_BOOTS = """\
"Toranj" ankle boots 🍂
Price: 3,200,000 toman
Sizes: EU 36-41 (true to size)
Colours: tan, black
Genuine leather, 5 cm block heel, side zip
Shipping: 2-4 working days anywhere in Iran, 65,000 toman; free over 3,000,000 toman"""

_MUGS = """\
Hand-thrown stoneware mugs, set of two ☕️
Price: 480,000 toman per set
Colours: sea blue, terracotta
300 ml each, dishwasher safe
Packed in a gift box; ships within 3 working days, 65,000 toman"""

_KNIT = """\
ست بافت زمستانه: پلیور و کلاه 🧶
قیمت ست: ۱٬۳۲۰٬۰۰۰ تومان (به‌جای ۱٬۵۵۰٬۰۰۰ تومان، تا پایان آذر)
سایز: فری‌سایز، مناسب ۳۶ تا ۴۲
رنگ‌ها: یاسی، شیری، طوسی
کاموای مرینوس، بدون حساسیت پوستی
تعویض سایز و رنگ تا ۷ روز
ارسال: پست پیشتاز، ۶۵٬۰۰۰ تومان"""

_SUNGLASSES = """\
عینک آفتابی «کیش» 😎 با فریم استات
قیمت: ۹۸۰٬۰۰۰ تومان
عدسی: پلاریزه، UV400
رنگ‌ها: لاک‌پشتی، مشکی
همراه با جعبه و دستمال
ارسال: پست پیشتاز، ۶۵٬۰۰۰ تومان"""

POSTS = (
    Post("dress", "18000000000000101", "DPL-mahoor1", False, "پیراهن لینن", "Linen dress", _DRESS),
    Post("bag", "18000000000000102", "DPL-karoon2", True, "کیف چرم", "Leather bag", _BAG),
    Post("scarf", "18000000000000103", "DPL-firooz3", False, "روسری ابریشم", "Silk scarf", _SCARF),
    Post("coat", "18000000000000104", "DPL-alborz4", True, "پالتوی پشمی", "Wool coat", _COAT),
    Post("necklace", "18000000000000105", "DPL-negin05", False, "گردنبند", "Necklace"),
    Post("boots", "18000000000000106", "DPL-toranj6", True, "نیم‌بوت", "Ankle boots", _BOOTS),
    Post("knit", "18000000000000107", "DPL-knit007", False, "ست بافت", "Knit set", _KNIT),
    Post("mugs", "18000000000000108", "DPL-mugs008", False, "ماگ سفالی", "Mugs", _MUGS),
    Post("sunglasses", "18000000000000109", "DPL-kish009", True, "عینک آفتابی", "Sunglasses", _SUNGLASSES),
)

_BY_ID = {post.id: post for post in POSTS}
_BY_MEDIA_ID = {post.media_id: post for post in POSTS}


def strange_post(media_id: str, caption: str) -> Post:
    """A post of somebody else, which a customer shares all the same: none of ours, so it has no id here."""
    return Post("", media_id, f"DPX{media_id[-8:]}", False, "", "", caption)


def find_post(post_id: str) -> Post | None:
    return _BY_ID.get(post_id)


def find_post_by_media_id(media_id: str) -> Post | None:
    return _BY_MEDIA_ID.get(media_id)
