"""Every setting once: name, type, unit, default, meaning.

Read from the environment and `.env`. A wrong value stops the start with one sentence (`ConfigError`). `.env.example`
is compared with this file by a test.
"""

import os
import re
from collections.abc import Iterable
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pilito.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
# Everything this copy keeps; PILITO_VAR moves it (the tests of `make run` use a folder of their own).
VAR = Path(os.environ.get("PILITO_VAR") or ROOT / "var").resolve()
# What `make run` keeps of its own (secrets, addresses of its servers), so that a `flask` command in another terminal
# finds them; then the operator's own file. The environment wins over all of them.
SECRETS_FILE, RUN_FILE = VAR / "secrets.env", VAR / "run.env"
ENV_FILES = (SECRETS_FILE, RUN_FILE, ROOT / ".env")
# A file per setting, named as it is: what Docker's and systemd's secrets are. The environment and `.env` win.
SECRETS_FOLDERS = ("/run/secrets", os.environ.get("CREDENTIALS_DIRECTORY", ""))
MINIMUM_SECRET_LENGTH = 32
RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


def _words(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _http_address(value: str) -> str:
    if not value.startswith(("http://", "https://")) or not urlsplit(value).hostname:
        raise ValueError("an address that begins with http:// or https://")
    return value.rstrip("/")


def _http_address_or_none(value: str) -> str:
    return _http_address(value) if value else ""


def _prices(value: str) -> str:
    """`assistant/prices.py` reads them; a wrong one is told here, at the start."""
    for part in filter(None, map(str.strip, value.split(","))):
        if not re.fullmatch(r"[^=,]+=\s*\d+(\.\d+)?/\d+(\.\d+)?", part):
            raise ValueError("pairs such as gpt-4o-mini=0.15/0.60, with commas between")
    return value


def _collector_address(value: str) -> str:
    return _http_address(value) if value else value


def _database_address(value: str) -> str:
    if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("an address that begins with sqlite:/// or postgresql+psycopg://")
    return value


def _redis_address(value: str) -> str:
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("an address that begins with redis://, rediss:// or unix://")
    return value


def _media_address(value: str) -> str:
    parts = urlsplit(value)
    is_folder = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
    if value and not is_folder and not (parts.scheme == "s3" and parts.hostname):
        raise ValueError("an address that begins with file:/// or s3://")
    return value.rstrip("/")


def _smtp_address(value: str) -> str:
    parts = urlsplit(value)
    if value and not (parts.scheme in ("smtp", "smtps") and parts.hostname):
        raise ValueError("an address such as smtp://name:password@mail.example.com:587 or smtps://…")
    return value


def _sender(value: str) -> str:
    if value and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", parseaddr(value)[1]):
        raise ValueError("an e-mail address, alone or as Shop <inbox@example.com>")
    return value


def _folder(value: str) -> str:
    if value and not value.startswith("/"):
        raise ValueError("the whole path of a folder, from /")
    return value


def _recipient(value: str) -> str:
    if value and not RECIPIENT.fullmatch(value):
        raise ValueError("a public key of age, which begins with age1")
    return value


Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]
Seconds = Annotated[float, Field(ge=0)]


