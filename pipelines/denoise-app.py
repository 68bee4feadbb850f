#!/usr/bin/env python3
"""An application that denoises, in Python.

Adds a camera's noise to a video file, takes it out again, and says how much
noise was seen and how near the result is to the file.

  pipelines/denoise-app.py FILE [NOISE-LEVEL]

With noise level 0, the default, the file is denoised as it is. Needs the
Debian packages python3-gi and gir1.2-gstreamer-1.0.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import sys
from pathlib import Path

import gi
gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

# One branch goes untouched to the comparison, one through noise and denoiser.
PIPELINE = """
filesrc name=file ! decodebin ! videoconvert ! tee name=input
aevideocompare name=compare ! fakesink
input. ! queue ! compare.reference
input. ! queue ! aevideocorrupt name=noise type=poisson-gaussian
! aevideodenoise name=denoise ! compare.test
"""


def run(pipeline):
    """Runs to the end of the file. Returns the error, if there was one."""
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    if message.type == Gst.MessageType.ERROR:
        return message.parse_error().gerror.message
    return None


def main(path, noise_level="0"):
    # The build tree's plugin, if there is one, comes before the installed one.
    build = Path(os.environ.get(
        "AE_BUILD_DIR", Path(__file__).resolve().parent.parent / "build"))
    if (build / "plugins").is_dir():
        Gst.Registry.get().scan_path(str(build / "plugins"))

    try:
        pipeline = Gst.parse_launch(PIPELINE)
    except GLib.Error as error:
        return error.message
    pipeline.get_by_name("file").set_property("location", path)
    pipeline.get_by_name("noise").set_property("level", float(noise_level))

    error = run(pipeline)
    if error is None:
        denoise = pipeline.get_by_name("denoise")
        stats = pipeline.get_by_name("compare").get_property("stats")
        print("noise level %.1f" % denoise.props.estimated_noise_level)
        print("%d frames, PSNR %.2f dB, SSIM %.4f" % tuple(
            stats.get_value(name) for name in ("n-frames", "mean-psnr-y", "mean-ssim-y")))
    pipeline.set_state(Gst.State.NULL)
    return error


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    Gst.init(None)
    sys.exit(main(*sys.argv[1:]))
