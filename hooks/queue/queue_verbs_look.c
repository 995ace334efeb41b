#include "queue_verbs.h"
#include "deliver_loop.h"
#include "queue_json.h"
#include "queue_page.h"
#include "queue_serve.h"
#include "queue_stats.h"
#include "queue_wake.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/term.h"

#include <signal.h>
#include <string.h>

enum { NEWEST = 20, SERVE_S = 3600, PORT_MOST = 65535 };

const char queue_verbs_program[] = "codetrain queue";

static volatile int stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

const volatile int *queue_verbs_stop(void)
{
	const struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	return &stop;
}

int queue_verbs_number(const struct queue_request *q, size_t i, int64_t *out, struct err *err)
{
	long n;

	if (opt_number(q->args.v[i], &n) < 0 || n < 1)
		return err_set(err, ERR_USAGE, "\"%s\" is no event number; see: codetrain queue list",
			       q->args.v[i]);
	*out = n;
	return 0;
}

int queue_verbs_json(cJSON *tree, struct err *err)
{
	int rc = tree ? queue_json_print(stdout, tree, err)
		      : err_set(err, ERR_INTERNAL, "no memory for the answer");

	json_free(tree);
	return rc;
}

typedef int printer(const struct queue_print *p, void *arg, struct err *err);

static int print(const struct queue_request *q, printer *what, void *arg, struct err *err)
{
	struct buf fault = BUF_INIT(4096);
	struct queue_print p = { .out = stdout, .json = q->json, .now_ms = clock_now_ms(),
				 .columns = term_columns(stdout), .gitdir = buf_str(&q->gitdir) };
	int rc = -1;

	if (queue_db_open(p.gitdir, QUEUE_DB_EXISTING, QUEUE_DB_BUSY_MS, &p.db, err) < 0 ||
	    deliver_loop_fault(p.gitdir, &fault, err) < 0)
		goto out;
	p.drainer = queue_wake_present(p.gitdir);
	p.fault = buf_str(&fault);
	if (fault.len && !q->json)
		term_warning(queue_verbs_program, "the last drainer could not go on: %s", p.fault);
	rc = what(&p, arg, err);
out:
	queue_db_close(p.db);
	buf_free(&fault);
	return rc;
}

static int list(const struct queue_print *p, void *arg, struct err *err)
{
	return queue_print_list(p, arg, err);
}

static int state_number(const char *text, int *out, struct err *err)
{
	*out = -1;
	for (int i = 0; text && i < QUEUE_STATES; i++)
		if (strcmp(text, queue_state_names[i]) == 0)
			*out = i;
	if (text && *out < 0)
		return err_set(err, ERR_USAGE, "there is no state \"%s\"; it is one of waiting, "
			       "delivering, delivered, failed, skipped, dropped", text);
	return 0;
}

int queue_verbs_list(struct queue_request *q, struct err *err)
{
	struct queue_filter filter = { .target = q->target, .newest = q->all ? 0 : NEWEST };

	return state_number(q->state, &filter.state, err) < 0 ? -1 : print(q, list, &filter, err);
}

static int show(const struct queue_print *p, void *arg, struct err *err)
{
	return queue_print_show(p, *(int64_t *)arg, err);
}

int queue_verbs_show(struct queue_request *q, struct err *err)
{
	int64_t event = 0;

	return queue_verbs_number(q, 0, &event, err) < 0 ? -1 : print(q, show, &event, err);
}

static int stats(const struct queue_print *p, void *arg, struct err *err)
{
	(void)arg;
	return queue_stats_print(p, err);
}

int queue_verbs_stats(struct queue_request *q, struct err *err)
{
	return print(q, stats, NULL, err);
}

static int targets_json(const struct queue_config *config, struct err *err)
{
	enum { MOST = 64 };
	const char *names[MOST];
	size_t n = queue_config_all(config, NULL, "target", names, MOST);
	cJSON *tree = cJSON_CreateObject(), *all = cJSON_AddArrayToObject(tree, "targets");
	bool good = all != NULL;

	for (size_t i = 0; good && i < n; i++) {
		const struct target *t = target_of(target_table, config, names[i]);
		const char *label = t && t->label ? queue_config_get(config, names[i], t->label, NULL)
						  : NULL;
		cJSON *o = cJSON_CreateObject();

		good = o && cJSON_AddItemToArray(all, o);
		if (!good)
			json_free(o);
		good = good && queue_json_clean(o, "target", names[i]) == 0 &&
		       (!t || json_set_string(o, "type", t->name) == 0) &&
		       (!label || queue_json_clean(o, t->label, label) == 0) &&
		       (label || !t || !t->label || json_set_string(o, "not_set", t->label) == 0);
	}
	if (!good) {
		json_free(tree);
		tree = NULL;
	}
	return queue_verbs_json(tree, err);
}

int queue_verbs_targets(struct queue_request *q, struct err *err)
{
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct buf text = BUF_INIT(4096);
	int rc = queue_config_load(buf_str(&q->gitdir), &config, err);

	if (rc == 0 && q->json)
		rc = targets_json(&config, err);
	else if (rc == 0 && (rc = target_summary(target_table, &config, &text, err)) == 0)
		rc = puts(buf_str(&text)) < 0 ? err_errno(err, "cannot write") : 0;
	queue_config_free(&config);
	buf_free(&text);
	return rc;
}

static int page(const struct queue_print *p, void *arg, struct err *err)
{
	return queue_page_print(p, arg, err);
}

int queue_verbs_page(struct queue_request *q, struct err *err)
{
	struct buf text = BUF_INIT(QUEUE_PAGE_MAX);
	int rc = print(q, page, &text, err);

	if (rc == 0 && q->file)	/* answers and names of pushers are not for all */
		rc = file_replace(q->file, text.data, text.len, 0600, err);
	else if (rc == 0)
		rc = fwrite(text.data, 1, text.len, stdout) == text.len ? 0
		   : err_errno(err, "cannot write the page");
	buf_free(&text);
	return rc;
}

static int tell_url(void *arg, const char *url, struct err *err)
{
	const struct queue_request *q = arg;
	cJSON *o;

	if (q->json) {
		o = cJSON_CreateObject();
		if (o && json_set_string(o, "url", url) < 0) {
			json_free(o);
			o = NULL;
		}
		if (queue_verbs_json(o, err) < 0)
			return -1;
	} else if (puts(url) < 0) {
		return err_errno(err, "cannot write the address");
	}
	return fflush(stdout) ? err_errno(err, "cannot write the address") : 0;
}

int queue_verbs_serve(struct queue_request *q, struct err *err)
{
	struct queue_serve serve = { .gitdir = buf_str(&q->gitdir), .port = (int)q->port,
				     .life_ms = (q->life_s ? q->life_s : SERVE_S) * 1000LL,
				     .stop = queue_verbs_stop(), .ready = tell_url, .arg = q };

	if (q->port > PORT_MOST)
		return err_set(err, ERR_USAGE, "there is no port %ld", q->port);
	return queue_serve(&serve, err);
}
