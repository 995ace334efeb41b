/*
 * The target "local": codetrain-build on this machine, by a worker. The build writes
 * builds/NAME.log, builds/NAME.json and, what it gathers, builds/NAME.files.
 */
#include "target.h"
#include "queue_options.h"
#include "target_worker.h"
#include "lib/base/opt.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_MINUTES = 60, MOST_MINUTES = 36 * 60 };

static int minutes_of(const struct target_job *job, long *minutes, struct err *err)
{
	const char *text = queue_config_get(job->config, job->name, "timeout", NULL);

	*minutes = DEFAULT_MINUTES;
	if (text && (opt_number(text, minutes) < 0 || *minutes < 1 || *minutes > MOST_MINUTES))
		return err_set(err, ERR_USAGE, "codetrain.timeout is \"%s\"; it must be 1 to %d minutes",
			       text, MOST_MINUTES);
	return 0;
}

static int add_files(const struct target_job *job, struct strs *argv, struct err *err)
{
	static const struct {
		const char *option, *extension;
	} files[] = { { "--log", ".log" }, { "--result", ".json" }, { "--artifacts", ".files" } };
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(files) / sizeof(*files); i++) {
		rc = target_worker_path(job->gitdir, job->delivery, files[i].extension, &path, err);
		strs_add_all(argv, files[i].option, buf_str(&path), (char *)NULL);
	}
	buf_free(&path);
	return rc;
}

static int command(struct target_job *job, long minutes, struct strs *argv, struct err *err)
{
	const char *buildspec = queue_config_get(job->config, job->name, "buildspec", NULL);
	const struct queue_delivery *d = job->delivery;
	struct buf program = BUF_INIT(PATH_MAX_BYTES);
	int rc = -1;

	if (proc_sibling("codetrain-build", &program, err) < 0)
		goto out;
	strs_add_all(argv, buf_str(&program), "--repo", job->gitdir, "--commit", d->new, "--timeout",
		     (char *)NULL);
	strs_addf(argv, "%ld", minutes);
	if (add_files(job, argv, err) < 0)
		goto out;
	strs_add(argv, "--env");
	strs_addf(argv, "CODETRAIN_EVENT=%s/%lld", job->uuid, (long long)d->event);
	strs_add(argv, "--env");
	strs_addf(argv, "CODETRAIN_REF=%s", d->ref);
	for (size_t i = 0; job->options && i < job->options->env.n; i++)
		strs_add_all(argv, "--env", job->options->env.v[i], (char *)NULL);
	if (buildspec)
		strs_add_all(argv, "-f", buildspec, (char *)NULL);
	buf_addf(&job->request, "codetrain build --repo %s --commit %s --timeout %ld%s%s", job->gitdir,
		 d->new, minutes, buildspec ? " -f " : "", buildspec ? buildspec : "");
	rc = argv->failed ? err_set(err, ERR_INTERNAL, "no memory for the build") : 0;
out:
	buf_free(&program);
	return rc;
}

/* What a queue that was made anew finds there is of another event of this number. */
static int forget_files(const struct target_job *job, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int rc = target_worker_path(job->gitdir, job->delivery, ".files", &path, err);

	if (rc == 0)
		rc = file_remove_tree(buf_str(&path), err);
	buf_free(&path);
	return rc;
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	struct strs argv = STRS_INIT, env = STRS_INIT;
	enum target_verdict verdict = TARGET_FAILED;
	long minutes;

	if (minutes_of(job, &minutes, err) == 0 && forget_files(job, err) == 0 &&
	    command(job, minutes, &argv, err) == 0 && target_worker_environment(job, &env, err) == 0) {
		/* a minute more than the build gives itself */
		const struct target_work work = {
			.argv = (const char *const *)argv.v, .envp = (const char *const *)env.v,
			.timeout_s = (int)(minutes + 1) * 60, .own_files = true,
		};

		verdict = target_worker_start(job, &work, err);
	}
	strs_free(&argv);
	strs_free(&env);
	return verdict;
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
	if (*json_string(result, "error", ""))
		buf_addf(out, ": %.300s", json_string(result, "error", ""));
}

/* codetrain-build writes the result itself unless it could not begin or was ended:
 * then it is the worker's. */
static const char *status_of(const struct target_worked *w, const char **reason)
{
	*reason = json_string(w->result, "error", "");
	if (json_string(w->result, "status", NULL))
		return json_string(w->result, "status", "");
	if (!**reason)
		*reason = json_string(w->result, "output", "");
	if (w->timed_out)
		return "TIMED_OUT";
	return w->exit_code == ERR_NO || w->exit_code == ERR_USAGE ? "REFUSED" : "FAULT";
}

static enum target_verdict judge(struct target_job *job, const struct target_worked *w,
				 struct err *err)
{
	const char *reason, *status = status_of(w, &reason);
	struct buf name = BUF_INIT(512);
	enum target_verdict verdict = TARGET_DONE;

	if (strcmp(status, "SUCCEEDED") == 0) {
		buf_adds(&job->outcome, "build succeeded");
	} else if (strcmp(status, "TIMED_OUT") == 0) {
		buf_adds(&job->outcome, "build timed out");
	} else if (strcmp(status, "FAILED") == 0) {
		buf_adds(&job->outcome, "build failed");
		describe_failure(w->result, &job->outcome);
	} else if (strcmp(status, "STOPPED") == 0) {
		buf_adds(&job->outcome, "build stopped");
	} else if (strcmp(status, "REFUSED") == 0) {
		buf_addf(&job->outcome, "build failed: %.300s", reason);
	} else {
		err_set(err, ERR_INTERNAL, "the build did not run: %.600s",
			*reason ? reason : "no reason was given");
		verdict = TARGET_FAILED;
	}
	if (verdict == TARGET_DONE && target_worker_path(job->gitdir, job->delivery, NULL, &name, err) == 0)
		buf_addf(&job->outcome, "; log: codetrain/builds/%s.log", buf_str(&name));
	buf_free(&name);
	return verdict;
}

static enum target_verdict look(struct target_job *job, struct err *err)
{
	return target_worker_look(job, judge, err);
}

const struct target target_local = {
	.name = "local",
	.slots = 2,
	.kind = TARGET_SPAWNS,
	.builds = true,
	.start = start,
	.look = look,
};
