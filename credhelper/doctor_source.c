/*
 * What a provider needs on this machine: the program of credential_process, the
 * token file of a web identity, the session of aws login.
 */
#include "doctor.h"

#include "lib/base/encode.h"
#include "lib/aws/hash.h"
#include "lib/base/file.h"

#include <string.h>
#include <unistd.h>

/* The first word, when it is a plain one. */
static void process(struct doctor *d, const struct doctor_identity *who)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "process-missing" };
	char program[PATH_MAX_BYTES], found[PATH_MAX_BYTES];
	struct awsconfig_value at;
	const char *command;

	if (!awsconfig_get(d->config, who->label, "credential_process", &at))
		return;
	command = at.value + strspn(at.value, " \t");
	if (command[strcspn(command, "\"'\\")])
		return;
	snprintf(program, sizeof(program), "%.*s", (int)strcspn(command, " \t\n"), command);
	f.file = at.file;
	f.line = at.line;
	if (*program == '~' || *program == '$')
		doctor_found(d, &f, "credential_process of profile %s begins with '%c', which means "
			     "something to a shell alone, and none runs it; write the whole path",
			     who->label, *program);
	else if (!doctor_which(d, "", program, found, sizeof(found)))
		doctor_found(d, &f, "credential_process of profile %s names a program that is not there, "
			     "or cannot be run", who->label);
}

static void web_identity(struct doctor *d, const struct doctor_identity *who)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "token-file" };
	struct chain_input in = doctor_chain_input(d, who);
	const char *path = chain_web_identity(&in, &who->choice, "web_identity_token_file");

	if (path && *path != '~' && access(path, R_OK) < 0)
		doctor_found(d, &f, "the web identity token of profile %s is to be in %s, which cannot be "
			     "read", who->label, path);
}

static void login(struct doctor *d, const struct doctor_identity *who)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "login-session" };
	const char *session = doctor_property(d, who, "login_session");
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	char path[PATH_MAX_BYTES], hex[HASH_HEX_LEN];

	/* the folder may be another one: then the call says what there is */
	if (!session || !d->home || doctor_env(d, "AWS_LOGIN_CACHE_DIRECTORY"))
		return;
	hash_sha256_hex(session, strlen(session), hex);
	snprintf(path, sizeof(path), "%s/.aws/login/cache/%s.json", d->home, hex);
	if (access(path, F_OK) == 0)
		return;
	buf_adds(&fix, "aws login --profile ");
	encode_shell(who->label, &fix);
	f.fix = buf_str(&fix);
	doctor_found(d, &f, "profile %s signs in with aws login, and nobody has signed in yet on this "
		     "machine", who->label);
	buf_free(&fix);
}

void doctor_source(struct doctor *d, struct doctor_identity *who)
{
	if (!who->chosen)
		return;
	switch (who->choice.provider) {
	case CHAIN_PROCESS:
		process(d, who);
		break;
	case CHAIN_WEB_IDENTITY:
		web_identity(d, who);
		break;
	case CHAIN_LOGIN:
		login(d, who);
		break;
	default:
		break;
	}
}
