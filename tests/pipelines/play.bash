# shellcheck shell=bash disable=SC2034,SC2154
# Tests of what plays, shows and writes: sourced by check-pipeline.
# SPDX-License-Identifier: LGPL-2.1-or-later

# shown_as WIDTH HEIGHT FILE: what $show_in_file took, with its format.
shown_as() {
  gst-launch-1.0 -q filesrc location="$dir/shown" \
    ! rawvideoparse format=i420 width="$1" height="$2" framerate=10/1 \
    ! matroskamux ! filesink location="$3"
}

test_denoise_file_plays_a_cleaner_picture() {
  make_noisy "$dir/a noisy #1.mkv"
  VIDEO_SINK=$show_in_file \
    "$pipelines/denoise-file" "$dir/a noisy #1.mkv"
  shown_as 384 216 "$dir/shown.mkv"
  has_frames "$dir/shown.mkv" "$n_clip_frames"
  gains_over "$dir/a noisy #1.mkv" "$dir/shown.mkv" 3
}

# si_sdr FILE: in dB, of a recording of the bundled voice.
si_sdr() {
  local file
  for file in "$voice" "$1"; do
    gst-launch-1.0 -q filesrc location="$file" ! decodebin ! audioconvert \
      ! audioresample ! audio/x-raw,format=F32LE,rate=16000,channels=1 \
      ! filesink location="$dir/$(basename "$file").raw"
  done
  "$AE_BUILD_DIR/tests/bench/audio-quality" 16000 1 "$dir/voice.flac.raw" \
    "$dir/$(basename "$1").raw" | cut -d' ' -f1
}

test_denoise_sound_file_writes_a_cleaner_voice() {
  local before after type
  [ -x "$AE_BUILD_DIR/tests/bench/audio-quality" ] || exit 77
  make_noisy_voice "$dir/noisy.wav"
  before=$(si_sdr "$dir/noisy.wav")
  for type in wav flac opus; do
    "$pipelines/denoise-sound-file" "$dir/noisy.wav" "$dir/result.$type"
    after=$(si_sdr "$dir/result.$type")
    echo "$before dB before, $after dB after, $type"
    is_more "$after" "$(awk -v x="$before" 'BEGIN { print x + 3 }')" "SI-SDR after"
  done
  "$pipelines/denoise-sound-file" "$dir/noisy.wav" "$dir/same.wav" 0
  gst-launch-1.0 -q filesrc location="$dir/same.wav" ! wavparse \
    ! filesink location="$dir/same.raw"
  gst-launch-1.0 -q filesrc location="$dir/noisy.wav" ! wavparse \
    ! filesink location="$dir/noisy.raw"
  cmp "$dir/noisy.raw" "$dir/same.raw" || fail "strength 0 changes samples"
  if "$pipelines/denoise-sound-file" "$dir/noisy.wav" "$dir/x.xyz" 2>"$dir/said"; then
    fail "there is no such format"
  fi
  grep -q 'x.xyz' "$dir/said" || fail "$(cat "$dir/said")"
}

test_denoise_microphone_without_a_microphone_plays_a_test_sound() {
  ! compgen -G "/dev/snd/pcm*c" >/dev/null || exit 77
  local strength
  for strength in 0 1; do
    PULSE_SERVER='' XDG_RUNTIME_DIR=$dir \
      AUDIO_SINK="wavenc ! filesink location=$dir/played$strength.wav" \
      "$pipelines/denoise-microphone" $strength 2>"$dir/errors"
    grep -q 'no microphone' "$dir/errors" || fail "does not say that it is a test"
  done
  [ "$(stat -c %s "$dir/played0.wav")" = "$(stat -c %s "$dir/played1.wav")" ] ||
    fail "samples are missing"
  [ -x "$AE_BUILD_DIR/tests/bench/audio-quality" ] || exit 0
  is_more "$(si_sdr "$dir/played1.wav")" \
    "$(awk -v x="$(si_sdr "$dir/played0.wav")" 'BEGIN { print x + 2 }')" \
    "SI-SDR after"
}

