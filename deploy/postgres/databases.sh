#!/bin/sh
# Runs once, in an empty PostgreSQL: a user and a database of its own for Temporal and for Muster, so that neither can read
# the other's. Both users own their databases and nothing else; neither may make databases or users.
set -eu

psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres \
  --set temporal_password="$(cat /run/secrets/temporal-database-password)" \
  --set muster_password="$(cat /run/secrets/muster-database-password)" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE muster LOGIN PASSWORD :'muster_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE muster OWNER muster;
REVOKE ALL ON DATABASE postgres, temporal, temporal_visibility, muster FROM PUBLIC;
SQL
