#!/usr/bin/env bash
# Everything that links to a trace:  links-to-trace.sh 2a500aee668572b4264e1ed5c8fdb310
source "$(dirname "$(realpath "$0")")/tempo.sh"
[ $# -eq 1 ] || fail "Usage: $0 TRACE_ID"
[[ $1 =~ ^[0-9a-f]{32}$ ]] || fail "Expected a trace id, 32 digits of hex, got \"$1\""
search "{ link:traceID = \"$1\" }"
