#include "container_ignore.h"

#include <ctype.h>
#include <string.h>

enum { PATH_BYTES = 4096, STEPS_MAX = 20000 };

/* One character of a pattern against c; *next is behind it. */
static bool one(const char *p, const char **next, char c)
{
	bool no, hit = false;

	if (*p == '?') {
		*next = p + 1;
		return true;
	}
	if (*p != '[') {
		if (*p == '\\' && p[1])
			p++;
		*next = p + 1;
		return *p == c;
	}
	no = *++p == '^' || *p == '!';
	if (no)
		p++;
	for (const char *first = p; *p && (*p != ']' || p == first); p++) {
		char from = *p, to = from;

		if (p[1] == '-' && p[2] && p[2] != ']') {
			to = p[2];
			p += 2;
		}
		hit = hit || (from <= c && c <= to);
	}
	*next = *p ? p + 1 : p;
	return hit != no;
}

/* `budget` bounds the work that a pattern of many stars can ask for. */
static bool match(const char *p, const char *s, int *budget)
{
	const char *next;

	for (; *p; p = next, s++) {
		if (--*budget < 0)
			return false;
		if (p[0] == '*' && p[1] == '*') {
			next = p + 2;
			while (*next == '*')
				next++;
			if (*next == '/' && match(next + 1, s, budget))
				return true;	/* no folder at all */
			for (;; s++) {
				if (match(next, s, budget))
					return true;
				if (!*s || *budget < 0)
					return false;
			}
		}
		if (*p == '*') {
			for (next = p + 1;; s++) {
				if (match(next, s, budget))
					return true;
				if (!*s || *s == '/' || *budget < 0)
					return false;
			}
		}
		if (!*s || (*s == '/' && *p != '/') || !one(p, &next, *s))
			return false;
	}
	return !*s;
}

bool container_match(const char *pattern, const char *path)
{
	int budget = STEPS_MAX;

	return match(pattern, path, &budget);
}

/* The path, or a folder that it is in. */
static bool covers(const char *pattern, const char *path)
{
	char part[PATH_BYTES];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return false;
	memcpy(part, path, len + 1);
	for (;;) {
		char *slash;

		if (container_match(pattern, part))
			return true;
		slash = strrchr(part, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
}

/* A line as a pattern without "./" and slashes at its ends; empty: none. */
static void clean(const char *line, size_t len, char out[static PATH_BYTES])
{
	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	while (len && (*line == '/' || isspace((unsigned char)*line))) {
		line++;
		len--;
	}
	while (len >= 2 && line[0] == '.' && line[1] == '/') {
		line += 2;
		len -= 2;
	}
	while (len && line[len - 1] == '/')
		len--;
	if (len >= PATH_BYTES)
		len = 0;
	memcpy(out, line, len);
	out[len] = '\0';
}

int container_ignored(const char *ignore, size_t len, const char *path)
{
	const char *end = ignore + len;
	int line = 0, found = 0;

	while (ignore < end) {
		const char *stop = memchr(ignore, '\n', (size_t)(end - ignore));
		const char *start = ignore, *last = stop ? stop : end;
		char pattern[PATH_BYTES];
		bool back;

		line++;
		ignore = stop ? stop + 1 : end;
		while (start < last && isspace((unsigned char)*start))
			start++;
		if (start == last || *start == '#' || memchr(start, '\0', (size_t)(last - start)))
			continue;
		back = *start == '!';
		clean(start + back, (size_t)(last - start) - back, pattern);
		if (!*pattern)
			continue;
		if (covers(pattern, path))
			found = back ? 0 : line;
	}
	return found;
}
