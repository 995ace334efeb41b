#include "queue_refs.h"
#include "queue_refs_private.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REF_MAX = 4096, LOOSE_MAX = REF_MAX + 16, LINKS_MAX = 5 };

static size_t oid_at(const char *s, const char *end)
{
	size_t n = 0;

	while (s + n < end && n <= 64 &&
	       ((s[n] >= '0' && s[n] <= '9') || (s[n] >= 'a' && s[n] <= 'f')))
		n++;
	return n == 40 || n == 64 ? n : 0;
}

static void keep_oid(char out[static QUEUE_REFS_OID], const char *s, size_t n)
{
	memcpy(out, s, n);
	out[n] = '\0';
}

static bool good_part(const char *s, size_t n)
{
	static const char lock[] = ".lock";

	if (n == 0 || s[0] == '.' || s[n - 1] == '.')
		return false;
	if (n >= strlen(lock) && memcmp(s + n - strlen(lock), lock, strlen(lock)) == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c == 0x7f || strchr("~^:?*[\\", c))
			return false;
		if (i + 1 < n && ((c == '.' && s[i + 1] == '.') || (c == '@' && s[i + 1] == '{')))
			return false;
	}
	return true;
}

bool queue_refs_good_name(const char *ref)
{
	const char *part = ref, *slash;

	if (strncmp(ref, "refs/", 5) != 0 || strlen(ref) > REF_MAX)
		return false;
	for (; (slash = strchr(part, '/')); part = slash + 1)
		if (!good_part(part, (size_t)(slash - part)))
			return false;
	return good_part(part, strlen(part));
}

bool queue_refs_loose(char *text, char oid[static QUEUE_REFS_OID], const char **to)
{
	size_t len = strlen(text), n;

	*to = NULL;
	oid[0] = '\0';
	if (strncmp(text, "ref:", 4) == 0) {
		while (len && strchr(" \t\r\n", text[len - 1]))
			text[--len] = '\0';
		*to = text + 4 + strspn(text + 4, " \t");
		return queue_refs_good_name(*to);
	}
	n = oid_at(text, text + len);
	if (!n || (text[n] && !strchr(" \t\r\n", text[n])))
		return false;
	keep_oid(oid, text, n);
	return true;
}

/* One line of packed-refs, up to its newline. */
struct packed_line {
	const char *oid, *ref;
	size_t oid_len, ref_len;
};

static bool packed_line(const char *s, const char *end, struct packed_line *out)
{
	size_t n = oid_at(s, end);

	if (!n || s + n >= end || s[n] != ' ')
		return false;
	*out = (struct packed_line){ .oid = s, .oid_len = n, .ref = s + n + 1,
				     .ref_len = (size_t)(end - (s + n + 1)) };
	return out->ref_len > 0 && out->ref_len <= REF_MAX;
}

static const char *line_end(const char *s, const char *end)
{
	const char *newline = memchr(s, '\n', (size_t)(end - s));

	return newline ? newline : end;
}

static int compare(const char *ref, size_t len, const struct packed_line *line)
{
	size_t least = len < line->ref_len ? len : line->ref_len;
	int order = memcmp(ref, line->ref, least);

	return order ? order : (len > line->ref_len) - (len < line->ref_len);
}

static bool find_linear(const char *s, const char *end, const char *ref, char *oid)
{
	size_t len = strlen(ref);

	while (s < end) {
		const char *stop = line_end(s, end);
		struct packed_line line;

		if (packed_line(s, stop, &line) && compare(ref, len, &line) == 0) {
			keep_oid(oid, line.oid, line.oid_len);
			return true;
		}
		s = stop + 1;
	}
	return false;
}

/* git says in the first line whether it sorted them. */
static bool is_sorted(const char *data, const char *end)
{
	static const char head[] = "# pack-refs with:", word[] = " sorted";
	const char *stop = line_end(data, end);
	size_t len = (size_t)(stop - data);

	return len > strlen(head) && memcmp(data, head, strlen(head)) == 0 &&
	       memmem(data, len, word, strlen(word));
}

bool queue_refs_packed_find(const char *data, size_t size, const char *ref,
			    char oid[static QUEUE_REFS_OID])
{
	const char *low = data, *end = data + size, *high = end;
	size_t len = strlen(ref);

	oid[0] = '\0';
	if (!is_sorted(data, end))
		return find_linear(data, end, ref, oid);
	low = line_end(data, end) + 1;
	while (low < high) {
		const char *s = low + (high - low) / 2, *stop;
		struct packed_line line;
		int order;

		while (s > low && (s[-1] != '\n' || *s == '^'))
			s--;	/* "^OID" belongs to the line before it */
		stop = line_end(s, high);
		if (*s == '^' || *s == '#') {
			low = stop + 1;
			continue;
		}
		if (!packed_line(s, stop, &line))
			return find_linear(data, end, ref, oid);
		order = compare(ref, len, &line);
		if (order == 0) {
			keep_oid(oid, line.oid, line.oid_len);
			return true;
		}
		if (order < 0)
			high = s;
		else
			low = stop + 1;
	}
	return false;
}

