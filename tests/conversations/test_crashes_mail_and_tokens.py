"""A crash, an error and a pause at every commit and every call on the way of a mail, a token, a key and a log-in.

A mail is sent until it is known to have arrived: whoever dies between the mail server's yes and the note of it leaves
one that is sent once more, with the same Message-ID. How each way is tried: ways.py.
"""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from rows import NOON, add, add_inbox, add_operator, add_source
from ways import KILL, PAUSE, RAISE, Way

from pilito import mail, tokens
from pilito.conversations.connect import connect_by_token
from pilito.conversations.rotate_keys import KeyState, rotate_keys
from pilito.conversations.subscriptions import heal_due
from pilito.conversations.tokens import renew_due, warn_of_ends
from pilito.database import transaction
from pilito.extensions import vault
from pilito.lifecycle import InboxState, Role
from pilito.models import ApiToken, EntryLink, Inbox, Mail, Operator, OperatorSession, Source, db
from pilito.people import links, sessions

pytestmark = [pytest.mark.whole, pytest.mark.sqlite_only]

MINUTES, DAY = timedelta(minutes=1), timedelta(days=1)
LATER = NOON + 5 * MINUTES  # every lease is over, and every first pause
LINK = "https://inbox.example.com/join/"


# --- mail ------------------------------------------------------------------------------------------------------------


class AMailIsSent(Way):
    """An invitation: written, sent, noted. Between the server's yes and the note nobody knows: then it goes again."""

    servers = ("mailbox",)
    may_end = ((2, 1, [(True, None)]),)
    doubtful = {
        ("post_after", KILL),
        ("post_after", RAISE),
        ("mail.send_before", KILL),
        ("mail.send_before", RAISE),
        # Asleep for longer than the lease, so that another sends it meanwhile.
        ("mail._claim_after", PAUSE),
        ("post_before", PAUSE),
        ("post_after", PAUSE),
    }

    @classmethod
    def settings_with(cls, servers):
        return {"smtp_url": f"smtp://{servers['mailbox'].url}", "mail_from": "inbox@shop.test"}

    def prepare(self):
        self.mailbox.mails.clear()
        self.mailbox.refuses.clear()
        with transaction():
            self.owner = add_operator(Role.OWNER).id

    def go(self):
        self.invite()
        self.send(NOON)

    def again(self):
        """Who sees no invitation invites again; the clock has mail sent that lies there."""
        if not self.rows(EntryLink):
            self.invite()
        for at in (LATER, LATER + 10 * MINUTES):
            self.call(mail.wake_due, at)
            self.send(at)

    def invite(self):
        letter = lambda token: ("Join", f"Come.\n\n{LINK}{token}")  # noqa: E731
        self.press(links.invite, "sara@shop.test", Role.AGENT, self.owner, letter, NOON)

    def send(self, at):
        for row in self.rows(Mail):
            self.call(mail.send, row.id, at)

    def state(self):
        rows = [(row.sent_at is not None, row.error) for row in self.rows(Mail)]
        assert not any(row.content_encrypted for row in self.rows(Mail))
        return len(self.mailbox.mails), len({one["Message-ID"] for one in self.mailbox.mails}), rows


class AMailboxIsFull(AMailIsSent):
    """The first try is put off by the server, the next one is taken."""

    def go(self):
        self.mailbox.refuses["sara@shop.test"] = "452 Full"
        super().go()

    def again(self):
        self.mailbox.refuses.clear()
        super().again()


class AMailIsGivenUp(AMailIsSent):
    """No key opens it; an old one is forgotten; and the server is tried without sending."""

    may_end = ()

    def prepare(self):
        super().prepare()
        foreign = Fernet(Fernet.generate_key()).encrypt(b"{}")
        with transaction():
            add(Mail(recipient="a@shop.test", content_encrypted=foreign, due_at=NOON, created_at=NOON))
            old = NOON - mail.FORGET_AFTER
            add(Mail(recipient="b@shop.test", content_encrypted=None, sent_at=old, due_at=old, created_at=old))

    def go(self):
        assert self.call(mail.try_server) == ""
        self.call(mail.wake_due, NOON)
        self.send(NOON)

    def again(self):
        self.call(mail.wake_due, LATER)
        self.send(LATER)


class MailIsNotSentAfterARestore(AMailIsSent):
    may_end = ()

    def prepare(self):
        super().prepare()
        self.invite()

    def go(self):
        self.call(mail.drop_unsent, "restored")

    def again(self):
        self.go()  # the restore is begun anew
        self.send(LATER)


# --- tokens of channels ----------------------------------------------------------------------------------------------


