#include "credentials_exec.h"
#include "credentials_print.h"
#include "credentials_values.h"

#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"
#include "lib/net/aws.h"

#include <string.h>
#include <unistd.h>

static const char program_name[] = "codetrain credentials";

struct options {
	const char *profile, *secret, *region, *format;
};

/* The credentials of the profile, or those in the secret that it may read. */
static const struct creds *resolve(struct aws *a, const struct options *o, struct creds **own,
				   struct err *err)
{
	if (!o->secret)
		return aws_credentials(a, err);
	*own = creds_new(err);
	if (!*own || aws_secret_credentials(a, o->secret, *own, err) < 0)
		return NULL;
	return *own;
}

static int print(const struct options *o, const struct credentials_print *p, struct err *err)
{
	struct buf text = BUF_INIT_SECRET(CREDENTIALS_PRINT_MAX);
	int result = credentials_print_find(o->format)(p, &text, err);

	if (result == 0 && strcmp(o->format, "env") == 0 && isatty(STDOUT_FILENO))
		term_warning(program_name, "a secret is about to be shown; the use is: "
			     "eval \"$(codetrain credentials --format env …)\"");
	/* not by stdio, whose buffer nobody wipes */
	if (result == 0)
		result = file_write_fd(STDOUT_FILENO, buf_str(&text), text.len, "standard output",
				       err);
	buf_free(&text);
	return result;
}

static int check(struct options *o, const struct strs *command, struct err *err)
{
	if (o->format && command->n)
		return err_set(err, ERR_USAGE, "--format and a command exclude each other");
	if (!o->format)
		o->format = "process";
	if (!credentials_print_find(o->format))
		return err_set(err, ERR_USAGE, "--format takes %s, not \"%s\"",
			       credentials_print_names, o->format);
	if (o->secret && !*o->secret)
		return err_set(err, ERR_USAGE, "--secret wants the name or ARN of a secret");
	return 0;
}

static bool is_values(const struct options *o, const struct strs *command)
{
	return command->n == 1 && strcmp(command->v[0], "values") == 0 && !o->format && !o->secret;
}

/* What codetrain build asks; see credentials_values.h. */
static int values(const struct options *o, struct err *err)
{
	const struct aws_settings settings = { .profile = o->profile, .region = o->region };
	struct buf asked = BUF_INIT(CREDENTIALS_VALUES_ASKED);
	struct buf answer = BUF_INIT_SECRET(CREDENTIALS_VALUES_MAX);
	struct aws *a = NULL;
	struct err second;
	int rc = -1;

	if (isatty(STDOUT_FILENO))
		err_set(err, ERR_USAGE, "secrets would be shown on this terminal; values is for pipes");
	else if (file_read_fd(STDIN_FILENO, "standard input", &asked, err) == 0)
		a = aws_open(&settings, err);
	if (a) {
		rc = credentials_values(a, buf_str(&asked), &answer, err);
		if (file_write_fd(STDOUT_FILENO, buf_str(&answer), answer.len, "standard output",
				  rc < 0 ? &second : err) < 0)
			rc = -1;
	}
	aws_close(a);
	buf_free(&answer);
	buf_free(&asked);
	if (rc == 0)
		err->class = ERR_NONE;
	return rc;
}

static int go(struct options *o, const struct strs *command, struct err *err)
{
	const struct aws_settings settings = {
		.profile = o->profile,
		.region = o->region,
		.region_optional = !o->secret,
	};
	struct creds *own = NULL;
	struct aws *a = NULL;
	int result = -1;

	if (check(o, command, err) == 0)
		a = aws_open(&settings, err);
	if (a) {
		struct credentials_print p = {
			.creds = resolve(a, o, &own, err),
			.region = aws_region(a),
			.profile = o->secret ? o->secret : aws_label(a),
		};

		if (p.creds && command->n)
			result = credentials_exec(command->v, p.creds, p.region, err);
		else if (p.creds)
			result = print(o, &p, err);
	}
	creds_free(own);
	aws_close(a);
	if (result == 0)
		err->class = ERR_NONE;	/* of what was tried on the way */
	return result;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	const struct opt options[] = {
		{ "profile", 0, OPT_STRING, &o.profile, "PROFILE", "whose credentials; as the AWS CLI's" },
		{ "secret", 0, OPT_STRING, &o.secret, "ID",
		  "take them from this Secrets Manager secret\n(name or ARN, with #STAGE for another version)" },
		{ "region", 0, OPT_STRING, &o.region, "REGION", "of the secret and of STS" },
		{ "format", 0, OPT_STRING, &o.format, "FORMAT",
		  "process (credential_process JSON, the default), env\n(export lines), json or lines" },
		OPT_END,
	};
	const struct opt_program program = {
		.name = program_name,
		.synopsis = "[OPTION…]\n[OPTION…] -- COMMAND [ARGUMENT…]\n[--profile PROFILE] values",
		.purpose = "Prints AWS credentials from any provider of the chain, or runs a command\n"
			   "with them in its environment.",
		.notes = "The command's exit code is passed on; otherwise 0 done, 2 usage,\n"
			 "6 no credentials or access denied, 7 unavailable.",
		.options = options,
		.max_args = -1,
		.stop_at_operand = true,
	};
	struct strs command = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	secret_process_init();
	switch (opt_parse(&program, argv, &command, &err)) {
	case OPT_GO:
		if (is_values(&o, &command))
			values(&o, &err);
		else
			go(&o, &command, &err);
		break;
	default:
		break;
	}
	strs_free(&command);
	return term_finish(program_name, &err);
}
