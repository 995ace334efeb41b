#include "rules_cache.h"
#include "scan_database.h"
#include "scan_regex.h"
#include "lib/aws/hash.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DATABASE_MAX = 64 << 20, KEPT_MAX = 16, HEX = 2 * HASH_LEN };

static const char ending[] = ".hsdb";

static void add_string(struct hash *h, const char *s)
{
	s = s ? s : "";
	hash_update(h, s, strlen(s) + 1);
}

/* PCRE2's expressions are in the name, too: what is kept has been checked. */
static int name_of(const struct rule *table, size_t n, char hex[static HEX + 1], struct err *err)
{
	unsigned char digest[HASH_LEN];
	struct scan_patterns p;
	struct hash h;

	if (scan_database_patterns(table, n, &p, err) < 0)
		return -1;
	hash_init(&h);
	add_string(&h, hs_version());
	add_string(&h, "1");
	for (unsigned i = 0; i < p.n; i++) {
		add_string(&h, p.regex[i]);
		hash_update(&h, &p.ids[i], sizeof(p.ids[i]));
		hash_update(&h, &p.flags[i], sizeof(p.flags[i]));
	}
	for (size_t i = 0; i < n; i++) {
		const struct rule_regex *re = table[i].value == RULE_REGEX ? table[i].re : NULL;

		add_string(&h, re ? re->pattern : NULL);
		add_string(&h, re ? re->path : NULL);
		for (size_t k = 0; re && k < re->n_allows; k++) {
			for (char **s = re->allows[k].regexes; s && *s; s++)
				add_string(&h, *s);
			for (char **s = re->allows[k].paths; s && *s; s++)
				add_string(&h, *s);
		}
	}
	hash_final(&h, digest);
	encode_hex(digest, sizeof(digest), hex);
	scan_database_patterns_free(&p);
	return 0;
}

/* Whoever can write the file chooses what is found: it is this user's alone. */
static bool ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && st.st_size > 0 && st.st_size <= DATABASE_MAX;
}

static bool load(const char *path, hs_database_t **out)
{
	struct buf bytes = BUF_INIT(DATABASE_MAX);
	struct err unused = { 0 };
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool done = false;

	if (fd < 0)
		return false;
	if (ours(fd) && file_read_fd(fd, path, &bytes, &unused) == 0)
		done = hs_deserialize_database(buf_str(&bytes), bytes.len, out) == HS_SUCCESS;
	buf_free(&bytes);
	close(fd);
	return done;
}

/* The oldest of those that are too many. */
static void prune(const char *folder)
{
	for (int round = 0; round < KEPT_MAX; round++) {
		char oldest[NAME_MAX + 1] = "";
		DIR *dir = opendir(folder);
		struct dirent *e;
		time_t when = 0;
		int n = 0;

		while (dir && (e = readdir(dir))) {
			size_t len = strlen(e->d_name);
			struct stat st;

			if (len != HEX + sizeof(ending) - 1 || strcmp(e->d_name + HEX, ending) != 0 ||
			    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
				continue;
			if (n++ == 0 || st.st_mtime < when) {
				when = st.st_mtime;
				memcpy(oldest, e->d_name, len + 1);
			}
		}
		if (dir && n > KEPT_MAX)
			unlinkat(dirfd(dir), oldest, 0);
		if (dir)
			closedir(dir);
		if (n <= KEPT_MAX)
			return;
	}
}

static void keep(const char *folder, const char *path, const hs_database_t *db)
{
	struct err unused = { 0 };
	char *bytes = NULL;
	size_t len = 0;

	if (hs_serialize_database(db, &bytes, &len) != HS_SUCCESS)
		return;
	if (len <= DATABASE_MAX && file_make_dirs(folder, 0700, &unused) == 0 &&
	    file_replace(path, bytes, len, 0600, &unused) == 0)
		prune(folder);
	free(bytes);
}

static int compile(const struct rule *table, size_t n, hs_database_t **out, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].value != RULE_REGEX || scan_regex_check(&table[i], err) == 0)
			continue;
		err_prefix(err, "%s: rule %s: ", table[i].origin ? table[i].origin : "rules", table[i].id);
		return -1;
	}
	return scan_database_compile(table, n, out, err);
}

int rules_cache_open(const struct rule *table, size_t n, const char *folder, hs_database_t **out,
		     struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	char hex[HEX + 1];
	int rc = -1;

	if (!folder)
		return compile(table, n, out, err);
	if (name_of(table, n, hex, err) == 0) {
		buf_addf(&path, "%s/%s%s", folder, hex, ending);
		if (!path.failed && load(buf_str(&path), out))
			rc = 0;
		else if ((rc = compile(table, n, out, err)) == 0 && !path.failed)
			keep(folder, buf_str(&path), *out);
	}
	buf_free(&path);
	return rc;
}
