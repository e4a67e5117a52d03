#!/usr/bin/env bash
# The spans that sent to a topic:  producers-of-topic.sh order-events
source "$(dirname "$(realpath "$0")")/tempo.sh"
[ $# -eq 1 ] || fail "Usage: $0 TOPIC"
[[ $1 =~ ^[A-Za-z0-9._-]+$ ]] || fail "Expected the name of a topic, got \"$1\""
search "{ span:kind = producer && span.messaging.system = \"kafka\" && span.messaging.destination.name = \"$1\" }"
