/*
 * The worker: a program is run, its output kept, and last of all its result.
 */
#include "target_worker.h"
#include "queue_event.h"
#include "queue_place.h"
#include "queue_text.h"
#include "target_process.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RESULT_MAX = 64 << 10, SECONDS_MOST = 37 * 3600, EXIT_CANNOT_RUN = 127 };

/* What the program writes, as it comes: to the log, and the last of it kept. */
struct output {
	int fd;			/* -1: there is no log */
	size_t written;
	bool full;
	struct buf tail;	/* up to two tails long */
};

static void keep_tail(struct output *o, const char *data, size_t len)
{
	struct buf *t = &o->tail;

	if (len > TARGET_WORKER_TAIL) {
		data += len - TARGET_WORKER_TAIL;
		len = TARGET_WORKER_TAIL;
	}
	if (t->len + len > t->max) {
		size_t cut = t->len - (TARGET_WORKER_TAIL < t->len ? TARGET_WORKER_TAIL : t->len);

		memmove(t->data, t->data + cut, t->len - cut);
		t->len -= cut;
	}
	buf_add(t, data, len);
}

static void on_output(void *arg, const char *data, size_t len)
{
	static const char note[] = "\n[the log is cut off here]\n";
	struct output *o = arg;
	struct err ignored;

	keep_tail(o, data, len);
	if (o->fd < 0 || o->full)
		return;
	o->full = o->written + len > TARGET_WORKER_LOG;
	/* a full disk is no reason to end the work; its result says how it went */
	if (o->full)
		file_write_fd(o->fd, note, sizeof(note) - 1, "the log", &ignored);
	else if (file_write_fd(o->fd, data, len, "the log", &ignored) < 0)
		o->full = true;
	o->written += len;
}

static const char *last_of(const struct buf *tail)
{
	return buf_str(tail) + (tail->len > TARGET_WORKER_TAIL ? tail->len - TARGET_WORKER_TAIL : 0);
}

static int write_result(const char *path, const struct proc_result *r, const struct output *o,
			const struct err *why, struct err *err)
{
	struct buf text = BUF_INIT(RESULT_MAX), output = BUF_INIT(RESULT_MAX);
	cJSON *result = cJSON_CreateObject();
	int rc = -1;

	if (result && json_set_integer(result, "exit_code", r->exit_code) == 0 &&
	    json_set_bool(result, "timed_out", r->timed_out) == 0 &&
	    json_set_string(result, "error", why->message) == 0 &&
	    queue_text_clean(last_of(&o->tail), '\n', 0, &output) == 0 &&
	    json_set_string(result, "output", buf_str(&output)) == 0 &&
	    json_print(result, true, &text, err) == 0)
		rc = file_replace(path, text.data, text.len, 0600, err);
	else
		err_set(err, ERR_INTERNAL, "no memory for a result");
	json_free(result);
	buf_free(&text);
	buf_free(&output);
	return rc;
}

/* What the operands say. */
struct task {
	const char *gitdir, *name;
	long seconds, bytes;
	bool own_files;
	char *const *argv;
	struct buf log, result;
};

static int read_task(char *const *args, struct task *t, struct err *err)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES);
	int rc = -1;

	t->gitdir = args[0];
	t->name = args[1];
	t->own_files = strcmp(args[3], "own") == 0;
	t->argv = args + 5;
	if (strchr(t->name, '/') || opt_number(args[2], &t->seconds) < 0 || t->seconds < 1 ||
	    t->seconds > SECONDS_MOST || opt_number(args[4], &t->bytes) < 0 ||
	    t->bytes > QUEUE_EVENT_MAX)
		return err_set(err, ERR_USAGE, "only the drainer runs this");
	if (queue_place_path(t->gitdir, "builds", &dir, err) == 0) {
		buf_addf(&t->log, "%s/%s.log", buf_str(&dir), t->name);
		buf_addf(&t->result, "%s/%s.json", buf_str(&dir), t->name);
		rc = buf_check(&t->log, "the path of the log", err) < 0 ? -1 :
		     buf_check(&t->result, "the path of the result", err);
	}
	buf_free(&dir);
	return rc;
}

static int run_task(const struct task *t, const struct buf *input, struct err *err)
{
	struct output o = { .fd = -1, .tail = BUF_INIT(2 * TARGET_WORKER_TAIL) };
	struct proc_result ran = { .exit_code = EXIT_CANNOT_RUN };
	struct err why = { 0 };
	struct proc p = { .argv = (const char *const *)t->argv, .merge = true, .on_output = on_output,
			  .arg = &o, .timeout_ms = (int)(t->seconds * 1000),
			  .input = t->bytes ? input->data : NULL, .input_len = input->len };
	int rc = 0;

	if (!t->own_files)
		o.fd = open(buf_str(&t->log), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			    0600);
	if (proc_run(&p, &ran, &why) < 0)
		ran.exit_code = EXIT_CANNOT_RUN;
	if (!t->own_files || access(buf_str(&t->result), F_OK) != 0)
		rc = write_result(buf_str(&t->result), &ran, &o, &why, err);
	if (o.fd >= 0)
		close(o.fd);
	buf_free(&o.tail);
	return rc;
}

int target_worker(char *const *args, struct err *err)
{
	struct task t = { .log = BUF_INIT(PATH_MAX_BYTES), .result = BUF_INIT(PATH_MAX_BYTES) };
	struct buf input = BUF_INIT(QUEUE_EVENT_MAX);
	int rc = read_task(args, &t, err);

	/* fewer bytes than were promised: the drainer died while it sent them */
	if (rc == 0 && target_process_gate((size_t)t.bytes, &input))
		rc = run_task(&t, &input, err);
	buf_free(&t.log);
	buf_free(&t.result);
	buf_free(&input);
	return rc;
}
