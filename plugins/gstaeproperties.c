/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeproperties.h"

#define FIELD(type) G_STRUCT_MEMBER (type, fields, row->offset)

/* G_MAXUINT64 as a double is one more than it is. */
static guint64
largest (double high)
{
  return high >= (double) G_MAXUINT64 ? G_MAXUINT64 : (guint64) high;
}

static GParamSpec *
new_spec (const GstAeProperty * row)
{
  const guint when = row->when ? row->when : GST_PARAM_MUTABLE_READY;
  const GParamFlags flags = (GParamFlags) (G_PARAM_STATIC_STRINGS
      | (row->told ? G_PARAM_READABLE : G_PARAM_READWRITE | when));
  const gchar *name = row->name, *nick = row->nick, *blurb = row->blurb;

  switch (row->kind) {
    case GST_AE_STRING:
      return g_param_spec_string (name, nick, blurb, row->text, flags);
    case GST_AE_BOOLEAN:
      return g_param_spec_boolean (name, nick, blurb, row->usual != 0.0, flags);
    case GST_AE_ENUM:
      return g_param_spec_enum (name, nick, blurb, row->type (),
          (gint) row->usual, flags);
    case GST_AE_FLOAT:
      return g_param_spec_float (name, nick, blurb, (gfloat) row->low,
          (gfloat) row->high, (gfloat) row->usual, flags);
    case GST_AE_DOUBLE:
      return g_param_spec_double (name, nick, blurb, row->low, row->high,
          row->usual, flags);
    case GST_AE_INT:
      return g_param_spec_int (name, nick, blurb, (gint) row->low,
          (gint) row->high, (gint) row->usual, flags);
    case GST_AE_UINT:
      return g_param_spec_uint (name, nick, blurb, (guint) row->low,
          (guint) row->high, (guint) row->usual, flags);
    case GST_AE_UINT64:
    default:
      return g_param_spec_uint64 (name, nick, blurb, (guint64) row->low,
          largest (row->high), (guint64) row->usual, flags);
  }
}

guint
gst_ae_properties_count (const GstAeProperties * properties)
{
  return properties ? properties->n
      + gst_ae_properties_count (properties->next) : 0;
}

/* Returns: (nullable): the row of property @id. */
static const GstAeProperty *
find_row (const GstAeProperties * properties, guint id)
{
  for (; properties; properties = properties->next) {
    if (id - 1 < properties->n)
      return &properties->rows[id - 1];
    id -= properties->n;
  }
  return NULL;
}

void
gst_ae_properties_install (const GstAeProperties * properties,
    GObjectClass * klass)
{
  const GstAeProperty *row;

  for (guint id = 1; (row = find_row (properties, id)) != NULL; id++)
    g_object_class_install_property (klass, id, new_spec (row));
}

void
gst_ae_properties_init (const GstAeProperties * properties, gpointer fields)
{
  const GstAeProperty *row;

  for (guint id = 1; (row = find_row (properties, id)) != NULL; id++) {
    switch (row->kind) {
      case GST_AE_STRING:
        FIELD (gchar *) = g_strdup (row->text);
        break;
      case GST_AE_BOOLEAN:
      case GST_AE_ENUM:
      case GST_AE_INT:
        FIELD (gint) = (gint) row->usual;
        break;
      case GST_AE_FLOAT:
        FIELD (gfloat) = (gfloat) row->usual;
        break;
      case GST_AE_DOUBLE:
        FIELD (gdouble) = row->usual;
        break;
      case GST_AE_UINT:
        FIELD (guint) = (guint) row->usual;
        break;
      case GST_AE_UINT64:
        FIELD (guint64) = (guint64) row->usual;
    }
  }
}

void
gst_ae_properties_clear (const GstAeProperties * properties, gpointer fields)
{
  const GstAeProperty *row;

  for (guint id = 1; (row = find_row (properties, id)) != NULL; id++) {
    if (row->kind == GST_AE_STRING)
      g_clear_pointer (&FIELD (gchar *), g_free);
  }
}

void
gst_ae_properties_own (const GstAeProperties * properties, gpointer fields)
{
  const GstAeProperty *row;

  for (guint id = 1; (row = find_row (properties, id)) != NULL; id++) {
    if (row->kind == GST_AE_STRING)
      FIELD (gchar *) = g_strdup (FIELD (gchar *));
  }
}

