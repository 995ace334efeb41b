#include "scan_regex_match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEPS_MAX = 2000000,		/* of one match: some hundredths of a second */
	AHEAD = 8192,			/* bytes that are tried when the whole text is too much */
	STACK_FIRST = 32 << 10, STACK_MAX = 1 << 20,
	GROUPS_MAX = 512,
};

/* Before 10.34 invalid text is refused, and such a rule finds nothing in it. */
#ifndef PCRE2_MATCH_INVALID_UTF
#define PCRE2_MATCH_INVALID_UTF 0
#endif

static const char utf_mark[] = "(*UTF)";

struct regex_engine {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	int groups;
};

int scan_regex_match_open(struct regex_engine **out, struct err *err)
{
	struct regex_engine *e = calloc(1, sizeof(*e));

	if (e) {
		e->data = pcre2_match_data_create(GROUPS_MAX, NULL);
		e->context = pcre2_match_context_create(NULL);
		e->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MAX, NULL);
	}
	if (!e || !e->data || !e->context) {
		scan_regex_match_close(e);
		return err_set(err, ERR_INTERNAL, "no memory for regular expressions");
	}
	pcre2_set_match_limit(e->context, STEPS_MAX);
	pcre2_set_depth_limit(e->context, STEPS_MAX);
	if (e->stack)
		pcre2_jit_stack_assign(e->context, NULL, e->stack);
	*out = e;
	return 0;
}

void scan_regex_match_close(struct regex_engine *e)
{
	if (!e)
		return;
	pcre2_match_data_free(e->data);
	pcre2_match_context_free(e->context);
	pcre2_jit_stack_free(e->stack);
	free(e);
}

void scan_regex_match_free(struct regex_code *code)
{
	pcre2_code_free(code->code);
	*code = (struct regex_code){ 0 };
}

static pcre2_code *compile(const char *pattern, bool unicode, int *fault)
{
	bool marked = strncmp(pattern, utf_mark, sizeof(utf_mark) - 1) == 0;
	uint32_t options = PCRE2_USE_OFFSET_LIMIT;
	PCRE2_SIZE at;

	if (marked)
		pattern += sizeof(utf_mark) - 1;
	if (marked || unicode)
		options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
	return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, fault, &at, NULL);
}

int scan_regex_match_check(const char *pattern, bool unicode, struct err *err)
{
	int fault = 0;
	pcre2_code *code = compile(pattern, unicode, &fault);
	PCRE2_UCHAR why[120];

	pcre2_code_free(code);
	if (code)
		return 0;
	pcre2_get_error_message(fault, why, sizeof(why));
	return err_set(err, ERR_USAGE, "PCRE2 cannot take the regular expression: %s", (char *)why);
}

/* False when PCRE2 does not take the pattern. */
static bool ready(struct regex_code *code, const char *pattern, bool unicode)
{
	int fault;

	if (code->code || code->broken)
		return !code->broken;
	code->code = compile(pattern, unicode, &fault);
	code->broken = !code->code;
	if (code->code)
		pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);	/* without it, it is slower */
	return !code->broken;
}

static int match(struct regex_engine *e, const pcre2_code *code, const char *data, size_t len,
		 size_t from, size_t limit, uint32_t options)
{
	pcre2_set_offset_limit(e->context, limit);
	e->groups = pcre2_match(code, (PCRE2_SPTR)data, len, from, options, e->data, e->context);
	return e->groups;
}

static int result(const struct regex_engine *e, int rc, struct span *found)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(e->data);

	if (rc < 0)
		return rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
	if (at[1] < at[0])
		return 0;
	*found = (struct span){ .offset = at[0], .len = at[1] - at[0] };
	return 1;
}

int scan_regex_match(struct regex_engine *e, struct regex_code *code, const char *pattern,
		     bool unicode, const char *data, size_t len, size_t from, size_t limit,
		     struct span *found)
{
	int rc;

	if (from > len)
		return 0;
	if (!ready(code, pattern, unicode))
		return -1;
	limit = limit < len ? limit : len;
	rc = match(e, code->code, data, len, from, limit, 0);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH && len - limit > AHEAD)
		rc = match(e, code->code, data, limit + AHEAD, from, limit, 0);
	return result(e, rc, found);
}

int scan_regex_match_cut(struct regex_engine *e, struct regex_code *code, const char *pattern,
			 const char *data, size_t len, size_t from, size_t limit, struct span *found)
{
	if (limit >= len || !ready(code, pattern, false))
		return -1;
	if (!code->cut)
		pcre2_jit_compile(code->code, PCRE2_JIT_PARTIAL_HARD);
	code->cut = true;
	/* ends as a partial match as soon as it looks at what would stand there */
	return result(e, match(e, code->code, data, len, from, limit, PCRE2_PARTIAL_HARD), found);
}

bool scan_regex_match_group(struct regex_engine *e, unsigned n, struct span *group)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(e->data);

	if ((int)n >= e->groups || at[2 * n] == PCRE2_UNSET || at[2 * n + 1] < at[2 * n])
		return false;
	*group = (struct span){ .offset = at[2 * n], .len = at[2 * n + 1] - at[2 * n] };
	return true;
}