test_denoise_webcam_without_a_camera_shows_a_test_picture() {
  [ ! -c /dev/video0 ] || exit 77
  NUM_BUFFERS=10 VIDEO_SINK=$show_in_file \
    "$pipelines/denoise-webcam" 2>"$dir/errors"
  shown_as 640 480 "$dir/shown.mkv"
  grep -q 'no camera' "$dir/errors" || fail "does not say that it is a test"
  is_more "$(count_frames "$dir/shown.mkv")" 1 "number of frames"
}

test_generate_digits_shows_digits() {
  local pattern
  for pattern in grid walk; do
    NUM_BUFFERS=5 VIDEO_SINK=$show_in_file "$pipelines/generate-digits" $pattern
    # Black paper, and ink on some of it.
    python3 - "$dir/shown" <<'END' || fail "pattern $pattern shows no digits"
import sys
luma = open(sys.argv[1], "rb").read()
ink = sum(value > 160 for value in luma) / len(luma)
sys.exit(not 0.02 < ink < 0.4)
END
  done
  if "$pipelines/generate-digits" spiral 2>"$dir/errors"; then
    fail "there is no pattern spiral"
  fi
  grep -q "interpolate" "$dir/errors" || fail "does not say what there is"
}

test_generate_camera_without_a_camera_draws_from_a_test_picture() {
  [ ! -c /dev/video0 ] || exit 77
  NUM_BUFFERS=60 VIDEO_SINK=$show_in_file "$pipelines/generate-camera" \
    2>"$dir/errors"
  shown_as 800 480 "$dir/shown.mkv"
  is_more "$(count_frames "$dir/shown.mkv")" 60 "number of frames"
}

test_side_by_side_shows_two_pictures() {
  VIDEO_SINK=$show_in_file \
    "$pipelines/side-by-side"
  shown_as 768 216 "$dir/shown.mkv"
  has_frames "$dir/shown.mkv" "$n_clip_frames"
  # The left half is the noisy input, the right half is denoised.
  for crop in right left; do
    gst-launch-1.0 -q filesrc location="$dir/shown.mkv" ! decodebin \
      ! videoconvert ! videocrop $crop=384 ! video/x-raw,format=I420 \
      ! matroskamux ! filesink location="$dir/without-$crop.mkv"
  done
  gains_over "$dir/without-right.mkv" "$dir/without-left.mkv" 2
}

test_transcode_file_writes_a_cleaner_video() {
  make_noisy "$dir/noisy.mkv"
  "$pipelines/transcode-file" "$dir/noisy.mkv" "$dir/result.mkv"
  has_frames "$dir/result.mkv" "$n_clip_frames"
  gains_over "$dir/noisy.mkv" "$dir/result.mkv" 3
}

test_transcode_file_keeps_the_sound() {
  gst-launch-1.0 -q matroskamux name=mux ! filesink location="$dir/in.mkv" \
    videotestsrc num-buffers=10 ! video/x-raw,width=64,height=48 ! mux. \
    audiotestsrc num-buffers=20 ! mux.
  "$pipelines/transcode-file" "$dir/in.mkv" "$dir/result.mkv"
  gst-discoverer-1.0 "$dir/result.mkv" >"$dir/said"
  grep -q 'audio.*Opus' "$dir/said" || fail "no sound in the result"
  has_frames "$dir/result.mkv" 10
}

# application COMMAND...: says how much noise there was and how much is left.
application() {
  local noise psnr
  "$@" "$clip" 20 | tee "$dir/said"
  noise=$(sed -n 's/^noise level //p' "$dir/said" | tail -n 1)
  psnr=$(sed -n "s/^$n_clip_frames frames, PSNR \([0-9.]*\) dB.*/\1/p" "$dir/said")
  is_more "$noise" 10 "noise level"
  is_more 30 "$noise" "upper limit of the noise level"
  is_more "$psnr" 25 "PSNR"
  if "$@" "$dir/none.webm" >"$dir/said" 2>&1; then
    fail "a missing file is no error"
  fi
  grep -q 'none.webm\|not found\|No such file' "$dir/said" ||
    fail "the error does not say what is missing"
}

