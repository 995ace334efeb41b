#include "target_worker.h"
#include "queue_place.h"
#include "target_process.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	TRIES_WITHOUT_RESULT = 3,
	RESULT_MAX = 17 << 20,	/* codetrain-build's may have 16 MiB: what it exports */
	ENVIRONMENT_MAX = 32,
};

/* An old attempt's files are never taken for a new one's, nor another target's. */
static void add_name(const struct queue_delivery *d, struct buf *out)
{
	int attempt = d->attempts > 1 ? d->attempts : 1;

	buf_addf(out, "%lld", (long long)d->event);
	if (strcmp(d->target, "local") != 0) {
		buf_addf(out, ".%d-", attempt);
		encode_percent(d->target, strlen(d->target), "", out);
	} else if (attempt > 1) {
		buf_addf(out, ".%d", attempt);
	}
}

int target_worker_path(const char *gitdir, const struct queue_delivery *delivery,
		       const char *extension, struct buf *out, struct err *err)
{
	buf_clear(out);
	if (extension && (queue_place_path(gitdir, "builds", out, err) < 0 || buf_addc(out, '/') < 0))
		return buf_check(out, "the path of the work", err);
	add_name(delivery, out);
	if (extension)
		buf_adds(out, extension);
	return buf_check(out, "the path of the work", err);
}

int target_worker_environment(const struct target_job *job, struct strs *out, struct err *err)
{
	static const char *const always[] = {
		"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_*", "TZ", "TMPDIR", "AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_ENDPOINT_URL*", "AWS_CA_BUNDLE", "AWS_EC2_METADATA_DISABLED", "CODETRAIN_BUILD_SLOTS"
	};
	const char *names[sizeof(always) / sizeof(*always) + ENVIRONMENT_MAX + 1];
	size_t n = sizeof(always) / sizeof(*always);

	memcpy(names, always, sizeof(always));
	n += queue_config_all(job->config, job->name, "environment", names + n, ENVIRONMENT_MAX);
	names[n] = NULL;
	if (proc_environment(names, out, err) < 0)
		return -1;
	strs_addf(out, "CODETRAIN_TARGET=%s", job->name);
	return out->failed ? err_set(err, ERR_INTERNAL, "no memory for an environment") : 0;
}

/* A queue that was made anew counts from 1 again: what an event of that number
 * left is not this one's result. */
static int forget_result(const struct target_job *job, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int rc = target_worker_path(job->gitdir, job->delivery, ".json", &path, err);

	if (rc == 0 && unlink(buf_str(&path)) < 0 && errno != ENOENT)
		rc = err_errno(err, "cannot remove %s", buf_str(&path));
	buf_free(&path);
	return rc;
}

static int make_folder(const char *gitdir, struct err *err)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES);
	int rc = queue_place_path(gitdir, "builds", &dir, err);

	if (rc == 0)
		rc = file_make_dirs(buf_str(&dir), 0700, err);
	buf_free(&dir);
	return rc;
}

static int command(const struct target_job *job, const struct target_work *work, struct strs *argv,
		   struct err *err)
{
	struct buf program = BUF_INIT(PATH_MAX_BYTES), name = BUF_INIT(512);
	int rc = -1;

	if (proc_sibling("codetrain-queue", &program, err) == 0 &&
	    target_worker_path(job->gitdir, job->delivery, NULL, &name, err) == 0) {
		strs_add_all(argv, buf_str(&program), TARGET_WORKER_VERB, "--", job->gitdir,
			     buf_str(&name), (char *)NULL);
		strs_addf(argv, "%d", work->timeout_s);
		strs_add(argv, work->own_files ? "own" : "log");
		strs_addf(argv, "%zu", work->input ? strlen(work->input) : 0);
		for (const char *const *word = work->argv; *word; word++)
			strs_add(argv, *word);
		rc = argv->failed ? err_set(err, ERR_INTERNAL, "no memory for a command") : 0;
	}
	buf_free(&program);
	buf_free(&name);
	return rc;
}

/* The gate opens when the worker's name is on the disk; the input comes after it. */
static int let_go(struct target_job *job, const struct target_work *work, pid_t pid, int gate,
		  struct err *err)
{
	struct buf id = BUF_INIT(128);
	int rc = target_process_name(pid, &id, err);

