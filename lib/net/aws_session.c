/*
 * Credentials of the chain by way of the sessions that are kept between
 * processes: one of them asks AWS, the others take what it got.
 */
#include "provider.h"

#include "lib/aws/session.h"

#include <string.h>

enum {
	WAIT_MS = 140 * 1000,	/* longer than another may wait for an MFA code */
	PRESSING = 120,		/* seconds left; with more, nobody waits for another's refresh */
	LOOKS_MAX = 3,
};

/* Anew before each use: a refresh may write the token of a sign-in, which is in the name. */
static int open_session(const struct aws *a, const struct chain_choice *choice, struct session *s,
			struct err *err)
{
	const struct aws_world *world = a->shared->world;
	struct chain_input in = aws_chain_input(a);
	const char *own = chain_region(&in, NULL);
	const struct session_scope scope = {
		.in = &in,
		.choice = choice,
		.variables = world->variables ? world->variables() : NULL,
		.region = own && strcmp(own, a->region) == 0 ? NULL : a->region,
	};

	return session_open(s, &scope, provider_places(choice->provider, NULL), err);
}

/* One try to get the session, and what is known so far. */
struct attempt {
	struct aws *a;
	const struct chain_choice *choice;
	struct session session;
	enum session_state state;
	struct creds *out;
	struct session_lock lock;
};

static void look(struct attempt *t)
{
	struct err ignored;

	if (open_session(t->a, t->choice, &t->session, &ignored) == 0)
		t->state = session_load(&t->session, t->a->shared->world->now(), t->out);
}

/* Until it is our turn, or another has done what there is to do. */
static enum session_turn take_turn(struct attempt *t, struct err *err)
{
	const struct aws_shared *shared = t->a->shared;
	enum session_turn turn = SESSION_OVER;

	for (int i = 0; i < LOOKS_MAX && turn == SESSION_OVER; i++) {
		bool usable = t->state == SESSION_LIVE &&
			      !creds_expires_within(t->out, shared->world->now(), PRESSING);

		turn = session_lock(&t->session, usable ? 0 : WAIT_MS, shared->stop, &t->lock, err);
		if (turn == SESSION_MINE || turn == SESSION_OVER)
			look(t);
		if (t->state == SESSION_FRESH)
			break;
	}
	return turn;
}

/* Keeps what was fetched; those who wait learn what they need to know. */
static void keep(struct attempt *t, const struct creds *fresh)
{
	struct err note = { .class = ERR_NONE }, ignored;
	int64_t now = t->a->shared->world->now(), most;

	provider_places(t->choice->provider, &most);
	if (t->state == SESSION_LIVE &&
	    strcmp(fresh->access_key_id, t->out->access_key_id) == 0) {
		/* what another cache still had, since AWS gave nothing */
		err_set(&note, ERR_UNAVAILABLE, "there are no newer credentials of profile %s",
			t->choice->profile);
		session_unlock(&t->lock, &note);
		return;
	}
	if (open_session(t->a, t->choice, &t->session, &ignored) == 0 &&
	    session_store(&t->session, fresh, now, most)) {
		session_unlock(&t->lock, NULL);
	} else {
		session_unlock(&t->lock, &note);
	}
	t->session.since = now;
}

static int refresh(struct attempt *t, struct err *err)
{
	struct creds *fresh = creds_new(err);

	if (!fresh || provider_choice(t->a, t->choice, fresh, err) < 0) {
		session_unlock(&t->lock, err);
		creds_free(fresh);
		return -1;
	}
	keep(t, fresh);
	*t->out = *fresh;
	creds_free(fresh);
	return 0;
}

/* What still lives is better than nothing. */
static int settle(struct attempt *t, enum session_turn turn, struct err *err)
{
	struct err failure = { 0 };

	switch (turn) {
	case SESSION_REFUSED:
		failure = *err;
		break;
	case SESSION_BUSY:
		err_set(&failure, ERR_UNAVAILABLE, "another process is still asking for the "
			"credentials of profile %s; try again when it is done", t->choice->profile);
		break;
	default:
		if (refresh(t, &failure) == 0)
			return 0;
	}
	if (t->state == SESSION_LIVE)
		return 0;
	*err = failure;
	return -1;
}

int aws_session_fetch(struct aws *a, const struct chain_choice *choice, struct creds *out,
		      int64_t *since, struct err *err)
{
	struct attempt t = { .a = a, .choice = choice, .out = out, .lock = { -1, -1, "" } };
	struct err refused = { 0 };
	enum session_turn turn;

	*since = a->shared->world->now();
	if (open_session(a, choice, &t.session, err) < 0)
		return -1;
	if (!t.session.places)
		return provider_choice(a, choice, out, err);
	look(&t);
	if (t.state != SESSION_FRESH) {
		turn = take_turn(&t, &refused);
		if (t.state == SESSION_FRESH) {
			session_unlock(&t.lock, NULL);
		} else if (settle(&t, turn, &refused) < 0) {
			*err = refused;
			return -1;
		}
	}
	*since = t.session.since;
	return 0;
}

void aws_session_forget(const struct aws *a, const char *access_key_id)
{
	struct chain_input in = aws_chain_input(a);
	struct chain_choice choice;
	struct session s;
	struct err ignored;

	if (chain_choose(&in, &choice, &ignored) == 0 &&
	    open_session(a, &choice, &s, &ignored) == 0)
		session_forget(&s, access_key_id);
}
