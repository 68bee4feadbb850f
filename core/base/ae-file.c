/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-file.h"
#include "ae-error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of several processes that write one file all but one give up, after this many
 * attempts to be that one. */
#define MAX_ATTEMPTS 16

static gboolean
io_error (GError ** error, const gchar * what)
{
  g_set_error (error, AE_ERROR, AE_ERROR_IO, "cannot %s: %s", what,
      errno == EWOULDBLOCK ? "another process is writing it"
      : g_strerror (errno));
  return FALSE;
}

static gchar *
partial_path (const gchar * path)
{
  g_autofree gchar *directory = g_path_get_dirname (path);
  g_autofree gchar *name = g_path_get_basename (path);
  g_autofree gchar *partial = g_strdup_printf (".%s.partial", name);

  return g_build_filename (directory, partial, NULL);
}

/* A file belongs to whoever has it locked while it has its name; the lock ends
 * with the process. On other systems than local ones there may be no locks. */
static gboolean
is_owned (int fd, const gchar * partial)
{
  struct stat opened, named;

  if (flock (fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return FALSE;
  if (fstat (fd, &opened) == 0 && lstat (partial, &named) == 0
      && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino)
    return TRUE;
  errno = EWOULDBLOCK;
  return FALSE;
}

/* Takes away what nobody owns any more. */
static gboolean
remove_stale (const gchar * partial)
{
  int fd = open (partial, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  gboolean removed;
  int reason;

  if (fd < 0)
    return errno == ENOENT;
  removed = is_owned (fd, partial) && unlink (partial) == 0;
  reason = errno;
  close (fd);
  errno = reason;
  return removed;
}

void
ae_file_remove_partial (const gchar * path)
{
  g_autofree gchar *partial = partial_path (path);

  remove_stale (partial);
}

/* A new empty file of ours. Returns: its descriptor, or -1. */
static int
create (const gchar * partial, mode_t mode)
{
  for (guint i = 0; i < MAX_ATTEMPTS; i++) {
    int fd =
        open (partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
        mode);

    if (fd >= 0 && is_owned (fd, partial))
      return fd;
    if (fd >= 0)
      close (fd);
    else if (errno != EEXIST || !remove_stale (partial))
      return -1;
  }
  errno = EWOULDBLOCK;
  return -1;
}

static gboolean
write_all (int fd, const guint8 * bytes, gsize size_bytes)
{
  while (size_bytes > 0) {
    gssize n = write (fd, bytes, size_bytes);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    bytes += n;
    size_bytes -= (gsize) n;
  }
  return fsync (fd) == 0;
}

/* So that the new name survives a loss of power. Not every file system can. */
static void
sync_directory (const gchar * path)
{
  g_autofree gchar *directory = g_path_get_dirname (path);
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0) {
    fsync (fd);
    close (fd);
  }
}

gboolean
ae_file_replace (const gchar * path, const guint8 * bytes, gsize size_bytes,
    GError ** error)
{
  g_autofree gchar *partial = partial_path (path);
  struct stat old;
  gboolean replaces = stat (path, &old) == 0, done;
  mode_t mode = replaces ? old.st_mode & 0777 : 0644;
  int fd;

  /* renaming over a device or a directory would replace it, or fail late */
  if (replaces && !S_ISREG (old.st_mode)) {
    g_set_error (error, AE_ERROR, AE_ERROR_IO,
        "not a regular file, not replaced");
    return FALSE;
  }
  fd = create (partial, mode);
  if (fd < 0)
    return io_error (error, "write it");
  /* the umask may take from what the old file allowed */
  done = (!replaces || fchmod (fd, mode) == 0)
      && write_all (fd, bytes, size_bytes) && rename (partial, path) == 0;
  if (done) {
    sync_directory (path);
  } else {
    io_error (error, "write it");
    unlink (partial);
  }
  close (fd);
  return done;
}
