/* Model files on disk; docs/model-file.md. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-model-extras.h"
#include "ae-file.h"
#include "ae-model-header.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_HALF 65504.0f

/* of the weights, in a checkpoint: docs/model-file.md, section 11 */
#define MAX_COPIES 6

#define MAX_FILE_BYTES (8 + (gsize) AE_MODEL_MAX_HEADER_BYTES \
    + MAX_COPIES * sizeof (float) * AE_ARCHITECTURE_MAX_WEIGHTS)

static gboolean
io_error (GError ** error, const gchar * path, const gchar * what)
{
  return ae_model_fail (error, AE_ERROR_IO, path, "cannot %s: %s", what,
      g_strerror (errno));
}

/* Whether a file like this may be read; the errors of fstat() too. */
static gboolean
check_status (int fd, const gchar * path, gsize * size_bytes, GError ** error)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    return io_error (error, path, "look at it");
  if (!S_ISREG (status.st_mode)) {
    return ae_model_fail (error, AE_ERROR_IO, path, "not a regular file");
  }
  if ((guint64) status.st_size > MAX_FILE_BYTES) {
    return ae_model_fail (error, AE_ERROR_LIMIT, path, "%" G_GINT64_FORMAT
        " bytes, a model has at most %" G_GSIZE_FORMAT,
        (gint64) status.st_size, MAX_FILE_BYTES);
  }
  *size_bytes = (gsize) status.st_size;
  return TRUE;
}

/* Read, not mapped: another program may shorten the file meanwhile. */
static guint8 *
read_all (int fd, const gchar * path, gsize * size_bytes, GError ** error)
{
  g_autofree guint8 *bytes = NULL;
  gsize at = 0;

  if (!check_status (fd, path, size_bytes, error))
    return NULL;
  bytes = g_try_malloc (*size_bytes + 1);
  if (bytes == NULL) {
    ae_model_fail (error, AE_ERROR_LIMIT, path,
        "no memory for its %" G_GSIZE_FORMAT " bytes", *size_bytes);
    return NULL;
  }
  while (at < *size_bytes) {
    gssize n = read (fd, bytes + at, *size_bytes - at);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      io_error (error, path, "read it");
      return NULL;
    }
    if (n == 0)
      break;
    at += (gsize) n;
  }
  *size_bytes = at;
  return g_steal_pointer (&bytes);
}

AeModel *
ae_model_load_with (const gchar * path, AeModelExtras ** extras,
    GError ** error)
{
  /* not to wait for the other end of a FIFO */
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  g_autofree guint8 *bytes = NULL;
  gsize size_bytes = 0;

  if (fd < 0) {
    io_error (error, path, "open it");
    return NULL;
  }
  bytes = read_all (fd, path, &size_bytes, error);
  close (fd);
  return bytes ? ae_model_load_bytes_with (bytes, size_bytes, path, extras,
      error) : NULL;
}

AeModel *
ae_model_load (const gchar * path, GError ** error)
{
  return ae_model_load_with (path, NULL, error);
}

static void
describe_strings (GHashTable * strings, const gchar * prefix,
    JsonBuilder * builder)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (strings),
      (GCompareFunc) strcmp);

  for (GList * l = keys; l; l = l->next) {
    g_autofree gchar *name = g_strconcat (prefix, l->data, NULL);

    /* whoever has these keys has not the tensors that go with them */
    if (prefix[0] == '\0' && g_str_has_prefix (name, AE_MODEL_EXTRA))
      continue;
    json_builder_set_member_name (builder, name);
    json_builder_add_string_value (builder,
        g_hash_table_lookup (strings, l->data));
  }
}

static void
describe_metadata (const AeModel * model, const AeModelExtras * extras,
    JsonBuilder * builder)
{
  const AeArchitecture *architecture = model->architecture;
  g_autofree gchar *input = g_strdup_printf ("%ux%ux%u",
      architecture->input.c,
      architecture->input.h,
      architecture->input.w);

  json_builder_set_member_name (builder, "__metadata__");
  json_builder_begin_object (builder);
  describe_strings (model->metadata, "", builder);
  if (extras)
    describe_strings (extras->strings, AE_MODEL_EXTRA, builder);
  /* last, so that they replace a caller's of the same name */
  json_builder_set_member_name (builder, "format_version");
  json_builder_add_string_value (builder, model->int8
      ? AE_MODEL_VERSION_INT8 : AE_MODEL_VERSION_FLOAT);
  json_builder_set_member_name (builder, "architecture");
  json_builder_add_string_value (builder, architecture->text);
  json_builder_set_member_name (builder, "input");
  json_builder_add_string_value (builder, input);
  json_builder_end_object (builder);
}

