/*
 * git credential helper for AWS CodeCommit: signs, and nothing else.
 */
#include "codecommit.h"
#include "external.h"
#include "gitproto.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "git-credential-codecommit";

struct options {
	const char *profile, *region, *date;
	bool ignore_host_check;
};

static const char *environment(const char *variable)
{
	return getenv(variable);
}

static struct codecommit from(const struct options *o)
{
	return (struct codecommit){
		.profile = o->profile,
		.region = o->region,
		.ignore_host_check = o->ignore_host_check,
		.now = clock_now(),
		.getenv = environment,
		.variables = (const char *const *)environ,
		.fetch = external_fetch,
	};
}

static int get(const struct options *o, struct err *err)
{
	struct codecommit c = from(o);
	struct buf request = BUF_INIT(GITPROTO_MAX);	/* git sends no password with a get */
	struct buf answer = BUF_INIT_SECRET(CODECOMMIT_ANSWER_MAX);
	struct err warning = { 0 }, written = { 0 };
	int rc = -1;

	if (o->date && (strlen(o->date) != CLOCK_BASIC_LEN - 1 || clock_parse(o->date, &c.now) < 0))
		return err_set(err, ERR_USAGE, "--date wants a time such as 20150830T123600Z, "
			       "not \"%.64s\"", o->date);
	if (gitproto_read(STDIN_FILENO, &request, err) == 0)
		rc = codecommit_get(&c, &request, &answer, &warning, err);
	if (warning.message[0])
		term_warning(name, "%s", warning.message);
	if (file_write_fd(STDOUT_FILENO, buf_str(&answer), answer.len, "standard output",
			  &written) < 0 && rc == 0) {
		*err = written;
		rc = -1;
	}
	buf_free(&request);
	buf_free(&answer);
	return rc;
}

/* The password lives for 15 minutes and is made anew each time. */
static int store(const struct options *o, struct err *err)
{
	(void)o;
	(void)err;
	return 0;
}

/* After a 401. That it cannot be done is no matter of git's. */
static int erase(const struct options *o, struct err *err)
{
	struct codecommit c = from(o);
	struct buf request = BUF_INIT_SECRET(GITPROTO_MAX);
	struct err ignored;

	(void)err;
	if (gitproto_read(STDIN_FILENO, &request, &ignored) == 0)
		codecommit_erase(&c, &request);
	buf_free(&request);
	return 0;
}

/* Verbs of a later git are ignored, as gitcredentials(7) wants it. */
#define VERBS(X) \
	X(get, get, "answer with a user name and a password for the repository") \
	X(store, store, "do nothing: a password is made anew each time") \
	X(erase, erase, "drop the session that the password was made from, if one is kept")

#define VERB_ROW(verb, function, help) { #verb, function },
#define VERB_HELP(verb, function, help) "  " #verb "\t\t\t  " help "\n"

static const struct {
	const char *verb;
	int (*run)(const struct options *o, struct err *err);
} verbs[] = { VERBS(VERB_ROW) };

static int dispatch(const char *verb, const struct options *o, struct err *err)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			return verbs[i].run(o, err);
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	const struct opt options[] = {
		{ "profile", 0, OPT_STRING, &o.profile, "PROFILE",
		  "the AWS profile (else AWS_PROFILE, then default)" },
		{ "region", 0, OPT_STRING, &o.region, "REGION",
		  "for a host that does not tell its region" },
		{ "ignore-host-check", 0, OPT_FLAG, &o.ignore_host_check, NULL,
		  "answer for any https host" },
		{ "date", 0, OPT_STRING, &o.date, "TIME",
		  "sign for this time, such as 20150830T123600Z" },
		OPT_END
	};
	const struct opt_program program = {
		.name = name,
		.synopsis = "[OPTION…] get|store|erase",
		.purpose = "Gives git the user name and password of a CodeCommit repository, from your\n"
			   "AWS credentials. git runs it; to set it up:\n"
			   "  git config --global credential.https://git-codecommit.us-east-2.amazonaws.com"
			   ".helper codecommit\n"
			   "  git config --global credential.https://git-codecommit.us-east-2.amazonaws.com"
			   ".useHttpPath true",
		.notes = "verbs:\n" VERBS(VERB_HELP)
			 "\nexit: 0 answered, or not for CodeCommit; 2 invalid input or configuration;\n"
			 "6 no credentials; 7 try again; 70 a fault",
		.options = options,
		.min_args = 1,
		.max_args = 1,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	secret_process_init();
	signal(SIGPIPE, SIG_IGN);
	if (opt_parse(&program, argv, &args, &err) == OPT_GO)
		dispatch(args.v[0], &o, &err);
	strs_free(&args);
	return term_finish(name, &err);
}
