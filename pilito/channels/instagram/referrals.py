"""Reads where a customer came from: an advertisement, a product of the shop, an ig.me link."""

from collections.abc import Mapping
from typing import Any

from pilito.channels.base import Referral
from pilito.channels.instagram.values import MEDIA_ID_LENGTH, http_url, id_of, mapping_of, part_of, word_of

LONGEST_PART = 500  # characters; a title of an advertisement has at most 40, a link's `ref` at most 2083


def referral_in(*places: Mapping[str, Any]) -> Referral | None:
    """Return the first referral that says something: inside a message or button, or beside it in the same item."""
    return next((found for place in places if (found := read_referral(place.get("referral")))), None)


def read_referral(value: Any) -> Referral | None:
    """Return a referral's parts; None for one that holds nothing we know."""
    said = mapping_of(value)
    ad = mapping_of(said.get("ads_context_data"))
    referral = Referral(
        source=word_of(said.get("source")) or None,
        ref=_short(said.get("ref")),
        ad_id=_id(said.get("ad_id")),
        ad_title=_short(ad.get("ad_title")),
        picture_url=http_url(ad.get("photo_url")) or http_url(ad.get("video_url")),  # the second: a film's still
        post_id=_id(ad.get("post_id")),
        product_id=_id(ad.get("product_id")) or _id(mapping_of(said.get("product")).get("id")),
    )
    return referral if referral != Referral() else None


def _short(value: Any) -> str | None:
    text = part_of(value)
    return text[:LONGEST_PART] if text else None


def _id(value: Any) -> str | None:
    return id_of(value, MEDIA_ID_LENGTH)
