"""The rarer things that Instagram posts, as Meta builds them: shapes of messages, and what happens around them. Pure.

Facts: channels/instagram/README.md. A shape is what a messaging item says besides who and when.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pilito.demo import shop
from pilito.demo.media import PHOTO, STORY
from pilito.demo.payloads import Json

STORY_ID, AD_ID = "17900000000000077", "120200000000000077"
AD_POST = shop.POSTS[0]
SLIDES = shop.POSTS[:3]
# Meta's own type is not in any list of ours: a kind that nobody knows yet.
OUR_APP_ID, INBOX_APP_ID = "900000000000001", "1217981644879628"  # the second is the app of Instagram's own inbox
UNKNOWN_TYPE = "hologram"


@dataclass(frozen=True)
class Parts:
    """What a shape is made of; `url_of` gives the address of a file of the demo."""

    mid: str
    text: str
    url_of: Callable[[str], str]


def _message(parts: Parts, **said: object) -> Json:
    return {"message": {"mid": parts.mid, **({"text": parts.text} if parts.text else {}), **said}}


def _attached(parts: Parts, kind: str, **payload: object) -> Json:
    attachment: Json = {"type": kind, **({"payload": payload} if payload else {})}
    return {"message": {"mid": parts.mid, "attachments": [attachment]}}


def _story_reply(parts: Parts) -> Json:
    return _message(parts, reply_to={"story": {"url": parts.url_of(STORY), "id": STORY_ID}})


def _ig_story(parts: Parts) -> Json:
    return _attached(parts, "ig_story", story_media_id=STORY_ID, story_media_url=parts.url_of(STORY))


def _carousel(parts: Parts) -> Json:
    """One post of several pictures; only the first tells its id."""
    first = {"ig_post_media_id": SLIDES[0].media_id, "title": SLIDES[0].caption}
    payloads = [
        {**(first if not number else {}), "url": parts.url_of(f"{post.id}.jpg")} for number, post in enumerate(SLIDES)
    ]
    return {"message": {"mid": parts.mid, "attachments": [{"type": "ig_post", "payload": one} for one in payloads]}}


def _product(parts: Parts) -> Json:
    title, _, subtitle = AD_POST.caption.partition("\n")
    card = {"id": AD_POST.media_id, "title": title, "subtitle": subtitle.partition("\n")[0]}
    return _attached(
        parts, "template", product={"elements": [{**card, "image_url": parts.url_of(f"{AD_POST.id}.jpg")}]}
    )


def _web_link(parts: Parts) -> Json:
    return _attached(parts, "fallback", url="https://niloofar.example/size-guide", title="راهنمای سایز")


def _file(parts: Parts) -> Json:
    return _attached(parts, "file", url=parts.url_of(PHOTO))


def _quick_reply(parts: Parts) -> Json:
    return _message(parts, quick_reply={"payload": "SHIPPING_TEHRAN"})


def _ice_breaker(parts: Parts) -> Json:
    return _message(parts, quick_reply={"payload": f"3:IB_FIRST_PARTY:{secrets.randbits(40)}"})


def _button(parts: Parts) -> Json:
    return {"postback": {"mid": parts.mid, "title": parts.text, "payload": "CATALOGUE"}}


def _ad(parts: Parts) -> Json:
    return _message(parts, referral=ad_referral(parts.url_of))


def ad_referral(url_of: Callable[[str], str]) -> Json:
    """A tap on an advertisement of the shop."""
    ad = {"ad_title": AD_POST.caption.partition("\n")[0][:40], "photo_url": url_of(f"{AD_POST.id}.jpg")}
    return {"ref": "autumn", "ad_id": AD_ID, "source": "ADS", "type": "OPEN_THREAD", "ads_context_data": ad}


def _ephemeral(parts: Parts) -> Json:
    return _attached(parts, "ephemeral")


def _unknown(parts: Parts) -> Json:
    return _attached(parts, UNKNOWN_TYPE, url=parts.url_of(STORY))


SHAPES: Mapping[str, Callable[[Parts], Json]] = {
    "story_reply": _story_reply,
    "ig_story": _ig_story,
    "carousel": _carousel,
    "product": _product,
    "web_link": _web_link,
    "file": _file,
    "quick_reply": _quick_reply,
    "ice_breaker": _ice_breaker,
    "button": _button,
    "ad": _ad,
    "ephemeral": _ephemeral,
    "unknown": _unknown,
}
# What their maker or the customer says with them, where nothing was typed.
DEFAULT_TEXTS: Mapping[str, str] = {
    "story_reply": "این رنگش رو دارین؟",
    "quick_reply": "هزینه‌ی ارسال",
    "ice_breaker": "ارسال چند روز طول می‌کشد؟",
    "button": "دیدن محصولات",
    "ad": "سلام، این هنوز موجوده؟",
}
# The picture that the phone shows for it.
PICTURES: Mapping[str, str] = {
    "ig_story": STORY,
    "story_reply": STORY,
    "carousel": f"{SLIDES[0].id}.jpg",
    "product": f"{AD_POST.id}.jpg",
    "ad": f"{AD_POST.id}.jpg",
}


# --- around a message -------------------------------------------------------------------------------------------------


def react(mid: str, emoji: str) -> Json:
    return {
        "reaction": {"mid": mid, "action": "react", "reaction": "love" if emoji == "❤️" else "other", "emoji": emoji}
    }


def unreact(mid: str) -> Json:
    return {"reaction": {"mid": mid, "action": "unreact"}}


def edit(mid: str, text: str, number: int) -> Json:
    return {"message_edit": {"mid": mid, "text": text, "num_edit": number}}


def taken() -> Json:
    """Another app takes the conversation from us."""
    return {"take_thread_control": {"previous_owner_app_id": OUR_APP_ID, "new_owner_app_id": INBOX_APP_ID}}


def opted_in() -> Json:
    return {"optin": {"type": "notification_messages", "payload": "new-collection"}}


def warning() -> Json:
    """Meta tells the account what it did wrong; nobody's message."""
    return {"policy-enforcement": {"action": "warning", "reason": "Spammy automated messaging (demo)"}}


def seen(mid: str) -> Json:
    return {"read": {"mid": mid}}
