/* Bands of a plan: the picture's rows shared out, none made twice.
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A band begins, in each stage, with the first row that needs nothing from
 * above the band, so that it can start at once: later stages begin further
 * down. What the band above needs beyond its own rows are the first rows of
 * this one, its seam, which are kept where the band above finds them. */
#include "ae-plan-private.h"

#include <string.h>

/* Whether the block of stage @i that begins with row @y needs no row before
 * @begin of another stage. */
static gboolean
can_begin (const AePlan * plan, guint i, gint y, const gint * begin)
{
  const AePlanStage *stage = &plan->stages[i];
  gint first = y, last = y + (gint) stage->block;

  ae_plan_rows_in (stage, &first, &last);
  if (first < begin[stage->i_in]
      || (stage->i_concat >= 0 && y < begin[stage->i_concat]))
    return FALSE;
  for (guint j = 0; j < stage->n_posts; j++) {
    gint i_saved = stage->posts[j].i_saved;

    if (i_saved >= 0 && y < begin[i_saved])
      return FALSE;
  }
  return TRUE;
}

/* Where each stage begins when nothing above row @begin[0] of the frame is
 * there. */
static void
find_begins (const AePlan * plan, const AePlanSpan * whole, gint * begin)
{
  for (guint i = 1; i < plan->n_stages; i++) {
    const AePlanStage *stage = &plan->stages[i];
    gint y = ae_plan_block_begin (stage, 0);

    while (y < whole[i].end && !can_begin (plan, i, y, begin))
      y += (gint) stage->block;
    begin[i] = CLAMP (y, whole[i].begin, whole[i].end);
  }
}

/* The time of the rows before @begin. */
static double
work_before (const AePlan * plan, const AePlanSpan * whole, const gint * begin)
{
  double work = 0.0;

  for (guint i = 1; i < plan->n_stages; i++)
    work += ae_plan_row_cost (plan, i) * (begin[i] - whole[i].begin);
  return work;
}

/* Begins of the band that leaves @work to those above it. */
static void
cut_at (const AePlan * plan, const AePlanSpan * whole, double work,
    gint * begin)
{
  gint least = 0, most = (gint) plan->stages[0].h;

  while (least < most) {
    begin[0] = (least + most) / 2;
    find_begins (plan, whole, begin);
    if (work_before (plan, whole, begin) < work)
      least = begin[0] + 1;
    else
      most = begin[0];
  }
  begin[0] = least;
  find_begins (plan, whole, begin);
}

/* Raises @need_end to what the rows of stage @i before @end are made from. */
static void
add_needs (const AePlan * plan, guint i, gint end, gint * need_end)
{
  const AePlanStage *stage = &plan->stages[i];
  gint begin = end - 1, end_in = end;

  for (guint j = 0; j < stage->n_posts; j++) {
    gint i_saved = stage->posts[j].i_saved;

    if (i_saved >= 0)
      need_end[i_saved] = MAX (need_end[i_saved], end);
  }
  if (stage->i_concat >= 0)
    need_end[stage->i_concat] = MAX (need_end[stage->i_concat], end);
  ae_plan_rows_in (stage, &begin, &end_in);
  need_end[stage->i_in] = MAX (need_end[stage->i_in], end_in);
}

/* What the band above, which ends where band @spans begins, reads of it. */
static void
find_seam (const AePlan * plan, const AePlanSpan * whole, AePlanSpan * spans)
{
  g_autofree gint *need_end = g_new0 (gint, plan->n_stages);

  for (guint i = 1; i < plan->n_stages; i++)
    add_needs (plan, i, spans[i].begin, need_end);
  for (guint i = 1; i < plan->n_stages; i++)
    spans[i].seam_end = CLAMP (need_end[i], spans[i].begin, whole[i].end);
}

/* Whether the band has rows in every stage and makes its whole seam, which
 * takes those rows that its own output needs. */
static gboolean
is_valid (const AePlan * plan, const AePlanSpan * spans)
{
  g_autofree gint *made_end = g_new0 (gint, plan->n_stages);

  made_end[plan->n_stages - 1] = spans[plan->n_stages - 1].end;
  for (guint i = plan->n_stages; i-- > 1;) {
    const AePlanStage *stage = &plan->stages[i];

    if (spans[i].begin >= spans[i].end || made_end[i] <= spans[i].begin)
      return FALSE;
    made_end[i] = MIN (ae_plan_block_begin (stage, made_end[i] - 1)
        + (gint) stage->block, spans[i].end);
    if (spans[i].seam_end > made_end[i])
      return FALSE;
    add_needs (plan, i, made_end[i], made_end);
  }
  return TRUE;
}

AePlanSpan *
ae_plan_cut_bands (const AePlan * plan, const AePlanSpan * whole, guint n_bands)
{
  guint n = plan->n_stages;
  g_autofree AePlanSpan *spans = g_new (AePlanSpan, (gsize) n_bands * n);
  g_autofree gint *begin = g_new (gint, n);
  double work = 0.0;

  for (guint i = 1; i < n; i++)
    work += ae_plan_row_cost (plan, i) * (whole[i].end - whole[i].begin);
  for (guint b = n_bands; b-- > 0;) {
    AePlanSpan *band = spans + (gsize) b * n;

    memcpy (band, whole, n * sizeof (AePlanSpan));
    band[0].begin = band[0].seam_end = 0;
    band[0].end = (gint) plan->stages[0].h;
    if (b > 0)
      cut_at (plan, whole, work * b / n_bands, begin);
    for (guint i = 1; i < n; i++) {
      if (b > 0)
        band[i].begin = begin[i];
      if (b + 1 < n_bands)
        band[i].end = band[n + i].begin;
      band[i].seam_end = band[i].begin;
    }
    if (b > 0)
      find_seam (plan, whole, band);
    if (n_bands > 1 && !is_valid (plan, band))
      return NULL;
  }
  return g_steal_pointer (&spans);
}
