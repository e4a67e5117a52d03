# shellcheck shell=bash
# Asks Tempo; the scripts beside this one read it.
#
#   TEMPO_URL      where Tempo is. Without it, kubectl forwards a port to the one in the cluster.
#   START, END     the time to search, in seconds since 1970. By default the last hour.
#   LIMIT          of traces. By default 20.
#   SPANS          of each trace. By default 100, and Tempo takes no more (max_spans_per_span_set).
set -euo pipefail

fail() {
  echo "$1" >&2
  exit 1
}

# Fails unless a variable is a whole number.
whole() {
  [[ ${!1} =~ ^[1-9][0-9]{0,9}$ ]] || fail "Expected a whole number${2:-} in $1, got \"${!1}\""
}

END=${END:-$(date +%s)}
whole END " of seconds since 1970"
START=${START:-$((END - 3600))}
whole START " of seconds since 1970"
[ "$START" -lt "$END" ] || fail "Expected START before END, got $START and $END"
LIMIT=${LIMIT:-20}
whole LIMIT
SPANS=${SPANS:-100}
whole SPANS
[ "$SPANS" -le 100 ] || fail "Expected at most 100 in SPANS, which is what Tempo takes, got \"$SPANS\""

for program in curl jq; do
  command -v "$program" >/dev/null || fail "This needs $program."
done

# Forwards a port that is free until the script ends.
connect() {
  [ -z "${TEMPO_URL:-}" ] || return 0
  command -v kubectl >/dev/null || fail "This needs kubectl, or TEMPO_URL."
  said=$(mktemp)
  kubectl --namespace observability port-forward service/tempo :3200 >"$said" 2>&1 &
  forwarding=$!
  trap 'rm -f "$said"; kill "$forwarding" 2>/dev/null && wait "$forwarding" || true' EXIT
  until TEMPO_URL=$(sed -nE 's|^Forwarding from (127\.0\.0\.1:[0-9]+) .*|http://\1|p' "$said") && [ -n "$TEMPO_URL" ]; do
    kill -0 "$forwarding" 2>/dev/null || fail "kubectl: $(cat "$said")"
    sleep 0.1
  done
}

# What Tempo answers to a path, with the parameters that follow it.
ask() {
  local path=$1 answer
  local parameters=(--get --header 'Accept: application/json')
  shift
  for parameter in "$@"; do parameters+=(--data-urlencode "$parameter"); done
  # By GET only: Tempo answers 200 to a POST and does not read its body.
  answer=$(curl --silent --show-error --fail-with-body "${parameters[@]}" "$TEMPO_URL$path") || fail "Tempo does not answer $path: $answer"
  printf '%s' "$answer"
}

# The spans that a TraceQL query finds, a line each.
search() {
  local found
  connect
  echo "$1" >&2
  # Without a start and an end, Tempo looks at what is recent only; without spss, it shows three spans of a trace.
  found=$(ask /api/search "q=$1" "start=$START" "end=$END" "limit=$LIMIT" "spss=$SPANS")
  jq --raw-output '
    def table: (["TRACE", "SPAN", "STARTED", "MILLISECONDS", "TRACE BEGINS WITH"], .[]) | @tsv;
    [
      .traces[]? as $trace
      | $trace.spanSets[]?.spans[]?
      | [
          $trace.traceID,
          .spanID,
          (.startTimeUnixNano | tonumber / 1e9 | todate),
          (.durationNanos | tonumber / 1e6),
          "\($trace.rootServiceName): \($trace.rootTraceName)"
        ]
    ]
    | if length == 0 then "Nothing was found." else table end' <<<"$found"
  jq --raw-output --argjson limit "$LIMIT" '
    (if ([.traces[]?] | length) >= $limit then "There may be more traces: set LIMIT, or less time by START and END." else empty end),
    (.traces[]?
      | ([.spanSets[]?.matched // 0] | add // 0) as $matched
      | ([.spanSets[]?.spans[]?] | length) as $shown
      | select($matched > $shown)
      | "The trace \(.traceID) has \($matched) such spans, of which \($shown) are shown.")' <<<"$found" >&2
}

# The spans of a trace, as JSON: trace, span, parent, service, name, kind, topic, links. None where Tempo does not have it: it
# answers 200 then.
spans_of() {
  ask "/api/v2/traces/$1" | jq '
    # Ids are base64 in the JSON of Tempo, hex everywhere else.
    def hex:
      def sextet: if . >= 97 then . - 71 elif . >= 65 then . - 65 elif . >= 48 then . + 4 elif . == 43 then 62 else 63 end;
      def bits: . as $n | [32, 16, 8, 4, 2, 1] | map(($n / . | floor) % 2);
      if . == null then null
      elif endswith("=") | not then .
      else
        [explode[] | select(. != 61) | sextet | bits[]] as $bits
        | [range(0; ($bits | length) - ($bits | length) % 8; 4) | $bits[.:. + 4] | .[0] * 8 + .[1] * 4 + .[2] * 2 + .[3]]
        | map("0123456789abcdef"[.:. + 1])
        | add
      end;
    def attribute($name): [.attributes[]? | select(.key == $name) | .value.stringValue] | first;
    [
      .trace?.resourceSpans[]?
      | (.resource | attribute("service.name")) as $service
      | .scopeSpans[]?.spans[]?
      | {
          trace: (.traceId | hex),
          span: (.spanId | hex),
          parent: (.parentSpanId | hex),
          service: $service,
          name,
          kind: (.kind | sub("SPAN_KIND_"; "") | ascii_downcase),
          topic: attribute("messaging.destination.name"),
          links: [.links[]? | { trace: (.traceId | hex), span: (.spanId | hex) }]
        }
    ]'
}
