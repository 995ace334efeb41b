/*
 * The AWS files: what their lines mean to other tools, and who can read or
 * write them.
 */
#include "doctor_config.h"

#include "lib/base/encode.h"
#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CACHED_MAX = 1000 };

/* ---- lines ----------------------------------------------------------------------- */

struct lines {
	struct doctor *d;
	const char *path;
};

static void line_found(void *arg, const struct doctor_flaw *flaw)
{
	const struct lines *l = arg;
	struct doctor_finding f = { .severity = flaw->severity, .rule = flaw->rule, .file = l->path,
				    .line = flaw->line };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	char shown[PATH_MAX_BYTES];

	doctor_path(l->d, l->path, shown, sizeof(shown));
	if (flaw->sed) {
		buf_adds(&fix, "sed -i ");
		encode_shell(flaw->sed, &fix);
		buf_addf(&fix, " %s", shown);
	} else {
		buf_addf(&fix, "${EDITOR:-vi} +%d %s", flaw->line, shown);
	}
	f.fix = buf_str(&fix);
	doctor_found(l->d, &f, "%s", flaw->message);
	buf_free(&fix);
}

static void scan(struct doctor *d, const char *path, bool credentials)
{
	struct buf text = BUF_INIT_SECRET(AWSCONFIG_FILE_MAX);
	struct lines l = { d, path };
	struct file_info info = { 0 };
	struct err err;

	if (file_read(path, &text, &info, &err) < 0)
		doctor_found(d, &(struct doctor_finding){ .severity = DOCTOR_ERROR, .rule = "unreadable",
							  .file = path },
			     "%s", err.message);
	else
		doctor_config_scan(buf_str(&text), text.len, credentials, line_found, &l);
	buf_free(&text);
}

void doctor_config_lines(struct doctor *d)
{
	scan(d, d->config_path, false);
	scan(d, d->credentials_path, true);
}

/* ---- who can read and write them --------------------------------------------------- */

struct guarded {
	const char *path;
	bool secret;		/* others must not read it */
	bool folder;
};

static void told(struct doctor *d, const struct guarded *g, const char *rule,
		 enum doctor_severity severity, const char *command, const char *what)
{
	struct doctor_finding f = { .severity = severity, .rule = rule, .file = g->path };
	char shown[PATH_MAX_BYTES];
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);

	buf_addf(&fix, "%s %s", command, doctor_path(d, g->path, shown, sizeof(shown)));
	f.fix = buf_str(&fix);
	doctor_found(d, &f, "%s %s", g->path, what);
	buf_free(&fix);
}

static void guard(struct doctor *d, const struct guarded *g)
{
	struct stat st, link;
	char owner[64];

	if (stat(g->path, &st) < 0) {
		if (errno == ENOENT && lstat(g->path, &link) == 0)
			told(d, g, "dangling-link", DOCTOR_ERROR, "rm", "is a symbolic link to nowhere: "
			     "every tool takes it for an empty file");
		return;
	}
	if (st.st_uid != getuid() && st.st_uid != 0) {
		snprintf(owner, sizeof(owner), "sudo chown %u", (unsigned)getuid());
		told(d, g, "foreign-owner", DOCTOR_ERROR, owner, "belongs to another user, who can "
		     "change what you sign in as");
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		told(d, g, "writable-by-others", DOCTOR_ERROR, g->secret ? "chmod 600" : "chmod go-w",
		     g->folder ? "can be written by other users, who can put their own files there" :
		     "can be written by other users, who can have commands of theirs run as you "
		     "(credential_process)");
	else if (g->secret && (st.st_mode & (S_IRGRP | S_IROTH)))
		told(d, g, "readable-by-others", DOCTOR_ERROR, "chmod 600",
		     "holds secrets and can be read by other users");
}

/* Keys in the config file make it as secret as the other. */
static bool config_has_keys(const struct doctor *d)
{
	const char *const *p = d->config ? awsconfig_profiles(d->config) : NULL;
	struct awsconfig_value value;

	for (; p && *p; p++)
		if (awsconfig_get_config(d->config, *p, "aws_secret_access_key", &value))
			return true;
	return false;
}

/* The files of a cache of the AWS CLI: session keys and tokens. */
static void guard_cache(struct doctor *d, const char *below)
{
	char folder[PATH_MAX_BYTES], path[PATH_MAX_BYTES + 256];
	const struct dirent *entry;
	DIR *dir;
	int n = 0;

	snprintf(folder, sizeof(folder), "%s/.aws/%s", d->home, below);
	dir = opendir(folder);
	while (dir && n++ < CACHED_MAX && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (strstr(entry->d_name, ".json"))
			guard(d, &(struct guarded){ .path = path, .secret = true });
	}
	if (dir)
		closedir(dir);
}

void doctor_config_files(struct doctor *d)
{
	static const char *const caches[] = { "cli/cache", "sso/cache", "login/cache" };
	char path[PATH_MAX_BYTES];

	guard(d, &(struct guarded){ .path = d->config_path, .secret = config_has_keys(d) });
	guard(d, &(struct guarded){ .path = d->credentials_path, .secret = true });
	if (!d->home)
		return;
	snprintf(path, sizeof(path), "%s/.aws", d->home);
	guard(d, &(struct guarded){ .path = path, .folder = true });
	for (size_t i = 0; i < sizeof(caches) / sizeof(*caches); i++)
		guard_cache(d, caches[i]);
	snprintf(path, sizeof(path), "%s/.git-credentials", d->home);
	guard(d, &(struct guarded){ .path = path, .secret = true });
}
