/* The error domain of the core. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeError:
 * @AE_ERROR_SYNTAX: an architecture text or a number in it cannot be read
 * @AE_ERROR_SHAPE: sizes do not fit each other
 * @AE_ERROR_TRUNCATED: fewer bytes than a header promises
 * @AE_ERROR_CORRUPT: bytes that contradict the format
 * @AE_ERROR_UNSUPPORTED: well formed, but not something this version handles
 * @AE_ERROR_LIMIT: over a stated limit
 * @AE_ERROR_NOT_FINITE: NaN or infinity where a finite number is required
 * @AE_ERROR_IO: the operating system refused; the message carries its reason
 * @AE_ERROR_NOT_FOUND: no such model, tensor or key
 */
typedef enum
{
  AE_ERROR_SYNTAX,
  AE_ERROR_SHAPE,
  AE_ERROR_TRUNCATED,
  AE_ERROR_CORRUPT,
  AE_ERROR_UNSUPPORTED,
  AE_ERROR_LIMIT,
  AE_ERROR_NOT_FINITE,
  AE_ERROR_IO,
  AE_ERROR_NOT_FOUND
} AeError;

#define AE_ERROR (ae_error_quark ())
GQuark ae_error_quark (void);

G_END_DECLS
