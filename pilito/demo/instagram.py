"""A local fake of Instagram: its Graph API, its webhook sender, and the phones of its customers.

It posts webhooks as Meta does (payloads, raw bytes, `X-Hub-Signature-256`, retries) and takes replies as Meta does
(Bearer token, error bodies, 24-hour window, echo). Its log is the ground truth of demo, tests and chaos runs.

Graph API, called by Pilito; every call needs the accepted token:

    POST /<version>/me|<account>/messages      {"recipient":{"id"},"message":{"text"}} -> {"recipient_id","message_id"}
    GET  /<version>/me?fields=…                the account; `user_id` is the id of the webhooks, `id` another one
    GET  /<version>/<customer>?fields=…        name, username, profile_pic
    GET  /<version>/<media id>?fields=…        caption, permalink of a post of the shop; /me/media lists them in pages
    GET  /<version>/me/conversations           ?user_id=&limit=&after=; then /<conversation>?fields=messages{id,…}
    POST /<version>/me/messages                {"recipient":{"comment_id"}, …}: a private reply, once and for 7 days
    GET  /<version>/<message id>?fields=…      one message
    GET/POST/DELETE /<version>/me/subscribed_apps

Log-in, in oauth.py: GET /oauth/authorize (a page) · POST /oauth/access_token · GET /access_token, /refresh_access_token

Control API, called by the phone page and by tests; JSON in, JSON out, errors as {"error":{"code","message"}}:

    POST   /control/customers  {name?, username?, id?, language?: fa|en}     -> {"customer": {"id", …}}
    POST   /control/send       {customer, kind, text?, post_id?, variant?, url?, timestamp_ms?, hold?, delay_seconds?,
                                twice?, reply_to?, standby?}                 -> {"mid", "mids", "webhooks"}
    POST   /control/batch      {customer, messages: [as for a send, …], order?, hold?, delay_seconds?, twice?}: all of
                                them in one webhook                          -> {"mids", "webhooks"}
    POST   /control/event      {customer, kind: react|unreact|edit|seen|opening, mid?, emoji?, text?} -> {"webhook"}
    POST   /control/unsend     {customer, mid}                               -> {"mid", "unsent"}
    POST   /control/release    {customer?, order?: given|swapped|shuffled}   -> {"released"}
    POST   /control/network    {hold?, copies?}                              -> the weather for webhooks
    GET    /control/state      ?customer=&known=                             -> the phone's thread, deliveries, log
    GET    /control/log        ?after=&limit=&customer=                      -> {"data": […], "next"}
    POST   /control/faults     {times?, code?, subcode?, http_status?, …}    -> {"waiting"}; see faults.py
    DELETE /control/faults
    POST   /control/access     {expire_tokens?, revoke?, drop_subscription?, …}  -> what is set; see access.py
    POST   /control/callback   {kind: deauthorize|data-deletion}             -> {"status", "answer"}: Pilito's
    POST   /control/lose       {count?}: the webhooks of the next messages are lost -> {"losing"}
    POST   /control/posts      {caption?, is_reel?, media_id?, code?}        -> {"post"}: a new post of the shop
    POST   /control/comments   {customer, post_id | media_id, text?, shape?: facebook|instagram|entry, timestamp_ms?,
                                hold?, delay_seconds?, twice?}               -> {"comment", "webhooks"}
    POST   /control/reset      {}

Kinds, variants and log rows are explained in README.md beside this file.
"""

import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify
from flask.typing import ResponseReturnValue

from pilito.demo.access import Access
from pilito.demo.control import create_control
from pilito.demo.faults import Faults
from pilito.demo.graph import World, create_graph
from pilito.demo.media import find_media
from pilito.demo.oauth import create_oauth
from pilito.demo.postman import RETRY_SECONDS, Postman
from pilito.demo.reading import Reading
from pilito.demo.store import Store

BODY_LIMIT_BYTES = 256 * 1024
DEFAULT_TOKEN = "demo-token"  # noqa: S105  (opens nothing but the fake on this machine)


def create_fake_instagram(
    state_path: str,
    app_secret: str,
    webhook_url: str,
    account_id: str,
    *,
    token: str = DEFAULT_TOKEN,
    public_url: str = "",
    retry_seconds: Sequence[float] = RETRY_SECONDS,
) -> Flask:
    """Make the fake and start its postman; `close_fake_instagram` ends both.

    `public_url` is where this fake is reached: its files' addresses begin with it. By default, where the webhook goes.
    """
    if not app_secret:
        raise ValueError("app_secret: expected the secret that Pilito checks signatures with, but it is empty")
    store = Store(state_path)
    public_url = (public_url or _origin(webhook_url)).rstrip("/")
    world = World(
        store=store,
        postman=Postman(store, webhook_url, app_secret, retry_seconds),
        faults=Faults(),
        account_id=account_id,
        token=token,
        public_url=public_url,
        stopping=threading.Event(),
        access=Access(token, app_secret),
        reading=Reading(store, account_id, public_url),
    )
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT_BYTES
    app.extensions["fake_instagram"] = world
    app.register_blueprint(create_control(world))
    app.register_blueprint(create_oauth(world, _origin(webhook_url)))
    app.register_blueprint(create_graph(world))
    app.add_url_rule("/media/<name>", "media_file", serve_media)
    app.add_url_rule("/healthz", "healthz", lambda: jsonify(ok=True))
    world.postman.start()
    return app


def close_fake_instagram(app: Flask) -> None:
    """Stop posting and close the file; what was not posted yet is posted after the next start."""
    world: World = app.extensions["fake_instagram"]
    world.stopping.set()
    world.postman.stop()
    world.store.close()


def serve_media(name: str) -> ResponseReturnValue:
    """One of the demo's own pictures or sounds; nothing else can be named."""
    media = find_media(name) or abort(404)
    headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(media.content, mimetype=media.mimetype, headers=headers)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
