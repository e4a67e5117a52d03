#!/usr/bin/env bash
# Where an order was created and handled:  traces-of-order.sh 0b7e4a56-…
source "$(dirname "$(realpath "$0")")/tempo.sh"
[ $# -eq 1 ] || fail "Usage: $0 ORDER_ID"
[[ $1 =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]] || fail "Expected the id of an order, which POST /orders answers, got \"$1\""
search "{ span.order.id = \"$1\" }"