	if (rc == 0)
		rc = job->remember(job, buf_str(&id), err);
	if (rc == 0)
		rc = target_process_open(gate, work->input, err);
	buf_free(&id);
	return rc;
}

enum target_verdict target_worker_start(struct target_job *job, const struct target_work *work,
					struct err *err)
{
	struct strs argv = STRS_INIT;
	int gate = -1, rc = -1;
	pid_t pid;

	if (make_folder(job->gitdir, err) == 0 && forget_result(job, err) == 0 &&
	    command(job, work, &argv, err) == 0 &&
	    target_process_start((const char *const *)argv.v, work->envp,
				 work->dir ? work->dir : job->gitdir, &pid, &gate, err) == 0)
		rc = let_go(job, work, pid, gate, err);
	if (gate >= 0)
		close(gate);
	if (rc == 0)
		job->wait_fd = target_process_watch(pid);
	strs_free(&argv);
	return rc < 0 ? TARGET_FAILED : TARGET_RUNNING;
}

/* The newest attempts that left none, one after the other: what was tried often while a
 * network was away had its results. */
static int tries_without_result(const struct target_job *job)
{
	struct queue_delivery at = *job->delivery;
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct err ignored;
	int n = 1;

	while (n < TRIES_WITHOUT_RESULT && --at.attempts > 0 &&
	       target_worker_path(job->gitdir, &at, ".json", &path, &ignored) == 0 &&
	       access(buf_str(&path), F_OK) != 0)
		n++;
	buf_free(&path);
	return n;
}

static enum target_verdict without_result(struct target_job *job, struct err *err)
{
	const struct queue_delivery *d = job->delivery;
	const char *what = strcmp(d->target, "local") == 0 ? "build" : "work";
	int tries = tries_without_result(job);

	/* whatever the dead worker left behind must not run beside the next one */
	target_process_end_session(d->external);
	if (tries == TRIES_WITHOUT_RESULT)
		err_set(err, ERR_NO, "the %s ended without a result %d times (killed, or the "
			"machine went down); try again with: codetrain queue retry %lld -t %s",
			what, tries, (long long)d->event, d->target);
	else
		err_set(err, ERR_TIMEOUT, "the %s ended without a result (killed, or the machine "
			"went down)", what);
	return TARGET_FAILED;
}

static enum target_verdict take_result(struct target_job *job, const struct buf *text,
				       const char *path, struct target_worked *out, struct err *err)
{
	struct err broken = { 0 };

	buf_add(&job->answer, text->data, text->len < job->answer.max ? text->len : job->answer.max);
	out->result = json_parse(text->data, text->len, path, &broken);
	if (!out->result) {
		err_set(err, ERR_INTERNAL, "the result is not readable: %s", broken.message);
		return TARGET_FAILED;
	}
	out->exit_code = (int)json_integer(out->result, "exit_code", 0);
	out->timed_out = json_bool(out->result, "timed_out", false);
	return TARGET_DONE;
}

enum target_verdict target_worker_look(struct target_job *job, target_worker_judge_fn *judge,
				       struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT(RESULT_MAX);
	enum target_verdict verdict = TARGET_FAILED;
	struct target_worked how = { 0 };
	struct file_info info;
	pid_t pid;
	bool alive;

	job->certain = true;
	if (!job->delivery->external[0])
		return TARGET_ABSENT;	/* what was started waits at the gate, or went away */
	/* in this order: the result is there before the process ends */
	alive = target_process_alive(job->delivery->external, &pid);
	if (alive) {
		job->wait_fd = target_process_watch(pid);
		verdict = TARGET_RUNNING;
	} else if (target_worker_path(job->gitdir, job->delivery, ".json", &path, err) == 0 &&
		   file_read(buf_str(&path), &text, &info, err) == 0) {
		verdict = info.missing ? without_result(job, err) :
			  take_result(job, &text, buf_str(&path), &how, err);
		if (verdict == TARGET_DONE)
			verdict = judge(job, &how, err);
		json_free(how.result);
	}
	buf_free(&path);
	buf_free(&text);
	return verdict;
}
