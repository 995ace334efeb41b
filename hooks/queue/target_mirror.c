/*
 * The target "mirror": a push of the ref to another repository, such as CodeCommit's.
 *
 *	codetrain.url		where to
 *	codetrain.force		true: what the mirror has is overwritten; default false
 *	codetrain.delete	false: what is deleted here stays there; default true
 *	codetrain.profile, codetrain.region	for CodeCommit's host
 *
 * It is the ref as the event left it that is pushed, by its object name: the mirror goes
 * through the same steps as the repository. To push again is the same as the first time.
 */
#include "target_worker.h"
#include "target_mirror_parse.h"
#include "queue_push.h"
#include "lib/base/encode.h"
#include "lib/base/proc.h"

#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_S = 600, URL_MAX = 2048 };

static bool is_true(const struct target_job *job, const char *key, const char *fallback)
{
	const char *v = queue_config_get(job->config, job->name, key, fallback);

	return strcasecmp(v, "true") == 0 || strcasecmp(v, "yes") == 0 || strcasecmp(v, "on") == 0 ||
	       strcmp(v, "1") == 0;
}

static bool is_deletion(const struct target_job *job)
{
	return queue_push_is_zero(job->delivery->new, (int)strlen(job->delivery->new));
}

static const char *after_scheme(const char *url)
{
	const char *colon = strstr(url, "://");

	return colon ? colon + 3 : NULL;
}

/* A password in an URL is one in everybody's list of processes. */
static bool has_password(const char *url)
{
	const char *host = after_scheme(url);
	size_t len = host ? strcspn(host, "/") : 0;
	const char *at = host ? memchr(host, '@', len) : NULL;

	return at && memchr(host, ':', (size_t)(at - host));
}

static int need_url(const struct target_job *job, const char **url, struct err *err)
{
	*url = queue_config_get(job->config, job->name, "url", "");
	if (!**url || strlen(*url) > URL_MAX)
		return err_set(err, ERR_USAGE, "codetrain.%s.url is %s; git config codetrain.%s.url URL, "
			       "then: codetrain queue retry %lld -t %s", job->name,
			       **url ? "too long" : "not set", job->name,
			       (long long)job->delivery->event, job->name);
	if (has_password(*url))
		return err_set(err, ERR_USAGE, "codetrain.%s.url has a password in it, which every user of "
			       "this machine could see; take it out and set a credential helper, then: "
			       "codetrain queue retry %lld -t %s", job->name,
			       (long long)job->delivery->event, job->name);
	return 0;
}

/* For CodeCommit nobody but our helper is asked: another would keep a password that is
 * good for minutes. What a host's own section names is reset there, too. */
static int add_helper(const struct target_job *job, const char *url, struct strs *argv,
		      struct err *err)
{
	static const char *const options[] = { "profile", "region" };
	const char *host = strncmp(url, "https://", 8) == 0 ? url + 8 : NULL;
	struct buf program = BUF_INIT(4096), helper = BUF_INIT(16 << 10);
	int len = host ? (int)strcspn(host, "/") : 0, rc;

	if (!host || !memmem(host, (size_t)len, "codecommit", strlen("codecommit")))
		return 0;
	rc = proc_sibling("git-credential-codecommit", &program, err);
	if (rc == 0) {
		buf_addc(&helper, '!');
		encode_shell(buf_str(&program), &helper);
		for (size_t i = 0; i < 2; i++) {
			const char *value = queue_config_get(job->config, job->name, options[i], NULL);

			if (!value)
				continue;
			buf_addf(&helper, " --%s ", options[i]);
			encode_shell(value, &helper);
		}
		rc = buf_check(&helper, "the credential helper", err);
	}
	if (rc == 0) {
		strs_add_all(argv, "-c", "credential.helper=", "-c", (char *)NULL);
		strs_addf(argv, "credential.https://%.*s.helper=", len, host);
		strs_add(argv, "-c");
		strs_addf(argv, "credential.https://%.*s.helper=%s", len, host, buf_str(&helper));
		strs_add(argv, "-c");
		strs_addf(argv, "credential.https://%.*s.useHttpPath=true", len, host);
	}
	buf_free(&program);
	buf_free(&helper);
	return rc;
}

