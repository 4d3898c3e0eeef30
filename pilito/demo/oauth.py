"""The side of the fake that lets apps in: the page with Allow and Cancel, the tokens, the subscription, the callbacks.

Shapes and error forms are Meta's: the token's answer as a list or flat, permissions as a text or a list, two kinds of
error. `POST /control/access` scripts what goes wrong (access.py); `POST /control/callback` posts to Pilito what Meta
posts when the account leaves, or wants its data deleted.
"""

import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import escape

from pilito.channels.instagram import callbacks
from pilito.demo import shop
from pilito.demo.access import APP_ID, KNOWN_SCOPES, LONG_MS, SCOPES, SHORT_MS, TokenRefused
from pilito.demo.graph import GraphError, World, _answer_error

ANSWER_SECONDS = 10.0
CALLBACKS = ("deauthorize", "data-deletion")
LOCAL = ("127.0.0.1", "localhost", "::1")

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo Instagram</title><link rel="stylesheet" href="authorize.css"></head>
<body><main>
<p class="demo">Demo, not Instagram</p>
<h1>Pilito would like to connect to <bdi>@{username}</bdi></h1>
<p>It asks to be allowed to:</p>
<ul>{scopes}</ul>
<form method="post" action="authorize">
<input type="hidden" name="redirect_uri" value="{redirect_uri}"><input type="hidden" name="state" value="{state}">
<input type="hidden" name="scope" value="{scope}">
<button name="answer" value="allow" class="allow">Allow</button>
<button name="answer" value="cancel">Cancel</button>
</form></main></body></html>"""
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: light-dark(#f2f2f5, #0f0f12); }
main { max-width: 360px; margin: 16px; padding: 28px; border-radius: 16px; background: light-dark(#fff, #1c1c22); }
h1 { font-size: 20px; } ul { padding-inline-start: 20px; }
.demo { display: inline-block; margin: 0; padding: 2px 10px; border-radius: 99px; font-size: 13px;
  background: light-dark(#fff0d6, #3c2b10); color: light-dark(#824500, #ffcd85); }
form { display: grid; gap: 8px; }
button { min-height: 44px; border: 1px solid #8886; border-radius: 8px; font: inherit; background: none; color: inherit;
  cursor: pointer; }
.allow { background: #0f766e; border-color: transparent; color: #fff; font-weight: 600; }
"""
SCOPE_WORDS = {
    "instagram_business_basic": "see its profile",
    "instagram_business_manage_messages": "read and send its messages",
    "instagram_business_manage_comments": "read its comments and answer them",
}


def create_oauth(world: World, pilito_url: str) -> Blueprint:
    oauth = Blueprint("oauth", __name__)
    desk = _Desk(world, pilito_url)
    oauth.register_error_handler(GraphError, _answer_error)
    oauth.add_url_rule("/oauth/authorize", "authorize", desk.ask)
    oauth.add_url_rule("/oauth/authorize", "answer", desk.answer, methods=["POST"])
    oauth.add_url_rule("/oauth/authorize.css", "style", lambda: Response(STYLE, mimetype="text/css"))
    oauth.add_url_rule("/oauth/access_token", "short_token", desk.give_short_token, methods=["POST"])
    oauth.add_url_rule("/access_token", "long_token", desk.give_long_token)
    oauth.add_url_rule("/refresh_access_token", "refresh", desk.refresh)
    for method in ("GET", "POST", "DELETE"):
        view = getattr(desk, f"{method.lower()}_subscription")
        oauth.add_url_rule("/<version>/<node>/subscribed_apps", f"{method}_subscription", view, methods=[method])
    oauth.add_url_rule("/control/access", "access", desk.script, methods=["POST"])
    oauth.add_url_rule("/control/callback", "callback", desk.call_back, methods=["POST"])
    return oauth


