/*
 * Long-lived keys and CodeCommit's git credentials in the Secret Service.
 */
#include "keyring.h"
#include "keyring_talk.h"

#include "lib/aws/chain.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/strs.h"
#include "lib/base/term.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char keyring_program[] = "codetrain keyring";

static const struct verb {
	const char *name;
	int (*run)(struct keyring *k, struct err *err);
	bool files;		/* it reads and writes the AWS files */
	const char *options;	/* those that mean something here */
} verbs[] = {
	{ "store", keyring_store, true, " profile git username move " },
	{ "list", keyring_list, false, " profile json " },
	{ "erase", keyring_erase, true, " profile git restore " },
	{ "get", keyring_get, false, " profile git format " },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static const char *environment(const char *name)
{
	return getenv(name);
}

static int check_options(const struct verb *verb, const struct keyring *k, struct err *err)
{
	const struct {
		const char *name;
		bool given;
	} given[] = {
		{ " git ", k->git }, { " username ", k->username }, { " move ", k->move },
		{ " restore ", k->restore }, { " json ", k->json }, { " format ", k->format },
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (given[i].given && !strstr(verb->options, given[i].name))
			return err_set(err, ERR_USAGE, "%s takes no --%.*s", verb->name,
				       (int)strlen(given[i].name) - 2, given[i].name + 1);
	if (k->git && (k->move || k->restore || k->format))
		return err_set(err, ERR_USAGE, "--git excludes --move, --restore and --format");
	if (k->username && !k->git)
		return err_set(err, ERR_USAGE, "--username goes with --git");
	if (k->format && strcmp(k->format, "process") != 0 && strcmp(k->format, "lines") != 0)
		return err_set(err, ERR_USAGE, "--format takes process or lines, not \"%.64s\"",
			       k->format);
	return 0;
}

static int check_profile(const char *profile, struct err *err)
{
	if (!profile)
		return 0;
	if (!*profile || strlen(profile) > KEYRING_PROFILE_MAX)
		return err_set(err, ERR_USAGE, "the name of a profile has 1 to %d bytes",
			       KEYRING_PROFILE_MAX);
	for (const char *s = profile; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return err_set(err, ERR_USAGE, "the name of the profile holds a control "
				       "character");
	return 0;
}

static int go(const struct verb *verb, struct keyring *k, struct err *err)
{
	const struct chain_input in = { .getenv = environment, .profile = k->profile };
	struct awsconfig *config = NULL;
	int rc = -1;

	if (verb->run != keyring_list)
		k->profile = chain_profile(&in);
	if (check_profile(k->profile, err) < 0)
		return -1;
	k->kind = k->git ? KEYRING_GIT : KEYRING_KEYS;
	if (!k->format)
		k->format = "process";
	if (verb->files) {
		config = awsconfig_load(getenv("AWS_CONFIG_FILE"), getenv("AWS_SHARED_CREDENTIALS_FILE"),
					getenv("HOME"), err);
		if (!config)
			return -1;
	}
	k->config = config;
	k->service = keyring_service_open(err);
	if (k->service)
		rc = verb->run(k, err);
	keyring_service_close(k->service);
	awsconfig_free(config);
	return rc;
}

static int dispatch(const char *name, struct keyring *k, struct err *err)
{
	const struct verb *verb = find_verb(name);

	if (!verb)
		return err_set(err, ERR_USAGE, "there is no codetrain keyring %.64s; there are store, "
			       "list, erase and get", name);
	return check_options(verb, k, err) < 0 ? -1 : go(verb, k, err);
}

int main(int argc, char **argv)
{
	struct keyring k = { 0 };
	const struct opt options[] = {
		{ "profile", 0, OPT_STRING, &k.profile, "PROFILE",
		  "whose (else AWS_PROFILE, then default)" },
		{ "git", 0, OPT_FLAG, &k.git, NULL,
		  "the user name and password that IAM makes for\nCodeCommit, in place of an access key" },
		{ "username", 0, OPT_STRING, &k.username, "NAME", "store --git: the user name" },
		{ "move", 0, OPT_FLAG, &k.move, NULL,
		  "store: take the access key out of the file, once the\nkeyring has it" },
		{ "restore", 0, OPT_FLAG, &k.restore, NULL,
		  "erase: put the access key back into the file first" },
		{ "format", 0, OPT_STRING, &k.format, "FORMAT",
		  "get: process (credential_process JSON, the default)\nor lines" },
		{ "json", 0, OPT_FLAG, &k.json, NULL, "list: as JSON" },
		OPT_END
	};
	const struct opt_program program = {
		.name = keyring_program,
		.synopsis = "store [--profile P] [--move]\n"
			    "store --git [--profile P] [--username NAME]\n"
			    "list [--profile P] [--json]\n"
			    "erase [--profile P] [--restore | --git]\n"
			    "get [--profile P] [--format FORMAT | --git]",
		.purpose = "Keeps long-lived AWS access keys, and CodeCommit's HTTPS git credentials, in\n"
			   "the keyring of the desktop. The profile then says so in the config file, for\n"
			   "codetrain and for every program that knows credential_process.",
		.notes = "exit: 0 done; 2 usage; 6 not in the keyring; 7 no keyring, a locked one, or one\n"
			 "that does not answer within a second",
		.options = options,
		.min_args = 1,
		.max_args = 1,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };
	int code;

	(void)argc;
	secret_process_init();
	signal(SIGPIPE, SIG_IGN);
	if (opt_parse(&program, argv, &args, &err) == OPT_GO)
		dispatch(args.v[0], &k, &err);
	strs_free(&args);
	code = term_finish(keyring_program, &err);
	if (keyring_talk_gave_up())
		_exit(code);
	return code;
}
