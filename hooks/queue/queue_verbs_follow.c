#include "queue_verbs.h"
#include "follow.h"
#include "lib/base/term.h"

enum { WAIT_S = 1800 };

int queue_verbs_follow(struct queue_request *q, struct err *err)
{
	static const char *const ends[] = {
		[ERR_NO] = "a build failed", [ERR_STOPPED] = "a build was stopped or took too long",
		[ERR_TIMEOUT] = "a build goes on",
	};
	int64_t events[FOLLOW_EVENTS];
	struct follow f = { .gitdir = buf_str(&q->gitdir), .events = events, .out = stderr,
			    .wait_ms = (q->wait_s ? q->wait_s : WAIT_S) * 1000LL, .stop = queue_verbs_stop() };
	int worst = 0;

	for (; f.n < q->args.n && f.n < FOLLOW_EVENTS; f.n++)
		if (queue_verbs_number(q, f.n, &events[f.n], err) < 0)
			return -1;
	if (f.n < q->args.n)
		term_warning(queue_verbs_program, "only the first %d events are followed", FOLLOW_EVENTS);
	if (follow_run(&f, &worst, err) < 0)
		return -1;
	if (worst == 0)
		return 0;
	return err_set(err, (enum err_class)worst, "%s; see: codetrain queue show %lld",
		       (size_t)worst < sizeof(ends) / sizeof(*ends) && ends[worst] ? ends[worst]
		       : "not all went well", (long long)events[0]);
}
