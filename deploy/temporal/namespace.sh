#!/bin/sh
# Makes Muster's namespace, or brings its retention up to date; running it again changes nothing. Waits until the server
# serves, and until it knows the namespace: its frontend reads namespaces from a cache.
set -eu
namespace="$TEMPORAL_NAMESPACE"
retention="$MUSTER_RETENTION"

within() { # within seconds command...: tries once a second
  left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then
      echo "gave up waiting for: $*" >&2
      "$@"
      exit 1
    fi
    sleep 1
  done
}

within 120 temporal operator cluster health
if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$namespace" --retention "$retention"
else
  temporal operator namespace create --namespace "$namespace" --retention "$retention" \
    --description "Muster: one workflow for each event and each person in flight"
fi
within 60 temporal operator search-attribute list --namespace "$namespace"
echo "the namespace $namespace is there; closed workflows are kept for $retention"
