/*
 * What the files of the line scanner share.
 */
#ifndef CODETRAIN_DOCTOR_SCAN_H
#define CODETRAIN_DOCTOR_SCAN_H

#include "doctor_config.h"

#include <string.h>

enum { DOCTOR_SCAN_KEYS_MAX = 512, DOCTOR_SCAN_SECTIONS_MAX = 4096, DOCTOR_SCAN_SUBJECT_MAX = 160 };

struct doctor_piece {
	const char *s;
	size_t n;
};

struct doctor_section {
	struct doctor_piece raw;	/* between the brackets */
	struct doctor_piece name;	/* without the word, spaces and quotes */
	char word;		/* 'p'rofile, 'd'efault, 's'so-session, s'e'rvices; 0: another */
	int line;
};

struct doctor_scan {
	bool credentials;
	doctor_flaw_fn *fn;
	void *arg;
	int line;
	struct doctor_section *sections;
	size_t section_count;
	struct doctor_piece keys[DOCTOR_SCAN_KEYS_MAX];	/* of this section */
	int key_lines[DOCTOR_SCAN_KEYS_MAX];
	size_t key_count;
	bool in_section, in_property, nested, told_indent, told_cr;
	size_t indent;		/* of the last property */
	int property_line;
	char property[DOCTOR_SCAN_SUBJECT_MAX];	/* its name, when it is a known one */
};

static inline bool doctor_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static inline struct doctor_piece doctor_trimmed(const char *s, size_t n)
{
	while (n > 0 && doctor_blank(*s)) {
		s++;
		n--;
	}
	while (n > 0 && doctor_blank(s[n - 1]))
		n--;
	return (struct doctor_piece){ s, n };
}

static inline bool doctor_has_blank(struct doctor_piece p)
{
	for (size_t i = 0; i < p.n; i++)
		if (doctor_blank(p.s[i]))
			return true;
	return false;
}

/* `sed`: the command behind the number of the line; may be NULL. */
void doctor_scan_tell(struct doctor_scan *s, enum doctor_severity severity, const char *rule,
		      const char *sed, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A line that begins with '[', trimmed (doctor_section.c). */
void doctor_scan_section(struct doctor_scan *s, struct doctor_piece line);

#endif
