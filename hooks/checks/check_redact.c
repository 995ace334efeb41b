#include "check_redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 64, KEPT_BYTES_MAX = 4096, SHOWN = 4, VALUE_MIN = 3 * SHOWN };

/* Findings of one commit or file quote the same texts again and again. */
struct check_redacted {
	struct {
		char *text, *out;
	} v[KEPT];
};

struct redaction {
	const char *text;
	size_t at, len;
	struct buf *out;
};

static int hit(void *arg, const struct scan_hit *hit, struct err *err)
{
	struct redaction *r = arg;
	size_t end = hit->offset + hit->len;

	(void)err;
	if (end > r->len)
		end = r->len;
	if (end <= r->at)
		return 0;
	if (hit->offset >= r->at) {
		buf_add(r->out, r->text + r->at, hit->offset - r->at);
		buf_adds(r->out, hit->shown);
	}
	r->at = end;
	return 0;
}

static unsigned slot_of(const char *text)
{
	unsigned hash = 5381;

	for (; *text; text++)
		hash = 33 * hash + (unsigned char)*text;
	return hash % KEPT;
}

static int scan(struct check_run *run, const char *text, size_t len, struct buf *out,
		struct err *err)
{
	const struct scan_text all = { .data = text, .len = len };
	struct redaction r = { .text = text, .len = len, .out = out };
	int rc = scan_bytes(run->redactor, &all, hit, &r, err);

	if (rc < 0)
		return -1;
	if (rc == 0)	/* or there may be more behind the last */
		buf_add(out, text + r.at, len - r.at);
	return buf_check(out, "a finding", err);
}

static void drop(struct check_redacted *kept, unsigned slot)
{
	char *text = kept->v[slot].text;

	/* a message that quotes a secret, perhaps */
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	free(kept->v[slot].out);
	kept->v[slot].text = kept->v[slot].out = NULL;
}

static void keep(struct check_redacted *kept, unsigned slot, const char *text, const char *out)
{
	drop(kept, slot);
	kept->v[slot].text = strdup(text);
	kept->v[slot].out = strdup(out);
	if (!kept->v[slot].text || !kept->v[slot].out)
		drop(kept, slot);
}

int check_redact(struct check_run *run, const char *text, struct buf *out, struct err *err)
{
	size_t len = strlen(text);
	unsigned slot = slot_of(text);

	if (!run->redactor && scan_open(run->rules, &run->redactor, err) < 0)
		return -1;
	if (!run->redacted)
		run->redacted = calloc(1, sizeof(*run->redacted));
	if (!run->redacted)
		return err_set(err, ERR_INTERNAL, "no memory for a finding");
	buf_clear(out);
	if (run->redacted->v[slot].text && strcmp(run->redacted->v[slot].text, text) == 0)
		return buf_adds(out, run->redacted->v[slot].out) < 0 ? buf_check(out, "a finding", err)
								     : 0;
	if (scan(run, text, len, out, err) < 0)
		return -1;
	if (len <= KEPT_BYTES_MAX)
		keep(run->redacted, slot, text, buf_str(out));
	return 0;
}

void check_redact_fault(struct check_run *run, struct err *fault)
{
	struct buf out = BUF_INIT(2 * sizeof(fault->message));
	struct err ignored;

	if ((run->rules || scan_rules_open(&run->rules, NULL, NULL, &ignored) == 0) &&
	    check_redact(run, fault->message, &out, &ignored) == 0)
		snprintf(fault->message, sizeof(fault->message), "%s", buf_str(&out));
	else
		snprintf(fault->message, sizeof(fault->message), "the checks could not be done");
	buf_free(&out);
}

void check_redact_value(struct buf *text, const char *value, size_t len)
{
	static const char cut[] = "****";
	size_t at = 0;
	char *found;

	if (len < VALUE_MIN)
		return;
	while (at < text->len && (found = memmem(text->data + at, text->len - at, value, len))) {
		at = (size_t)(found - text->data) + 2 * SHOWN;
		memcpy(found + SHOWN, cut, SHOWN);
		memmove(text->data + at, found + len, text->len - (at - 2 * SHOWN) - len + 1);
		text->len -= len - 2 * SHOWN;
	}
}

void check_redact_free(struct check_run *run)
{
	for (unsigned i = 0; run->redacted && i < KEPT; i++)
		drop(run->redacted, i);
	free(run->redacted);
	run->redacted = NULL;
	scan_close(run->redactor);
	run->redactor = NULL;
}
