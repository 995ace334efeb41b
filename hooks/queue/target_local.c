#include "target.h"
#include "target_local.h"
#include "target_process.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"
#include "lib/spec/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	DEFAULT_MINUTES = 60,
	MOST_MINUTES = 36 * 60,
	TRIES_WITHOUT_RESULT = 3,
	ERRORS_MAX = 4096,
	RESULT_MAX = 256 << 10,
	ENVIRONMENT_MAX = 32,
};

/* "builds/12", from the second attempt on "builds/12.2": an old attempt's files
 * are never taken for a new one's. */
static int build_path(const char *gitdir, const char *name, const char *extension, struct buf *out,
		      struct err *err)
{
	if (queue_db_path(gitdir, "builds", out, err) < 0)
		return -1;
	if (name)
		buf_addf(out, "/%s%s", name, extension);
	return buf_check(out, "the path of the build", err);
}

static void name_of(const struct queue_delivery *d, char out[static 48])
{
	int n = snprintf(out, 48, "%lld", (long long)d->event);

	if (d->attempts > 1)
		snprintf(out + n, 48 - (size_t)n, ".%d", d->attempts);
}

/* What a build may see of the hook's environment: where things are, no keys.
 * More by name: codetrain.environment. */
static int environment(const struct queue_config *config, struct strs *out, struct err *err)
{
	static const char *const always[] = {
		"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_*", "TZ", "TMPDIR", "AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_ENDPOINT_URL*", "AWS_CA_BUNDLE", "AWS_EC2_METADATA_DISABLED"
	};
	const char *names[sizeof(always) / sizeof(*always) + ENVIRONMENT_MAX + 1];
	size_t n = sizeof(always) / sizeof(*always);

	memcpy(names, always, sizeof(always));
	n += queue_config_all(config, target_local.name, "environment", names + n, ENVIRONMENT_MAX);
	names[n] = NULL;
	return proc_environment(names, out, err);
}

static int minutes_of(const struct queue_config *config, char out[static 24], struct err *err)
{
	const char *text = queue_config_get(config, target_local.name, "timeout", NULL);
	long minutes = DEFAULT_MINUTES;

	if (text && (opt_number(text, &minutes) < 0 || minutes < 1 || minutes > MOST_MINUTES))
		return err_set(err, ERR_USAGE, "codetrain.timeout is \"%s\"; it must be 1 to %d minutes",
			       text, MOST_MINUTES);
	snprintf(out, 24, "%ld", minutes);
	return 0;
}

static int command(struct target_job *job, const char *name, struct strs *argv, struct err *err)
{
	const char *buildspec = queue_config_get(job->config, target_local.name, "buildspec", NULL);
	struct buf program = BUF_INIT(PATH_MAX_BYTES);
	char minutes[24];
	int rc = -1;

	if (minutes_of(job->config, minutes, err) < 0 ||
	    proc_sibling("codetrain-queue", &program, err) < 0)
		goto out;
	strs_add_all(argv, buf_str(&program), TARGET_LOCAL_VERB, "--", job->gitdir,
		     job->delivery->new, name, minutes, "--env", (char *)NULL);
	strs_addf(argv, "CODETRAIN_EVENT=%s/%lld", job->uuid, (long long)job->delivery->event);
	strs_add(argv, "--env");
	strs_addf(argv, "CODETRAIN_REF=%s", job->delivery->ref);
	if (buildspec)
		strs_add_all(argv, "-f", buildspec, (char *)NULL);
	buf_addf(&job->request, "codetrain build --repo %s --commit %s --timeout %s%s%s", job->gitdir,
		 job->delivery->new, minutes, buildspec ? " -f " : "", buildspec ? buildspec : "");
	rc = argv->failed ? err_set(err, ERR_INTERNAL, "no memory for the build") : 0;
out:
	buf_free(&program);
	return rc;
}

