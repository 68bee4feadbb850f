/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-error.h"

G_DEFINE_QUARK (ae - error - quark, ae_error)
