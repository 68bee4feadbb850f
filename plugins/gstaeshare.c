/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeshare.h"

#include <gst/gst.h>
#include <mosquitto.h>
#include <string.h>

#include "ae-error.h"

#define DEFAULT_PORT 1883
/* A trainer that says nothing for so long has gone. */
#define KEEPALIVE_SECONDS 10
/* Weights older than this are not those of a trainer that learns. */
#define STALE_US (120 * G_USEC_PER_SEC)
#define MAX_PEERS 64
#define STEPS_KEY "share_steps"

typedef struct
{
  AeModel *model;
  guint64 n_steps;
  gint64 received_us;
} Peer;

struct _GstAeShare
{
  struct mosquitto *client;
  gchar *all_topics, *own_topic;
  AeModel *start;
  gsize max_bytes;              /* of what others send */

  GMutex lock;
  GHashTable *peers;            /* topic -> Peer */
};

static void
peer_free (gpointer data)
{
  Peer *peer = data;

  ae_model_unref (peer->model);
  g_free (peer);
}

/* Returns: (nullable): the peer in @message, which is not to be trusted. */
static Peer *
read_peer (const GstAeShare * share, const struct mosquitto_message *message,
    GError ** error)
{
  g_autoptr (AeModel) model = NULL;
  const AeArchitecture *own = share->start->architecture;
  const gchar *steps;
  guint64 n_steps;
  Peer *peer;

  if ((gsize) message->payloadlen > share->max_bytes) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "%s: found %d bytes, expected " "at most %" G_GSIZE_FORMAT,
        message->topic, message->payloadlen, share->max_bytes);
    return NULL;
  }
  model = ae_model_load_bytes (message->payload, (gsize) message->payloadlen,
      message->topic, error);
  if (model == NULL)
    return NULL;
  if (strcmp (model->architecture->text, own->text) != 0
      || model->architecture->n_weights != own->n_weights) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE, "%s: found a model \"%s\", "
        "expected \"%s\"", message->topic, model->architecture->text,
        own->text);
    return NULL;
  }
  steps = g_hash_table_lookup (model->metadata, STEPS_KEY);
  if (!g_ascii_string_to_unsigned (steps ? steps : "", 10, 0, G_MAXINT64,
          &n_steps, error)) {
    g_prefix_error (error, "%s: " STEPS_KEY ": ", message->topic);
    return NULL;
  }
  peer = g_new (Peer, 1);
  *peer = (Peer) {
  g_steal_pointer (&model), n_steps, g_get_monotonic_time ()};
  return peer;
}

/* In the client's thread, as what follows. */
static void
on_message (struct mosquitto *client, void *data,
    const struct mosquitto_message *message)
{
  GstAeShare *share = data;
  g_autoptr (GError) error = NULL;
  Peer *peer = NULL;

  if (strcmp (message->topic, share->own_topic) == 0)
    return;
  if (message->payloadlen > 0) {
    peer = read_peer (share, message, &error);
    if (peer == NULL) {
      GST_WARNING ("%s", error->message);
      return;
    }
  }
  g_mutex_lock (&share->lock);
  if (peer == NULL)
    g_hash_table_remove (share->peers, message->topic);
  else if (g_hash_table_size (share->peers) < MAX_PEERS
      || g_hash_table_contains (share->peers, message->topic))
    g_hash_table_replace (share->peers, g_strdup (message->topic), peer);
  else
    peer_free (peer);
  g_mutex_unlock (&share->lock);
}

static void
on_connect (struct mosquitto *client, void *data, int code)
{
  GstAeShare *share = data;

  if (code == 0)
    mosquitto_subscribe (client, NULL, share->all_topics, 0);
  else
    GST_WARNING ("the broker refuses: %s", mosquitto_connack_string (code));
}

static void
on_disconnect (struct mosquitto *client, void *data, int code)
{
  if (code != 0)
    GST_WARNING ("no broker, training goes on alone: %s",
        mosquitto_strerror (code));
}

/* Returns: (nullable): the bytes of a model file; not of weights that are not
 * finite. */
static GByteArray *
to_bytes (const GstAeShare * share, guint64 n_steps, const float *values)
{
  AeArchitecture *architecture = share->start->architecture;
  g_autoptr (AeWeights) weights = ae_weights_new_copy (values,
      architecture->n_weights, NULL);
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GHashTable) metadata = g_hash_table_new_full (g_str_hash,
      g_str_equal, NULL, g_free);

  if (weights == NULL)
    return NULL;
  g_hash_table_insert (metadata, (gpointer) STEPS_KEY,
      g_strdup_printf ("%" G_GUINT64_FORMAT, n_steps));
  model = ae_model_new (architecture, weights, metadata, NULL);
  return ae_model_to_bytes (model);
}

