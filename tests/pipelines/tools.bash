# shellcheck shell=bash disable=SC2034,SC2154
# Tests of installing, counting, documents and scripts: sourced by check-pipeline.
# SPDX-License-Identifier: LGPL-2.1-or-later

# make_tools: a folder of a few programs alone, for $PATH.
make_tools() {
  local name
  mkdir "$dir/bin"
  for name in bash dirname env grep; do
    ln -s "$(command -v "$name")" "$dir/bin/$name"
  done
}

# fake NAME TEXT: a program in that folder which does what TEXT says.
fake() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$dir/bin/$1"
  chmod +x "$dir/bin/$1"
}

# shellcheck disable=SC2016
test_install_packages_does_nothing_when_all_are_there() {
  make_tools
  fake dpkg-query 'printf "%s installed\n" "${@:4}"'
  PATH=$dir/bin "$pipelines/install-packages" >"$dir/said" 2>&1 ||
    fail "$(cat "$dir/said")"
  [ ! -s "$dir/said" ] || fail "it says: $(cat "$dir/said")"
}

# shellcheck disable=SC2016
test_install_packages_installs_what_is_missing_as_root() {
  make_tools
  fake dpkg-query 'printf "%s installed\n" "${@:5}"' # the first one is missing
  fake id 'echo 1000'
  fake apt-get 'echo "apt-get $*"'
  if PATH=$dir/bin "$pipelines/install-packages" >"$dir/said" 2>&1; then
    fail "it cannot have installed anything without root"
  fi
  grep -q '^  apt-get install .* gcc$' "$dir/said" ||
    fail "it does not say what to install: $(cat "$dir/said")"
  fake sudo 'echo asked for root; exec "$@"'
  PATH=$dir/bin "$pipelines/install-packages" >"$dir/said"
  [ "$(grep -c 'asked for root' "$dir/said")" = 2 ] || fail "$(cat "$dir/said")"
  grep -q '^apt-get install .* gcc$' "$dir/said" || fail "$(cat "$dir/said")"
  fake id 'echo 0'
  PATH=$dir/bin "$pipelines/install-packages" >"$dir/said"
  ! grep -q 'asked for root' "$dir/said" || fail "root needs no sudo"
  grep -q '^apt-get install .* gcc$' "$dir/said" || fail "$(cat "$dir/said")"
}

# log_line RESULT TEXT: one program's line of Meson's log.
log_line() {
  printf '{"name": "x", "result": "%s", "stdout": "%s"}\n' "$1" "$2"
}

# counts_as LINE: the last line of tests/count for $dir/log.
counts_as() {
  local last
  last=$(python3 "$top/tests/count" "$dir/log" | tail -n 1) || true
  [ "$last" = "$1" ] || fail "counted '$last', expected '$1'"
}

test_count_takes_a_crash_for_a_failure() {
  log_line OK '100%: Checks: 7, Failures: 0, Errors: 0' >"$dir/log"
  counts_as '7 passed, 0 failed'
  log_line FAIL '80%: Checks: 5, Failures: 1, Errors: 0' >>"$dir/log"
  counts_as '11 passed, 1 failed'
  {
    log_line FAIL 'Segmentation fault'
    log_line TIMEOUT ''
    log_line FAIL '100%: Checks: 2, Failures: 0, Errors: 0'
  } >>"$dir/log"
  counts_as '13 passed, 4 failed'
  {
    log_line SKIP ''
    log_line OK ''
  } >>"$dir/log"
  counts_as '14 passed, 4 failed'
  : >"$dir/log"
  counts_as '0 passed, 0 failed'
  if python3 "$top/tests/count" "$dir/log"; then
    fail "no tests at all count as success"
  fi
  rm "$dir/log"
  counts_as '0 passed, 1 failed'
}

test_wrong_arguments_are_told() {
  local name
  for name in quickstart denoise-file side-by-side; do
    if "$pipelines/$name" "$dir/none.mkv" 2>"$dir/errors"; then
      fail "$name takes a file that is not there"
    fi
    grep -q "none.mkv" "$dir/errors" || fail "$name does not name the file"
  done
  if "$pipelines/denoise-webcam" "$dir" 2>"$dir/errors"; then
    fail "a folder is no camera"
  fi
  grep -q "is no camera" "$dir/errors" || fail "denoise-webcam does not say why"
}

# Each pipeline of the README, with its file names replaced and its windows
# closed, as it stands there.
test_readme_pipelines_work_as_pasted() {
  local n=0 block
  cp "$clip" "$dir/input.mp4"
  make_noisy_voice "$dir/input.wav"
  cd "$dir" || exit 1
  ln -s "$AE_BUILD_DIR" build
  ln -s "$pipelines" pipelines
  while IFS= read -r -d '' block; do
    n=$((n + 1))
    echo "--- $block"
    block=${block//autovideosink/fakesink}
    block=${block//autoaudiosink/fakesink}
    block=${block//autoaudiosrc/audiotestsrc num-buffers=5}
    block=${block//is-live=true/is-live=true num-buffers=5}
    bash -euo pipefail -c "$block" || fail "this one: $block"
  done < <(awk '/^```sh pipeline$/ { inside = 1; next }
    /^```$/ && inside { inside = 0; printf "%c", 0; next }
    inside' "$top/README.md")
  is_more "$n" 5 "number of pipelines in README.md"
  has_frames output.mkv "$n_clip_frames"
  [ "$(stat -c %s output.wav)" = "$(stat -c %s input.wav)" ] ||
    fail "output.wav has not as many samples as input.wav"
}

# The lines that gst-inspect-1.0 users and readers of the sources find, with files
# of those names in the folder and sources that end.
test_launch_lines_of_the_elements_work() {
  local n=0 line
  cd "$dir" || exit 1
  cp "$clip" clean.webm
  make_noisy_voice speech.wav
  cp speech.wav room.wav
  cp speech.wav voice.wav
  gst-launch-1.0 -q filesrc location=speech.wav ! wavparse ! audioconvert \
    ! audioresample ! aeaudioenc ! filesink location=speech.ael
  gst-launch-1.0 -q videotestsrc num-buffers=5 ! aevideoenc \
    ! tee name=t ! queue ! filesink location=test.ael \
    t. ! queue ! filesink location=video.ael
  while IFS= read -r line; do
    n=$((n + 1))
    echo "--- $line"
    line=$(sed -E 's/num-buffers=[0-9]+//g; s/(steps-per-frame=)[0-9]+/\11/; s/auto(video|audio)sink/fakesink/g
      s/(videotestsrc|audiotestsrc|aevideosrc)/\1 num-buffers=20/g
      s/v4l2src/videotestsrc num-buffers=20/g
      s/autoaudiosrc/audiotestsrc num-buffers=20/g
      s/aemonitorsrc/aemonitorsrc num-buffers=3/g
      s|file:///tmp/|file://'"$dir"'/|g
      s/playbin/playbin video-sink=fakesink audio-sink=fakesink/' <<<"$line")
    timeout 60 bash -euo pipefail -c "$line" >out 2>&1 ||
      fail "this one: $line$(printf '\n'; cat out)"
  done < <(sed -n 's/^ \* \(gst-launch-1\.0 .*\)/\1/p' "$top"/plugins/*.c)
  is_more "$n" 15 "number of launch lines"
}

test_scripts_pass_shellcheck() {
  command -v shellcheck >/dev/null || exit 77
  cd "$top" || exit 1
  grep -rlE '^(#!.*bash|# shellcheck shell)' pipelines tests .ci |
    xargs shellcheck
}
