"""Errors to Sentry and spans to an OpenTelemetry collector: both optional, and neither told what customers write.

Their packages are in requirements-watching.lock and loaded only where SENTRY_DSN or OTEL_EXPORTER_OTLP_ENDPOINT is set.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from pilito import trace
from pilito.config import ROOT, Settings
from pilito.errors import ConfigError

INSTALL = "`pip install --require-hashes -r requirements-watching.lock` brings it"
# What an event of Sentry keeps. Everything else goes: texts, arguments, addresses, headers, names.
KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "type", "transaction")
KEPT_OF_FRAMES = ("filename", "function", "module", "lineno", "in_app")
_tracer: Any = None


def set_up_reporting(settings: Settings, process: str) -> None:
    """Start what is set, once per process. Raises ConfigError where its package is missing."""
    if settings.sentry_dsn:
        _start_sentry(settings, process)
    if settings.otel_exporter_otlp_endpoint:
        _start_telemetry(settings, process)


def span(name: str) -> Any:
    """A span of one job where a collector listens, else nothing."""
    return _span(name) if _tracer else nullcontext()


@contextmanager
def _span(name: str) -> Iterator[None]:
    # Without the exception's text, which may hold a customer's words: its kind is enough.
    with _tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as current:
        current.set_attribute("pilito.trace", trace.current())
        try:
            yield
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            raise


def _start_sentry(settings: Settings, process: str) -> None:
    try:
        import sentry_sdk
    except ImportError:
        raise ConfigError(f"SENTRY_DSN: expects the package sentry-sdk, but it is not there; {INSTALL}.") from None
    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        environment=settings.pilito_env,
        release=f"pilito@{(ROOT / 'VERSION').read_text(encoding='utf-8').strip()}",
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        server_name=process,
        before_send=_scrub,
    )


def _scrub(event: Any, _hint: Any) -> Any:
    """Keep what leads to the line of code, and the id of the webhook; a list of what may stay, not of what may not."""
    scrubbed = {name: event[name] for name in KEPT if name in event}
    scrubbed["tags"] = {"trace": trace.current() or "none"}
    entry = event.get("logentry") or {}
    if entry.get("message"):
        scrubbed["logentry"] = {"message": entry["message"]}  # with its %s: the words that go there stay here
    values = (event.get("exception") or {}).get("values") or []
    scrubbed["exception"] = {"values": [_without_words(value) for value in values]}
    return scrubbed


def _without_words(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": "",
        "stacktrace": {"frames": [{name: one.get(name) for name in KEPT_OF_FRAMES} for one in frames]},
    }


def _start_telemetry(settings: Settings, process: str) -> None:
    global _tracer
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        name = "opentelemetry-exporter-otlp-proto-http"
        raise ConfigError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT: expects the package {name}, but it is not there; {INSTALL}."
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": f"pilito-{process}"}))
    exporter = OTLPSpanExporter(endpoint=f"{settings.otel_exporter_otlp_endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = provider.get_tracer("pilito")


def instrument(app: Any) -> Any:
    """Give each request of a WSGI app a span with its route's first part; no query, no ids of customers."""
    if not _tracer:
        return app

    def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        part = environ.get("PATH_INFO", "/").split("/")[1] or "panel"
        with _span(f"{environ.get('REQUEST_METHOD', 'GET')} /{part}"):
            return app(environ, start)

    return serve
