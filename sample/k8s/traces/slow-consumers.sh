#!/usr/bin/env bash
# The deliveries that took long, 5 s or what is given:  slow-consumers.sh 500ms
source "$(dirname "$(realpath "$0")")/tempo.sh"
duration=${1:-5s}
[ $# -le 1 ] || fail "Usage: $0 [DURATION]"
[[ $duration =~ ^[0-9]+(\.[0-9]+)?(us|ms|s|m|h)$ ]] || fail "Expected a duration such as 500ms or 5s, got \"$duration\""
search "{ span:kind = consumer && span.messaging.system = \"kafka\" && span:duration > $duration }"
