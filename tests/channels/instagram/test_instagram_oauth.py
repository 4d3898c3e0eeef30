"""Log-ins, tokens and accounts, over real HTTP with the demo's Instagram; all answer forms that Meta was seen with."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from meta import ACCOUNT, RETURN, SCOPED_ID, USERNAME
from rows import NOON

from pilito.channels.base import Account
from pilito.channels.instagram import oauth, subscription
from pilito.config import load_settings
from pilito.demo.access import APP_ID
from pilito.errors import ChannelError

SECRET = "a secret of the tests, long enough"
NEEDED = ("instagram_business_basic", "instagram_business_manage_messages")


def settings_for(meta, **changes):
    values = {"_env_file": None, "instagram_app_secret": [SECRET], **meta.settings}
    return load_settings(**{**values, **changes})


@pytest.fixture
def settings(meta):
    return settings_for(meta)


def account(meta, token=None, login="instagram"):
    return Account(ACCOUNT, token or meta.token(), {"login": login})


def refusal_of(call, *args):
    with pytest.raises(ChannelError) as refused:
        call(*args)
    return refused.value


# --- log-in ----------------------------------------------------------------------------------------------------------


def test_the_browser_is_led_to_instagram_with_what_it_needs(settings):
    address = urlsplit(oauth.login_address(settings, RETURN, "a state"))

    asked = parse_qs(address.query)
    assert address.path == "/oauth/authorize"
    assert asked == {
        "client_id": [APP_ID],
        "redirect_uri": [RETURN],
        "response_type": ["code"],
        "scope": [",".join(NEEDED)],
        "state": ["a state"],
    }


def test_the_permission_for_comments_is_asked_for_only_where_they_are_wanted(settings):
    asked = parse_qs(urlsplit(oauth.login_address(settings, RETURN, "a state", with_comments=True)).query)

    assert asked["scope"] == [",".join([*NEEDED, "instagram_business_manage_comments"])]
    assert oauth.missing_comment_scopes({}, NEEDED) == ("instagram_business_manage_comments",)
    assert oauth.missing_comment_scopes({"login": "facebook"}, ["instagram_manage_comments"]) == ()


@pytest.mark.parametrize("answer", ["list", "flat"])
@pytest.mark.parametrize("scopes_as_list", [True, False])
def test_a_code_becomes_a_token_of_sixty_days_in_every_form_of_the_answer(meta, settings, answer, scopes_as_list):
    meta.script(answer=answer, scopes_as_list=scopes_as_list)

    grant = oauth.redeem(settings, meta.code(), RETURN, NOON)

    assert grant.scopes == NEEDED
    assert grant.expires_at == NOON + timedelta(days=60)
    assert (grant.account_id, grant.app_user_id, grant.username) == (ACCOUNT, SCOPED_ID, USERNAME)
    assert oauth.identify(settings, account(meta, grant.token)).account_id == ACCOUNT


def test_what_meta_leaves_at_the_end_of_the_code_is_cut_off(meta, settings):
    assert oauth.redeem(settings, meta.code() + "#_", RETURN, NOON).account_id == ACCOUNT


def test_a_code_is_good_once(meta, settings):
    code = meta.code()
    oauth.redeem(settings, code, RETURN, NOON)

    assert refusal_of(oauth.redeem, settings, code, RETURN, NOON).reason == "code_used"


def test_another_return_address_is_refused_with_its_own_reason(meta, settings):
    assert refusal_of(oauth.redeem, settings, meta.code(), f"{RETURN}/x", NOON).reason == "redirect_mismatch"


def test_every_secret_is_tried(meta):
    settings = settings_for(meta, instagram_app_secret=["the secret of the other login", SECRET])

    assert oauth.redeem(settings, meta.code(), RETURN, NOON).account_id == ACCOUNT


@pytest.mark.parametrize("changes", [{"instagram_app_secret": ["wrong, but long enough"]}, {"instagram_app_id": "1"}])
def test_an_app_that_instagram_does_not_know_is_named(meta, changes):
    assert (
        refusal_of(oauth.redeem, settings_for(meta, **changes), meta.code(), RETURN, NOON).reason == "app_secret_wrong"
    )


def test_a_scope_that_was_not_allowed_is_named(meta, settings):
    meta.script(missing_scopes=["instagram_business_manage_messages"])

    refused = refusal_of(oauth.redeem, settings, meta.code(), RETURN, NOON)

    assert (refused.reason, refused.message) == ("scopes_missing", "instagram_business_manage_messages")


def test_a_server_that_is_away_is_something_that_passes_and_the_error_tells_no_secret(meta):
    settings = settings_for(meta, instagram_token_url="http://127.0.0.1:9")

    refused = refusal_of(oauth.redeem, settings, "the-code", RETURN, NOON)

    assert refused.reason == "temporary"
    assert SECRET not in str(refused)
    assert "the-code" not in str(refused)


# --- accounts --------------------------------------------------------------------------------------------------------


def test_a_page_token_finds_the_account_that_is_linked(meta, settings):
    grant = oauth.adopt(settings, meta.page_token)

    assert (grant.account_id, grant.username) == (ACCOUNT, USERNAME)
    assert grant.options == {"login": "facebook", "page_id": "1000000000000077"}
    assert grant.expires_at is None
    assert oauth.renews(grant.options) is False


def test_a_pasted_token_of_instagrams_own_log_in_is_told_by_its_beginning(meta, settings):
    grant = oauth.adopt(settings, meta.token())

    assert grant.options == {"login": "instagram"}
    assert oauth.renews(grant.options) is True


def test_a_token_that_is_none_is_refused(settings):
    assert refusal_of(oauth.adopt, settings, "EAAnonsense").reason == "token_dead"


class Telling:
    """A server that always tells the same."""

    def __init__(self, told, status=200):
        self.told, self.status = told, status

    def look_up(self, _path):
        return self.status, self.told


def identify(told, login="instagram", status=200):
    from fakes import serve_one

    with serve_one(Telling(told, status)) as url:
        settings = load_settings(_env_file=None, instagram_graph_url=url, facebook_graph_url=url)
        return oauth.identify(settings, Account("", "IGtoken", {"login": login}))


@pytest.mark.parametrize("told", [{"id": "1", "user_id": 178}, {"data": [{"id": 1, "user_id": "178"}]}])
def test_the_account_is_routed_by_user_id_never_by_the_apps_own_id(told):
    grant = identify(told)

    assert (grant.account_id, grant.app_user_id, grant.name) == ("178", "1", "178")


def test_an_account_without_user_id_is_no_professional_one():
    assert refusal_of(identify, {"id": "1", "username": "sara"}).reason == "not_professional"


def test_a_page_without_an_account_and_a_token_of_a_person_have_their_own_reasons():
    error = {"error": {"message": "(#100) Tried accessing nonexisting field", "code": 100}}

    assert refusal_of(identify, {"id": "1", "name": "Page"}, "facebook").reason == "no_linked_account"
    assert refusal_of(identify, error, "facebook", 400).reason == "not_a_page_token"


# --- renewal ---------------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_for_sixty_days(meta, settings):
    old = account(meta, meta.token(days=9))

    token = oauth.renew(settings, old, NOON)

    assert token.value != old.token
    assert token.expires_at == NOON + timedelta(days=60)
    assert token.value not in repr(token)


def test_a_token_that_has_ended_or_was_taken_back_is_dead(meta, settings):
    old = account(meta)
    meta.script(revoke=True)

    assert refusal_of(oauth.renew, settings, old, NOON).reason == "app_removed"
    assert refusal_of(oauth.identify, settings, old).code == "190/458"
    assert refusal_of(oauth.renew, settings, account(meta, meta.token(days=0)), NOON).reason == "token_expired"


def test_a_refused_renewal_leaves_the_token_good(meta, settings):
    meta.script(refuse_refresh=True)
    old = account(meta)

    assert refusal_of(oauth.renew, settings, old, NOON).reason == "outcome_unknown"
    assert oauth.identify(settings, old).account_id == ACCOUNT


# --- subscription ----------------------------------------------------------------------------------------------------


def test_what_is_posted_is_asked_for_and_read_back(meta, settings):
    meta.script(drop_subscription=True)
    assert subscription.read(settings, account(meta)).missing == ("messages", "messaging_postbacks")

    subscribed = subscription.subscribe(settings, account(meta))

    assert subscribed.missing == ()
    assert {"messages", "messaging_postbacks", "message_reactions"} <= set(subscribed.fields)


def test_a_name_that_meta_does_not_know_is_left_out_and_the_rest_is_subscribed(meta, settings):
    meta.script(unknown_fields=["messaging_referral"], drop_subscription=True)

    assert subscription.subscribe(settings, account(meta)).fields == ("messages", "messaging_postbacks", "comments")


def test_comments_that_are_refused_cost_no_other_event(meta, settings):
    meta.script(unknown_fields=["comments"], drop_subscription=True)

    fields = subscription.subscribe(settings, account(meta)).fields

    assert {"messages", "messaging_postbacks", "message_reactions"} <= set(fields)
    assert "comments" not in fields


def test_comments_are_missing_only_where_they_were_posted_once(meta, settings):
    meta.script(drop_fields=["comments"])

    assert subscription.read(settings, account(meta)).missing == ()
    assert subscription.read(settings, account(meta), ["messages", "comments"]).missing == ("comments",)


def test_a_wished_field_is_missing_only_where_it_was_there_once(meta, settings):
    meta.script(drop_fields=["message_reactions"])

    assert subscription.read(settings, account(meta)).missing == ()
    assert subscription.read(settings, account(meta), ["messages", "messaging_reactions"]).missing == (
        "message_reactions",
    )


def test_nothing_is_posted_after_leaving(meta, settings):
    subscription.unsubscribe(settings, account(meta))

    assert subscription.read(settings, account(meta)).fields == ()


@pytest.mark.parametrize(
    ("apps", "fields"),
    [
        (
            [{"id": APP_ID, "subscribed_fields": ["messages"]}, {"id": "9", "subscribed_fields": ["feed"]}],
            ("messages",),
        ),
        ([{"id": "9", "subscribed_fields": [{"name": "messages", "version": "v2"}]}], ("messages",)),
        (["nonsense", {"subscribed_fields": None}], ()),
        ("nonsense", ()),
    ],
)
def test_every_form_of_the_list_is_read(apps, fields):
    from fakes import serve_one

    with serve_one(Telling({"data": apps})) as url:
        settings = load_settings(_env_file=None, instagram_graph_url=url, instagram_app_id=APP_ID)

        assert subscription.read(settings, Account(ACCOUNT, "t", {})).fields == fields