class TokensAreRenewed(Way):
    """Two accounts' whose time has come. A crash costs a try, of which there are ten: it is made on the next day.

    The provider may have given a token that nobody kept: the one before it goes on, and is renewed.
    """

    def prepare(self):
        self.given = 0
        self.graph.readable["refresh_access_token"] = self.give
        with transaction():
            for inbox in db.session.scalars(db.select(Inbox)):
                inbox.token_expires_at, inbox.token_checked_at = NOON + 9 * DAY, None
            other = add_inbox(token_encrypted=vault.encrypt(b"b-token"), token_expires_at=NOON + 9 * DAY)
            self.ids = [self.desk.shop.inbox_id, other.id]

    def give(self, _query):
        self.given += 1
        return 200, {"access_token": f"token-{self.given}", "token_type": "bearer", "expires_in": 60 * 24 * 3600}

    def go(self):
        self.call(renew_due, NOON)

    def again(self):
        self.call(renew_due, NOON + 10 * MINUTES)  # the clock's next look
        self.call(renew_due, NOON + DAY)

    def state(self):
        opened = [vault.decrypt(row.token_encrypted).decode() for row in self.rows(Inbox)]
        rest = [(row.state, row.token_error, row.token_expires_at > NOON + 50 * DAY) for row in self.rows(Inbox)]
        assert len(set(opened)) == len(opened)
        return [token.startswith("token-") for token in opened], rest, sorted({action for action, _ in self.lines()})


class ATokenHasEnded(TokensAreRenewed):
    """The provider refuses the first for good, which stops its inbox; the second does not pay for it. One mail says so,
    for it is written in the transaction of the stop."""

    servers = ("mailbox",)
    settings_with = AMailIsSent.settings_with

    def prepare(self):
        super().prepare()
        with transaction():
            add_operator(Role.OWNER)

    def state(self):
        return *super().state(), len(self.rows(Mail))

    def give(self, query):
        if query["access_token"] == "a-token":
            return 401, {"error": {"message": "Error validating access token", "code": 190, "error_subcode": 463}}
        return super().give(query)


class AnEndIsTold(Way):
    """A connection that ends within a week, and whose renewal was tried today: told once, by whoever comes first."""

    servers = ("mailbox",)
    settings_with = AMailIsSent.settings_with

    def prepare(self):
        with transaction():
            add_operator(Role.OWNER)
            [inbox] = db.session.scalars(db.select(Inbox))
            inbox.token_expires_at, inbox.token_checked_at = NOON + 3 * DAY, NOON

    def go(self):
        self.call(warn_of_ends, NOON)

    def again(self):
        for number in (1, 2):
            self.call(warn_of_ends, NOON + number * 10 * MINUTES)

    def state(self):
        [inbox] = self.rows(Inbox)
        return len(self.rows(Mail)), inbox.told_end_at == inbox.token_expires_at


class ASubscriptionIsHealed(Way):
    """Looked at every ten minutes, and had again where it is gone; also where the look itself broke off."""

    fields: tuple = ()

    def prepare(self):
        self.graph.script = [self.subscribe] * 9
        self.graph.readable["subscribed_apps"] = lambda _query: (200, {"data": self.subscribed()})
        self.fields = ()

    def subscribed(self):
        return [{"subscribed_fields": list(self.fields)}] if self.fields else []

    def subscribe(self, _payload):
        self.fields = ("messages", "messaging_postbacks")
        return 200, {"success": True}

    def go(self):
        self.call(heal_due, NOON)

    def again(self):
        for number in (1, 2):
            self.call(heal_due, NOON + number * 11 * MINUTES)

    def state(self):
        [inbox] = self.rows(Inbox)
        return inbox.subscription_error, bool(self.fields)


class TheSubscriptionCannotBeRead(ASubscriptionIsHealed):
    """The first look fails at the provider, which is kept; the next one is answered."""

    def prepare(self):
        super().prepare()
        self.fields, self.is_away = ("messages", "messaging_postbacks"), True
        read = self.graph.readable["subscribed_apps"]
        away = (500, {"error": {"message": "An unknown error", "code": 1}})
        self.graph.readable["subscribed_apps"] = lambda query: away if self.is_away else read(query)

    def again(self):
        self.is_away = False
        super().again()


class AnAccountIsConnected(ASubscriptionIsHealed):
    """By a pasted token, and its events asked for. Who does not see it connected does it again; what was not asked for
    is asked for by the clock."""

    account = "17841400000000777"

    def prepare(self):
        super().prepare()
        self.fields = ()
        me = {"id": "scoped", "user_id": self.account, "username": "shop", "name": "Shop"}
        self.graph.readable["me"] = {"data": [me]}
        with transaction():  # the shop's own is looked at by nobody here
            db.session.get_one(Inbox, self.desk.shop.inbox_id).state = InboxState.STOPPED

    def go(self):
        self.press(connect_by_token, "instagram", "IGAA-pasted", None, NOON)

    def again(self):
        if len(self.rows(Inbox)) == 1:
            self.go()
        super().again()

    def state(self):
        inbox = self.rows(Inbox)[-1]
        known = vault.decrypt(inbox.token_encrypted), inbox.state, bool(inbox.subscribed_fields)
        return inbox.external_id, known, inbox.subscription_error, bool(self.fields)


