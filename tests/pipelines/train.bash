# shellcheck shell=bash disable=SC2034,SC2154
# Tests of what trains: sourced by check-pipeline.
# SPDX-License-Identifier: LGPL-2.1-or-later

# Pictures of the clip, for trainers that take files.
pictures() {
  mkdir "$dir/pictures"
  gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videorate \
    ! video/x-raw,framerate=2/1 ! videoconvert ! pngenc \
    ! multifilesink location="$dir/pictures/%02d.png"
}

# Seconds of training on pictures of the clip: enough to see that it learns.
test_train_denoiser_makes_a_model_that_denoises() {
  pictures
  "$pipelines/train-denoiser" "$dir/pictures" --steps 400 --batch 16 --patch 32 \
    -o "$dir/model.safetensors"
  make_noisy "$dir/noisy.mkv"
  gst-launch-1.0 -q filesrc location="$dir/noisy.mkv" ! matroskademux \
    ! aevideodenoise model="$dir/model.safetensors" \
    ! matroskamux ! filesink location="$dir/result.mkv"
  gains_over "$dir/noisy.mkv" "$dir/result.mkv" 2
}

test_train_denoiser_goes_on_after_a_kill_as_if_it_had_not_stopped() {
  local first rate decay options=("$dir/pictures" --steps 60 --batch 16 --patch 32
    --report-every 5 -a 'conv 3x3 8 relu | conv 3x3 1')
  pictures
  "$pipelines/train-denoiser" "${options[@]}" -o "$dir/whole.safetensors"
  "$pipelines/train-denoiser" "${options[@]}" --weight-decay 0.5 \
    -o "$dir/decayed.safetensors"
  ! cmp -s "$dir/whole.safetensors" "$dir/decayed.safetensors" \
    || fail "weight decay changes nothing"
  options+=(--checkpoint "$dir/training" -o "$dir/model.safetensors")
  "$pipelines/train-denoiser" "${options[@]}" >"$dir/first" &
  first=$!
  for _ in {1..300}; do
    [ -s "$dir/training" ] && break
    sleep 0.02
  done
  kill -9 "$first" || fail "it had ended already"
  wait "$first" || true
  "$pipelines/train-denoiser" "${options[@]}" | tee "$dir/said"
  grep -q "^going on from step [1-9]" "$dir/said" || fail "it began anew"
  cmp "$dir/whole.safetensors" "$dir/model.safetensors" \
    || fail "the result is another"
  rm "$dir/model.safetensors"
  "$pipelines/train-denoiser" "${options[@]}" ||
    fail "it refuses a training that has ended"
  cmp "$dir/whole.safetensors" "$dir/model.safetensors" \
    || fail "the result of a training that had ended is not written again"
  ! "$pipelines/train-denoiser" "${options[@]}" --rate 0.01 2>"$dir/said" \
    || fail "it goes on at another rate"
  grep -q "rate 0.04, .*, expected .* rate 0.01, " "$dir/said" \
    || fail "it does not say what differs"
  ! "$pipelines/train-denoiser" "$dir/pictures" --checkpoint "$dir/training" \
    2>"$dir/said" || fail "it takes a checkpoint without steps"
  grep -q "without --steps" "$dir/said" || fail "it does not say why"
  "$pipelines/train-denoiser" "$dir/pictures" --minutes 0.00001 \
    -a 'conv 3x3 1' --batch 16 --patch 32 -o "$dir/short.safetensors"
  [ -s "$dir/short.safetensors" ] || fail "too short a time leaves no model"
  for rate in 0 -2 nan; do
    ! "$pipelines/train-denoiser" "$dir/pictures" --rate=$rate 2>"$dir/said" \
      || fail "it takes a rate of $rate"
    grep -q "take positive numbers" "$dir/said" || fail "it does not say why"
  done
  for decay in 11 -2 nan; do
    ! "$pipelines/train-denoiser" "$dir/pictures" --weight-decay=$decay \
      2>"$dir/said" || fail "it takes a weight decay of $decay"
    grep -q "weight-decay $decay is not in 0 ... 10" "$dir/said" \
      || fail "it does not say why"
  done
  ! "$pipelines/train-denoiser" "$dir/pictures" --optimiser best 2>"$dir/said" \
    || fail "it takes any optimiser"
  grep -q '"best" is neither muon nor adamw' "$dir/said" \
    || fail "it does not say what it takes"
}