static gboolean
connect_to (GstAeShare * share, GUri * uri, GError ** error)
{
  gint port = g_uri_get_port (uri), code;

  share->client = mosquitto_new (NULL, TRUE, share);
  mosquitto_connect_callback_set (share->client, on_connect);
  mosquitto_disconnect_callback_set (share->client, on_disconnect);
  mosquitto_message_callback_set (share->client, on_message);
  if (g_uri_get_user (uri))
    mosquitto_username_pw_set (share->client, g_uri_get_user (uri),
        g_uri_get_password (uri));
  /* when this one is gone, the broker forgets its weights */
  mosquitto_will_set (share->client, share->own_topic, 0, NULL, 0, TRUE);
  mosquitto_connect_async (share->client, g_uri_get_host (uri),
      port > 0 ? port : DEFAULT_PORT, KEEPALIVE_SECONDS);
  code = mosquitto_loop_start (share->client);
  if (code != MOSQ_ERR_SUCCESS)
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED, "MQTT: %s",
        mosquitto_strerror (code));
  return code == MOSQ_ERR_SUCCESS;
}

GstAeShare *
gst_ae_share_new (const gchar * text, AeModel * start, GError ** error)
{
  static gsize initialised = 0;
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_HAS_PASSWORD, NULL);
  const gchar *path = uri ? g_uri_get_path (uri) : "";
  g_autofree gchar *id = g_uuid_string_random ();
  g_autoptr (GByteArray) bytes = NULL;
  GstAeShare *share;

  if (uri == NULL || strcmp (g_uri_get_scheme (uri), "mqtt") != 0
      || !g_uri_get_host (uri) || strlen (path) < 2 || strpbrk (path, "+#")) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED, "found share \"%s\", "
        "expected mqtt://host:port/topic", text);
    return NULL;
  }
  if (g_once_init_enter (&initialised)) {
    mosquitto_lib_init ();
    g_once_init_leave (&initialised, 1);
  }
  share = g_new0 (GstAeShare, 1);
  g_mutex_init (&share->lock);
  share->peers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      peer_free);
  share->all_topics = g_strconcat (path + 1, "/+", NULL);
  share->own_topic = g_strconcat (path + 1, "/", id, NULL);
  share->start = ae_model_ref (start);
  bytes = to_bytes (share, 0, start->weights->data);
  share->max_bytes = 2 * (gsize) bytes->len;
  if (!connect_to (share, uri, error)) {
    gst_ae_share_free (share);
    return NULL;
  }
  return share;
}

static void
scale (float *weights, gsize n, double factor)
{
  for (gsize i = 0; i < n; i++)
    weights[i] *= (float) factor;
}

static void
add (float *weights, const float *from, gsize n, double factor)
{
  for (gsize i = 0; i < n; i++)
    weights[i] += (float) factor *from[i];
}

void
gst_ae_share_mix (GstAeShare * share, guint64 n_steps, float *weights)
{
  gsize n = share->start->architecture->n_weights;
  g_autoptr (GByteArray) bytes = to_bytes (share, n_steps, weights);
  gint64 oldest = g_get_monotonic_time () - STALE_US;
  double total = (double) MAX (n_steps, 1);
  GHashTableIter iter;
  gpointer value;

  if (bytes == NULL)
    return;
  mosquitto_publish (share->client, NULL, share->own_topic, (int) bytes->len,
      bytes->data, 0, TRUE);
  g_mutex_lock (&share->lock);
  g_hash_table_iter_init (&iter, share->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const Peer *peer = value;

    if (peer->received_us < oldest)
      g_hash_table_iter_remove (&iter);
    else
      total += (double) peer->n_steps;
  }
  scale (weights, n, (double) MAX (n_steps, 1) / total);
  g_hash_table_iter_init (&iter, share->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const Peer *peer = value;

    add (weights, peer->model->weights->data, n,
        (double) peer->n_steps / total);
  }
  g_mutex_unlock (&share->lock);
}

void
gst_ae_share_free (GstAeShare * share)
{
  if (share == NULL)
    return;
  if (share->client) {
    mosquitto_publish (share->client, NULL, share->own_topic, 0, NULL, 0, TRUE);
    mosquitto_disconnect (share->client);
    mosquitto_loop_stop (share->client, FALSE);
    mosquitto_destroy (share->client);
  }
  g_hash_table_unref (share->peers);
  g_mutex_clear (&share->lock);
  ae_model_unref (share->start);
  g_free (share->all_topics);
  g_free (share->own_topic);
  g_free (share);
}
