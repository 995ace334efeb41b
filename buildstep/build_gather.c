/* Artifacts and reports: listed, and copied to where they stay. */
#include "build_files.h"

#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILES_LISTED = 10000,
	BYTES_LISTED = 96 << 10,	/* of all: the queue reads results of 256 KiB */
	CHUNK = 65536,
};

bool build_gather_name(const char *name)
{
	if (!*name || *name == '/' || strlen(name) > 1024)
		return false;
	while (*name) {
		size_t len = strcspn(name, "/");

		if (len == 0 || len > 255 || (len <= 2 && strncmp(name, "..", len) == 0))
			return false;
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)name[i] < ' ' || name[i] == 127)
				return false;
		name += len;
		if (*name && !*++name)
			return false;
	}
	return true;
}

void build_gather_failed(struct build *b, const char *reason)
{
	b->upload.ran = true;
	if (b->upload.status == BUILD_SUCCEEDED) {
		b->upload.status = BUILD_FAILED;
		b->upload.exit_code = 1;
		b->upload.message = strdup(reason);
	}
	if (b->status == BUILD_SUCCEEDED)
		b->status = BUILD_FAILED;
}

static int copy_bytes(int from, int to, const char *path, deadline_t deadline, struct err *err)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot read for %s", path);
		if (file_write_fd(to, chunk, (size_t)n, path, err) < 0)
			return -1;
		if (deadline_over(deadline))
			return err_set(err, ERR_TIMEOUT, "the artifacts were not all copied in time");
	}
	return 0;
}

static int copy_file(const struct build *b, const struct build_file *f, const char *path,
		     struct err *err)
{
	int from = open(f->from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), to = -1, rc = -1;
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode)) {
		err_errno(err, "cannot read %s", f->from);
	} else if ((to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			      (st.st_mode & 0777) | 0600)) < 0) {
		err_errno(err, "cannot make %s", path);
	} else {
		rc = copy_bytes(from, to, path, b->deadline, err);
	}
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) < 0 && rc == 0)
		rc = err_errno(err, "cannot write %s", path);
	return rc;
}

static int copy_link(const struct build_file *f, const char *path, struct err *err)
{
	char to[PATH_MAX_BYTES];
	ssize_t n = readlink(f->from, to, sizeof(to) - 1);

	if (n < 0)
		return err_errno(err, "cannot read the link %s", f->from);
	to[n] = '\0';
	return symlink(to, path) < 0 ? err_errno(err, "cannot make %s", path) : 0;
}

/* Its folder is made first. Of two files with one name the first stays. */
static int copy(struct build *b, const struct build_file *f, const char *folder, bool discard,
		struct err *err)
{
	const char *slash = strrchr(f->path, '/'), *below = discard && slash ? slash + 1 : f->path;
	struct buf path = BUF_INIT(PATH_MAX_BYTES - 1);
	struct stat st;
	int rc;

	buf_addf(&path, "%s/%s", folder, below);
	rc = buf_check(&path, "the path of an artifact", err);
	if (rc == 0) {
		char *end = strrchr(path.data, '/');

		*end = '\0';
		rc = file_make_dirs(path.data, 0755, err);
		*end = '/';
	}
	if (rc == 0 && lstat(buf_str(&path), &st) == 0)
		build_output_say(&b->output, "%s is left out: there is another %s", f->path, below);
	else if (rc == 0)
		rc = f->link ? copy_link(f, buf_str(&path), err) : copy_file(b, f, buf_str(&path), err);
	buf_free(&path);
	return rc;
}

/* Where the copies of one go, below the folder for all. */
static int place(const struct build_wanted *w, struct buf *out, struct err *err)
{
	const char *name = w->spec->name;

	if (w->spec->format)
		buf_addf(out, "reports/%s", name);
	else if (*name)
		buf_addf(out, "secondary-artifacts/%s", name);
	else
		buf_adds(out, "artifacts");
	if (w->artifact && *w->artifact)
		buf_addf(out, "/%s", w->artifact);
	if (buf_check(out, "the name of an artifact", err) < 0)
		return -1;
	if (!build_gather_name(buf_str(out)))
		return err_set(err, ERR_NO, "\"%.200s\" cannot be the name of an artifact or report",
			       w->artifact ? w->artifact : name);
	return 0;
}

static int copy_all(struct build *b, const struct build_wanted *w, const struct build_found *found,
		    const char *folder, const char *below, struct err *err)
{
	struct buf to = BUF_INIT(PATH_MAX_BYTES - 1);
	int rc;

	buf_addf(&to, "%s/%s", folder, below);
	rc = buf_check(&to, "the folder of an artifact", err);
	for (size_t i = 0; i < found->n && rc == 0; i++)
		rc = copy(b, &found->v[i], buf_str(&to), w->spec->discard_paths, err);
	buf_free(&to);
	return rc;
}