# tone FILE FREQUENCY: three seconds, for speech.
tone() {
  gst-launch-1.0 -q audiotestsrc wave=saw freq="$2" num-buffers=30 \
    samplesperbuffer=1600 ! audio/x-raw,rate=16000,channels=1 ! wavenc \
    ! filesink location="$1"
}

test_train_audio_denoiser_outlives_a_kill_and_learns() {
  local first options=(--speech "$dir/voice" --noise "$dir/hiss" --made-noises 8
    --held-out-speech "$dir/other" --held-out-noise "$dir/hiss"
    -a 'conv 1x1 32 relu | conv 1x1 161 sigmoid' --frames 60 --batch 8
    --checkpoint "$dir/training" -o "$dir/model.safetensors")
  mkdir "$dir/voice" "$dir/other" "$dir/hiss"
  tone "$dir/voice/a.wav" 150
  tone "$dir/voice/b.wav" 210
  tone "$dir/other/c.wav" 180
  gst-launch-1.0 -q audiotestsrc wave=white-noise num-buffers=30 \
    samplesperbuffer=1600 ! audio/x-raw,rate=16000,channels=1 ! wavenc \
    ! filesink location="$dir/hiss/hiss.wav"
  "$pipelines/train-audio-denoiser" "${options[@]}" --steps 100000 \
    --report-every 0.01 >"$dir/first" &
  first=$!
  for _ in {1..100}; do
    [ -s "$dir/training" ] && break
    sleep 0.2
  done
  kill -9 "$first"
  wait "$first" || true
  "$pipelines/train-audio-denoiser" "${options[@]}" --steps 200 | tee "$dir/said"
  grep -q "^going on from step [1-9]" "$dir/said" || fail "it began anew"
  awk '/SI-SDR/ { before = $8; after = $10 }
    END { exit !(after > before + 1) }' "$dir/said" || fail "it learned nothing"
  gst-launch-1.0 -q filesrc location="$dir/other/c.wav" ! wavparse \
    ! audioconvert ! aeaudiodenoise model="$dir/model.safetensors" ! fakesink
}

test_train_on_voice_makes_a_model_that_denoises() {
  gst-launch-1.0 -q audiotestsrc wave=pink-noise volume=0.1 num-buffers=130 \
    samplesperbuffer=1600 ! audio/x-raw,rate=16000,channels=1 ! wavenc \
    ! filesink location="$dir/room.wav"
  STEPS=4 "$pipelines/train-on-voice" "$voice" "$dir/room.wav" \
    "$dir/mine.safetensors" batch-size=4 evaluate-interval=4 | tee "$dir/said"
  grep -q "100 %, step 4" "$dir/said" || fail "it does not say how far it is"
  gst-launch-1.0 -q filesrc location="$voice" ! flacparse ! flacdec \
    ! audioconvert ! aeaudiodenoise model="$dir/mine.safetensors" ! fakesink
  ! "$pipelines/train-on-voice" "$voice" "$voice" "$dir/none.safetensors" \
    2>"$dir/said" || fail "it takes seven seconds of noise"
  grep -q "shorter than 12 seconds" "$dir/said" || fail "it does not say why"
}

