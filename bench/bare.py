"""The reference: a Flask route that reads the body and answers, and nothing else. gunicorn serves `bench.bare:app`."""

from flask import Flask, Response, request

app = Flask(__name__)


@app.post("/webhooks/instagram")
def take_event() -> Response:
    request.get_data(cache=False)
    return Response("EVENT_RECEIVED", mimetype="text/plain")


@app.get("/readyz")
def readyz() -> dict[str, bool]:
    return {"ready": True}
