#include "logs.h"

#include <stdlib.h>
#include <string.h>

#define GROUP "/aws/sagemaker/TrainingJobs"

enum { PAGES_MAX = 500 };	/* of one stream in one poll; the next poll goes on */

struct stream {
	char *name;
	char *token;	/* where to read on; NULL: from the start */
};

struct logs {
	char prefix[80];	/* "JOB/" */
	struct stream *streams;
	size_t n;
};

struct logs *logs_new(const char *job, struct err *err)
{
	struct logs *l = calloc(1, sizeof(*l));

	if (!l) {
		err_set(err, ERR_INTERNAL, "no memory for logs");
		return NULL;
	}
	snprintf(l->prefix, sizeof(l->prefix), "%.63s/", job);
	return l;
}

void logs_free(struct logs *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++) {
		free(l->streams[i].name);
		free(l->streams[i].token);
	}
	free(l->streams);
	free(l);
}

static int no_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "no memory for logs");
}

static int add_stream(struct logs *l, const char *name, struct err *err)
{
	struct stream *grown;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->streams[i].name, name) == 0)
			return 0;
	if (l->n == LOGS_STREAMS_MAX)
		return 0;
	grown = reallocarray(l->streams, l->n + 1, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	l->streams = grown;
	l->streams[l->n].token = NULL;
	l->streams[l->n].name = strdup(name);
	if (!l->streams[l->n].name)
		return no_memory(err);
	l->n++;
	return 0;
}

/* Before the first line there is neither group nor stream. */
static bool not_there(struct identity *id)
{
	return id->job && strcmp(aws_error_code(id->job), "ResourceNotFoundException") == 0;
}

static int find_streams(struct logs *l, struct identity *id, struct err *err)
{
	cJSON *q = cJSON_CreateObject(), *answer = NULL;
	int result = 0;

	if (json_set_string(q, "logGroupName", GROUP) < 0 ||
	    json_set_string(q, "logStreamNamePrefix", l->prefix) < 0)
		result = no_memory(err);
	for (int page = 0; result == 0 && page < PAGES_MAX; page++) {
		const char *token;

		if (identity_call(id, "logs:DescribeLogStreams", q, &answer, err) < 0) {
			result = not_there(id) ? 0 : -1;
			break;
		}
		for (size_t i = 0; result == 0 && i < json_count(answer, "logStreams"); i++)
			result = add_stream(l, json_string(json_at(answer, "logStreams", i),
							   "logStreamName", ""), err);
		token = json_string(answer, "nextToken", NULL);
		if (!token)
			break;
		if (json_set_string(q, "nextToken", token) < 0)
			result = no_memory(err);
		json_free(answer);
		answer = NULL;
	}
	json_free(q);
	json_free(answer);
	return result;
}

/* What a log holds must not steer a terminal. Progress bars return the
 * carriage: each state of theirs is a line. */
static void print_line(const char *host, const char *text, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, "\r\n");

		if (len > 0) {
			fputs(host, out);
			for (size_t i = 0; i < len; i++) {
				unsigned char c = (unsigned char)text[i];
				bool c1 = c == 0xc2 && (unsigned char)text[i + 1] >= 0x80 &&
					  (unsigned char)text[i + 1] < 0xa0;

				putc((c < 0x20 && c != '\t') || c == 0x7f || c1 ? '?' : c, out);
				i += c1;
			}
			putc('\n', out);
		}
		text += len;
		text += strspn(text, "\r\n");
	}
}

/* "algo-1: " when there is more than one stream */
static void host_of(const struct logs *l, const struct stream *s, char out[static 32])
{
	const char *slash = strchr(s->name, '/');
	const char *name = slash ? slash + 1 : s->name;
	const char *end = strrchr(name, '-');

	out[0] = '\0';
	if (l->n > 1)
		snprintf(out, 32, "%.*s: ", (int)(end ? end - name : 24), name);
}

static int read_page(struct logs *l, struct stream *s, const cJSON *answer,
		     const struct logs_sink *sink, size_t *lines, bool *more, struct err *err)
{
	const char *next = json_string(answer, "nextForwardToken", NULL);
	size_t n = json_count(answer, "events");
	char host[32];
	char *copy;

	host_of(l, s, host);
	if (n > 0 && *lines == 0 && sink->before)
		sink->before(sink->arg);
	for (size_t i = 0; i < n; i++)
		print_line(host, json_string(json_at(answer, "events", i), "message", ""),
			   sink->out);
	*lines += n;
	/* the end is where the token no longer changes */
	*more = next && (!s->token || strcmp(next, s->token) != 0);
	if (!*more)
		return 0;
	copy = strdup(next);
	if (!copy)
		return no_memory(err);
	free(s->token);
	s->token = copy;
	return 0;
}

static int read_stream(struct logs *l, struct stream *s, struct identity *id,
		       const struct logs_sink *sink, size_t *lines, struct err *err)
{
	cJSON *q = cJSON_CreateObject(), *answer = NULL;
	bool more = true;
	int result = 0;

	if (json_set_string(q, "logGroupName", GROUP) < 0 ||
	    json_set_string(q, "logStreamName", s->name) < 0 ||
	    json_set_bool(q, "startFromHead", true) < 0)
		result = no_memory(err);
	for (int page = 0; result == 0 && more && page < PAGES_MAX; page++) {
		if (s->token && json_set_string(q, "nextToken", s->token) < 0) {
			result = no_memory(err);
			break;
		}
		if (identity_call(id, "logs:GetLogEvents", q, &answer, err) < 0)
			result = not_there(id) ? (more = false, 0) : -1;
		else
			result = read_page(l, s, answer, sink, lines, &more, err);
		json_free(answer);
		answer = NULL;
	}
	json_free(q);
	return result;
}

int logs_poll(struct logs *l, struct identity *id, const struct logs_sink *sink, size_t *lines,
	      struct err *err)
{
	*lines = 0;
	if (find_streams(l, id, err) < 0)
		return -1;
	for (size_t i = 0; i < l->n; i++)
		if (read_stream(l, &l->streams[i], id, sink, lines, err) < 0)
			return -1;
	fflush(sink->out);
	return 0;
}
