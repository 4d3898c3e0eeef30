"""The words about connecting accounts: what went wrong or was found, what to do; and the texts for Meta's review."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from pilito.blueprints.panel.sentences import DELIVERY_ERRORS, Sentence
from pilito.errors import TOKEN_ENDED

Words = Any

# Why an account could not be connected, or why the provider refuses a call for it.
PROBLEMS: dict[str, Sentence] = {
    "denied": Sentence(_("You cancelled the log-in."), _("Nothing was changed. Begin again whenever you like.")),
    "state_lost": Sentence(
        _("This log-in was not begun here, or was begun too long ago."), _("Press the button once more.")
    ),
    "login_refused": Sentence(
        _("Instagram did not accept the log-in."), _("Try again; if it goes on, check the app id and its secret.")
    ),
    "log_in_not_set_up": Sentence(
        _("The log-in with Instagram is not set up on this server."),
        _("Whoever runs it sets INSTAGRAM_APP_ID and INSTAGRAM_APP_SECRET; or paste a token."),
    ),
    "redirect_mismatch": Sentence(
        _("Instagram does not know the address it should come back to."),
        _("Enter the address below, letter by letter, in the app's business login settings."),
    ),
    "app_secret_wrong": Sentence(
        _("Instagram does not accept this server's app id and secret."),
        _("Set INSTAGRAM_APP_ID and INSTAGRAM_APP_SECRET to those of the app's Instagram page."),
    ),
    "code_used": Sentence(_("The log-in took too long, or was used twice."), _("Press the button once more.")),
    "scopes_missing": Sentence(
        _("You did not allow everything that is needed: %(names)s."),
        _("Connect again, and leave every switch on."),
    ),
    "not_professional": Sentence(
        _("This is not a professional account, so its messages cannot be read by an app."),
        _("Switch it to a professional account in Instagram's settings, then connect again."),
    ),
    "not_a_page_token": Sentence(
        _("This token is not the token of a Facebook Page."),
        _("Take the Page's own token; the token of a person does not do."),
    ),
    "no_linked_account": Sentence(
        _("No Instagram account is linked to this Facebook Page."),
        _("Link it in the Page's settings, then paste the token again."),
    ),
    "no_token": Sentence(_("That is no token."), _("Copy it whole, without spaces, and paste it again.")),
    "no_keys": Sentence(
        _("This server has no key to keep tokens safe with."), _("Whoever runs it sets ENCRYPTION_KEYS.")
    ),
    "token_dead": Sentence(
        _("The connection to the account has ended."), _("Connect it again; nothing of it is lost.")
    ),
    "token_unreadable": Sentence(
        _("The stored token cannot be read: its key is gone."),
        _("Whoever runs the server puts the key back into ENCRYPTION_KEYS; or connect the account again."),
    ),
    "token_has_no_end": Sentence(_("A Page's token does not end by time."), _("There is nothing to renew.")),
    "disconnected": Sentence(_("It was disconnected here."), _("Connect it again to go on.")),
    "deauthorized": Sentence(
        _("The account removed the app in Instagram's settings."), _("Connect it again to go on.")
    ),
    "deletion_requested": Sentence(
        _("The account asked for its data to be deleted."), _("It is being erased; there is nothing to do.")
    ),
    "being_erased": Sentence(
        _("This account is still being erased, as it was asked for."),
        _("Connect it again in some minutes; it begins anew then."),
    ),
    "permission": Sentence(
        _("The account does not give the permission for this."), _("Connect it again, and leave every switch on.")
    ),
    "message_access_off": Sentence(
        _("Access to messages is switched off in the Instagram app."),
        _("On the phone: Settings › Messages and story replies › Message controls › Connected tools: allow access."),
    ),
    "restricted": Sentence(_("Instagram restricts this account at the moment."), _("Look at its notices there.")),
    "rate_limited": Sentence(_("Instagram asks us to wait a while."), _("Try again in a few minutes.")),
    "temporary": Sentence(_("Instagram cannot be reached at the moment."), _("Try again in a few minutes.")),
    "outcome_unknown": Sentence(_("Instagram had a problem with this."), _("Try again in a few minutes.")),
    "bad_request": Sentence(
        _("Instagram did not accept the request."), _("Try again; if it goes on, look into the server's log.")
    ),
    "subscription_missing": Sentence(
        _("Instagram does not post this account's messages to us."),
        _("It is asked for again every ten minutes. If that does not help, press “Have them posted again”."),
    ),
    "inbox_not_found": Sentence(_("This account is not here any more."), _("Go back to the list.")),
}
# Why a token ended is said in the same words as beside a reply that could not be sent.
PROBLEMS |= {
    reason: Sentence(DELIVERY_ERRORS[reason].what, PROBLEMS["token_dead"].next)
    for reason in TOKEN_ENDED - PROBLEMS.keys() - {"checkpoint", "role_lost"}
}
PROBLEMS |= {reason: DELIVERY_ERRORS[reason] for reason in ("checkpoint", "role_lost")}
OTHERWISE = Sentence(_("That did not work."), _("Try again; if it goes on, look into the server's log."))

# What each look of the check is called.
CHECKS: dict[str, Words] = {
    "token": _("The connection"),
    "account": _("The account"),
    "scopes": _("Permissions"),
    "comments": _("Permission for comments"),
    "life": _("How long it lasts"),
    "access": _("Access to messages"),
    "subscription": _("Messages are posted to us"),
    "address": _("This server's public address"),
    "webhook": _("Heard from Instagram"),
}
# What a look found; a reason that is not here is one of PROBLEMS.
FOUND: dict[str, Sentence] = {
    "alive": Sentence(_("It works.")),
    "same_account": Sentence(_("It belongs to %(names)s.")),
    "another_account": Sentence(
        _("It belongs to another account: %(names)s."), _("Connect this account again, logged in as itself.")
    ),
    "scopes_given": Sentence(_("Everything that is needed was allowed.")),
    "scopes_unknown": Sentence(
        _("A pasted token does not say what it allows."),
        _("Nothing to do as long as the looks below are green."),
    ),
    "scopes_missing": Sentence(_("Not allowed: %(names)s."), _("Connect again, and leave every switch on.")),
    "comment_scopes_given": Sentence(_("Comments may be read and answered privately.")),
    "comment_scopes_missing": Sentence(
        _("Comments are switched on here, but not allowed at Instagram: %(names)s."),
        _("Press “Connect, with comments” in the list of accounts, or switch comments off."),
    ),
    "no_end": Sentence(_("A Page's token does not end by time.")),
    "end_unknown": Sentence(
        _("Nobody told us when this token ends."), _("It is renewed within a day, and then we know.")
    ),
    "lasts": Sentence(_("%(names)s days left; it is renewed by itself ten days before the end.")),
    "ending": Sentence(
        _("Only %(names)s days left, and it could not be renewed."), _("Press “Renew now”, or connect again.")
    ),
    "access_given": Sentence(_("The account lets us read and answer its messages.")),
    "subscribed": Sentence(_("Posted: %(names)s.")),
    "subscription_missing": Sentence(
        _("Not posted: %(names)s."), _("Press “Have them posted again” in the list of accounts.")
    ),
    "address_answers": Sentence(_("%(names)s answers as Instagram expects.")),
    "address_without_https": Sentence(
        _("%(names)s answers, but without https."),
        _("Good enough for the demo. The real Instagram posts to https addresses only; see PUBLIC_URL."),
    ),
    "address_unreachable": Sentence(
        _("%(names)s could not be reached from here."),
        _("Check PUBLIC_URL and the proxy. Some networks cannot reach their own public address: try it from a phone."),
    ),
    "address_answers_otherwise": Sentence(
        _("%(names)s answers, but not as this server would."),
        _("PUBLIC_URL leads to another server, or the proxy changes the request."),
    ),
    "certificate_wrong": Sentence(
        _("The certificate of %(names)s is not valid."), _("Instagram refuses such an address. Renew the certificate.")
    ),
    "never_heard": Sentence(
        _("Nothing has come from Instagram yet."), _("Send the test message below. In the app: is the webhook set up?")
    ),
    "heard": Sentence(_("The newest event came %(names)s.")),
    "silent": Sentence(
        _("The newest event came %(names)s."), _("If customers wrote since then, send the test message below.")
    ),
}
SCOPES: dict[str, Words] = {
    "instagram_business_basic": _("see the profile"),
    "instagram_business_manage_messages": _("read and send messages"),
    "instagram_business_manage_comments": _("read and answer comments"),
    "instagram_manage_comments": _("read and answer comments"),
    "instagram_basic": _("see the profile"),
    "instagram_manage_messages": _("read and send messages"),
    "pages_manage_metadata": _("receive what is posted to the Page"),
}
LOGINS: dict[str, Words] = {"instagram": _("Instagram log-in"), "facebook": _("Facebook Page")}


@dataclass(frozen=True)
class ReviewText:
    """One answer of Meta's review: what it is about, in the reader's language, and the text to paste, in English."""

    title: Words
    hint: Words
    text: str


# Meta's reviewers read English, so these are not translated.
REVIEW = (
    ReviewText(
        _("What the app does"),
        _("Goes into the description of the app."),
        "Our shop answers its customers' Instagram direct messages with this app. When a customer shares a post or a "
        "reel and asks about it, the app answers from what the shop wrote in that post. Whatever it does not know is "
        "handed to a person of the shop, who answers in the app's inbox. It is used by our own shop's staff only.",
    ),
    ReviewText(
        _("instagram_business_basic"),
        _("Why the profile is read."),
        "We read the id and the user name of our own professional account to show which account is connected, and to "
        "know which incoming messages belong to it. We read nothing of other accounts with it.",
    ),
    ReviewText(
        _("instagram_business_manage_messages"),
        _("Why messages are read and sent."),
        "We receive the messages that customers send to our professional account, show them to our staff in one inbox, "
        "and send the answers. We write only to people who wrote to us, within 24 hours of their message. Automated "
        "answers come from the shop's own text; a person takes over whenever the answer is not there.",
    ),
    ReviewText(
        _("Human Agent"),
        _("Only if people of the shop shall answer up to seven days later."),
        "Some questions need a person to look into stock or an order, which can take longer than 24 hours. The tag is "
        "used only for answers that a person of the shop typed, never for automated ones, and at most seven days after "
        "the customer's message.",
    ),
    ReviewText(
        _("How to test it"),
        _("For the reviewer; add a log-in made with “flask operator add”."),
        "1. Log in to the inbox with the given e-mail and password. 2. From another Instagram account, send a post of "
        "our account to it as a direct message, then the text “How much is this?”. 3. The message appears in the inbox "
        "within seconds, and the answer arrives in Instagram. 4. Send “I want to talk to a person”: the conversation "
        "moves to “Needs you”; press “Take over”, type an answer, and see it arrive in Instagram.",
    ),
)


def explain(reason: str, names: Sequence[str] = ()) -> str:
    """What happened and what to do, in one line."""
    problem = PROBLEMS.get(reason, OTHERWISE)
    return f"{_fill(problem.what, _scope_words(names))} {problem.next}"


def find_problem(reason: str | None) -> Sentence:
    return PROBLEMS.get(reason or "", OTHERWISE)


def explain_check(reason: str, details: Sequence[str]) -> Sentence:
    """The two sentences of a look, with what they name."""
    found = FOUND.get(reason) or PROBLEMS.get(reason, OTHERWISE)
    names = _scope_words(details) if reason == "scopes_missing" else [isolated(name) for name in details]
    return Sentence(_fill(found.what, names), found.next)


def _fill(words: Words, names: Sequence[str]) -> str:
    return str(words).replace("%(names)s", _comma().join(names))


def isolated(name: str) -> str:
    """A name or an address keeps its own direction inside a sentence of the other one."""
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def _scope_words(names: Sequence[str]) -> list[str]:
    return [str(SCOPES.get(name, name)) for name in names]


def _comma() -> str:
    return gettext(", ")
