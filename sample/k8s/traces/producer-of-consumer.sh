#!/usr/bin/env bash
# Where the message of a delivery came from, also out of another trace:  producer-of-consumer.sh TRACE_ID SPAN_ID
source "$(dirname "$0")/tempo.sh"
[ $# -eq 2 ] || fail "Usage: $0 TRACE_ID SPAN_ID"
[[ $1 =~ ^[0-9a-f]{32}$ ]] || fail "Expected a trace id, 32 digits of hex, got \"$1\""
[[ $2 =~ ^[0-9a-f]{16}$ ]] || fail "Expected a span id, 16 digits of hex, got \"$2\""
connect
spans=$(spans_of "$1")
consumer=$(jq --arg span "$2" '.[] | select(.span == $span)' <<<"$spans")
[ -n "$consumer" ] || fail "The trace $1 has no span $2."

# What it links to, and its parent if that sent something: with the relation `both` they are the same.
origins=$(jq --raw-output --argjson spans "$spans" '
  . as $consumer
  | ($spans | map(select(.span == $consumer.parent and (.kind == "producer" or .kind == "client"))))
  | [.[], $consumer.links[]] | unique_by(.span)[] | "\(.trace) \(.span)"' <<<"$consumer")
[ -n "$origins" ] || fail "The span $2 has no link, and no producer above it."

printf 'TRACE\tSPAN\tKIND\tSERVICE\tNAME\n'
while read -r trace span; do
  spans_of "$trace" | jq --raw-output --arg span "$span" '
    .[] | select(.span == $span) | [.trace, .span, .kind, .service, .name] | @tsv'
done <<<"$origins"
