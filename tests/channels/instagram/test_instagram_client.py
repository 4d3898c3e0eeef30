"""The client against a real HTTP server on this machine."""

import json
import logging
import socket
import ssl
import struct
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest

from pilito.channels.base import Account, Outbound, OutboundReaction, Receipt, Signal, Usage
from pilito.channels.instagram import client
from pilito.config import load_settings
from pilito.errors import ChannelError, Remedy

TOKEN = "IGAAtoken-that-nobody-else-may-ever-see-0123456789"
ACCOUNT = Account("17841400000000501", TOKEN)
PAGE = Account("17841400000000501", TOKEN, {"login": "facebook"})
HELLO = Outbound("880000000000042", "سلام، موجوده 🌷")
TAKEN = {"recipient_id": "880000000000042", "message_id": "mid-of-meta"}


class Graph(ThreadingHTTPServer):
    """A stand-in for Meta: `answer` is a function of the handler, `requests` what came."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.answer = reply(200, TAKEN)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # a connection that a test cut


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client to acknowledge its first line

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), json.loads(raw)))
        self.server.answer(self)

    def log_message(self, *args):
        pass


def reply(status, content, **headers):
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()

    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return answer


def refuse(code, subcode=None, status=400, message="no", **headers):
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "x"}
    return reply(status, {"error": {**error, **({"error_subcode": subcode} if subcode else {})}}, **headers)


def hang_up(handler):
    # Linger 0 makes the close a reset.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def stay_silent(handler):
    time.sleep(0.6)
    handler.close_connection = True


def break_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"message_id": "mid')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


BEGUN = b"HTTP/1.1 200 OK\r\n"
LONG = b"Content-Length: 1000\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def drip(whole):
    """Say this at once, and then a byte now and then."""

    def answer(handler):
        handler.close_connection = True
        for piece in (whole, *(b"0",) * 200):
            handler.wfile.write(piece)
            time.sleep(0.03)

    return answer


def in_chunks(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for piece in (b'{"message_', b'id": "mid-of-meta"}', b""):
        handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")


@pytest.fixture(scope="module")
def server():
    graph = Graph()
    threading.Thread(target=graph.serve_forever, args=(0.02,), daemon=True).start()
    yield graph
    graph.shutdown()
    graph.server_close()


@pytest.fixture
def graph(server):
    server.requests = []
    server.answer = reply(200, TAKEN)
    return server


def settings_for(url):
    return load_settings(instagram_graph_url=url, facebook_graph_url=f"{url}/facebook", graph_version="v25.0")


def send(graph, account=ACCOUNT, outbound=HELLO):
    return client.send(settings_for(graph.url), account, outbound)


def failure(graph, account=ACCOUNT):
    with pytest.raises(ChannelError) as caught:
        send(graph, account)
    return caught.value


def told(error):
    return (error.remedy, error.reason)


UNKNOWN = (Remedy.UNKNOWN, "outcome_unknown")
RATE = (Remedy.RETRY, "rate_limited")


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_a_text_is_sent_and_its_id_comes_back(graph):
    receipt = send(graph)

    [(path, headers, sent)] = graph.requests
    assert receipt == Receipt("mid-of-meta")
    assert path == "/v25.0/me/messages"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/json"
    assert sent == {"recipient": {"id": "880000000000042"}, "message": {"text": "سلام، موجوده 🌷"}}


def test_a_page_sends_by_the_other_host_and_names_the_kind_of_message(graph):
    send(graph, PAGE)

    [(path, _, sent)] = graph.requests
    assert path == "/facebook/v25.0/me/messages"
    assert sent["messaging_type"] == "RESPONSE"


@pytest.mark.parametrize("account", [ACCOUNT, PAGE])
def test_a_tag_is_sent_where_there_is_one(graph, account):
    send(graph, account, Outbound("880000000000042", "سلام", "HUMAN_AGENT"))

    [(_, _, sent)] = graph.requests
    assert (sent["messaging_type"], sent["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_the_token_is_in_no_address(graph):
    send(graph)

    assert TOKEN not in graph.requests[0][0]


def test_a_netrc_does_not_replace_the_token(graph, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))

    send(graph)

    assert graph.requests[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_no_cookie_goes_from_one_account_to_another(graph):
    graph.answer = reply(200, TAKEN, Set_Cookie="session=1")

    send(graph)
    send(graph, PAGE)

    assert "Cookie" not in graph.requests[1][1]


def test_what_is_used_up_comes_back_with_the_receipt(graph):
    graph.answer = reply(200, TAKEN, X_App_Usage='{"call_count": 91, "total_time": 3}')

    assert send(graph).usage == Usage(91)


@pytest.mark.parametrize(("signal", "action"), [(Signal.SEEN, "mark_seen"), (Signal.TYPING, "typing_on")])
def test_a_signal_goes_with_nothing_but_its_recipient(graph, signal, action):
    graph.answer = reply(200, {"recipient_id": "880000000000042"})

    client.signal(settings_for(graph.url), ACCOUNT, "880000000000042", signal)

    [(path, _, sent)] = graph.requests
    assert path == "/v25.0/me/messages"
    assert sent == {"recipient": {"id": "880000000000042"}, "sender_action": action}


def test_a_signal_that_is_refused_says_why(graph):
    graph.answer = refuse(10, 2534022)

    with pytest.raises(ChannelError, match="window_closed"):
        client.signal(settings_for(graph.url), ACCOUNT, "880000000000042", Signal.TYPING)


def test_a_reaction_has_no_id_and_is_taken_without(graph):
    graph.answer = reply(200, {"recipient_id": "880000000000042"})

    receipt = send(graph, outbound=Outbound("880000000000042", reaction=OutboundReaction("mid", "love")))

    assert receipt.external_id is None


def test_but_a_message_without_an_id_may_have_been_sent_or_not(graph):
    graph.answer = reply(200, {"recipient_id": "880000000000042"})

    assert told(failure(graph)) == UNKNOWN


def test_an_answer_in_chunks_is_read(graph):
    graph.answer = in_chunks

    assert send(graph) == Receipt("mid-of-meta")


def test_an_encoding_that_is_claimed_but_not_used_hides_no_id(graph):
    graph.answer = reply(200, TAKEN, Content_Encoding="gzip")

    assert send(graph) == Receipt("mid-of-meta")


def test_many_threads_may_send_at_once(graph):
    with ThreadPoolExecutor(32) as threads:
        receipts = list(threads.map(lambda _: send(graph), range(64)))

    assert receipts == [Receipt("mid-of-meta")] * 64
    assert len(graph.requests) == 64


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "subcode", "remedy", "reason"),
    [
        (190, None, Remedy.STOP_INBOX, "token_dead"),
        (190, 458, Remedy.STOP_INBOX, "app_removed"),
        (190, 459, Remedy.STOP_INBOX, "checkpoint"),
        (190, 460, Remedy.STOP_INBOX, "password_changed"),
        (190, 463, Remedy.STOP_INBOX, "token_expired"),
        (190, 467, Remedy.STOP_INBOX, "token_dead"),
        (190, 492, Remedy.STOP_INBOX, "role_lost"),
        (10, 2534022, Remedy.PERSON, "window_closed"),
        (10, 2018278, Remedy.PERSON, "window_closed"),
        (10, 1893063, Remedy.STOP_INBOX, "restricted"),
        (10, 2534077, Remedy.STOP_INBOX, "restricted"),
        (10, None, Remedy.STOP_INBOX, "permission"),
        (10, 2018300, Remedy.PERSON, "not_thread_owner"),
        (200, None, Remedy.STOP_INBOX, "permission"),
        (200, 2534041, Remedy.STOP_INBOX, "message_access_off"),
        (200, 1545041, Remedy.PERSON, "unreachable"),
        (100, 2534013, Remedy.DROP, "unreachable"),
        (100, 2534014, Remedy.DROP, "unreachable"),
        (100, 2534015, Remedy.DROP, "unreachable"),
        (100, 2534029, Remedy.DROP, "unreachable"),
        (100, 2534025, Remedy.DROP, "private_reply_invalid"),
        (100, 2534037, Remedy.PERSON, "not_thread_owner"),
        (2018300, None, Remedy.PERSON, "not_thread_owner"),
        (100, 33, Remedy.DROP, "not_found"),
        (100, None, Remedy.PERSON, "bad_request"),
        (100, 2018001, Remedy.PERSON, "bad_request"),
        (551, None, Remedy.DROP, "unreachable"),
        (551, 1545041, Remedy.DROP, "unreachable"),
        (9010, None, Remedy.DROP, "unreachable"),
        (230, None, Remedy.DROP, "consent_missing"),
        (36103, None, Remedy.DROP, "not_eligible"),
        (9000001, None, Remedy.DROP, "message_deleted"),
        (4, None, *RATE),
        (17, None, *RATE),
        (32, None, *RATE),
        (613, None, *RATE),
        (613, 2534040, *RATE),
        (613, 1996, *RATE),
        (80001, None, *RATE),
        (80002, None, *RATE),
        (80004, None, *RATE),
        (80006, None, *RATE),
        (1, None, *UNKNOWN),
        (1, 1357046, *UNKNOWN),
        (2, None, *UNKNOWN),
        (424242, None, Remedy.PERSON, "bad_request"),
        ("190", None, Remedy.STOP_INBOX, "token_dead"),
    ],
)
def test_an_error_of_meta_has_a_remedy(graph, code, subcode, remedy, reason):
    graph.answer = refuse(code, subcode)

    error = failure(graph)

    assert told(error) == (remedy, reason)
    assert error.code == (f"{code}/{subcode}" if subcode else str(code))
    assert error.message == "no"


def test_every_row_of_the_table_is_tested_above():
    rows = test_an_error_of_meta_has_a_remedy.pytestmark[0].args[1]
    tested = {(code, subcode or client.ANY) for code, subcode, *_ in rows}

    # A subcode that counts under every code was tried under one of them.
    assert {key for key in client.ERRORS if key[0] != client.ANY} <= tested
    assert {key[1] for key in client.ERRORS} <= {subcode for _, subcode in tested}


def test_an_error_inside_a_success_is_an_error(graph):
    graph.answer = refuse(10, 2534022, status=200)

    assert told(failure(graph)) == (Remedy.PERSON, "window_closed")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, (Remedy.PERSON, "bad_request")),
        (401, (Remedy.STOP_INBOX, "token_dead")),
        (404, (Remedy.PERSON, "bad_request")),
        (408, UNKNOWN),
        (429, RATE),
    ],
)
@pytest.mark.parametrize("content", [b"<html>", b"", {}, {"error": None}, {"error": {"code": None}}])
def test_a_refusal_without_a_code_is_told_by_its_status(graph, status, expected, content):
    graph.answer = reply(status, content)

    error = failure(graph)

    assert told(error) == expected
    assert error.code == f"HTTP {status}"


def test_a_redirect_is_not_followed(graph):
    graph.answer = reply(307, b"", Location=f"{graph.url}/elsewhere")

    assert told(failure(graph)) == (Remedy.PERSON, "bad_request")
    assert len(graph.requests) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry_After": "17"}, 17),
        ({"Retry_After": "soon"}, 0),
        ({"Retry_After": "-5"}, 0),
        ({"Retry_After": "9" * 50}, 24 * 3600),
        ({"X_Business_Use_Case_Usage": '{"1": [{"type": "instagram", "estimated_time_to_regain_access": 3}]}'}, 180),
        ({"X_Business_Use_Case_Usage": '{"1": [{"estimated_time_to_regain_access": 0}, {}], "2": 5}'}, 0),
        ({"X_Business_Use_Case_Usage": "["}, 0),
        ({"X_Business_Use_Case_Usage": "[]"}, 0),
        (
            {"Retry_After": "17", "X_Business_Use_Case_Usage": '{"1": [{"estimated_time_to_regain_access": 1}]}'},
            60,
        ),
    ],
)
def test_meta_is_asked_again_when_it_wants_to_be(graph, headers, seconds):
    graph.answer = refuse(4, status=429, **headers)

    assert failure(graph).retry_after_seconds == seconds


def test_the_time_to_ask_again_may_be_a_date(graph):
    graph.answer = refuse(4, Retry_After=format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))

    assert 55 <= failure(graph).retry_after_seconds <= 60


# --- what may have been sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        reply(500, b"oops"),
        reply(502, b""),
        reply(503, {"error": {"code": 4}}),
        refuse(2, status=500),
        refuse(190, status=500),
        reply(200, b'{"message_id": "mi'),
        reply(200, b""),
        reply(200, b"null"),
        reply(200, {"recipient_id": "1"}),
        reply(200, {"message_id": None}),
        reply(200, {"message_id": ""}),
        reply(200, {"message_id": "m" * 600}),
        reply(200, {"message_id": "m", "padding": "x" * 100_000}),
        reply(200, b"[" * 5000),
        hang_up,
        break_off,
    ],
)
def test_what_may_have_been_sent_is_not_sent_again(graph, answer):
    graph.answer = answer

    error = failure(graph)

    assert told(error) == UNKNOWN
    assert not error.permanent
    assert len(graph.requests) == 1


def test_an_answer_that_does_not_come_is_unknown(graph, monkeypatch):
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)
    graph.answer = stay_silent

    assert told(failure(graph)) == UNKNOWN


@pytest.mark.parametrize("whole", [b"", BEGUN, BEGUN + b"X-More: a\r\n", BEGUN + LONG, BEGUN + CHUNKED])
def test_an_answer_that_drips_is_given_up_wherever_in_it_that_is(graph, monkeypatch, whole):
    monkeypatch.setattr(client, "WHOLE_ANSWER_SECONDS", 0.1)
    graph.answer = drip(whole)
    started = time.monotonic()

    assert told(failure(graph)) == UNKNOWN
    assert time.monotonic() - started < 5  # of the six seconds that it drips


def test_nor_does_a_refusal_count_whose_end_never_comes(graph, monkeypatch):
    monkeypatch.setattr(client, "WHOLE_ANSWER_SECONDS", 0.1)
    graph.answer = drip(b"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n")

    assert told(failure(graph)) == UNKNOWN


def test_a_line_that_was_cut_is_not_used_again(graph, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(client, "WHOLE_ANSWER_SECONDS", 0.1)
        graph.answer = drip(BEGUN)
        failure(graph)
    graph.answer = reply(200, TAKEN)

    assert send(graph) == Receipt("mid-of-meta")


def test_an_answer_over_tls_that_drips_is_given_up_too(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "WHOLE_ANSWER_SECONDS", 0.3)
    started = time.monotonic()

    with dripping_by_tls(tmp_path, monkeypatch) as port, pytest.raises(ChannelError) as caught:
        client.send(settings_for(f"https://127.0.0.1:{port}"), ACCOUNT, HELLO)

    assert told(caught.value) == UNKNOWN
    assert time.monotonic() - started < 5


@contextmanager
def dripping_by_tls(folder, monkeypatch):
    """A server that is trusted here, and drips from its first byte on."""
    certificate = folder / "dripping.pem"
    certificate.write_bytes(self_signed())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(listener):
        connection, _ = listener.accept()
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as line:
            for _ in range(200):
                line.sendall(b"H")
                time.sleep(0.03)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


# --- what was certainly not sent --------------------------------------------------------------------------------------


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("host", ["http://no-such-host.invalid", "http://192.0.2.1", "http://127.0.0.1:{port}"])
def test_where_no_connection_was_made_it_is_tried_again(host, monkeypatch):
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.2)

    with pytest.raises(ChannelError) as caught:
        client.send(settings_for(host.format(port=closed_port())), ACCOUNT, HELLO)

    assert told(caught.value) == (Remedy.RETRY, "temporary")


def test_a_server_that_is_not_meta_gets_no_message(tmp_path):
    with stranger(tmp_path) as port, pytest.raises(ChannelError) as caught:
        client.send(settings_for(f"https://127.0.0.1:{port}"), ACCOUNT, HELLO)

    assert told(caught.value) == (Remedy.RETRY, "temporary")


@contextmanager
def stranger(folder):
    """A TLS server whose certificate nobody signed."""
    certificate = folder / "stranger.pem"
    certificate.write_bytes(self_signed())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=shake_hands, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1]


def shake_hands(listener, context):
    connection, _ = listener.accept()
    with connection:
        try:
            context.wrap_socket(connection, server_side=True)
        except OSError:
            return


def self_signed():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + builder.sign(key, hashes.SHA256()).public_bytes(encoding)


# --- the token --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        refuse(190, message=f"Malformed access token {TOKEN}"),
        refuse(190, message=f"Malformed access token x{TOKEN[:-3]}"),
        refuse(100, message=f"Bearer {TOKEN}: no"),
        hang_up,
        reply(500, f"{TOKEN}".encode()),
    ],
)
def test_the_token_is_in_no_error_and_no_log(graph, caplog, answer):
    caplog.set_level(logging.DEBUG)
    graph.answer = answer

    error = failure(graph)

    shown = "".join(traceback.format_exception(error)) + repr(error.__dict__) + caplog.text
    assert TOKEN[4:-4] not in shown


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nbreak", "توکن", "a\r\nX-Other: 1"])
def test_a_token_that_is_none_is_not_tried(graph, token):
    error = failure(graph, Account("1", token))

    assert told(error) == (Remedy.STOP_INBOX, "token_dead")
    assert graph.requests == []
    assert not token.strip() or token not in str(error)


def test_a_long_error_is_cut(graph):
    graph.answer = refuse(100, message="a " * 1000)

    assert len(failure(graph).message) == 300


def test_a_process_has_a_session_of_its_own():
    assert client._session(1) is client._session(1)
    assert client._session(1) is not client._session(2)