/* The file's header and data while they are written.
 * @halves: whether parameters are written as F16 */
typedef struct
{
  JsonBuilder *header;
  GByteArray *data;
  gboolean halves;
} Writer;

/* Describes a tensor whose data are what follows. */
static void
begin_tensor (Writer * writer, const gchar * name, const gchar * dtype,
    const AeParam * param)
{
  JsonBuilder *header = writer->header;

  json_builder_set_member_name (header, name);
  json_builder_begin_object (header);
  json_builder_set_member_name (header, "dtype");
  json_builder_add_string_value (header, dtype);
  json_builder_set_member_name (header, "shape");
  json_builder_begin_array (header);
  for (guint i = 0; i < param->rank; i++)
    json_builder_add_int_value (header, param->shape[i]);
  json_builder_end_array (header);
  json_builder_set_member_name (header, "data_offsets");
  json_builder_begin_array (header);
  json_builder_add_int_value (header, writer->data->len);
}

static void
end_tensor (Writer * writer)
{
  json_builder_add_int_value (writer->header, writer->data->len);
  json_builder_end_array (writer->header);
  json_builder_end_object (writer->header);
}

/* Little-endian. */
static void
write_floats (Writer * writer, const gchar * name, const AeParam * param,
    const float *values)
{
  begin_tensor (writer, name, "F32", param);
  for (gsize i = 0; i < param->size; i++) {
    guint32 bits;

    memcpy (&bits, values + i, sizeof bits);
    bits = GUINT32_TO_LE (bits);
    g_byte_array_append (writer->data, (const guint8 *) &bits, sizeof bits);
  }
  end_tensor (writer);
}

/* The nearest IEEE 754 binary16, halves of a step to even. */
static guint16
float_to_half (float value)
{
  guint sign = signbit (value) ? 0x8000 : 0;
  float magnitude = fabsf (value);
  int exponent;

  /* a fraction that is rounded up to 1024 carries into the exponent */
  if (magnitude < 0x1p-14f)
    return (guint16) (sign + (guint) rintf (ldexpf (magnitude, 24)));
  if (magnitude >= LARGEST_HALF)
    return (guint16) (sign + 0x7bff);
  frexpf (magnitude, &exponent);
  exponent += 14;
  return (guint16) (sign + ((guint) exponent << 10)
      + (guint) rintf (ldexpf (magnitude, 25 - exponent)) - 1024);
}

static void
write_halves (Writer * writer, const gchar * name, const AeParam * param,
    const float *values)
{
  begin_tensor (writer, name, "F16", param);
  for (gsize i = 0; i < param->size; i++) {
    guint16 bits = GUINT16_TO_LE (float_to_half (values[i]));

    g_byte_array_append (writer->data, (const guint8 *) &bits, sizeof bits);
  }
  end_tensor (writer);
}

static void
write_weights (Writer * writer, const AeModel * model)
{
  const AeArchitecture *architecture = model->architecture;

  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];
      g_autofree gchar *name = ae_architecture_param_name (architecture, i, j);

      if (ae_param_n_stored (param) > 0)
        (writer->halves ? write_halves : write_floats) (writer, name,
            param, model->weights->data + param->offset);
    }
  }
}

static void
write_row (Writer * writer, const gchar * prefix, const gchar * suffix,
    gsize n, const float *values)
{
  const AeParam param = {.rank = 1,.shape = {(guint) n},.size = n };
  g_autofree gchar *name = g_strconcat (prefix, suffix, NULL);

  write_floats (writer, name, &param, values);
}

static void
write_extras (Writer * writer, const AeModelExtras * extras)
{
  for (guint i = 0; i < extras->rows->len; i++) {
    const AeExtraRow *row = g_ptr_array_index (extras->rows, i);

    write_row (writer, AE_MODEL_EXTRA, row->name, row->n, row->values);
  }
}

