#!/bin/sh
# Brings Temporal's two databases to the schema of this version of its server; running it again changes nothing.
# The databases themselves are made by deploy/postgres/databases.sh, because this user may not make any.
set -eu
SQL_PASSWORD="$(cat /run/secrets/temporal-database-password)"
export SQL_PASSWORD

schema() { # schema database folder
  echo "$1: bringing the schema up to date"
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

schema temporal temporal
schema temporal_visibility visibility
