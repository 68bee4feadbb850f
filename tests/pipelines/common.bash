# shellcheck shell=bash disable=SC2034,SC2154
# What the tests of pipelines/ share: sourced by check-pipeline.
# SPDX-License-Identifier: LGPL-2.1-or-later

pipelines=$top/pipelines
clip=$pipelines/data/person.webm
voice=$pipelines/data/voice.flac
n_clip_frames=40
export GST_PLUGIN_PATH_1_0=$AE_BUILD_DIR/plugins
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
show_in_file="video/x-raw,format=I420 ! filesink location=$dir/shown"
unset DISPLAY WAYLAND_DISPLAY VIDEO_SINK AUDIO_SINK NUM_BUFFERS

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# is_more A B WHAT: fails unless the number A is at least B.
is_more() {
  awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 >= b + 0) }' ||
    fail "$3 is '$1', expected at least $2"
}

# make_noisy FILE: the bundled clip with noise, uncompressed.
make_noisy() {
  gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert \
    ! video/x-raw,format=I420 ! aevideocorrupt type=poisson-gaussian level=20 \
    ! matroskamux ! filesink location="$1"
}

# psnr FILE: of a video against the bundled clip. decodebin reads any format.
psnr() {
  gst-launch-1.0 -m aevideocompare name=compare ! fakesink \
    filesrc location="$clip" ! decodebin ! videoconvert \
    ! video/x-raw,format=I420 ! queue ! compare.reference \
    filesrc location="$1" ! decodebin ! videoconvert \
    ! video/x-raw,format=I420 ! queue ! compare.test |
    sed -n 's/.*ae-compare,.* mean-psnr-y=(double)\([^,;]*\).*/\1/p' | tail -n 1
}

# gains_over NOISY RESULT DB: fails unless RESULT is nearer to the clean clip.
gains_over() {
  local before after
  before=$(psnr "$1")
  after=$(psnr "$2")
  echo "$before dB before, $after dB after"
  is_more "$before" 1 "PSNR before"
  is_more "$after" "$(awk -v x="$before" -v y="$3" 'BEGIN { print x + y }')" \
    "PSNR after"
}

# count_frames FILE
count_frames() {
  gst-launch-1.0 -v filesrc location="$1" ! decodebin ! video/x-raw \
    ! fakesink silent=false sync=false | grep -c 'last-message = chain'
}

has_frames() {
  local n
  n=$(count_frames "$1")
  [ "$n" = "$2" ] || fail "$1 has $n frames, expected $2"
}

# make_noisy_voice FILE.wav: the bundled voice with noise.
make_noisy_voice() {
  gst-launch-1.0 -q filesrc location="$voice" ! decodebin ! audioconvert \
    ! aeaudiocorrupt type=pink level=0.05 ! wavenc ! filesink location="$1"
}

# says TEXT: fails unless $dir/said has it.
says() {
  grep -qF -- "$1" "$dir/said" || fail "no '$1' in: $(cat "$dir/said")"
}
