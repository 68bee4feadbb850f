# shellcheck shell=bash disable=SC2034,SC2154
# Tests of the tools for model files: sourced by check-pipeline.
# SPDX-License-Identifier: LGPL-2.1-or-later

test_quantise_model_adds_integers_that_the_element_runs() {
  mkdir "$dir/pictures"
  gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videorate \
    ! video/x-raw,framerate=1/1 ! videoconvert ! pngenc \
    ! multifilesink location="$dir/pictures/%02d.png"
  "$pipelines/train-denoiser" "$dir/pictures" --steps 20 --batch 16 --patch 32 \
    -a 'conv 3x3 8 relu, conv 3x3 8 relu, conv 3x3 1' -o "$dir/model.safetensors"
  for architecture in 'conv 3x3/2 8 relu, conv 3x3 1' 'conv 3x3 2'; do
    if "$pipelines/train-denoiser" "$dir/pictures" --steps 1 -a "$architecture" \
      -o "$dir/none.safetensors" 2>"$dir/said"; then
      fail "a model that is no denoiser was trained: $architecture"
    fi
    grep -q 'keeps the size' "$dir/said" || fail "$(cat "$dir/said")"
  done
  if run_int8 "$dir/model.safetensors" 2>"$dir/said"; then
    fail "a model of floats ran in integers"
  fi
  grep -q quantise-model "$dir/said" || fail "$(cat "$dir/said")"
  "$pipelines/quantise-model" "$dir/model.safetensors" "$dir/pictures" \
    --patches 64 --tolerance 1 -v "$dir/pictures" -o "$dir/int8.safetensors" >"$dir/said"
  grep -q '^gaussian .* 25 ' "$dir/said" || fail "$(cat "$dir/said")"
  run_int8 "$dir/int8.safetensors"
}

# Sides of patches that are multiples of 3 fit no patch of the report.
test_tools_refuse_models_whose_sizes_are_not_theirs() {
  local thirds='unshuffle 3, conv 3x3 9, conv 3x3 9 | conv 3x3 9, shuffle 3'
  pictures
  ! "$pipelines/train-denoiser" "$dir/pictures" --steps 1 --batch 16 --patch 60 \
    -a "$thirds" -v "$dir/pictures" -o "$dir/thirds.safetensors" 2>"$dir/said" \
    || fail "it reports on patches that do not fit"
  says 'multiples of 3'
  "$pipelines/train-denoiser" "$dir/pictures" --steps 1 --batch 16 --patch 60 \
    -a "$thirds" -o "$dir/thirds.safetensors"
  ! "$pipelines/quantise-model" "$dir/thirds.safetensors" "$dir/pictures" \
    -o "$dir/int8.safetensors" 2>"$dir/said" || fail "it takes any size"
  says 'multiples of 3'
}

# run_int8 MODEL: a few frames.
run_int8() {
  gst-launch-1.0 -q videotestsrc num-buffers=3 ! video/x-raw,format=I420 \
    ! aevideodenoise noise-level=25 model="$1" precision=int8 ! fakesink
}

test_ae_model_tells_what_is_in_a_model() {
  local ae_model=$AE_BUILD_DIR/pipelines/ae-model
  "$ae_model" info denoise-video >"$dir/said"
  says "file          $top/models/denoise-video.safetensors"
  says "card          $top/models/denoise-video.md"
  says "licence       LGPL-2.1-or-later"
  grep -Eq '^encoder.9 +conv 3x3/2 64 leaky +64x60x80 +27712 +432.0  int8$' \
    "$dir/said" || fail "$(cat "$dir/said")"
  grep -Eq '^all +177700 +7086.0$' "$dir/said" || fail "$(cat "$dir/said")"
  grep -Eq '^memory +694.3 KiB of weights, [0-9.]+ KiB to run 640x480 ' \
    "$dir/said" || fail "$(cat "$dir/said")"
  "$ae_model" check denoise-video "$top/tests/data/golden-f32.safetensors" \
    >"$dir/checked"
  [ "$(wc -l <"$dir/checked")" = 2 ] || fail "$(cat "$dir/checked")"
  says "fingerprint   $(head -c 64 "$dir/checked")"
  "$ae_model" info latent-video >"$dir/said"
  grep -Eq '^latent.symbols +[0-9]+ characters$' "$dir/said" ||
    fail "$(cut -c 1-100 "$dir/said")"
}

test_ae_model_converts_and_tells_what_that_changed() {
  local ae_model=$AE_BUILD_DIR/pipelines/ae-model status=0
  "$ae_model" convert F16 denoise-video "$dir/half.safetensors"
  "$ae_model" diff "$dir/half.safetensors" denoise-video >"$dir/said" || status=$?
  [ $status = 1 ] || fail "diff of different models exits with $status"
  # A half has 11 bits: no weight moved by more than its 2048th part.
  awk '$1 ~ /weight$/ { n++; if ($4 <= 0 || $4 > $5 / 2048) exit 1 }
    END { exit n != 11 }' "$dir/said" || fail "$(cat "$dir/said")"
  is_more "$(stat -c %s "$top/models/denoise-video.safetensors")" \
    "$(($(stat -c %s "$dir/half.safetensors") + 177744 * 2 - 200))" "size in floats"
  "$ae_model" convert F32 "$dir/half.safetensors" "$dir/full.safetensors"
  "$ae_model" diff "$dir/half.safetensors" "$dir/full.safetensors" >"$dir/said" ||
    fail "a half is not kept as a float"
  [ ! -s "$dir/said" ] || fail "diff of equal models says: $(cat "$dir/said")"
  run_int8 "$dir/half.safetensors"
}

# refused STATUS WORD ARGUMENT...: ae-model says WORD and leaves with STATUS.
refused() {
  local expected=$1 word=$2 status=0
  shift 2
  "$AE_BUILD_DIR/pipelines/ae-model" "$@" >"$dir/said" 2>&1 || status=$?
  [ $status = "$expected" ] || fail "ae-model $* exits with $status"
  says "$word"
}

test_ae_model_tells_what_is_wrong_with_a_file() {
  head -c 20000 "$top/models/denoise-video.safetensors" >"$dir/short.safetensors"
  refused 2 "short.safetensors" info "$dir/short.safetensors"
  refused 2 "the file holds" check denoise-video "$dir/short.safetensors"
  says "$top/models/denoise-video.safetensors"
  refused 2 'there is no model "none"' info none
  refused 2 quantise-model convert I8 denoise-video "$dir/i8.safetensors"
  refused 2 'expected F32 or F16' convert F64 denoise-video "$dir/x.safetensors"
  refused 2 'cannot write it' convert F16 denoise-video "$dir/none/x.safetensors"
  refused 1 architecture diff denoise-video "$top/tests/data/golden-f32.safetensors"
  refused 2 Usage diff denoise-video
  refused 2 Usage
}