int queue_refs_packed_each(const char *data, size_t len, queue_refs_fn *fn, void *arg,
			   struct err *err)
{
	const char *s = data, *end = data + len;

	while (s < end) {
		const char *stop = line_end(s, end);
		char ref[REF_MAX + 1], oid[QUEUE_REFS_OID];
		struct packed_line line;

		if (packed_line(s, stop, &line) && !memchr(line.ref, 0, line.ref_len)) {
			memcpy(ref, line.ref, line.ref_len);
			ref[line.ref_len] = '\0';
			keep_oid(oid, line.oid, line.oid_len);
			if (queue_refs_good_name(ref) && fn(arg, ref, oid, err) < 0)
				return -1;
		}
		s = stop + 1;
	}
	return 0;
}

int queue_refs_packed_map(const char *gitdir, const char **data, size_t *len, struct err *err)
{
	char path[PATH_MAX_BYTES];
	struct stat st;
	int fd, rc = 0;
	void *map;

	*data = NULL;
	*len = 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/packed-refs", gitdir) >= sizeof(path))
		return err_set(err, ERR_INTERNAL, "the path of the repository is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, "cannot open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rc = err_set(err, ERR_INTERNAL, "%s is no file", path);
	} else if (st.st_size > 0) {
		/* git never changes the file that is there: it puts another in its place */
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED) {
			rc = err_errno(err, "cannot read %s", path);
		} else {
			*data = map;
			*len = (size_t)st.st_size;
		}
	}
	close(fd);
	return rc;
}

void queue_refs_packed_unmap(const char *data, size_t len)
{
	if (data)
		munmap((void *)(uintptr_t)data, len);
}

enum queue_refs_found queue_refs_read_loose(const char *gitdir, const char *ref, char *oid,
					    char *text, size_t size, const char **to,
					    struct err *err)
{
	char path[PATH_MAX_BYTES];
	size_t len = 0;
	ssize_t n = 1;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", gitdir, ref) >= sizeof(path))
		return QUEUE_REFS_NONE;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return QUEUE_REFS_NONE;
	while (fd >= 0 && n > 0 && len < size - 1) {
		n = read(fd, text + len, size - 1 - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (fd < 0 || n < 0) {
		bool folder = errno == EISDIR;

		err_errno(err, "cannot read the ref %s", path);
		if (fd >= 0)
			close(fd);
		return folder ? QUEUE_REFS_NONE : QUEUE_REFS_BROKEN;
	}
	close(fd);
	text[len] = '\0';
	if (strlen(text) != len || !queue_refs_loose(text, oid, to)) {
		err_set(err, ERR_INTERNAL, "the ref %s is broken; see git fsck", path);
		return QUEUE_REFS_BROKEN;
	}
	return *to ? QUEUE_REFS_LINK : QUEUE_REFS_OID_THERE;
}

static int read_packed(const char *gitdir, const char *ref, char *oid, struct err *err)
{
	const char *data;
	size_t len;

	if (queue_refs_packed_map(gitdir, &data, &len, err) < 0)
		return -1;
	if (data)
		queue_refs_packed_find(data, len, ref, oid);
	queue_refs_packed_unmap(data, len);
	return 0;
}

int queue_refs_resolve(const char *gitdir, const char *ref, struct buf *name,
		       char oid[static QUEUE_REFS_OID], struct err *err)
{
	char text[LOOSE_MAX];
	const char *to;

	oid[0] = '\0';
	buf_clear(name);
	buf_adds(name, ref);
	if (!queue_refs_good_name(ref))
		return buf_check(name, "the name of a ref", err);
	if (queue_refs_elsewhere(gitdir))
		return queue_refs_ask_one(gitdir, ref, name, oid, err);
	for (int i = 0; i < LINKS_MAX; i++) {
		struct err quiet = { 0 };

		switch (queue_refs_read_loose(gitdir, buf_str(name), oid, text, sizeof(text), &to,
					      &quiet)) {
		case QUEUE_REFS_OID_THERE:
			return 0;
		case QUEUE_REFS_NONE:
			return read_packed(gitdir, buf_str(name), oid, err);
		case QUEUE_REFS_BROKEN:
			*err = quiet;
			return -1;
		case QUEUE_REFS_LINK:
			buf_clear(name);
			buf_adds(name, to);
		}
	}
	return err_set(err, ERR_INTERNAL, "the ref %s of %s stands for too many others in a row",
		       ref, gitdir);
}

int queue_refs_read(const char *gitdir, const char *ref, char oid[static QUEUE_REFS_OID],
		    struct err *err)
{
	struct buf name = BUF_INIT(REF_MAX);
	int rc = queue_refs_resolve(gitdir, ref, &name, oid, err);

	buf_free(&name);
	return rc;
}
