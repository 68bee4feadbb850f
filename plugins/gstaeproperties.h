/* Properties as a table of fields. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef enum
{
  GST_AE_STRING,                /* gchar *, owned */
  GST_AE_BOOLEAN,               /* gboolean */
  GST_AE_ENUM,                  /* gint or an enum */
  GST_AE_FLOAT,
  GST_AE_DOUBLE,
  GST_AE_INT,
  GST_AE_UINT,
  GST_AE_UINT64
} GstAePropertyKind;

/* Of one element. */
#define GST_AE_MAX_THREADS 64

#define GST_AE_LIVE GST_PARAM_MUTABLE_PLAYING
#define GST_AE_CONTROLLED (GST_PARAM_MUTABLE_PLAYING | GST_PARAM_CONTROLLABLE)

/* One row a property; what does not apply to a kind is left out. */
typedef struct
{
  const gchar *name, *nick, *blurb;
  GstAePropertyKind kind;
  gsize offset;                 /* of the field, in what holds all of them */
    GType (*type) (void);       /* of an enum */
  double low, high, usual;
  const gchar *text;            /* the usual string, which NULL stands for too */
  guint when;                   /* GST_PARAM_...; 0: until the element starts */
  gboolean told;                /* it can only be read */
} GstAeProperty;

/* Row i is the property of id i + 1; those of @next come after them. */
typedef struct _GstAeProperties
{
  const GstAeProperty *rows;
  guint n;
  const struct _GstAeProperties *next;  /* of the same fields */
} GstAeProperties;

#define GST_AE_PROPERTIES(rows) { rows, G_N_ELEMENTS (rows), NULL }
#define GST_AE_PROPERTIES_AND(rows, next) { rows, G_N_ELEMENTS (rows), next }

/* Returns: how many there are in all. */
guint gst_ae_properties_count (const GstAeProperties * properties);

void gst_ae_properties_install (const GstAeProperties * properties,
    GObjectClass * klass);

/* All fields become what they are usually. */
void gst_ae_properties_init (const GstAeProperties * properties,
    gpointer fields);

void gst_ae_properties_clear (const GstAeProperties * properties,
    gpointer fields);

/* After a plain copy: strings of its own. */
void gst_ae_properties_own (const GstAeProperties * properties,
    gpointer fields);

/* Returns: %FALSE when @id is none of @properties. */
gboolean gst_ae_properties_set (const GstAeProperties * properties,
    gpointer fields, guint id, const GValue * value);
gboolean gst_ae_properties_get (const GstAeProperties * properties,
    gconstpointer fields, guint id, GValue * value);

/* For elements that are their own fields: installs them, and sets and gets them
 * under the object lock. */
void gst_ae_properties_install_object (const GstAeProperties * properties,
    GObjectClass * klass);

/* For one that has other properties too: those of the table, with GObject's
 * warning for any other @id. */
void gst_ae_properties_set_object (const GstAeProperties * properties,
    GObject * object, guint id, const GValue * value, GParamSpec * pspec);
void gst_ae_properties_get_object (const GstAeProperties * properties,
    GObject * object, guint id, GValue * value, GParamSpec * pspec);

/* Controlled properties become what they are at @pts of @segment. */
void gst_ae_properties_sync (gpointer element, const GstSegment * segment,
    GstClockTime pts);

G_END_DECLS