test_train_audio_codec_makes_a_model_that_codes() {
  mkdir "$dir/voice" "$dir/other"
  tone "$dir/voice/a.wav" 150
  tone "$dir/voice/b.wav" 210
  tone "$dir/other/c.wav" 180 6
  "$pipelines/train-audio-codec" --speech "$dir/voice" --held-out "$dir/other" \
    -a 'save x, conv 1x1 8 relu, concat x, conv 1x1 24 |
      save z, conv 1x1 8 relu, concat z, conv 1x1 322' --packets 20 --steps 4 \
    -o "$dir/model.safetensors" | tee "$dir/said"
  # kbit/s:STOI:ESTOI:LSD from the coarsest level to the finest
  awk '/held out/ { split ($3, first, ":"); split ($NF, last, ":") }
    END { exit !(last[1] > 2 * first[1]) }' "$dir/said" ||
    fail "better quality takes no more"
  gst-launch-1.0 -q filesrc location="$dir/other/c.wav" ! wavparse \
    ! audioconvert ! aeaudioenc model="$dir/model.safetensors" \
    ! aeaudiodec model="$dir/model.safetensors" ! fakesink
  if "$pipelines/train-audio-codec" --speech "$dir/voice" --steps 1 \
    -a 'conv 1x1 24 relu | conv 1x1 322' -o "$dir/none.safetensors" 2>"$dir/said"; then
    fail "a model that cannot begin with a linear transform was trained"
  fi
  grep -q 'linear transform' "$dir/said" || fail "$(cat "$dir/said")"
}

# A model of the codec: what it says of itself, and that the elements take it.
test_train_latent_makes_a_model_that_codes() {
  mkdir "$dir/pictures"
  gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videorate \
    ! video/x-raw,framerate=1/1 ! videoconvert ! pngenc \
    ! multifilesink location="$dir/pictures/%02d.png"
  "$pipelines/train-latent" "$dir/pictures" --steps 8 --batch 16 --patch 32 \
    -a 'unshuffle 4, save x, conv 1x1 16 relu, concat x, conv 1x1 32 |
      save z, given 1, conv 1x1 16 relu, concat z, conv 1x1 96, shuffle 4' \
    -v "$dir/pictures" --curves "$dir/curves" -o "$dir/model.safetensors"
  # from the coarsest level to the finest: more bits, fewer errors
  awk '$2 > 0 && ($3 <= bits || $4 <= psnr) { exit 1 }
    { bits = $3; psnr = $4 }
    END { exit NR < 10 || psnr < 34 }' "$dir/curves" || fail "$(cat "$dir/curves")"
  gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert \
    ! aevideoenc model="$dir/model.safetensors" \
    ! aevideodec model="$dir/model.safetensors" ! fakesink
  if "$pipelines/train-latent" "$dir/pictures" --steps 1 -a 'conv 3x3 2 | conv 3x3 6' \
    -o "$dir/none.safetensors" 2>"$dir/said"; then
    fail "a model that cannot begin with the cosine transform was trained"
  fi
  grep -q 'cosine transform' "$dir/said" || fail "$(cat "$dir/said")"
}

# Small, so that seconds of training show.
small='architecture=conv 3x3 8 relu, conv 3x3 8 relu | conv 3x3 1'

# denoises MODEL: it takes noise out of the bundled clip.
denoises() {
  make_noisy "$dir/noisy.mkv"
  gst-launch-1.0 -q filesrc location="$dir/noisy.mkv" ! matroskademux \
    ! aevideodenoise model="$1" ! matroskamux ! filesink location="$dir/result.mkv"
  gains_over "$dir/noisy.mkv" "$dir/result.mkv" 2
}

test_train_on_video_repeats_and_says_how_far_it_is() {
  train() {
    STEPS=600 "$pipelines/train-on-video" "$clip" "$@" "$small" patch-size=32 \
      level-min=20 level-max=20
  }
  train "$dir/a model.safetensors" | tee "$dir/said"
  grep -q 'Progress: (training) 50 %, step 300, .* steps/s, .* s left' "$dir/said" ||
    fail "does not say when half is done"
  grep -q 'Progress: (training) training is complete' "$dir/said" ||
    fail "does not say when all is done"
  denoises "$dir/a model.safetensors"
  train "$dir/again.safetensors" >/dev/null
  cmp "$dir/a model.safetensors" "$dir/again.safetensors"
  train "$dir/other.safetensors" seed=2 >/dev/null
  ! cmp -s "$dir/again.safetensors" "$dir/other.safetensors" ||
    fail "another seed gives the same model"
}