static int list(struct build *b, const struct build_wanted *w, const struct build_found *found,
		const char *folder, struct err *err)
{
	cJSON *entry = cJSON_CreateObject(), *files, *into = w->spec->format ? b->reports : b->artifacts;
	size_t listed = 0;
	bool whole;

	cJSON_AddItemToArray(into, entry);
	whole = cJSON_AddStringToObject(entry, "name", w->spec->name) &&
		(!w->artifact || cJSON_AddStringToObject(entry, "artifact", w->artifact)) &&
		(!w->spec->format || cJSON_AddStringToObject(entry, "format", w->spec->format)) &&
		(!folder || cJSON_AddStringToObject(entry, "folder", folder));
	files = cJSON_AddArrayToObject(entry, "files");
	for (; listed < found->n && listed < FILES_LISTED && b->bytes_listed < BYTES_LISTED && whole; listed++) {
		const char *path = found->v[listed].path;

		b->bytes_listed += strlen(path) + 8;
		whole = cJSON_AddItemToArray(files, cJSON_CreateString(path));
	}
	if (listed < found->n)
		whole = whole && cJSON_AddBoolToObject(entry, "truncated", true);
	return whole && files ? 0 : err_set(err, ERR_INTERNAL, "no memory for a list of files");
}

static void tell(struct build *b, const struct build_wanted *w, const struct build_found *found)
{
	bool report = w->spec->format != NULL;

	build_output_say(&b->output, "Expanding base directory path: %s", w->base);
	for (size_t i = 0; i < w->files.n; i++)
		build_output_say(&b->output, "Expanding %s", w->files.v[i]);
	build_output_say(&b->output, "Found %zu file(s) for %s%s%s", found->n,
			 report ? "the report " : "artifacts", *w->spec->name && !report ? " " : "",
			 w->spec->name);
	if (found->left_out)
		build_output_say(&b->output, "%d link(s) left out: to a folder, out of the source directory, "
				 "or to nothing", found->left_out);
}

static int one(struct build *b, const struct build_wanted *w, const char *folder, struct err *err)
{
	bool report = w->spec->format != NULL;
	struct build_found found = { 0 };
	struct buf below = BUF_INIT(2048);
	char *source = realpath(b->source, NULL), *skip = folder ? realpath(folder, NULL) : NULL;
	int rc = -1;

	if (!source)
		err_errno(err, "the source directory %s is gone", b->source);
	else if (build_files_find(w, source, skip, b->deadline, &found, err) == 0) {
		tell(b, w, &found);
		rc = folder ? place(w, &below, err) : 0;
	}
	if (rc == 0)
		rc = list(b, w, &found, folder ? buf_str(&below) : NULL, err);
	if (rc == 0 && folder && !report && found.bases == 0)
		rc = err_set(err, ERR_NO, "no matching base directory path found for %.200s", w->base);
	else if (rc == 0 && folder && !report && found.n == 0)
		rc = err_set(err, ERR_NO, "no matching artifact paths found");
	if (rc == 0 && folder)
		rc = copy_all(b, w, &found, folder, buf_str(&below), err);
	build_files_free(&found);
	buf_free(&below);
	free(source);
	free(skip);
	return rc;
}

/* As CodeBuild: what cannot be uploaded is a failure of the build. */
int build_gather(struct build *b, const char *folder, struct err *err)
{
	int64_t began = clock_now_ms();
	int rc = folder && b->n_wanted ? file_make_dirs(folder, 0700, err) : 0;

	for (size_t i = 0; i < b->n_wanted && rc == 0; i++) {
		struct err fault = { 0 };

		b->upload.ran = true;
		if (one(b, &b->wanted[i], folder, &fault) == 0)
			continue;
		if (fault.class == ERR_TIMEOUT && b->status == BUILD_SUCCEEDED)
			b->status = b->upload.status = BUILD_STATUS_TIMED_OUT;
		else if (fault.class == ERR_NO || fault.class == ERR_USAGE || fault.class == ERR_TIMEOUT)
			build_gather_failed(b, fault.message);
		else
			rc = err_set(err, fault.class, "%s", fault.message);
	}
	if (!b->upload.ran || rc < 0)
		return rc;
	b->upload.ms = clock_now_ms() - began;
	build_output_say(&b->output, "Phase complete: UPLOAD_ARTIFACTS State: %s",
			 build_status_names[b->upload.status]);
	build_output_say(&b->output, "Phase context status code: %s Message: %s",
			 b->upload.status == BUILD_FAILED ? "CLIENT_ERROR" : "",
			 b->upload.message ? b->upload.message : "");
	return 0;
}
