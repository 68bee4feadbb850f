#!/usr/bin/env bash
# Every header that a core library includes belongs to itself or to a library
# it may build on, and none of them knows GStreamer.
set -eu
core=$(cd "$(dirname "$0")/../../core" && pwd)
declare -A allowed=(
  [base]="base" [video]="base video" [net]="base net" [code]="base code"
  [linear]="base linear" [train]="base net train" [audio]="base net audio"
  [latent]="base video net audio code latent"
)
failed=0
checks=0
cd "$core"
for file in $(find . -name '*.[ch]' | sort); do
  file=${file#./}
  library=${file%%/*}
  if grep -nE '^ *# *include *[<"]gst/' "$file"; then
    echo "$file includes GStreamer"
    failed=$((failed + 1))
  fi
  while read -r header; do
    checks=$((checks + 1))
    where=$(find . -name "$(basename "$header")" | head -n 1)
    where=${where#./}
    case " ${allowed[$library]} " in
      *" ${where%%/*} "*) ;;
      *)
        echo "$file includes $header of ${where%%/*}," \
          "allowed are ${allowed[$library]}"
        failed=$((failed + 1))
        ;;
    esac
  done < <(sed -nE 's/^ *# *include *"([^"]+)".*/\1/p' "$file")
done
[ "$checks" -gt 0 ] && [ "$failed" -eq 0 ]