# --- keys ------------------------------------------------------------------------------------------------------------

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


class KeysAreChanged(Way):
    """Everything that lies under an old key comes under the first: in the end nothing needs the old one."""

    settings = {"encryption_keys": [NEW, OLD]}

    def prepare(self):
        sealed = Fernet(OLD).encrypt(b"a secret")
        with transaction():
            for inbox in (db.session.get_one(Inbox, self.desk.shop.inbox_id), add_inbox()):
                inbox.token_encrypted = sealed
            add_source(add_inbox().id, secret_encrypted=sealed)
            add_operator(Role.OWNER, totp_encrypted=sealed)
            add(Mail(recipient="a@shop.test", content_encrypted=sealed, due_at=NOON, created_at=NOON))

    def go(self):
        self.call(rotate_keys)

    def state(self):
        sealed = [row.token_encrypted for row in self.rows(Inbox) if row.token_encrypted]
        sealed += [row.secret_encrypted for row in self.rows(Source)]
        sealed += [row.totp_encrypted for row in self.rows(Operator)]
        sealed += [row.content_encrypted for row in self.rows(Mail)]
        assert KeyState.OLD not in self.call(rotate_keys).values()
        return [Fernet(NEW).decrypt(one) for one in sealed]


# --- tokens of machines, log-ins and links ---------------------------------------------------------------------------


class AMachineHasAToken(Way):
    """Shown once. Who saw none ends the one that nobody knows, and makes another: one opens, and is used."""

    deeds = (KILL, RAISE)  # nobody ends it while its own request has not ended
    token = None

    def prepare(self):
        with transaction():
            self.owner = add_operator(Role.OWNER).id

    def go(self):
        if self.token is None:
            self.token = self.call(tokens.issue_token, "cash desk", NOON, self.owner)
        assert self.call(tokens.find_by_bearer, self.token, NOON) is not None
        self.call(tokens.revoke_token, self.rows(ApiToken)[0].id, self.owner, NOON)

    def again(self):
        row = next(iter(self.rows(ApiToken)), None)
        if self.token is None and row is not None:
            self.press(tokens.revoke_token, row.id, self.owner, NOON)
        elif self.token is None:
            self.token = self.call(tokens.issue_token, "cash desk", NOON, self.owner)
        if self.token is not None:
            self.call(tokens.find_by_bearer, self.token, LATER)
            self.press(tokens.revoke_token, row.id if row else self.rows(ApiToken)[0].id, self.owner, NOON)

    def state(self):
        """In the end it is revoked: it opens nothing, and the log says that each was made and ended once."""
        assert self.token is None or self.call(tokens.find_by_bearer, self.token, LATER) is None
        return [row.revoked_at is not None for row in self.rows(ApiToken)], self.lines()


class OldLogInsAreForgotten(Way):
    """With the links that ended long ago; what still counts stays."""

    def prepare(self):
        long_ago = NOON - 100 * DAY
        with transaction():
            values = {"name": "S", "password_hash": "!", "role": Role.OWNER, "created_at": NOON}
            operator = add(Operator(email="s@shop.test", **values))
            for number, at in enumerate((long_ago, NOON)):
                ended = {"ended_at": at if number == 0 else None}
                add(
                    OperatorSession(
                        operator_id=operator.id, secret_hash=f"{number}", created_at=at, seen_at=at, **ended
                    )
                )
                times = {"made_at": at, "expires_at": at + DAY}
                add(EntryLink(token_hash=f"{number}", email="a@shop.test", role=Role.AGENT, **times))

    def go(self):
        self.call(sessions.forget_old, NOON)
        self.call(links.forget_old, NOON)

    def state(self):
        return [row.secret_hash for row in self.rows(OperatorSession)], [row.token_hash for row in self.rows(EntryLink)]


WAYS = (
    AMailIsSent,
    AMailboxIsFull,
    AMailIsGivenUp,
    MailIsNotSentAfterARestore,
    TokensAreRenewed,
    ATokenHasEnded,
    AnEndIsTold,
    ASubscriptionIsHealed,
    TheSubscriptionCannotBeRead,
    AnAccountIsConnected,
    KeysAreChanged,
    AMachineHasAToken,
    OldLogInsAreForgotten,
)
ROOMS = (
    "mail",
    "tokens",
    "conversations.tokens",
    "conversations.subscriptions",
    "conversations.connect",
    "conversations.rotate_keys",
    "people.sessions.forget_old",
    "people.links.forget_old",
)
DOORS = ("post", "graph")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
def test_a_fault_at_any_place_changes_nothing_of_the_end(course, kind):
    course.try_every_place(kind)


def test_every_commit_of_these_rooms_is_passed(course):
    course.expect_passed(WAYS, ROOMS, DOORS)