class Settings(BaseSettings):
    """The settings of one process. Attributes are the settings' names in lower case."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILES,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        secrets_dir=[folder for folder in SECRETS_FOLDERS if folder and Path(folder).is_dir()] or None,
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """What a log or a report of an error may show."""
        return [(name, value) for name, value in super().__repr_args__() if not _may_be_secret(name or "")]

    pilito_env: Annotated[
        Literal["development", "production"], Field(description="production refuses weak secrets and demo mode")
    ] = "development"
    secret_key: Annotated[str, Field(description="signs sessions; 32 characters or more")] = ""
    secret_key_fallbacks: Annotated[
        Words, Field(description="older keys, comma-separated, whose signatures still count")
    ] = []
    encryption_keys: Annotated[
        Words, Field(description="Fernet keys, comma-separated: the first encrypts, all decrypt")
    ] = []
    database_url: Annotated[
        str,
        AfterValidator(_database_address),
        Field(description="SQLAlchemy address; sqlite:///… or postgresql+psycopg://…"),
    ] = ""
    redis_url: Annotated[
        str,
        AfterValidator(_redis_address),
        Field(description="redis://, rediss:// or unix://; empty: the embedded server of `make run`"),
    ] = ""
    public_url: Annotated[HttpAddress, Field(description="where browsers and Meta reach this server")] = (
        "http://127.0.0.1:8000"
    )
    host: Annotated[str, Field(description="address the web server listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="port the web server listens on")] = 8000

    instagram_app_id: Annotated[str, Field(description="id of the Meta app")] = ""
    instagram_app_secret: Annotated[
        Words, Field(description="app secrets, comma-separated: a signature by any of them is accepted")
    ] = []
    instagram_verify_token: Annotated[str, Field(description="the token typed into Meta's webhook form")] = ""
    instagram_graph_url: Annotated[HttpAddress, Field(description="API of Instagram Login")] = (
        "https://graph.instagram.com"
    )
    facebook_graph_url: Annotated[HttpAddress, Field(description="API of Facebook Pages")] = (
        "https://graph.facebook.com"
    )
    instagram_oauth_url: Annotated[HttpAddress, Field(description="log-in pages of Instagram")] = (
        "https://www.instagram.com"
    )
    instagram_token_url: Annotated[HttpAddress, Field(description="where a log-in's code becomes a token")] = (
        "https://api.instagram.com"  # noqa: S105  (an address)
    )
    graph_version: Annotated[str, Field(pattern=r"^v\d+\.\d+$", description="version of Meta's API")] = "v25.0"
    telegram_api_url: Annotated[HttpAddress, Field(description="API of Telegram")] = "https://api.telegram.org"

    openai_api_key: Annotated[
        str, Field(description="key of the model's server; empty: the demo model in demo mode")
    ] = ""
    openai_base_url: Annotated[HttpAddress, Field(description="any server that speaks the OpenAI API")] = (
        "https://api.openai.com/v1"
    )
    openai_model: Annotated[str, Field(description="name of the model")] = "gpt-4o-mini"
    openai_timeout_seconds: Annotated[
        float, Field(gt=0, le=300, description="longest wait for one answer of the model")
    ] = 30

    openai_total_seconds: Annotated[
        float, Field(gt=0, le=150, description="longest wait over all tries and the fallback model, then a person")
    ] = 60
    openai_max_tokens: Annotated[
        int, Field(ge=0, le=100_000, description="longest answer of the model in tokens; 0: as long as its server lets")
    ] = 0
    openai_api_version: Annotated[
        str, Field(pattern=r"^[\w.-]{0,40}$", description="version of an Azure-style API; empty: another server")
    ] = ""
    openai_fallback_model: Annotated[str, Field(description="model that is asked when the first fails")] = ""
    openai_fallback_base_url: Annotated[
        str, AfterValidator(_http_address_or_none), Field(description="its server; empty: the same as the first's")
    ] = ""
    openai_fallback_api_key: Annotated[str, Field(description="key of the fallback model's server")] = ""
    openai_fallback_api_version: Annotated[
        str, Field(pattern=r"^[\w.-]{0,40}$", description="version of its API where it is Azure-style")
    ] = ""
    openai_vision_model: Annotated[
        str, Field(description="model that describes customers' pictures; empty: a person looks at them")
    ] = ""
    openai_vision_base_url: Annotated[
        str, AfterValidator(_http_address_or_none), Field(description="its server; empty: OPENAI_BASE_URL")
    ] = ""
    openai_vision_api_key: Annotated[
        str, Field(description="key of its server; empty: OPENAI_API_KEY, where the server is the same")
    ] = ""
    openai_transcription_model: Annotated[
        str, Field(description="model that writes voice messages down; empty: a person listens to them")
    ] = ""
    openai_transcription_base_url: Annotated[
        str,
        AfterValidator(_http_address_or_none),
        Field(description="its server, with the audio endpoint; empty: OPENAI_BASE_URL"),
    ] = ""
    openai_transcription_api_key: Annotated[
        str, Field(description="key of its server; empty: OPENAI_API_KEY, where the server is the same")
    ] = ""

    model_prices: Annotated[
        str,
        AfterValidator(_prices),
        Field(description="model=in/out pairs, comma-separated: dollars for a million tokens asked and answered"),
    ] = "gpt-4o-mini=0.15/0.60"
    model_budget_per_day: Annotated[
        float, Field(ge=0, description="most dollars that all answers of 24 hours may cost; 0: no limit")
    ] = 0
    model_budget_per_customer_per_day: Annotated[
        float, Field(ge=0, description="most dollars that one customer's answers of 24 hours may cost; 0: no limit")
    ] = 0
    model_tokens_per_day: Annotated[
        int, Field(ge=0, description="most tokens of all answers of 24 hours, asked and answered; 0: no limit")
    ] = 0
    model_tokens_per_customer_per_day: Annotated[
        int, Field(ge=0, description="most tokens of one customer's answers of 24 hours; 0: no limit")
    ] = 0
    model_prompt_tokens: Annotated[
        int, Field(ge=2000, le=1_000_000, description="most tokens of one prompt; history and facts are cut to it")
    ] = 12_000

    openai_embedding_model: Annotated[
        str, Field(max_length=191, description="model that finds facts by their meaning too; empty: by words alone")
    ] = ""
    openai_embedding_base_url: Annotated[
        str,
        AfterValidator(_http_address_or_none),
        Field(description="its server, with the embeddings endpoint; empty: OPENAI_BASE_URL"),
    ] = ""
    openai_embedding_api_key: Annotated[
        str, Field(description="key of its server; empty: OPENAI_API_KEY, where the server is the same")
    ] = ""
    openai_embedding_timeout_seconds: Annotated[
        float, Field(gt=0, le=30, description="longest wait for a question's vector; then words alone decide")
    ] = 1.5

    share_wait_seconds: Annotated[Seconds, Field(description="how long a share waits for its question")] = 120
    share_lookback_seconds: Annotated[
        Seconds, Field(description="how long before its share a question may be typed")
    ] = 10
    reply_quiet_seconds: Annotated[Seconds, Field(description="silence after a message before it is answered")] = 3
    reply_quiet_max_seconds: Annotated[Seconds, Field(description="longest wait for silence in a burst")] = 30

    media_url: Annotated[
        str, AfterValidator(_media_address), Field(description="where copies of files are kept: file:///… or s3://…")
    ] = ""
    media_s3_endpoint: Annotated[HttpAddress, Field(description="server of the bucket")] = "https://s3.amazonaws.com"
    media_s3_region: Annotated[str, Field(description="region of the bucket, where its server has regions")] = ""
    media_s3_access_key: Annotated[str, Field(description="access key of the bucket")] = ""
    media_s3_secret_key: Annotated[str, Field(description="secret key of the bucket")] = ""

    backup_folder: Annotated[
        str, AfterValidator(_folder), Field(description="where backups are written; empty: var/backups")
    ] = ""
    backup_recipient: Annotated[
        str, AfterValidator(_recipient), Field(description="public key of age that backups are encrypted to")
    ] = ""
    backup_every_hours: Annotated[
        float, Field(ge=0, le=24 * 31, description="how often the scheduler makes a backup; 0: never by itself")
    ] = 0
    backup_keep: Annotated[int, Field(ge=1, le=1000, description="how many of its backups the scheduler keeps")] = 7

    keep_bodies_days: Annotated[
        int, Field(ge=0, le=3650, description="how long the raw bodies of webhooks are kept; 0: for ever")
    ] = 90
    keep_model_use_days: Annotated[
        int, Field(ge=0, le=3650, description="how long it is kept what each answer has cost; 0: for ever")
    ] = 400
    keep_silent_customers_days: Annotated[
        int,
        Field(ge=0, le=3650, description="a customer silent for so long is erased with everything; 0: never"),
    ] = 0

    smtp_url: Annotated[
        str,
        AfterValidator(_smtp_address),
        Field(description="mail server, smtp://name:password@host:587 or smtps://…; empty: no mail is sent"),
    ] = ""
    mail_from: Annotated[str, AfterValidator(_sender), Field(description="sender of that mail, needed with it")] = ""

    trusted_proxies: Annotated[
        int, Field(ge=0, le=5, description="reverse proxies in front, whose X-Forwarded headers are believed")
    ] = 0
    web_processes: Annotated[int, Field(ge=1, le=64, description="web server processes")] = 2
    requests_per_minute: Annotated[
        int,
        Field(
            ge=0,
            description="requests of one person or one API token that a web process serves in a minute; a quarter as"
            " many may change something, a sixth may search. 0: no limit. Webhooks are never counted",
        ),
    ] = 3000
    worker_processes: Annotated[int, Field(ge=1, le=64, description="worker processes")] = 1
    worker_concurrency: Annotated[
        int, Field(ge=1, le=128, description="replies prepared at once in one worker process")
    ] = 16
    worker_nice: Annotated[
        int, Field(ge=0, le=19, description="how far workers and scheduler stand behind the web for the processor")
    ] = 5
    sentry_dsn: Annotated[str, Field(description="where errors are reported; empty: nowhere")] = ""
    otel_exporter_otlp_endpoint: Annotated[
        str,
        AfterValidator(_collector_address),
        Field(description="OpenTelemetry collector that gets spans; empty: none"),
    ] = ""
    log_format: Annotated[Literal["text", "json"], Field(description="form of the log lines")] = "text"

    pilito_demo: Annotated[
        bool, Field(description="set by `make run`: the demo shop and its phone are served; false: they never are")
    ] = False
    pilito_demo_url: Annotated[HttpAddress, Field(description="set by `make run`: where the demo's servers listen")] = (
        "http://127.0.0.1:8001"
    )

    @property
    def demo(self) -> bool:
        """Demo mode; never in production."""
        return self.pilito_demo and not self.in_production

    @property
    def in_production(self) -> bool:
        return self.pilito_env == "production"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` win over the environment (tests use them).

    Raises ConfigError with one sentence that names the setting, what was expected and what came.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None
    _check_keys(settings)
    _check_media(settings)
    if settings.smtp_url and not settings.mail_from:
        raise ConfigError("MAIL_FROM: SMTP_URL names a mail server and expects a sender's address, but it is empty.")
    if settings.in_production:
        _check_production(settings)
    return settings


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]).upper()
    expected = first["msg"].removeprefix("Value error, ")
    expected = expected.removeprefix("Input should be ")
    return f"{name}: expected {expected}, but it is {_shown(name, first.get('input'))}."


def _shown(name: str, value: Any) -> str:
    """The value as it came, unless it is a secret: an error text ends up in logs."""
    return "another value" if _may_be_secret(name) else repr(value)


def _may_be_secret(name: str) -> bool:
    """By its name; an address may hold a password."""
    return any(word in name.upper() for word in ("SECRET", "KEY", "TOKEN", "URL", "DSN"))


def _check_keys(settings: Settings) -> None:
    for number, key in enumerate(settings.encryption_keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ConfigError(
                f"ENCRYPTION_KEYS: expected Fernet keys (32 bytes in URL-safe base64), but key number {number} is none."
            ) from None


def _check_media(settings: Settings) -> None:
    if settings.media_url.startswith("s3://"):
        for name in ("media_s3_access_key", "media_s3_secret_key"):
            if not getattr(settings, name):
                raise ConfigError(f"{name.upper()}: MEDIA_URL names a bucket and expects a key, but it is empty.")


def _check_production(settings: Settings) -> None:
    """Refuse what would be weak in the open."""
    for name in ("secret_key", "instagram_verify_token"):
        value = getattr(settings, name)
        if len(value) < MINIMUM_SECRET_LENGTH:
            raise ConfigError(
                f"{name.upper()}: production expects at least {MINIMUM_SECRET_LENGTH} characters,"
                f" but it has {len(value)}; `python -c 'import secrets; print(secrets.token_urlsafe(32))'` makes one."
            )
    if not settings.encryption_keys:
        raise ConfigError("ENCRYPTION_KEYS: production expects at least one Fernet key, but there is none.")
    if not settings.instagram_app_secret or any(len(secret) < 16 for secret in settings.instagram_app_secret):
        raise ConfigError(
            "INSTAGRAM_APP_SECRET: production expects Meta's app secret (16 characters or more),"
            " but it is missing or shorter."
        )
    redis = urlsplit(settings.redis_url)
    if redis.scheme in ("redis", "rediss") and not redis.password:
        raise ConfigError("REDIS_URL: production expects a password for Redis on TCP, but the address has none.")
