#!/usr/bin/env bash
# Where the message of a delivery came from, also out of another trace:  producer-of-consumer.sh TRACE_ID SPAN_ID
source "$(dirname "$(realpath "$0")")/tempo.sh"
[ $# -eq 2 ] || fail "Usage: $0 TRACE_ID SPAN_ID"
[[ $1 =~ ^[0-9a-f]{32}$ ]] || fail "Expected a trace id, 32 digits of hex, got \"$1\""
[[ $2 =~ ^[0-9a-f]{16}$ ]] || fail "Expected a span id, 16 digits of hex, got \"$2\""
connect
spans=$(spans_of "$1")
[ "$spans" != "[]" ] || fail "Tempo has no trace $1: it was not sampled, or is no longer kept."
[ -n "$(jq --arg span "$2" '.[] | select(.span == $span)' <<<"$spans")" ] || fail "The trace $1 has no span $2."

# What it links to, and its parent if that sent something: with the relation `both` they are the same.
origins=$(jq --raw-output --arg span "$2" '
  (.[] | select(.span == $span)) as $consumer
  | [.[] | select(.span == $consumer.parent and (.kind == "producer" or .kind == "client"))]
  | [.[], $consumer.links[]] | unique_by([.trace, .span])[] | "\(.trace) \(.span)"' <<<"$spans")
[ -n "$origins" ] || fail "The span $2 has no link, and no producer above it."

rows=
while read -r trace span; do
  row=$(spans_of "$trace" | jq --raw-output --arg span "$span" '
    .[] | select(.span == $span) | [.trace, .span, .kind, .service, .name] | @tsv')
  [ -n "$row" ] || echo "Tempo has no span $span of the trace $trace: it was not sampled, or is no longer kept." >&2
  rows+=${row:+$row$'\n'}
done <<<"$origins"
[ -n "$rows" ] || exit 1
printf 'TRACE\tSPAN\tKIND\tSERVICE\tNAME\n%s' "$rows"
