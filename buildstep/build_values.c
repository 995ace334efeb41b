/* Parameters and secrets that the buildspec names, read by the program that can. */
#include "build_values.h"

#include "build.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"

#include <string.h>

enum {
	ASKED_MAX = 1 << 20,
	ANSWER_MAX = 8 << 20,
	ERRORS_MAX = 4096,
	WAIT_MS = 3 * 60 * 1000,	/* each call has limits of its own, far below */
};

int build_values_next(const struct buf *answer, size_t *at, const char **value, size_t *len)
{
	const char *text = buf_str(answer) + *at;
	size_t left = answer->len - *at, digits = strspn(text, "0123456789");
	char number[12];
	long n;

	if (digits == 0 || digits >= sizeof(number) || digits >= left || text[digits] != '\n')
		return -1;
	memcpy(number, text, digits);
	number[digits] = '\0';
	text += digits + 1;
	left -= digits + 1;
	if (opt_number(number, &n) < 0 || (size_t)n >= left || text[n] != '\n' ||
	    memchr(text, '\0', (size_t)n))
		return -1;
	*value = text;
	*len = (size_t)n;
	*at += digits + 1 + (size_t)n + 1;
	return 0;
}

long build_values_failed(const struct buf *answer)
{
	const char *text = buf_str(answer);
	size_t digits = *text == '!' ? strspn(text + 1, "0123456789") : 0;
	char number[8];
	long n;

	if (digits == 0 || digits >= sizeof(number) || text[1 + digits] != '\n')
		return -1;
	memcpy(number, text + 1, digits);
	number[digits] = '\0';
	return opt_number(number, &n) < 0 ? -1 : n;
}

static bool is_asked(const struct build *b, const struct buildspec_variable *v)
{
	return v->source != BUILDSPEC_PLAIN && !build_environment_given(b, v->name);
}

static void question(const struct build *b, struct buf *asked)
{
	for (size_t i = 0; i < b->spec->n_variables; i++) {
		const struct buildspec_variable *v = &b->spec->variables[i];

		if (is_asked(b, v))
			buf_addf(asked, "%s %s\n",
				 v->source == BUILDSPEC_SECRET ? "secret" : "parameter", v->value);
	}
}

/* The variable that was asked for as number n; NULL: there is none. */
static const struct buildspec_variable *asked_as(const struct build *b, long n)
{
	for (size_t i = 0; i < b->spec->n_variables; i++)
		if (is_asked(b, &b->spec->variables[i]) && n-- == 0)
			return &b->spec->variables[i];
	return NULL;
}

/* The text behind the last "error: " of what the program wrote. */
static void reason(struct buf *errors)
{
	static const char label[] = "error: ";
	const char *last = NULL;
	char *end;

	for (const char *at = buf_str(errors); (at = strstr(at, label)); at += strlen(label))
		last = at + strlen(label);
	if (!last)
		return;
	memmove(errors->data, last, strlen(last) + 1);
	errors->len = strlen(errors->data);
	end = strchr(errors->data, '\n');
	if (end)
		*end = '\0';
}

/* As CodeBuild tells it: in the phase before the first one of the buildspec. */
static int failed(struct build *b, const struct proc_result *r, const struct buf *answer,
		  struct buf *errors, struct err *err)
{
	static const enum err_class classes[] = { ERR_NO, ERR_USAGE, ERR_ACCESS, ERR_UNAVAILABLE };
	const struct buildspec_variable *v = asked_as(b, build_values_failed(answer));
	enum err_class class = ERR_INTERNAL;

	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (r->exit_code == (int)classes[i])
			class = classes[i];
	if (r->stopped || r->timed_out)
		return err_set(err, ERR_UNAVAILABLE, "the parameters and secrets of the buildspec were "
			       "not read: %s", r->stopped ? "stopped" : "it took too long");
	reason(errors);
	build_output_say(&b->output, "Phase complete: DOWNLOAD_SOURCE State: FAILED");
	build_output_say(&b->output, "Phase context status code: %s Error Message: %s",
			 v && v->source == BUILDSPEC_SECRET ? "Secrets Manager" : "Decrypted Variables",
			 buf_str(errors));
	if (!v)
		return err_set(err, class, "the parameters and secrets of %s cannot be read: %.900s",
			       b->options->file, buf_str(errors));
	return err_set(err, class, "%s:%d: %s: %.900s; to go without: set the variable and add --env %s",
		       b->options->file, v->line, v->name, buf_str(errors), v->name);
}

static int take(struct build *b, const struct buf *answer, struct err *err)
{
	size_t at = 0, len;
	const char *value;

	for (size_t i = 0; i < b->spec->n_variables; i++) {
		const struct buildspec_variable *v = &b->spec->variables[i];
		struct buf copy = BUF_INIT_SECRET(ANSWER_MAX);
		int rc;

		if (!is_asked(b, v))
			continue;
		if (build_values_next(answer, &at, &value, &len) < 0)
			return err_set(err, v->source == BUILDSPEC_SECRET ? ERR_NO : ERR_INTERNAL,
				       "%s:%d: %s: what was read is no text", b->options->file,
				       v->line, v->name);
		buf_add(&copy, value, len);
		rc = buf_check(&copy, v->name, err);
		if (rc == 0)
			build_environment_set(&b->env, v->name, buf_str(&copy));
		buf_free(&copy);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int ask(struct build *b, const struct buf *asked, struct err *err)
{
	struct buf program = BUF_INIT(4096), answer = BUF_INIT_SECRET(ANSWER_MAX);
	struct buf errors = BUF_INIT(ERRORS_MAX);
	int left = deadline_left(b->deadline), rc = -1;
	struct proc_result r = { 0 };

	if (proc_sibling("codetrain-credentials", &program, err) == 0)
		rc = proc_run(&(struct proc){
			.argv = (const char *const[]){ buf_str(&program), "values", NULL },
			.input = asked->data, .input_len = asked->len, .out = &answer,
			.errors = &errors, .stop = b->stop, .timeout_ms = left < WAIT_MS ? left + 1 : WAIT_MS,
		}, &r, err);
	if (rc == 0 && (r.exit_code != 0 || r.timed_out || r.stopped))
		rc = failed(b, &r, &answer, &errors, err);
	else if (rc == 0)
		rc = take(b, &answer, err);
	buf_free(&program);
	buf_free(&answer);
	buf_free(&errors);
	return rc;
}

int build_values(struct build *b, struct err *err)
{
	struct buf asked = BUF_INIT(ASKED_MAX);
	int rc;

	question(b, &asked);
	rc = buf_check(&asked, "the references of the buildspec", err);
	if (rc == 0 && asked.len)
		rc = ask(b, &asked, err);
	buf_free(&asked);
	for (size_t i = 0; i < b->spec->n_variables && rc == 0; i++)
		if (b->spec->variables[i].source != BUILDSPEC_PLAIN)
			rc = build_output_hide(&b->output, build_environment_value(&b->env,
					       b->spec->variables[i].name), err);
	return rc;
}
