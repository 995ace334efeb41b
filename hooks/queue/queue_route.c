#include "queue_route.h"
#include "queue_options.h"
#include "queue_push.h"

#include <stdlib.h>
#include <string.h>

enum { TARGETS_MAX = 16 };

struct unrouted {
	int64_t event;
	char *ref, *options;
	bool deletion;
};

/* A target of the configuration that takes the event's ref. */
struct taker {
	const char *name;
	const struct target *target;	/* NULL: there is none of that name; its delivery says so */
};

struct takers {
	struct taker all[TARGETS_MAX];
	size_t n;
	const char *mirror;	/* "": none */
	bool want_no_deletion;	/* some would have taken it, had it not been one */
};

static int skip(struct queue_db *db, int64_t event, int64_t now_ms, const char *reason,
		struct err *err)
{
	return queue_db_run(db, err, "UPDATE delivery SET state = 'skipped', ready_ms = NULL, "
			    "changed_ms = ?2, reason = ?3 WHERE event = ?1 AND target = ''",
			    "iis", event, now_ms, reason);
}

static int add(struct queue_db *db, const struct unrouted *u, const char *target,
	       const char *behind, int64_t now_ms, struct err *err)
{
	return queue_db_run(db, err, "INSERT INTO delivery (event, target, ref, state, ready_ms, "
		"changed_ms, behind) VALUES (?1, ?2, ?3, 'waiting', iif(EXISTS (SELECT 1 "
		"FROM delivery b WHERE b.target = ?2 AND b.ref = ?3 AND b.event < ?1 "
		"AND b.state IN ('waiting', 'delivering')) OR (?5 <> '' AND NOT EXISTS (SELECT 1 "
		"FROM delivery m WHERE m.event = ?1 AND m.target = ?5 AND m.state = 'delivered')), "
		"NULL, ?4), ?4, ?5) ON CONFLICT (event, target) DO NOTHING",
		"issis", u->event, target, u->ref, now_ms, behind);
}

/* Of what the pusher does not want built it is still to be seen that it was not. */
static int add_skipped(struct queue_db *db, const struct unrouted *u, const char *target,
		       int64_t now_ms, struct err *err)
{
	return queue_db_run(db, err, "INSERT INTO delivery (event, target, ref, state, changed_ms, "
		"reason) VALUES (?1, ?2, ?3, 'skipped', ?4, 'the push asked for no build (ci.skip)') "
		"ON CONFLICT (event, target) DO NOTHING", "issi", u->event, target, u->ref, now_ms);
}

static void find_takers(const struct queue_route *r, const struct unrouted *u, struct takers *out)
{
	const char *names[TARGETS_MAX];
	size_t n = queue_config_all(r->config, NULL, "target", names, TARGETS_MAX);

	*out = (struct takers){ .mirror = "" };
	for (size_t i = 0; i < n; i++) {
		const struct target *target = target_of(r->targets, r->config, names[i]);

		if (!names[i][0] || strlen(names[i]) >= QUEUE_CONFIG_TARGET ||
		    !queue_config_wants(r->config, names[i], u->ref))
			continue;
		if (u->deletion && !(target && target->deletions)) {
			out->want_no_deletion = true;
			continue;
		}
		if (target && target->mirrors && !out->mirror[0])
			out->mirror = names[i];
		out->all[out->n++] = (struct taker){ names[i], target };
	}
}

static int asks_for_no_build(const struct queue_route *r, const struct unrouted *u, bool *skips,
			     struct err *err)
{
	struct queue_options options = QUEUE_OPTIONS_INIT;
	int rc = 0;

	*skips = false;
	if (strstr(u->options, "ci.skip"))
		rc = queue_options_parse(u->options, r->config, NULL, &options, err);
	*skips = rc == 0 && options.skip;
	queue_options_free(&options);
	return rc;
}

static const char *nobody(const struct queue_route *r, const struct takers *takers)
{
	const char *first;

	if (takers->want_no_deletion)
		return "the ref was deleted";
	if (queue_config_all(r->config, NULL, "target", &first, 1) == 0)
		return "no target is configured; set one with: git config codetrain.target local";
	return "no target wants this ref (codetrain.refs)";
}

static int route(struct queue_db *db, const struct queue_route *r, const struct unrouted *u,
		 struct err *err)
{
	struct takers takers;
	bool skips;
	int rc = 0;

	find_takers(r, u, &takers);
	if (takers.n == 0)
		return skip(db, u->event, r->now_ms, nobody(r, &takers), err);
	if (asks_for_no_build(r, u, &skips, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < takers.n; i++) {
		const struct taker *t = &takers.all[i];
		bool builds = t->target && t->target->builds;

		rc = skips && builds ? add_skipped(db, u, t->name, r->now_ms, err)
				     : add(db, u, t->name, builds ? takers.mirror : "", r->now_ms, err);
	}
	return rc < 0 ? -1 : queue_db_run(db, err, "DELETE FROM delivery WHERE event = ?1 "
					  "AND target = ''", "i", u->event);
}

static int list_unrouted(struct queue_db *db, int most, struct unrouted *list, int *count,
			 struct err *err)
{
	/* "waiting" in the words of the index of open deliveries, or it is not used; from the few pushes
	 * that go on to their events, not from each event to all before it */
	sqlite3_stmt *s = queue_db_query(db, err, "SELECT d.event, d.ref, e.new, ifnull(p.options, '') "
		"FROM delivery d JOIN event e ON e.seq = d.event LEFT JOIN push p ON p.id = e.push "
		"WHERE d.target = '' AND d.state IN ('waiting', 'delivering') AND ifnull(p.complete, 1) <> 0 "
		"AND NOT EXISTS (SELECT 1 FROM push bp CROSS JOIN event be ON be.push = bp.id AND be.ref = d.ref "
		"CROSS JOIN delivery b ON b.event = be.seq AND b.target = '' WHERE bp.complete = 0 "
		"AND be.seq < d.event AND b.state IN ('waiting', 'delivering')) "
		"ORDER BY d.event LIMIT ?1", "i", (int64_t)most);
	int rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(db, s, err)) > 0) {
		const char *ref = (const char *)sqlite3_column_text(s, 1);
		const char *new = (const char *)sqlite3_column_text(s, 2);
		const char *options = (const char *)sqlite3_column_text(s, 3);
		struct unrouted *u = &list[(*count)++];

		u->event = sqlite3_column_int64(s, 0);
		u->ref = ref ? strdup(ref) : NULL;
		u->options = options ? strdup(options) : NULL;
		u->deletion = new && queue_push_is_zero(new, (int)strlen(new));
		if (!u->ref || !u->options)
			rc = err_set(err, ERR_INTERNAL, "no memory for an event");
	}
	sqlite3_finalize(s);
	return rc;
}

int queue_route(struct queue_db *db, const struct queue_route *r, int *count, struct err *err)
{
	struct unrouted *list = calloc((size_t)r->most, sizeof(*list));
	int rc;

	*count = 0;
	if (!list)
		return err_set(err, ERR_INTERNAL, "no memory for the events");
	rc = list_unrouted(db, r->most, list, count, err);
	for (int i = 0; rc == 0 && i < *count; i++)
		rc = route(db, r, &list[i], err);
	for (int i = 0; i < *count; i++) {
		free(list[i].ref);
		free(list[i].options);
	}
	free(list);
	return rc;
}
