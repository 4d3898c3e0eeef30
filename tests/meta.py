"""The demo's Instagram as the other side of a test: log-ins, tokens, subscriptions, over real HTTP."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import requests

from pilito.demo.access import APP_ID, PAGE_TOKEN, Access
from pilito.demo.instagram import close_fake_instagram, create_fake_instagram
from pilito.demo.service import serve

ACCOUNT = "17841400000000001"
SCOPED_ID = "27841400000000001"  # how the same account is named to the app
USERNAME = "niloofar.gallery.demo"
DEMO_TOKEN = "IG-token-of-the-demo"
RETURN = "http://127.0.0.1:8000/inboxes/connect/instagram/return"


@dataclass
class Meta:
    url: str
    access: Access
    page_token: str = PAGE_TOKEN

    @property
    def settings(self):
        """What points Pilito at it."""
        names = ("instagram_graph_url", "facebook_graph_url", "instagram_oauth_url", "instagram_token_url")
        return {"instagram_app_id": APP_ID, **dict.fromkeys(names, self.url)}

    def script(self, **changes):
        answer = requests.post(f"{self.url}/control/access", json=changes, timeout=20)
        assert answer.ok, answer.text

    def code(self, redirect_uri=RETURN):
        return self.access.make_code(redirect_uri)

    def token(self, days=60):
        return self.access.make_token(days * 24 * 3600 * 1000)

    def press(self, address, answer="allow"):
        """Open the log-in page and press one of its buttons; return the query that the browser comes back with."""
        page = requests.get(address, timeout=20)
        assert page.ok, page.text
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        form = {
            "redirect_uri": asked["redirect_uri"],
            "state": asked["state"],
            "answer": answer,
            "scope": asked["scope"],
        }
        back = requests.post(f"{self.url}/oauth/authorize", data=form, timeout=20, allow_redirects=False)
        return urlsplit(back.headers["Location"]).query


@contextmanager
def serve_meta(state_path, secret):
    fake = create_fake_instagram(
        str(state_path), secret, "http://127.0.0.1:9/webhooks/instagram", ACCOUNT, token=DEMO_TOKEN
    )
    server = serve(fake)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield Meta(f"http://127.0.0.1:{server.server_port}", fake.extensions["fake_instagram"].access)
    server.shutdown()
    server.server_close()
    close_fake_instagram(fake)