class _Desk:
    def __init__(self, world: World, pilito_url: str) -> None:
        self._world, self._access, self._pilito_url = world, world.access, pilito_url

    # --- the browser's part

    def ask(self) -> ResponseReturnValue:
        """The page that Instagram shows: who asks for what."""
        asked = [scope for scope in request.args.get("scope", "").split(",") if scope]
        if request.args.get("client_id") != APP_ID or request.args.get("response_type") != "code" or not asked:
            return Response("Invalid platform app", status=400, mimetype="text/plain")
        page = PAGE.format(
            username=shop.USERNAME,
            scopes="".join(f"<li>{escape(SCOPE_WORDS.get(scope, scope))}</li>" for scope in asked),
            redirect_uri=escape(request.args.get("redirect_uri", "")),
            state=escape(request.args.get("state", "")),
            scope=escape(",".join(asked)),
        )
        return Response(page, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})

    def answer(self) -> ResponseReturnValue:
        """Back to where the app asked to, with a code, or with the word that the owner did not want."""
        address = request.form.get("redirect_uri", "")
        if urlsplit(address).hostname not in LOCAL:  # it is a demo on this machine: it sends nobody elsewhere
            return Response("Invalid redirect_uri", status=400, mimetype="text/plain")
        values = {"state": request.form.get("state", "")}
        if request.form.get("answer") == "allow":
            asked = request.form.get("scope", ",".join(SCOPES)).split(",")
            scopes = tuple(scope for scope in KNOWN_SCOPES if scope in asked)
            values |= {"code": self._access.make_code(address, scopes) + "#_"}
        else:
            values |= {
                "error": "access_denied",
                "error_reason": "user_denied",
                "error_description": "The user denied your request.",
            }
        return redirect(f"{address}?{urlencode(values)}")

    # --- tokens

    def give_short_token(self) -> ResponseReturnValue:
        form = request.form
        if form.get("client_id") != APP_ID:
            return _refuse("Invalid platform app")
        if form.get("client_secret") != self._access.secret:
            return _refuse("Error validating client secret.")
        used = self._access.use_code(form.get("code", ""))
        if used is None:
            return _refuse("This authorization code has been used")
        address, scopes = used
        if form.get("redirect_uri") != address:
            return _refuse("Error validating verification code. Please make sure your redirect_uri is identical")
        return jsonify(self._short_answer(scopes))

    def _short_answer(self, asked: tuple[str, ...]) -> dict[str, Any]:
        script = self._access.script
        scopes = [scope for scope in asked if scope not in script.missing_scopes]
        said = {
            "access_token": self._access.make_token(SHORT_MS),
            "user_id": int(self._world.scoped_id),
            "permissions": scopes if script.scopes_as_list else ",".join(scopes),
        }
        return {"data": [said]} if script.answer == "list" else said

    def give_long_token(self) -> ResponseReturnValue:
        if request.args.get("client_secret") != self._access.secret:
            raise GraphError("Error validating client secret.", 101)
        self._check(request.args.get("access_token", ""))
        return self._long_answer()

    def refresh(self) -> ResponseReturnValue:
        self._check(request.args.get("access_token", ""))
        if self._access.script.refuse_refresh:
            raise GraphError("The access token could not be refreshed", 2, http_status=500)
        return self._long_answer()

    def _long_answer(self) -> ResponseReturnValue:
        token = self._access.make_token(LONG_MS)
        return jsonify(access_token=token, token_type="bearer", expires_in=LONG_MS // 1000)  # noqa: S106

    def _check(self, token: str) -> None:
        try:
            self._access.check(token)
        except TokenRefused as refused:
            raise GraphError(str(refused), 190, refused.subcode, http_status=401) from None

    def _check_bearer(self) -> None:
        self._check(request.headers.get("Authorization", "").partition(" ")[2])

    # --- subscription

    def get_subscription(self, version: str, node: str) -> ResponseReturnValue:  # noqa: ARG002
        self._check_bearer()
        fields = list(self._access.fields)
        return jsonify(data=[{"id": APP_ID, "name": "Pilito", "subscribed_fields": fields}] if fields else [])

    def post_subscription(self, version: str, node: str) -> ResponseReturnValue:  # noqa: ARG002
        self._check_bearer()
        asked = tuple(field for field in request.values.get("subscribed_fields", "").split(",") if field)
        unknown = self._access.subscribe(asked)
        if unknown or not asked:
            raise GraphError(f"(#100) Param subscribed_fields[0] must be one of …; got {', '.join(unknown)}", 100)
        return jsonify(success=True)

    def delete_subscription(self, version: str, node: str) -> ResponseReturnValue:  # noqa: ARG002
        self._check_bearer()
        self._access.fields = ()
        return jsonify(success=True)

    # --- control

    def script(self) -> ResponseReturnValue:
        """Take what shall go wrong; `{"restore": true}` ends all of it."""
        data = request.get_json(silent=True)
        if not isinstance(data, dict):
            return _wrong("expected a JSON object with Content-Type application/json")
        if data.pop("restore", False):
            self._access.restore()
        try:
            return jsonify(self._access.change(data))
        except ValueError as error:
            return _wrong(str(error))

    def call_back(self) -> ResponseReturnValue:
        """Post what Meta posts when the account leaves the app, or wants its data deleted; tell Pilito's answer."""
        data = request.get_json(silent=True)
        kind = data.get("kind") if isinstance(data, dict) else None
        if kind not in CALLBACKS:
            return _wrong(f"kind: expected one of {', '.join(CALLBACKS)}")
        said = {"algorithm": "HMAC-SHA256", "issued_at": int(time.time()), "user_id": self._world.scoped_id}
        signed = callbacks.sign(said, self._access.secret)
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                f"{self._pilito_url}/meta/{kind}",
                data={"signed_request": signed},
                timeout=ANSWER_SECONDS,
                allow_redirects=False,
            )
        if kind == "deauthorize":
            self._access.change({"revoke": True})
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return jsonify(status=answer.status_code, answer=answer.json() if is_json else answer.text[:500])


def _refuse(message: str) -> ResponseReturnValue:
    """The token endpoint's own form of error."""
    return jsonify(error_type="OAuthException", code=400, error_message=message), 400


def _wrong(message: str) -> ResponseReturnValue:
    return jsonify(error={"code": "bad_request", "message": message}), 400