test_application_in_c_tells_noise_and_quality() {
  application "$AE_BUILD_DIR/pipelines/denoise-app"
}

test_application_in_python_tells_noise_and_quality() {
  /usr/bin/python3 -c 'import gi; gi.require_version("Gst", "1.0")' || exit 77
  application /usr/bin/python3 "$pipelines/denoise-app.py"
}

# nearest_frame COMMAND...: three patterns, of which the first comes again.
nearest_frame() {
  local form='video/x-raw,format=I420,width=160,height=96,framerate=5/1'
  gst-launch-1.0 -q concat name=all ! jpegenc quality=95 ! matroskamux ! \
    filesink location="$dir/patterns.mkv" \
    videotestsrc pattern=smpte num-buffers=10 ! "$form" ! all. \
    videotestsrc pattern=circular num-buffers=10 ! "$form" ! all. \
    videotestsrc pattern=gradient num-buffers=10 ! "$form" ! all. \
    videotestsrc pattern=smpte num-buffers=10 ! "$form" ! all.
  "$@" "$dir/patterns.mkv" | tee "$dir/said"
  grep -q ' 6.50 s is nearest to  *[01]\.[05]0 s: 0.0' "$dir/said" ||
    fail "a frame seen before was not found"
  if "$@" "$dir/none.mkv" >"$dir/said" 2>&1; then
    fail "a missing file is no error"
  fi
}

test_nearest_frame_knows_a_frame_again_in_c() {
  nearest_frame "$AE_BUILD_DIR/pipelines/nearest-frame"
}

test_nearest_frame_knows_a_frame_again_in_python() {
  /usr/bin/python3 -c 'import gi; gi.require_version("Gst", "1.0")' || exit 77
  nearest_frame /usr/bin/python3 "$pipelines/nearest-frame.py"
}

# table_row FIELD...: the numbers of that row of the quickstart's table.
table_row() {
  sed -n "s/^$1 *//p" "$dir/said"
}

has_pictures() {
  has_frames "$dir/out/before-after.mp4" "$1"
  gst-launch-1.0 -q filesrc location="$dir/out/before-after.png" ! pngdec \
    ! fakesink || fail "the PNG is broken"
  [ "$(grep -ao IEND "$dir/out/before-after.png" | wc -l)" = 1 ] ||
    fail "the PNG file does not hold one picture"
  [ ! -e "$dir/out/clean.raw" ] || fail "left its intermediate files behind"
}

test_quickstart_shows_the_gain_on_the_bundled_clip() {
  local before after
  OUT_DIR=$dir/out "$pipelines/quickstart" | tee "$dir/said"
  read -r before after <<<"$(table_row 'PSNR, dB')"
  is_more "$before" 15 "PSNR before"
  is_more "$after" "$(awk -v x="$before" 'BEGIN { print x + 3 }')" "PSNR after"
  read -r before after <<<"$(table_row SSIM)"
  is_more "$after" "$before" "SSIM after"
  is_more "$(table_row 'frames per second')" 0.1 "frames per second"
  is_more "$(table_row 'CPU seconds')" 0.01 "CPU seconds"
  has_pictures "$n_clip_frames"
}

test_quickstart_takes_a_file_of_ones_own() {
  make_noisy "$dir/my own.mkv"
  OUT_DIR=$dir/out "$pipelines/quickstart" --frames 12 "$dir/my own.mkv" |
    tee "$dir/said"
  is_more "$(table_row 'noise level, estimated')" 5 "noise level"
  has_pictures 12
}
