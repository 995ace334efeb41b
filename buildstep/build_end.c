/* What is taken from the shell when the phases are over. */
#include "build.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 1 << 20, TEXT_MAX = 65536, NAME_MAX_BYTES = 256 };

/* Values that a reference brought do not leave the build. */
static bool is_secret(const struct build *b, const char *name)
{
	for (size_t i = 0; i < b->spec->n_variables; i++)
		if (b->spec->variables[i].source != BUILDSPEC_PLAIN &&
		    strcmp(b->spec->variables[i].name, name) == 0)
			return true;
	return false;
}

struct source {
	struct build *b;
	struct build_shell *sh;
};

/* In version 0.1 no shell lives on: what a variable began with is its value. */
static int value_at_end(const struct source *s, const char *name, struct buf *out, bool *set,
			struct err *err)
{
	const char *first;

	if (build_shell_value(s->sh, name, out, set, err) < 0)
		return -1;
	first = build_environment_value(&s->b->env, name);
	if (*set || s->b->spec->version != 1 || !first)
		return 0;
	*set = true;
	buf_adds(out, first);
	return buf_check(out, "the value of a variable", err);
}

static int export_one(const struct source *s, const char *name, struct err *err)
{
	struct build *b = s->b;
	struct buf value = BUF_INIT_SECRET(VALUE_MAX);
	bool set = false;
	int rc = 0;

	/* CodeBuild's own are not exported, and neither is a secret, or what has one in it */
	if (strncmp(name, "AWS_", 4) != 0 && strncmp(name, "CODEBUILD_", 10) != 0 && !is_secret(b, name))
		rc = value_at_end(s, name, &value, &set, err);
	else
		build_output_say(&b->output, "%s is not exported", name);
	if (set && build_output_hides(&b->output, buf_str(&value))) {
		build_output_say(&b->output, "%s is not exported: a secret is in its value", name);
		set = false;
	}
	if (rc == 0 && set && !cJSON_AddStringToObject(b->exported, name, buf_str(&value)))
		rc = err_set(err, ERR_INTERNAL, "no memory for an exported variable");
	buf_free(&value);
	return rc;
}

int build_end_export(struct build *b, struct build_shell *sh, struct err *err)
{
	const struct source s = { b, sh };

	for (size_t i = 0; i < b->spec->exported.n; i++)
		if (export_one(&s, b->spec->exported.v[i], err) < 0)
			return -1;
	return 0;
}

int build_end_paths(const char *text, build_end_value_fn *value, void *arg, struct buf *out,
		    struct err *err)
{
	while (*text) {
		size_t plain = strcspn(text, "$"), len = 0;
		bool braced = text[plain] == '$' && text[plain + 1] == '{';
		const char *name = text + plain + 1 + braced;
		char copy[NAME_MAX_BYTES];

		buf_add(out, text, plain);
		text += plain;
		if (!*text)
			break;
		if (isalpha((unsigned char)*name) || *name == '_')
			while (isalnum((unsigned char)name[len]) || name[len] == '_')
				len++;
		if (len == 0 || len >= sizeof(copy) || (braced && name[len] != '}')) {
			buf_addc(out, *text++);
			continue;
		}
		memcpy(copy, name, len);
		copy[len] = '\0';
		if (value(arg, copy, out, err) < 0)
			return -1;
		text = name + len + braced;
	}
	return buf_check(out, "a path of the buildspec", err);
}

static int path_value(void *arg, const char *name, struct buf *out, struct err *err)
{
	bool set;

	return value_at_end(arg, name, out, &set, err);
}

static int path_text(const struct source *s, const char *text, struct buf *out, struct err *err)
{
	if (build_end_paths(text, path_value, (void *)s, out, err) < 0)
		return -1;
	if (build_output_hides(&s->b->output, buf_str(out)))
		return err_set(err, ERR_NO, "%s: the path \"%.100s\" has a secret in it",
			       s->b->options->file, text);
	return 0;
}

