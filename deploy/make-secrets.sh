#!/bin/sh
# Makes the secrets that docker-compose.yml needs: each a file of its own under deploy/secrets/, readable by its owner alone
# and ignored by git. What is there stays as it is, so running it again changes nothing; to renew one, delete it first.
# Also notes in .env who owns them: the containers that read them run as that user, never as root.
set -eu
umask 077
cd "$(dirname "$0")/.."
secrets="${MUSTER_SECRETS:-deploy/secrets}"
env_file="${MUSTER_ENV_FILE:-.env}"
mkdir -p "$secrets"
chmod 700 "$secrets"

hex() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
# Standard Webhooks' form of an HMAC key.
signing_key() { printf 'whsec_%s' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')"; }

make() { # make name command...: what the command prints, into a file of that name, unless there is one
  [ -s "$secrets/$1" ] && return 0
  name=$1
  shift
  "$@" >"$secrets/$name.next"
  mv "$secrets/$name.next" "$secrets/$name"
  echo "made $secrets/$name"
}
database_url() { printf 'postgres://muster:%s@postgres:5432/muster' "$(cat "$secrets/muster-database-password")"; }

make postgres-password hex
make temporal-database-password hex
make muster-database-password hex
make muster-database-url database_url
make proof-key hex
make birth-date-key hex
make workday-signing-key signing_key
make workday-token hex
make cloudevents-signing-key signing_key
make operator-1 hex
make operator-2 hex
chmod 600 "$secrets"/*

# Containers of root's are refused root: the image's own user reads them then.
if [ "$(id -u)" -eq 0 ]; then
  owner=1000:1000
  chown "$owner" "$secrets"/*
else
  owner="$(id -u):$(id -g)"
fi
if ! grep -qs '^MUSTER_USER=' "$env_file"; then
  echo "MUSTER_USER=$owner" >>"$env_file"
  echo "noted MUSTER_USER=$owner in $env_file"
fi
