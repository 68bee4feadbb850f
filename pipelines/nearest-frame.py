#!/usr/bin/env python3
"""Finds frames that look alike, in Python.

Says of two frames in each second of a film which earlier one, a second ago or
more, is nearest to it, and how near.

  pipelines/nearest-frame.py FILE

Frames are compared by their codes: buffers of floats that aevideocode makes,
with the times of their frames. Needs the Debian packages python3-gi and
gir1.2-gstreamer-1.0.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import sys
from array import array
from math import dist, sqrt
from pathlib import Path

import gi
gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

# Small frames are enough to see whether they look alike.
PIPELINE = """
filesrc name=file ! decodebin ! videorate ! videoconvert ! videoscale
! video/x-raw,format=I420,width=160,height=96,framerate=2/1
! aevideocode ! appsink name=codes sync=false
"""
MIN_AGE = Gst.SECOND
# How long to wait for a code before errors are looked for.
PATIENCE = Gst.SECOND // 10


def codes(pipeline):
    """Time and code of each frame: channels x height x width floats, as the
    caps of the sample say. An error of the pipeline is raised."""
    sink = pipeline.get_by_name("codes")
    while not sink.props.eos:
        sample = sink.emit("try-pull-sample", PATIENCE)
        if sample:
            buffer = sample.get_buffer()
            data = buffer.extract_dup(0, buffer.get_size())
            yield buffer.pts, array("f", data)
        elif message := pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR):
            raise message.parse_error().gerror


def compare_all(pipeline):
    earlier = []
    for time, code in codes(pipeline):
        distances = [(dist(code, other) / sqrt(len(code)), then)
                     for then, other in earlier if then + MIN_AGE <= time]
        if distances:
            near, then = min(distances)
            print(f"{time / Gst.SECOND:7.2f} s is nearest to "
                  f"{then / Gst.SECOND:7.2f} s: {near:.4f}")
        earlier.append((time, code))


def main(path):
    # The build tree's plugin, if there is one, comes before the installed one.
    build = Path(os.environ.get(
        "AE_BUILD_DIR", Path(__file__).resolve().parent.parent / "build"))
    if (build / "plugins").is_dir():
        Gst.Registry.get().scan_path(str(build / "plugins"))

    pipeline = None
    try:
        pipeline = Gst.parse_launch(PIPELINE)
        pipeline.get_by_name("file").set_property("location", path)
        pipeline.set_state(Gst.State.PLAYING)
        compare_all(pipeline)
    except GLib.Error as error:
        return error.message
    finally:
        if pipeline:
            pipeline.set_state(Gst.State.NULL)
    return None


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Gst.init(None)
    sys.exit(main(*sys.argv[1:]))