static int paths(const struct source *s, const struct buildspec_strings *from, struct strs *to,
		 struct err *err)
{
	for (size_t i = 0; i < from->n; i++) {
		struct buf text = BUF_INIT(TEXT_MAX);
		int rc = path_text(s, from->v[i], &text, err);

		if (rc == 0 && strs_add(to, buf_str(&text)) < 0)
			rc = err_set(err, ERR_USAGE, "%s: too many paths", s->b->options->file);
		buf_free(&text);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* The name of an artifact is shell: a here-document gives the value of its
 * variables and commands, and nothing else. */
static int artifact_name(const struct source *s, const char *text, char **out, struct err *err)
{
	static const char end[] = "_codetrain_end_of_name";
	struct buf command = BUF_INIT(2 * TEXT_MAX), name = BUF_INIT(TEXT_MAX);
	enum build_end how = BUILD_DONE;
	int status = 0, rc;
	bool set = false;

	buf_addf(&command, "_codetrain_name=$(command cat <<%s\n%s\n%s\n)", end, text, end);
	rc = buf_check(&command, "the name of an artifact", err);
	if (rc == 0 && text[strcspn(text, "\n")])
		rc = err_set(err, ERR_USAGE, "%s: the name of an artifact is one line", s->b->options->file);
	if (rc == 0)
		rc = build_shell_run(s->sh, buf_str(&command), &status, &how, err);
	if (rc == 0)
		rc = build_shell_value(s->sh, "_codetrain_name", &name, &set, err);
	if (rc == 0 && (status != 0 || !set || how != BUILD_DONE))
		rc = err_set(err, ERR_NO, "%s: the shell makes nothing of the artifact's name \"%.100s\"",
			     s->b->options->file, text);
	if (rc == 0 && build_output_hides(&s->b->output, buf_str(&name)))
		rc = err_set(err, ERR_NO, "%s: the artifact's name \"%.100s\" has a secret in it",
			     s->b->options->file, text);
	if (rc == 0 && !(*out = strdup(buf_str(&name))))
		rc = err_set(err, ERR_INTERNAL, "no memory for a name");
	buf_free(&command);
	buf_free(&name);
	return rc;
}

static void forget(struct build_wanted *w)
{
	free(w->base);
	free(w->artifact);
	strs_free(&w->files);
	strs_free(&w->exclude);
	*w = (struct build_wanted){ 0 };
}

static int expand(const struct source *s, const struct buildspec_files *spec, struct build_wanted *w,
		  struct err *err)
{
	struct buf base = BUF_INIT(TEXT_MAX);
	int rc = path_text(s, spec->base_directory ? spec->base_directory : ".", &base, err);

	w->spec = spec;
	if (rc == 0 && !(w->base = strdup(*buf_str(&base) ? buf_str(&base) : ".")))
		rc = err_set(err, ERR_INTERNAL, "no memory for a path");
	buf_free(&base);
	if (rc == 0 && spec->artifact)
		rc = artifact_name(s, spec->artifact, &w->artifact, err);
	if (rc < 0 || paths(s, &spec->files, &w->files, err) < 0)
		return -1;
	return paths(s, &spec->exclude, &w->exclude, err);
}

/* What cannot be expanded is left out, and fails the build as CodeBuild does. */
static int expand_or_fail(const struct source *s, const struct buildspec_files *spec, struct err *err)
{
	struct build_wanted *w = &s->b->wanted[s->b->n_wanted];
	struct err fault = { 0 };

	s->b->n_wanted++;
	if (expand(s, spec, w, &fault) == 0)
		return 0;
	if (fault.class != ERR_NO && fault.class != ERR_USAGE)
		return err_set(err, fault.class, "%s", fault.message);
	build_gather_failed(s->b, fault.message);
	s->b->n_wanted--;
	forget(w);
	return 0;
}

int build_end_expand(struct build *b, struct build_shell *sh, struct err *err)
{
	const struct source s = { b, sh };
	size_t n = b->spec->n_reports + b->spec->n_artifacts;

	if (n == 0)
		return 0;
	build_output_say(&b->output, "Entering phase UPLOAD_ARTIFACTS");
	b->wanted = calloc(n, sizeof(*b->wanted));
	if (!b->wanted)
		return err_set(err, ERR_INTERNAL, "no memory for a list of artifacts");
	for (size_t i = 0; i < n; i++) {
		const struct buildspec_files *spec = i < b->spec->n_reports ? &b->spec->reports[i]
			: &b->spec->artifacts[i - b->spec->n_reports];

		/* artifacts with only secondary ones */
		if (spec->files.n && expand_or_fail(&s, spec, err) < 0)
			return -1;
	}
	return 0;
}

void build_end_free(struct build *b)
{
	for (size_t i = 0; i < b->n_wanted; i++)
		forget(&b->wanted[i]);
	free(b->wanted);
	b->wanted = NULL;
	b->n_wanted = 0;
}