static int launch(struct target_job *job, const char *name, struct err *err)
{
	struct strs env = STRS_INIT, argv = STRS_INIT;
	struct buf id = BUF_INIT(128);
	int gate = -1, rc = -1;
	pid_t pid;

	if (command(job, name, &argv, err) < 0 || environment(job->config, &env, err) < 0)
		goto out;
	strs_add(&env, "CODETRAIN_TARGET=local");	/* an empty list would mean all of ours */
	if (target_process_start((const char *const *)argv.v, (const char *const *)env.v,
				 job->gitdir, &pid, &gate, err) < 0)
		goto out;
	if (target_process_name(pid, &id, err) == 0 && job->remember(job, buf_str(&id), err) == 0)
		rc = file_write_fd(gate, "g", 1, "the gate of the build", err);
	if (rc == 0)
		job->wait_fd = target_process_watch(pid);
out:
	if (gate >= 0)
		close(gate);
	strs_free(&env);
	strs_free(&argv);
	buf_free(&id);
	return rc;
}

/* A queue that was made anew counts from 1 again: what an event of that number
 * left is not this one's result. */
static int forget_result(const char *path, struct err *err)
{
	return unlink(path) == 0 || errno == ENOENT ? 0 : err_errno(err, "cannot remove %s", path);
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES), result = BUF_INIT(PATH_MAX_BYTES);
	char name[48];
	int rc = -1;

	name_of(job->delivery, name);
	if (build_path(job->gitdir, NULL, NULL, &dir, err) == 0 &&
	    file_make_dirs(buf_str(&dir), 0700, err) == 0 &&
	    build_path(job->gitdir, name, ".json", &result, err) == 0 &&
	    forget_result(buf_str(&result), err) == 0)
		rc = launch(job, name, err);
	buf_free(&dir);
	buf_free(&result);
	return rc < 0 ? TARGET_FAILED : TARGET_RUNNING;
}

/* The phase that failed, from the build's own result. */
static void describe_failure(const cJSON *result, struct buf *out)
{
	size_t n = json_count(result, "phases");

	for (size_t i = 0; i < n; i++) {
		const cJSON *phase = json_at(result, "phases", i);

		if (strcmp(json_string(phase, "status", ""), "FAILED") == 0) {
			buf_addf(out, " in phase %s (exit %lld)", json_string(phase, "name", "?"),
				 (long long)json_integer(phase, "exit_code", 1));
			return;
		}
	}
	if (json_string(result, "error", NULL))
		buf_addf(out, ": %.300s", json_string(result, "error", ""));
}

static enum target_verdict judge(struct target_job *job, const struct buf *text, const char *name,
				 struct err *err)
{
	struct err broken = { 0 };
	cJSON *result = json_parse(text->data, text->len, name, &broken);
	const char *status = json_string(result, "status", "");
	enum target_verdict verdict = TARGET_DONE;

	buf_add(&job->answer, text->data, text->len < job->answer.max ? text->len : job->answer.max);
	if (strcmp(status, "FAULT") == 0) {
		err_set(err, ERR_INTERNAL, "the build did not run: %.600s",
			json_string(result, "error", "no reason was given"));
		verdict = TARGET_FAILED;
	} else if (strcmp(status, "SUCCEEDED") == 0) {
		buf_adds(&job->outcome, "build succeeded");
	} else if (strcmp(status, "TIMED_OUT") == 0) {
		buf_adds(&job->outcome, "build timed out");
	} else if (strcmp(status, "FAILED") == 0) {
		buf_adds(&job->outcome, "build failed");
		describe_failure(result, &job->outcome);
	} else {
		err_set(err, ERR_INTERNAL, "the result of build %s is not readable: %s", name,
			broken.message);
		verdict = TARGET_FAILED;
	}
	if (verdict == TARGET_DONE)
		buf_addf(&job->outcome, "; log: codetrain/builds/%s.log", name);
	json_free(result);
	return verdict;
}

static enum target_verdict without_result(struct target_job *job, struct err *err)
{
	/* whatever the dead worker left behind must not run beside the next one */
	target_process_end_session(job->delivery->external);
	if (job->delivery->attempts >= TRIES_WITHOUT_RESULT)
		err_set(err, ERR_NO, "the build ended without a result %d times (killed, or the "
			"machine went down); try again with: codetrain queue retry %lld",
			job->delivery->attempts, (long long)job->delivery->event);
	else
		err_set(err, ERR_TIMEOUT, "the build ended without a result (killed, or the machine "
			"went down)");
	return TARGET_FAILED;
}

