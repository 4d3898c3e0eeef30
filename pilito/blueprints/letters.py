"""What is written to people of the shop by mail, in the language of whoever has it written."""

from flask import url_for
from flask_babel import gettext

from pilito.extensions import settings


def link_address(endpoint: str, token: str) -> str:
    return settings.public_url + url_for(endpoint, token=token)


def invitation_letter(token: str) -> tuple[str, str]:
    text = gettext(
        "You are invited to answer your shop's customers in Pilito.\n\nOpen this link within three days and choose a"
        " password. It works once.\n\n%(link)s",
        link=link_address("doors.show_invitation", token),
    )
    return gettext("Your invitation to Pilito"), text


def password_letter(token: str) -> tuple[str, str]:
    text = gettext(
        "By this link you choose a new password for Pilito. It works once, for one day.\n\n%(link)s\n\nIf you did not"
        " ask for it, do nothing: your password stays as it is.",
        link=link_address("doors.show_new_password", token),
    )
    return gettext("A new password for Pilito"), text
