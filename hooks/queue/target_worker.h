/*
 * Work that outlives the drainer: any program, run by a worker.
 *
 * The worker is `codetrain-queue work`, a process in a session of its own. It
 * waits at a gate until its name is on the disk, runs the program with its
 * output in builds/NAME.log, and leaves, last of all, builds/NAME.json. A
 * drainer that died in between finds both again.
 */
#ifndef CODETRAIN_TARGET_WORKER_H
#define CODETRAIN_TARGET_WORKER_H

#include "target.h"
#include "lib/spec/json.h"

#define TARGET_WORKER_VERB "work"
enum {
	TARGET_WORKER_ARGS = 6,		/* fewest and most operands of the verb */
	TARGET_WORKER_ARGS_MAX = 400,
	TARGET_WORKER_TAIL = 4 << 10,	/* bytes of output that the result keeps: the last */
	TARGET_WORKER_LOG = 16 << 20,	/* most bytes in a log */
};

/* What is to be run. */
struct target_work {
	const char *const *argv;	/* argv[0] absolute, or looked up on the PATH of envp */
	const char *const *envp;	/* all that it sees of an environment; at least one */
	const char *dir;		/* working directory; NULL: the repository */
	const char *input;		/* its standard input, at most QUEUE_EVENT_MAX; NULL: none */
	int timeout_s;			/* then it is ended, with all that it started */
	bool own_files;			/* it writes the log, and a result unless it cannot */
};

/* How it ended. */
struct target_worked {
	int exit_code;
	bool timed_out;
	cJSON *result;	/* of the worker: {"exit_code", "timed_out", "error", "output"}; or the
			 * program's own. Freed by json_free */
};

/* TARGET_RUNNING, or TARGET_FAILED. A start of the same attempt again is a new one:
 * the result of a former is removed first. */
enum target_verdict target_worker_start(struct target_job *job, const struct target_work *work,
					struct err *err);

/* What it means that the work ended so. `how` is the caller's. */
typedef enum target_verdict target_worker_judge_fn(struct target_job *job, const struct target_worked *how,
						   struct err *err);

/* TARGET_ABSENT: nothing was run. TARGET_RUNNING. What `judge` says of work that ended.
 * TARGET_FAILED: it was killed with the machine or by people; ERR_NO after three times. */
enum target_verdict target_worker_look(struct target_job *job, target_worker_judge_fn *judge,
				       struct err *err);

/* GITDIR/codetrain/builds/NAME + extension (".log", ".json", ".files") of a delivery's newest
 * attempt. NAME is "12" or, from the second attempt on, "12.2" for the target "local", and
 * "12.1-deploy" for one called deploy. Without extension: NAME alone. */
int target_worker_path(const char *gitdir, const struct queue_delivery *delivery,
		       const char *extension, struct buf *out, struct err *err);

/* "PATH=…" and what else says where things are, no keys; more by the names in
 * codetrain.environment. Never empty. */
int target_worker_environment(const struct target_job *job, struct strs *out, struct err *err);

/* The worker itself. args: GITDIR NAME SECONDS own|log BYTES ARGV…; so many bytes of
 * input follow the gate's. */
int target_worker(char *const *args, struct err *err);

#endif
