#!/bin/bash
# Runs once, on an empty data folder: a database for each service, of a user who gets into no other one.
set -euo pipefail
create() {
  psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="$1" --set=password="$2" --username="$POSTGRES_USER" <<'SQL'
create user :"name" password :'password';
create database :"name" owner :"name";
revoke connect on database :"name" from public;
SQL
}
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" \
  --command='revoke connect on database postgres, template1 from public'
create orders "$ORDERS_PASSWORD"
create notifications "$NOTIFICATIONS_PASSWORD"