gboolean
gst_ae_properties_set (const GstAeProperties * properties, gpointer fields,
    guint id, const GValue * value)
{
  const GstAeProperty *row = find_row (properties, id);

  if (row == NULL)
    return FALSE;
  switch (row->kind) {
    case GST_AE_STRING:
      g_free (FIELD (gchar *));
      FIELD (gchar *) = g_value_dup_string (value);
      if (FIELD (gchar *) == NULL)
        FIELD (gchar *) = g_strdup (row->text);
      break;
    case GST_AE_BOOLEAN:
      FIELD (gint) = g_value_get_boolean (value);
      break;
    case GST_AE_ENUM:
      FIELD (gint) = g_value_get_enum (value);
      break;
    case GST_AE_FLOAT:
      FIELD (gfloat) = g_value_get_float (value);
      break;
    case GST_AE_DOUBLE:
      FIELD (gdouble) = g_value_get_double (value);
      break;
    case GST_AE_INT:
      FIELD (gint) = g_value_get_int (value);
      break;
    case GST_AE_UINT:
      FIELD (guint) = g_value_get_uint (value);
      break;
    case GST_AE_UINT64:
      FIELD (guint64) = g_value_get_uint64 (value);
  }
  return TRUE;
}

gboolean
gst_ae_properties_get (const GstAeProperties * properties,
    gconstpointer fields, guint id, GValue * value)
{
  const GstAeProperty *row = find_row (properties, id);

  if (row == NULL)
    return FALSE;
  switch (row->kind) {
    case GST_AE_STRING:
      g_value_set_string (value, FIELD (gchar * const));
      break;
    case GST_AE_BOOLEAN:
      g_value_set_boolean (value, FIELD (const gint));
      break;
    case GST_AE_ENUM:
      g_value_set_enum (value, FIELD (const gint));
      break;
    case GST_AE_FLOAT:
      g_value_set_float (value, FIELD (const gfloat));
      break;
    case GST_AE_DOUBLE:
      g_value_set_double (value, FIELD (const gdouble));
      break;
    case GST_AE_INT:
      g_value_set_int (value, FIELD (const gint));
      break;
    case GST_AE_UINT:
      g_value_set_uint (value, FIELD (const guint));
      break;
    case GST_AE_UINT64:
      g_value_set_uint64 (value, FIELD (const guint64));
  }
  return TRUE;
}

void
gst_ae_properties_set_object (const GstAeProperties * properties,
    GObject * object, guint id, const GValue * value, GParamSpec * pspec)
{
  gboolean known;

  GST_OBJECT_LOCK (object);
  known = gst_ae_properties_set (properties, object, id, value);
  GST_OBJECT_UNLOCK (object);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

void
gst_ae_properties_get_object (const GstAeProperties * properties,
    GObject * object, guint id, GValue * value, GParamSpec * pspec)
{
  gboolean known;

  GST_OBJECT_LOCK (object);
  known = gst_ae_properties_get (properties, object, id, value);
  GST_OBJECT_UNLOCK (object);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* What a class that was installed with gst_ae_properties_install_object() has. */
static GQuark
table_quark (void)
{
  return g_quark_from_static_string ("gst-ae-properties");
}

static void
set_object (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  gst_ae_properties_set_object (g_type_get_qdata (pspec->owner_type,
          table_quark ()), object, id, value, pspec);
}

static void
get_object (GObject * object, guint id, GValue * value, GParamSpec * pspec)
{
  gst_ae_properties_get_object (g_type_get_qdata (pspec->owner_type,
          table_quark ()), object, id, value, pspec);
}

void
gst_ae_properties_install_object (const GstAeProperties * properties,
    GObjectClass * klass)
{
  g_type_set_qdata (G_OBJECT_CLASS_TYPE (klass), table_quark (),
      (gpointer) properties);
  klass->set_property = set_object;
  klass->get_property = get_object;
  gst_ae_properties_install (properties, klass);
}

void
gst_ae_properties_sync (gpointer element, const GstSegment * segment,
    GstClockTime pts)
{
  GstClockTime time = GST_CLOCK_TIME_NONE;

  if (segment->format == GST_FORMAT_TIME)
    time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, pts);
  if (GST_CLOCK_TIME_IS_VALID (time))
    gst_object_sync_values (GST_OBJECT (element), time);
}
