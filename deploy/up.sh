#!/bin/sh
# The one command that runs Muster on this machine: makes the secrets where there are none, builds the image, starts
# everything and waits until all of it is healthy. Arguments are handed to `docker compose up`. Safe to repeat.
set -eu
cd "$(dirname "$0")/.."
sh deploy/make-secrets.sh
exec docker compose up --build --wait "$@"