test_train_on_pictures_takes_png_and_jpeg() {
  local encoder
  for encoder in pngenc jpegenc; do
    mkdir "$dir/$encoder pictures"
    gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videorate \
      ! video/x-raw,framerate=2/1 ! videoconvert ! $encoder \
      ! multifilesink location="$dir/$encoder pictures/%02d.${encoder%enc}"
    STEPS=600 "$pipelines/train-on-pictures" "$dir/$encoder pictures" \
      "$dir/$encoder.safetensors" "$small" patch-size=32 level-min=20 \
      level-max=20 | tee "$dir/said"
    grep -q 'Progress: (training) training is complete' "$dir/said" ||
      fail "does not say when all is done"
    denoises "$dir/$encoder.safetensors"
  done
}

# start_broker: of MQTT, at $port of this machine.
start_broker() {
  command -v mosquitto >/dev/null || exit 77
  ldd "$AE_BUILD_DIR/plugins/libgstautoencoder.so" >"$dir/libraries"
  grep -q mosquitto "$dir/libraries" || exit 77
  port=$((20000 + RANDOM % 20000))
  mosquitto -p "$port" >"$dir/broker" 2>&1 &
  broker=$!
  trap 'kill $broker 2>/dev/null || true; rm -rf "$dir"' EXIT
}

# train_half SIDE MODEL PROPERTY...: on half of the bundled clip, the other one
# being cut off at SIDE; shared through the broker.
train_half() {
  gst-launch-1.0 filesrc location="$clip" ! decodebin ! videoconvert \
    ! videocrop "$1=192" ! video/x-raw,format=I420 \
    ! aevideotrain objective=denoise backpressure=block steps-per-frame=50 \
    patch-size=32 level-min=20 level-max=20 share-interval=20 \
    share="mqtt://127.0.0.1:$port/test" "$small" location="$2" "${@:3}" ! fakesink
}

# One trainer learns next to nothing by itself; the other is killed.
test_a_trainer_has_what_another_one_learned_and_outlives_it() {
  local first second
  start_broker
  train_half left "$dir/first.safetensors" learning-rate=1e-9 >"$dir/first" &
  first=$!
  train_half right "$dir/second.safetensors" >"$dir/second" &
  second=$!
  wait_for_step 1000 $second "$dir/second"
  pkill -9 -P $second || kill -9 $second
  wait $first || fail "the other one failed too: $(cat "$dir/first")"
  denoises "$dir/first.safetensors"
}

# wait_for_step STEP PID SAID
wait_for_step() {
  until grep -q "step $1" "$3"; do
    kill -0 "$2" || fail "$(cat "$3")"
    sleep 0.1
  done
}

test_a_late_trainer_has_what_an_early_one_learned() {
  local early
  start_broker
  train_half right "$dir/early.safetensors" >"$dir/early" &
  early=$!
  wait_for_step 1000 $early "$dir/early"
  train_half left "$dir/late.safetensors" learning-rate=1e-9 >"$dir/late" ||
    fail "the late one failed: $(cat "$dir/late")"
  wait $early || fail "the early one failed: $(cat "$dir/early")"
  denoises "$dir/late.safetensors"
}

# What is no model, a model of another kind, and too many bytes.
test_a_trainer_goes_on_beside_nonsense_and_without_its_broker() {
  local trainer kind
  start_broker
  until mosquitto_pub -p "$port" -r -t test/nonsense -m 'no model'; do
    sleep 0.1
  done
  mosquitto_pub -p "$port" -r -t test/other \
    -f "$AE_MODEL_PATH/temporal-gate.safetensors"
  head -c 8000000 /dev/zero | mosquitto_pub -p "$port" -r -t test/large -s
  GST_DEBUG=2 train_half left "$dir/model.safetensors" >"$dir/said" 2>&1 &
  trainer=$!
  wait_for_step 1000 $trainer "$dir/said"
  kill $broker
  wait $trainer || fail "$(cat "$dir/said")"
  for kind in nonsense other large; do
    grep -q "WARN.*test/$kind" "$dir/said" || fail "no warning of test/$kind"
  done
  denoises "$dir/model.safetensors"
}