/* What goes with the integers. */
static void
write_int8_scales (Writer * writer, const AeModel * model)
{
  const AeArchitecture *architecture = model->architecture;

  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];
    const AeInt8Layer *int8 = &model->int8->layers[i];
    g_autofree gchar *name = ae_architecture_layer_name (architecture, i);
    float zero = int8->zero;

    if (int8->weights == NULL)
      continue;
    write_row (writer, name, AE_MODEL_INT8_SCALE, layer->out.c, int8->scale);
    write_row (writer, name, AE_MODEL_INT8_STEP, layer->in.c, int8->step);
    write_row (writer, name, AE_MODEL_INT8_ZERO, 1, &zero);
  }
}

static void
write_int8 (Writer * writer, const AeModel * model)
{
  const AeArchitecture *architecture = model->architecture;

  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeParam *param = &architecture->layers[i].params[AE_PARAM_WEIGHT];
    const AeInt8Layer *int8 = &model->int8->layers[i];
    g_autofree gchar *layer_name = ae_architecture_layer_name (architecture, i);
    g_autofree gchar *name =
        g_strconcat (layer_name, AE_MODEL_INT8_WEIGHT, NULL);

    if (int8->weights == NULL)
      continue;
    begin_tensor (writer, name, "I8", param);
    g_byte_array_append (writer->data, (const guint8 *) int8->weights,
        (guint) param->size);
    end_tensor (writer);
  }
}

/* Section 2: the header's length is rounded up by spaces to a multiple of 8.
 * Wider numbers come first, so that each begins at a multiple of its size. */
static GByteArray *
serialise (const AeModel * model, const AeModelExtras * extras, gboolean halves)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree gchar *header = NULL;
  GByteArray *file = g_byte_array_new ();
  Writer writer = { builder, data, halves };
  guint64 stated;
  gsize length;

  json_builder_begin_object (builder);
  describe_metadata (model, extras, builder);
  if (extras)
    write_extras (&writer, extras);
  if (model->int8)
    write_int8_scales (&writer, model);
  write_weights (&writer, model);
  if (model->int8)
    write_int8 (&writer, model);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  json_generator_set_root (generator, root);
  header = json_generator_to_data (generator, &length);

  stated = GUINT64_TO_LE ((length + 7) / 8 * 8);
  g_byte_array_append (file, (const guint8 *) &stated, sizeof stated);
  g_byte_array_append (file, (const guint8 *) header, (guint) length);
  while (file->len % 8 != 0)
    g_byte_array_append (file, (const guint8 *) " ", 1);
  g_byte_array_append (file, data->data, data->len);
  return file;
}

GByteArray *
ae_model_to_bytes (const AeModel * model)
{
  return serialise (model, NULL, FALSE);
}

static gboolean
save (const AeModel * model, const AeModelExtras * extras, gboolean halves,
    const gchar * path, GError ** error)
{
  g_autoptr (GByteArray) file = NULL;
  g_autoptr (GError) reason = NULL;

  file = serialise (model, extras, halves);
  return ae_file_replace (path, file->data, file->len, &reason)
      || ae_model_fail (error, AE_ERROR_IO, path, "%s", reason->message);
}

gboolean
ae_model_save (const AeModel * model, const gchar * path, GError ** error)
{
  return save (model, NULL, FALSE, path, error);
}

gboolean
ae_model_save_with (const AeModel * model, const AeModelExtras * extras,
    const gchar * path, GError ** error)
{
  return save (model, extras, FALSE, path, error);
}

gboolean
ae_model_save_f16 (const AeModel * model, const gchar * path, GError ** error)
{
  const AeArchitecture *architecture = model->architecture;

  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];
      const float *values = model->weights->data + param->offset;
      g_autofree gchar *name = ae_architecture_param_name (architecture, i, j);

      for (gsize k = 0; k < ae_param_n_stored (param); k++) {
        if (fabsf (values[k]) > LARGEST_HALF)
          return ae_model_fail (error, AE_ERROR_LIMIT, path,
              "tensor %s: element %" G_GSIZE_FORMAT
              " is %g, F16 has at most %g", name, k,
              (double) values[k], (double) LARGEST_HALF);
      }
    }
  }
  return save (model, NULL, TRUE, path, error);
}