static enum target_verdict look(struct target_job *job, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT(RESULT_MAX);
	enum target_verdict verdict = TARGET_FAILED;
	struct file_info info;
	char name[48];
	pid_t pid;
	bool alive;

	job->certain = true;
	if (!job->delivery->external[0])
		return TARGET_ABSENT;	/* what was started waits at the gate, or went away */
	name_of(job->delivery, name);
	/* in this order: the result is there before the process ends */
	alive = target_process_alive(job->delivery->external, &pid);
	if (build_path(job->gitdir, name, ".json", &path, err) == 0 &&
	    file_read(buf_str(&path), &text, &info, err) == 0) {
		if (!info.missing && !alive) {
			verdict = judge(job, &text, name, err);
		} else if (alive) {
			job->wait_fd = target_process_watch(pid);
			verdict = TARGET_RUNNING;
		} else {
			verdict = without_result(job, err);
		}
	}
	buf_free(&path);
	buf_free(&text);
	return verdict;
}

const struct target target_local = {
	.name = "local",
	.slots = 2,
	.start = start,
	.look = look,
};

/* ---- the worker ---------------------------------------------------------------------- */

static int write_result(const char *path, const char *status, const char *commit,
			const char *message, int exit_code, struct err *err)
{
	struct buf text = BUF_INIT(RESULT_MAX);
	cJSON *result = cJSON_CreateObject();
	int rc = -1;

	if (result && json_set_string(result, "status", status) == 0 &&
	    json_set_string(result, "commit", commit) == 0 &&
	    json_set_string(result, "error", message) == 0 &&
	    json_set_integer(result, "exit_code", exit_code) == 0 &&
	    json_print(result, true, &text, err) == 0)
		rc = file_replace(path, text.data, text.len, 0600, err);
	json_free(result);
	buf_free(&text);
	return rc;
}

/* codetrain-build writes the result itself unless it could not begin or was ended. */
static int see_to_result(const char *path, const char *commit, const struct proc_result *r,
			 const struct buf *errors, struct err *err)
{
	const char *message = errors->len ? errors->data : "it gave no reason";

	if (access(path, F_OK) == 0)
		return 0;
	if (r->timed_out)
		return write_result(path, "TIMED_OUT", commit, "ended by the queue", 4, err);
	if (r->exit_code == ERR_NO || r->exit_code == ERR_USAGE)
		return write_result(path, "FAILED", commit, message, r->exit_code, err);
	return write_result(path, "FAULT", commit, message, r->exit_code, err);
}

int target_local_worker(char *const *args, struct err *err)
{
	const char *gitdir = args[0], *commit = args[1], *name = args[2], *minutes = args[3];
	struct buf program = BUF_INIT(PATH_MAX_BYTES), log = BUF_INIT(PATH_MAX_BYTES);
	struct buf result = BUF_INIT(PATH_MAX_BYTES), errors = BUF_INIT(ERRORS_MAX);
	struct proc_result ran = { .exit_code = ERR_INTERNAL };
	struct strs argv = STRS_INIT;
	long limit = DEFAULT_MINUTES;
	int rc = -1;

	if (!target_process_gate())
		return 0;
	opt_number(minutes, &limit);
	if (build_path(gitdir, name, ".log", &log, err) < 0 ||
	    build_path(gitdir, name, ".json", &result, err) < 0)
		goto out;
	if (proc_sibling("codetrain-build", &program, err) == 0) {
		strs_add_all(&argv, buf_str(&program), "--repo", gitdir, "--commit", commit, "--log",
			     buf_str(&log), "--result", buf_str(&result), "--timeout", minutes,
			     (char *)NULL);
		for (char *const *more = args + 4; *more; more++)
			strs_add(&argv, *more);
		/* a minute more than the build gives itself */
		struct proc p = { .argv = (const char *const *)argv.v, .dir = gitdir,
				  .errors = &errors, .timeout_ms = (int)(limit + 1) * 60 * 1000 };

		if (!argv.failed)
			proc_run(&p, &ran, err);
	}
	if (err->class != ERR_NONE)
		buf_adds(&errors, err->message);
	rc = see_to_result(buf_str(&result), commit, &ran, &errors, err);
out:
	strs_free(&argv);
	buf_free(&program);
	buf_free(&log);
	buf_free(&result);
	buf_free(&errors);
	return rc;
}
