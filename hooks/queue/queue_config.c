#include "queue_config.h"
#include "lib/base/file.h"
#include "lib/spec/gitconfig.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_MAX = 256 << 10, GLOBS_MAX = 64 };

int queue_config_stamp(const char *gitdir, struct buf *out, struct err *err)
{
	char path[PATH_MAX_BYTES];
	struct stat st = { 0 };

	buf_clear(out);
	if ((size_t)snprintf(path, sizeof(path), "%s/config", gitdir) >= sizeof(path))
		return err_set(err, ERR_USAGE, "path is too long: %s", gitdir);
	if (stat(path, &st) < 0 && errno != ENOENT)
		return err_errno(err, "cannot look at %s", path);
	buf_addf(out, "%llx %llx %llx %lld.%09ld %lld.%09ld", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
		 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		 (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return buf_check(out, "the stamp of the configuration", err);
}

static int take(void *arg, const struct gitconfig_entry *e, struct err *err)
{
	static const char own[] = "codetrain";
	struct queue_config *config = arg;
	size_t n = sizeof(own) - 1;

	/* [codetrain.local] is git's old way to write [codetrain "local"] */
	if (strncmp(e->section, own, n) != 0 || (e->section[n] && e->section[n] != '.'))
		return 0;
	strs_addf(&config->keys, "%s%s%s.%s", e->section, e->subsection ? "." : "",
		  e->subsection ? e->subsection : "", e->key);
	strs_add(&config->values, e->value ? e->value : "true");
	if (config->keys.failed || config->values.failed)
		return err_set(err, ERR_USAGE, "there are too many codetrain.* lines");
	return 0;
}

int queue_config_load(const char *gitdir, struct queue_config *config, struct err *err)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	char path[PATH_MAX_BYTES];
	struct file_info info;
	int rc;

	queue_config_free(config);
	/* stamped first: a change while it is read is seen the next time */
	if (queue_config_stamp(gitdir, &config->stamp, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/config", gitdir);
	rc = file_read(path, &text, &info, err);
	if (rc == 0)
		rc = gitconfig_parse(buf_str(&text), text.len, path, take, config, err);
	buf_free(&text);
	if (rc < 0)
		queue_config_free(config);
	return rc;
}

void queue_config_free(struct queue_config *config)
{
	strs_free(&config->keys);
	strs_free(&config->values);
	buf_free(&config->stamp);
}

size_t queue_config_all(const struct queue_config *config, const char *target, const char *name,
			const char **out, size_t most)
{
	char own[160], shared[128];
	size_t n = 0;

	snprintf(own, sizeof(own), "codetrain.%s.%s", target ? target : "", name);
	snprintf(shared, sizeof(shared), "codetrain.%s", name);
	for (int pass = target ? 0 : 1; pass < 2 && n == 0; pass++)
		for (size_t i = 0; i < config->keys.n && n < most; i++)
			if (strcmp(config->keys.v[i], pass == 0 ? own : shared) == 0)
				out[n++] = config->values.v[i];
	return n;
}

const char *queue_config_get(const struct queue_config *config, const char *target,
			     const char *name, const char *fallback)
{
	const char *all[GLOBS_MAX];
	size_t n = queue_config_all(config, target, name, all, GLOBS_MAX);

	return n ? all[n - 1] : fallback;
}

const char *queue_config_own(const struct queue_config *config, const char *target,
			     const char *name)
{
	const char *value = NULL;
	char own[160];

	snprintf(own, sizeof(own), "codetrain.%s.%s", target, name);
	for (size_t i = 0; i < config->keys.n; i++)
		if (strcmp(config->keys.v[i], own) == 0)
			value = config->values.v[i];
	return value;
}

static bool matches(const char *glob, const char *ref)
{
	static const char heads[] = "refs/heads/";

	/* "main" is the branch; "*" in a glob also takes a slash, as in a refspec */
	if (strncmp(glob, "refs/", 5) != 0) {
		if (strncmp(ref, heads, sizeof(heads) - 1) != 0)
			return false;
		ref += sizeof(heads) - 1;
	}
	return fnmatch(glob, ref, 0) == 0;
}

bool queue_config_wants(const struct queue_config *config, const char *target, const char *ref)
{
	const char *globs[GLOBS_MAX];
	size_t n = queue_config_all(config, target, "refs", globs, GLOBS_MAX);
	bool wanted = false, any = false;

	for (size_t i = 0; i < n; i++) {
		if (globs[i][0] == '!' && matches(globs[i] + 1, ref))
			return false;
		if (globs[i][0] != '!') {
			any = true;
			wanted = wanted || matches(globs[i], ref);
		}
	}
	return any ? wanted : matches("refs/heads/*", ref);
}
