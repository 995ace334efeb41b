#include "queue_event.h"
#include "queue_push.h"
#include "queue_text.h"
#include "lib/base/clock.h"
#include "lib/base/encode.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 16 << 10, REF_MAX = 8 << 10 };

/* A text of somebody else's: what it may not hold is '?'. */
static int set_clean(cJSON *o, const char *name, const char *text)
{
	struct buf clean = BUF_INIT(TEXT_MAX);
	int rc = queue_text_clean(text, ' ', 0, &clean) < 0 ? -1 : json_set_string(o, name, buf_str(&clean));

	buf_free(&clean);
	return rc;
}

static int set_ref(cJSON *o, const char *ref)
{
	static const struct {
		const char *prefix, *name;
	} kinds[] = { { "refs/heads/", "branch" }, { "refs/tags/", "tag" } };
	struct buf text = BUF_INIT(REF_MAX);
	int rc = set_clean(o, "ref", ref);

	for (size_t i = 0; rc == 0 && i < 2; i++)
		if (strncmp(ref, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			rc = set_clean(o, kinds[i].name, ref + strlen(kinds[i].prefix));
	if (rc == 0 && strcmp(json_string(o, "ref", ""), ref) != 0)
		rc = encode_base64(ref, strlen(ref), &text) < 0 ? -1 :
		     json_set_string(o, "ref_base64", buf_str(&text));
	buf_free(&text);
	return rc;
}

/* "/srv/git/iris.git/" is called iris. */
static int set_name(cJSON *o, const char *gitdir)
{
	char name[256];
	size_t end = strlen(gitdir), begin, len;

	while (end > 1 && gitdir[end - 1] == '/')
		end--;
	begin = end;
	while (begin > 0 && gitdir[begin - 1] != '/')
		begin--;
	len = end - begin;
	if (len > 4 && strncmp(gitdir + end - 4, ".git", 4) == 0)
		len -= 4;
	snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1),
		 gitdir + begin);
	return set_clean(o, "name", name);
}

static int set_options(cJSON *o, const char *lines)
{
	struct buf clean = BUF_INIT(QUEUE_PUSH_OPTIONS);
	cJSON *list = cJSON_CreateArray();
	const char *end;
	int rc = list ? 0 : -1;

	for (; rc == 0 && *lines; lines = *end ? end + 1 : end) {
		cJSON *item = NULL;
		struct buf one = BUF_INIT(QUEUE_PUSH_OPTIONS);

		end = strchrnul(lines, '\n');
		buf_clear(&clean);
		rc = buf_add(&one, lines, (size_t)(end - lines));
		if (rc == 0)
			rc = queue_text_clean(buf_str(&one), ' ', 0, &clean);
		if (rc == 0 && (!(item = cJSON_CreateString(buf_str(&clean))) ||
				!cJSON_AddItemToArray(list, item))) {
			json_free(item);
			rc = -1;
		}
		buf_free(&one);
	}
	buf_free(&clean);
	if (rc == 0)
		return json_set(o, "options", list);
	json_free(list);
	return -1;
}

static int set_time(cJSON *o, int64_t ms)
{
	char text[CLOCK_EXTENDED_LEN + 8];

	clock_extended(ms / 1000, text);
	/* the Z moves behind the fraction */
	snprintf(text + CLOCK_EXTENDED_LEN - 2, 8, ".%03uZ", (unsigned int)(ms % 1000));
	return json_set_string(o, "recorded", text);
}

cJSON *queue_event_json(const struct target_job *job, struct err *err)
{
	const struct queue_delivery *d = job->delivery;
	bool created = queue_push_is_zero(d->old, (int)strlen(d->old));
	bool deleted = queue_push_is_zero(d->new, (int)strlen(d->new));
	cJSON *o = cJSON_CreateObject();
	char id[96];

	snprintf(id, sizeof(id), "%s/%lld", job->uuid, (long long)d->event);
	if (o && json_set_integer(o, "version", 1) == 0 && json_set_string(o, "id", id) == 0 &&
	    set_clean(o, "repository", job->gitdir) == 0 && set_name(o, job->gitdir) == 0 &&
	    set_ref(o, d->ref) == 0 && json_set_string(o, "old", d->old) == 0 &&
	    json_set_string(o, "new", d->new) == 0 && json_set_bool(o, "created", created) == 0 &&
	    json_set_bool(o, "deleted", deleted) == 0 && set_clean(o, "pusher", d->pusher) == 0 &&
	    set_options(o, d->options) == 0 && set_time(o, d->recorded_ms) == 0 &&
	    json_set_string(o, "source", d->source) == 0)
		return o;
	json_free(o);
	err_set(err, ERR_INTERNAL, "no memory for event %s", id);
	return NULL;
}

int queue_event_text(const struct target_job *job, struct buf *out, struct err *err)
{
	cJSON *event = queue_event_json(job, err);
	int rc = event ? json_print(event, false, out, err) : -1;

	json_free(event);
	return rc;
}
