/* A stream of frames as it is in a file. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>

enum
{ PARSE_N_FRAMES = 60, PARSE_KEY_INTERVAL = 10 };

/* When frame @i is shown. */
#define PARSE_TIME(i) ((i) * GST_SECOND / 25)

/* A stream of 63x48 pixels, and where its frames begin. */
typedef struct
{
  GByteArray *bytes;
  gsize starts[PARSE_N_FRAMES + 1];
} ParseStream;

ParseStream parse_stream_new (void);
void parse_stream_clear (ParseStream * stream);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ParseStream, parse_stream_clear)
