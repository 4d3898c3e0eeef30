#!/bin/sh
# Starts Valkey or Redis with one user, whom Pilito logs in as: redis://pilito:PASSWORD@HOST:6379/0.
#
# What that user may do is in users.acl, beside this file: read and write Pilito's own keys, run the scripts of RQ, and
# nothing that empties, configures, debugs or ends the server. Nobody else is let in.
#   REDIS_PASSWORD       the password; or
#   REDIS_PASSWORD_FILE  the file that holds it
#   REDIS_SERVER         the program (valkey-server)
#   REDIS_USERS          where the list of users is written (/tmp/users.acl)
# What stands behind it goes to the server.
set -eu
here=$(dirname "$0")
server=${REDIS_SERVER:-valkey-server}
users=${REDIS_USERS:-/tmp/users.acl}
password=${REDIS_PASSWORD:-}
if [ -z "$password" ] && [ -n "${REDIS_PASSWORD_FILE:-}" ]; then
    password=$(cat "$REDIS_PASSWORD_FILE")
fi
if [ -z "$password" ]; then
    echo "Set REDIS_PASSWORD or REDIS_PASSWORD_FILE: nobody is let in without a password." >&2
    exit 1
fi
digest=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
unset password REDIS_PASSWORD
(umask 077 && sed "s/SHA256/$digest/" "$here/users.acl" > "$users")
set -- "$server" --aclfile "$users" --appendonly yes --appendfsync everysec --maxmemory-policy noeviction "$@"
if command -v docker-entrypoint.sh > /dev/null && [ "$(id -u)" = 0 ]; then
    chown valkey "$users"
    exec docker-entrypoint.sh "$@" # which goes on as valkey
fi
exec "$@"
