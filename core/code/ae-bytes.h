/* Little-endian numbers. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

static inline guint
ae_bytes_get_u16 (const guint8 * at)
{
  return at[0] | (guint) at[1] << 8;
}

static inline guint32
ae_bytes_get_u32 (const guint8 * at)
{
  return ae_bytes_get_u16 (at) | (guint32) ae_bytes_get_u16 (at + 2) << 16;
}

/* The lower 16 bits of @value. */
static inline void
ae_bytes_put_u16 (guint8 * at, guint value)
{
  at[0] = (guint8) value;
  at[1] = (guint8) (value >> 8);
}

static inline void
ae_bytes_put_u32 (guint8 * at, guint32 value)
{
  ae_bytes_put_u16 (at, value);
  ae_bytes_put_u16 (at + 2, value >> 16);
}

G_END_DECLS
