/* What the plugin says of its elements. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

static gboolean
is_element_of_plugin (GstPluginFeature * feature, gpointer data)
{
  return GST_IS_ELEMENT_FACTORY (feature)
      && g_strcmp0 (gst_plugin_feature_get_plugin_name (feature),
      "autoencoder") == 0;
}

static GList *
element_factories (void)
{
  GList *factories = gst_registry_feature_filter (gst_registry_get (),
      is_element_of_plugin, FALSE, NULL);

  fail_unless (factories != NULL);
  return factories;
}

/* gst-inspect-1.0 @name. Returns: (transfer full): what it prints. */
static gchar *
inspect (const gchar * name)
{
  const gchar *argv[] = { "gst-inspect-1.0", "--no-colors", name, NULL };
  g_autofree gchar *errors = NULL;
  GError *error = NULL;
  gchar *output = NULL;
  gint status;

  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH,
          NULL, NULL, &output, &errors, &status, &error));
  fail_unless (g_spawn_check_wait_status (status, &error), "%s: %s", name,
      errors);
  return output;
}

GST_START_TEST (test_gst_inspect_describes_every_element)
{
  GList *factories = element_factories ();

  for (GList * l = factories; l != NULL; l = l->next) {
    GstElementFactory *factory = GST_ELEMENT_FACTORY (l->data);
    g_autofree gchar *text = inspect (GST_OBJECT_NAME (factory));
    g_autofree gchar *klass = g_strdup_printf ("Klass                    %s",
        gst_element_factory_get_klass (factory));

    fail_unless (strstr (text, klass) != NULL);
    fail_unless (strstr (text, "video/x-") != NULL
        || strstr (text, "audio/x-") != NULL);
    fail_unless (strstr (text, "LGPL") != NULL);
    if (g_str_equal (GST_OBJECT_NAME (factory), "aevideodenoise")) {
      fail_unless (strstr (text, "Filter/Effect/Video") != NULL);
      fail_unless (strstr (text, "Float. Range:               0 -"
              "               1 Default:               1") != NULL);
      fail_unless (strstr (text, "controllable") != NULL);
      fail_unless (strstr (text, "Default: \"denoise-video\"") != NULL);
    }
  }
  gst_plugin_feature_list_free (factories);
}

GST_END_TEST;

/* A number that can be set has a range, and every property a blurb. */
GST_START_TEST (test_properties_have_ranges_and_blurbs)
{
  GList *factories = element_factories ();

  for (GList * l = factories; l != NULL; l = l->next) {
    GstElement *element =
        gst_element_factory_create (GST_ELEMENT_FACTORY (l->data), NULL);
    guint n;
    g_autofree GParamSpec **properties =
        g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

    for (guint i = 0; i < n; i++) {
      const GParamSpec *p = properties[i];

      if (p->owner_type != G_OBJECT_TYPE (element))
        continue;
      fail_unless (g_param_spec_get_blurb (properties[i]) != NULL
          && *g_param_spec_get_blurb (properties[i]) != '\0',
          "%s has no blurb", p->name);
      if (G_IS_PARAM_SPEC_FLOAT (p) && (p->flags & G_PARAM_WRITABLE))
        fail_unless (G_PARAM_SPEC_FLOAT (p)->maximum < G_MAXFLOAT);
      if (G_IS_PARAM_SPEC_DOUBLE (p) && (p->flags & G_PARAM_WRITABLE))
        fail_unless (G_PARAM_SPEC_DOUBLE (p)->maximum < G_MAXDOUBLE);
    }
    gst_object_unref (element);
  }
  gst_plugin_feature_list_free (factories);
}

GST_END_TEST;

GST_START_TEST (test_filters_are_not_plugged_by_themselves)
{
  GList *factories = element_factories ();

  for (GList * l = factories; l != NULL; l = l->next) {
    if (gst_element_factory_list_is_type (l->data,
            GST_ELEMENT_FACTORY_TYPE_DECODABLE))
      continue;
    fail_unless_equals_int (gst_plugin_feature_get_rank (l->data),
        GST_RANK_NONE);
  }
  gst_plugin_feature_list_free (factories);
}

GST_END_TEST;

static Suite *
plugin_suite (void)
{
  Suite *s = suite_create ("plugin");
  TCase *tc = tcase_create ("description");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_gst_inspect_describes_every_element);
  tcase_add_test (tc, test_properties_have_ranges_and_blurbs);
  tcase_add_test (tc, test_filters_are_not_plugged_by_themselves);
  return s;
}

GST_CHECK_MAIN (plugin);