static int command(struct target_job *job, const char *url, struct strs *argv, struct err *err)
{
	const struct queue_delivery *d = job->delivery;
	const char *plus = is_true(job, "force", "false") ? "+" : "";
	const char *new = is_deletion(job) ? "" : d->new;

	/* no hook of this repository has a say in it, nor settings for people's pushes */
	strs_add_all(argv, "git", "-c", "core.hooksPath=/dev/null", "-c", "push.followTags=false", "-c",
		     "push.gpgSign=false", "-c", "push.recurseSubmodules=no", (char *)NULL);
	if (add_helper(job, url, argv, err) < 0)
		return -1;
	strs_add_all(argv, "push", "--porcelain", "--no-verify", "--", url, (char *)NULL);
	strs_addf(argv, "%s%s:%s", plus, new, d->ref);
	buf_addf(&job->request, "git push %s %s%s:%s", url, plus, new, d->ref);
	return argv->failed ? err_set(err, ERR_INTERNAL, "no memory for a push") : 0;
}

/* Unlike a build, it does need keys: the helper's. */
static int environment(const struct target_job *job, struct strs *env, struct err *err)
{
	static const char *const keep[] = {
		"HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "XDG_*", "AWS_*", "CODETRAIN_*", "SSL_CERT_*",
		"GIT_SSL_CAINFO", "GIT_CONFIG_*", "SSH_AUTH_SOCK", "http_proxy", "https_proxy",
		"HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", NULL
	};
	const char *path = getenv("PATH");
	struct buf program = BUF_INIT(4096);
	int rc = proc_environment(keep, env, err);

	/* codecommit:: is a program beside the helper */
	if (rc == 0)
		rc = proc_sibling("git-credential-codecommit", &program, err);
	if (rc == 0) {
		const char *slash = strrchr(buf_str(&program), '/');

		strs_addf(env, "PATH=%.*s:%s", (int)(slash - buf_str(&program)), buf_str(&program),
			  path ? path : "/usr/local/bin:/usr/bin:/bin");
		strs_addf(env, "GIT_DIR=%s", job->gitdir);
		strs_add_all(env, "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false",
			     "GIT_SSH_COMMAND=ssh -oBatchMode=yes", "LC_ALL=C", (char *)NULL);
		rc = env->failed ? err_set(err, ERR_INTERNAL, "no memory for an environment") : 0;
	}
	buf_free(&program);
	return rc;
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	struct strs argv = STRS_INIT, env = STRS_INIT;
	enum target_verdict verdict = TARGET_FAILED;
	const char *url;

	if (is_deletion(job) && !is_true(job, "delete", "true")) {
		buf_adds(&job->outcome, "stays there: codetrain.delete is false");
		return TARGET_DONE;
	}
	if (need_url(job, &url, err) == 0 && command(job, url, &argv, err) == 0 &&
	    environment(job, &env, err) == 0) {
		const struct target_work work = {
			.argv = (const char *const *)argv.v, .envp = (const char *const *)env.v,
			.timeout_s = TIMEOUT_S,
		};

		verdict = target_worker_start(job, &work, err);
	}
	strs_free(&argv);
	strs_free(&env);
	return verdict;
}

static enum target_verdict judge(struct target_job *job, const struct target_worked *w, struct err *err)
{
	const char *output = json_string(w->result, "output", "");
	const char *url = queue_config_get(job->config, job->name, "url", "");

	if (w->timed_out) {
		err_set(err, ERR_TIMEOUT, "git push took longer than %d s", TIMEOUT_S);
	} else if (target_mirror_parse(w->exit_code, output, is_deletion(job), err) == 0) {
		buf_addf(&job->outcome, "%s %.600s", is_deletion(job) ? "deleted at" : "pushed to", url);
		return TARGET_DONE;
	}
	if (err->class == ERR_CONFLICT)
		err_suffix(err, "; it has commits that are not here: mend it there, or overwrite them: git "
			   "config codetrain.%s.force true", job->name);
	if (err->class == ERR_CONFLICT || err->class == ERR_NO)
		err_suffix(err, "; then: codetrain queue retry %lld -t %s",
			   (long long)job->delivery->event, job->name);
	return TARGET_FAILED;
}

static enum target_verdict look(struct target_job *job, struct err *err)
{
	return target_worker_look(job, judge, err);
}

const struct target target_mirror = {
	.name = "mirror",
	.label = "url",
	.slots = 4,
	.kind = TARGET_SPAWNS,
	.deletions = true,
	.mirrors = true,
	.start = start,
	.look = look,
};
