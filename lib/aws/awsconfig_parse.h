/*
 * The parser behind awsconfig.c: text to sections and entries, in place.
 */
#ifndef CODETRAIN_AWSCONFIG_PARSE_H
#define CODETRAIN_AWSCONFIG_PARSE_H

#include "awsconfig.h"
#include "lib/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum awsconfig_kind {
	AWSCONFIG_PROFILE,
	AWSCONFIG_SSO_SESSION,
	AWSCONFIG_SERVICES,
	AWSCONFIG_OTHER,	/* a section that means nothing to us: [preview] */
};

enum awsconfig_file { AWSCONFIG_CONFIG, AWSCONFIG_CREDENTIALS, AWSCONFIG_FILES };

/* All strings are borrowed from the text of the file. */
struct awsconfig_section {
	enum awsconfig_kind kind;
	enum awsconfig_file file;
	const char *name;
	bool plain_default;	/* [default] in config, which [profile default] hides */
	int line;
};

struct awsconfig_entry {
	size_t section;		/* index in sections */
	const char *parent;	/* of a sub-property; NULL for others */
	const char *key;
	char *value;
	int line;
};

struct awsconfig_tables {
	struct awsconfig_section *sections;
	struct awsconfig_entry *entries;
	size_t section_count, section_cap, entry_count, entry_cap;
};

/* Adds what is in `text` (changed in place, and kept by the caller as long as
 * the tables are used). */
int awsconfig_parse(struct awsconfig_tables *t, enum awsconfig_file file, const char *path,
		    struct buf *text, struct err *err);

#endif
