#include "follow_private.h"
#include "queue_text.h"
#include "target_codebuild_parse.h"
#include "target_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
	EVERY_MS = 1000,		/* between questions about a build … */
	FAULT_MOST_MS = 15 * 1000,	/* … and when AWS does not answer, at most */
	PAGES_AT_ONCE = 4,		/* of a megabyte at most */
	QUIET_LOOKS = 2,		/* after its end: the log comes later than the state */
	CHUNK = 16 << 10,
};

void follow_log_free(struct follow_log *log)
{
	target_aws_close(log->state);
	log->state = NULL;
	buf_free(&log->token);
	buf_free(&log->status);
}

/* Nobody reads on for ever: what is printed is bounded, and says so. */
static void count(struct follow_log *log, const struct target_job *job, size_t before,
		  struct buf *out)
{
	if (log->printed >= FOLLOW_PRINTED) {
		out->len = before;
		return;
	}
	log->printed += out->len - before;
	if (log->printed >= FOLLOW_PRINTED)
		buf_addf(out, "codetrain: the log goes on; codetrain queue show %lld says where it is\n",
			 (long long)job->delivery->event);
}

/* Whole lines of the chunk; the last one without its end only when nothing follows. */
static size_t whole(const char *chunk, size_t n, bool over)
{
	const char *last = memrchr(chunk, '\n', n);

	return last ? (size_t)(last - chunk) + 1 : over || n == CHUNK ? n : 0;
}

static void take_chunk(const char *chunk, size_t n, struct buf *out)
{
	char text[CHUNK + 1];

	for (size_t i = 0; i < n; i++)	/* a NUL would hide what is behind it */
		text[i] = chunk[i] ? chunk[i] : '?';
	text[n] = '\0';
	queue_text_clean(text, '\n', 0, out);
	if (n && text[n - 1] != '\n')
		buf_addc(out, '\n');
}

int follow_log_local(struct follow_log *log, const struct target_job *job, bool over, struct buf *out,
		     struct err *err)
{
	struct buf path = BUF_INIT(4096);
	size_t before = out->len;
	char chunk[CHUNK];
	ssize_t n = 0;
	int fd = -1;

	if (log->attempt != job->delivery->attempts) {
		log->attempt = job->delivery->attempts;
		log->offset = 0;
	}
	if (target_worker_path(job->gitdir, job->delivery, ".log", &path, err) < 0) {
		buf_free(&path);
		return -1;
	}
	fd = open(buf_str(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	buf_free(&path);
	if (fd < 0)
		return 0;	/* nothing is in it yet */
	while (out->max - out->len > (size_t)4 * CHUNK &&
	       (n = pread(fd, chunk, sizeof(chunk), (off_t)log->offset)) > 0) {
		size_t used = whole(chunk, (size_t)n, over);

		if (used == 0)
			break;
		take_chunk(chunk, used, out);
		log->offset += (int64_t)used;
	}
	close(fd);
	count(log, job, before, out);
	return 0;
}

/* 0 and *answer, or 0 without one when it is to be asked again later. */
static int ask(struct follow_log *log, struct aws *aws, const char *operation, const cJSON *request,
	       cJSON **answer, struct err *err)
{
	struct err why = { 0 };
	int64_t pause;

	if (aws_call(aws, operation, request, answer, &why) == 0) {
		log->faults = 0;
		return 0;
	}
	*answer = NULL;
	if (why.class != ERR_UNAVAILABLE && why.class != ERR_TIMEOUT) {
		*err = why;
		return -1;
	}
	log->faults++;
	pause = (int64_t)EVERY_MS << (log->faults < 4 ? log->faults : 4);
	log->next = deadline_in(pause < FAULT_MOST_MS ? pause : FAULT_MOST_MS);
	return 0;
}

static int read_page(struct follow_log *log, struct aws *aws, const struct target_codebuild_state *state,
		     struct buf *out, bool *more, struct err *err)
{
	cJSON *request = cJSON_CreateObject(), *answer = NULL;
	int rc = -1;

	*more = false;
	if (!request || json_set_string(request, "logGroupName", state->group) < 0 ||
	    json_set_string(request, "logStreamName", state->stream) < 0 ||
	    json_set_bool(request, "startFromHead", true) < 0 ||
	    (log->token.len && json_set_string(request, "nextToken", buf_str(&log->token)) < 0))
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else if (ask(log, aws, "logs:GetLogEvents", request, &answer, err) == 0)
		rc = answer ? target_codebuild_parse_log(answer, &log->token, out, more, err) : 0;
	else if (strcmp(aws_error_code(aws), "ResourceNotFoundException") == 0)
		rc = 0;		/* it is not there yet */
	json_free(request);
	json_free(answer);
	return rc;
}

/* A log that may not be read is no reason not to wait for the end. */
static void read_log(struct follow_log *log, struct target_job *job, struct aws *aws,
		     const struct target_codebuild_state *state, struct buf *out)
{
	size_t before = out->len;
	struct err why = { 0 };
	bool more = true;

	for (int i = 0; more && i < PAGES_AT_ONCE; i++)
		if (read_page(log, aws, state, out, &more, &why) < 0) {
			buf_addf(out, "codetrain: its log cannot be read: %s\n", why.message);
			log->unreadable = true;
			break;
		}
	count(log, job, before, out);
	log->quiet = out->len > before || more ? 0 : log->quiet + state->ended;
}

static int take_state(struct follow_log *log, struct target_job *job, struct aws *aws,
		      const cJSON *answer, struct buf *out, struct err *err)
{
	struct target_codebuild_state state;

	if (!target_codebuild_parse_state(answer, &state))
		return err_set(err, ERR_NO, "CodeBuild has no build %s any more", job->delivery->external);
	if (!log->unreadable && state.group[0] && state.stream[0])
		read_log(log, job, aws, &state, out);
	else
		log->quiet += state.ended;
	if (state.ended && (log->quiet >= QUIET_LOOKS || log->unreadable || !state.stream[0]))
		buf_addf(&log->status, "%.40s", state.status);
	return 0;
}

int follow_log_codebuild(struct follow_log *log, struct target_job *job, struct buf *out,
			 struct err *err)
{
	cJSON *request, *ids, *answer = NULL;
	struct aws *aws;
	int rc = -1;

	if (!deadline_over(log->next))
		return 0;
	log->next = deadline_in(EVERY_MS);
	job->state = &log->state;
	aws = target_aws(job, err);
	if (!aws)
		return -1;
	request = cJSON_CreateObject();
	ids = cJSON_AddArrayToObject(request, "ids");
	if (!ids || !cJSON_AddItemToArray(ids, cJSON_CreateString(job->delivery->external)))
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else
		rc = ask(log, aws, "codebuild:BatchGetBuilds", request, &answer, err);
	if (answer)
		rc = take_state(log, job, aws, answer, out, err);
	json_free(request);
	json_free(answer);
	return rc;
}
