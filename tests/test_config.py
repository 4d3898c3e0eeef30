"""A wrong setting stops the start with one sentence; production refuses what is weak."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask.cli import cli as flask_command

from pilito import create_app
from pilito.config import Settings, load_settings
from pilito.errors import ConfigError

STRONG = {
    "_env_file": None,
    "pilito_env": "production",
    "secret_key": "s" * 32,
    "encryption_keys": [Fernet.generate_key().decode()],
    "instagram_app_secret": ["a" * 32],
    "instagram_verify_token": "v" * 32,
    "redis_url": "redis://:password@127.0.0.1:6379/0",
}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("port", "eighty", "PORT: expected a valid integer"),
        ("port", 70000, "PORT: expected less than or equal to 65535"),
        ("openai_total_seconds", 151, "OPENAI_TOTAL_SECONDS: expected less than or equal to 150"),
        ("share_wait_seconds", -1, "SHARE_WAIT_SECONDS: expected greater than or equal to 0"),
        ("public_url", "ftp://shop", "PUBLIC_URL: expected an address that begins with http:// or https://"),
        ("graph_version", "25", "GRAPH_VERSION:"),
        ("pilito_env", "prod", "PILITO_ENV: expected 'development' or 'production', but it is 'prod'."),
        ("log_format", "xml", "LOG_FORMAT:"),
        ("database_url", "nonsense", "DATABASE_URL: expected an address that begins with sqlite:///"),
        ("database_url", "mysql://shop", "DATABASE_URL: expected an address that begins with sqlite:///"),
        ("redis_url", "foo://x", "REDIS_URL: expected an address that begins with redis://"),
        ("encryption_keys", "no key", "ENCRYPTION_KEYS: expected Fernet keys"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected_and_what_came(name, value, expected):
    with pytest.raises(ConfigError) as error:
        load_settings(_env_file=None, **{name: value})

    assert str(error.value).startswith(expected)
    assert "\n" not in str(error.value)


def test_a_secret_that_is_wrong_is_not_shown():
    with pytest.raises(ConfigError) as error:
        load_settings(_env_file=None, encryption_keys="my-own-secret-words")

    assert "my-own-secret-words" not in str(error.value)


SECRETS = [
    "secret_key",
    "secret_key_fallbacks",
    "encryption_keys",
    "database_url",
    "redis_url",
    "instagram_app_secret",
    "instagram_verify_token",
    "openai_api_key",
    "openai_fallback_api_key",
    "openai_vision_api_key",
    "openai_transcription_api_key",
    "openai_embedding_api_key",
    "media_s3_access_key",
    "media_s3_secret_key",
    "smtp_url",
    "sentry_dsn",
]


def test_settings_that_are_shown_show_no_secret():
    """In a log line or in what a debugger prints; an address may hold a password."""
    settings = Settings.model_construct(**{name: f"kanarienvogel-{name}." for name in Settings.model_fields})

    shown = {name for name in Settings.model_fields if f"kanarienvogel-{name}." in f"{settings} {settings!r}"}

    assert set(SECRETS) <= set(Settings.model_fields)
    assert shown & set(SECRETS) == set()
    assert {"host", "port", "mail_from", "openai_model"} <= shown


def test_several_app_secrets_come_comma_separated(monkeypatch):
    monkeypatch.setenv("INSTAGRAM_APP_SECRET", "one, two,")

    assert load_settings(_env_file=None).instagram_app_secret == ["one", "two"]


def test_an_empty_setting_is_the_default(monkeypatch):
    monkeypatch.setenv("SHARE_WAIT_SECONDS", "")

    assert load_settings(_env_file=None).share_wait_seconds == 120


@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("secret_key", ""),
        ("secret_key", "short"),
        ("encryption_keys", []),
        ("instagram_app_secret", []),
        ("instagram_app_secret", ["a" * 32, "short"]),
        ("instagram_verify_token", "short"),
        ("redis_url", "redis://127.0.0.1:6379/0"),
    ],
)
def test_production_refuses_a_weak_setting(name, weak):
    with pytest.raises(ConfigError, match=name.upper()):
        load_settings(**{**STRONG, name: weak})


def test_production_makes_no_app_without_an_address_of_redis():
    with pytest.raises(ConfigError, match="REDIS_URL"):
        create_app(load_settings(**{**STRONG, "redis_url": ""}))


@pytest.mark.parametrize(
    ("debug", "refused"), [("1", "FLASK_DEBUG"), ("yes", "FLASK_DEBUG"), ("0", "REDIS_URL"), ("", "REDIS_URL")]
)
def test_production_makes_no_app_that_tells_of_its_errors(monkeypatch, debug, refused):
    """With it an error passes our pages and our log by: the server writes it down whole, with its words."""
    monkeypatch.setenv("FLASK_DEBUG", debug)

    with pytest.raises(ConfigError, match=f"^{refused}: "):
        create_app(load_settings(**{**STRONG, "redis_url": ""}))  # which is asked for after it


def test_make_run_may_read_production_settings_before_it_has_started_its_own_redis():
    assert load_settings(**{**STRONG, "redis_url": ""}).in_production


def test_production_takes_strong_ones_and_a_unix_socket():
    assert load_settings(**STRONG).in_production
    assert load_settings(**{**STRONG, "redis_url": "unix:///run/redis.sock"}).in_production


def test_demo_mode_never_starts_in_production():
    assert not load_settings(**{**STRONG, "pilito_demo": True}).demo
    assert load_settings(_env_file=None, pilito_demo=True).demo


def test_the_start_ends_with_the_sentence_alone(tmp_path):
    root = Path(__file__).parents[1]
    env = {"PATH": "/usr/bin:/bin", "PILITO_VAR": str(tmp_path), "PORT": "eighty"}

    started = subprocess.run(
        [sys.executable, "-m", "pilito.launch"],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode == 1
    assert started.stderr.startswith("Pilito cannot start. PORT: expected a valid integer")
    assert "Traceback" not in started.stderr


@pytest.mark.parametrize("command", [["db", "current"], ["worker"]])
def test_a_flask_command_ends_with_the_sentence_alone(monkeypatch, command):
    monkeypatch.chdir(Path(__file__).parents[1])
    monkeypatch.setenv("LOG_FORMAT", "xml")
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")  # `flask` sets it: so that it is taken back
    monkeypatch.delitem(sys.modules, "wsgi", raising=False)

    with pytest.raises(SystemExit) as end:
        flask_command.main(command)

    assert str(end.value).startswith("Pilito cannot start. LOG_FORMAT: expected")  # which Python writes, and no more


def test_a_database_that_does_not_answer_is_a_sentence(tmp_path):
    root = Path(__file__).parents[1]
    address = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    env = {"PATH": "/usr/bin:/bin", "PILITO_VAR": str(tmp_path / "var"), "DATABASE_URL": address, "PORT": "18999"}
    env["REDIS_URL"] = "redis://127.0.0.1:1/0"

    started = subprocess.run(
        [sys.executable, "-m", "pilito.launch"],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode == 1
    assert "Pilito cannot start. DATABASE_URL: the database does not answer" in started.stderr
    assert "Traceback" not in started.stderr
    assert (tmp_path / "var").stat().st_mode & 0o077 == 0
