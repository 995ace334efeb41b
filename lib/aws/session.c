#include "session.h"
#include "lib/base/secret.h"
#include "session_place.h"

#include <stdlib.h>
#include <string.h>

/* A clock that is set right by less than this has not gone back. */
enum { CLOCK_SLACK = 120 };

/* In the order in which they are tried. */
static const struct place {
	unsigned bit;
	const char *name;
	int (*load)(const struct session *s, struct buf *text);
	int (*store)(const struct session *s, const struct buf *text, int64_t now,
		     int64_t seconds);
	void (*forget)(const struct session *s);
} places[] = {
	{ SESSION_KERNEL, "kernel", session_kernel_load, session_kernel_store,
	  session_kernel_forget },
	{ SESSION_FILE, "file", session_file_load, session_file_store, session_file_forget },
};

enum { PLACES = sizeof(places) / sizeof(*places) };

/* ---- whether, and where ------------------------------------------------------------ */

static int wanted(const char *setting, unsigned *out, struct err *err)
{
	*out = SESSION_ANYWHERE;
	if (!setting || !*setting)
		return 0;
	for (size_t i = 0; i < PLACES; i++)
		if (strcmp(setting, places[i].name) == 0) {
			*out = places[i].bit;
			return 0;
		}
	*out = 0;
	if (strcmp(setting, "off") == 0)
		return 0;
	return err_set(err, ERR_USAGE, "CODETRAIN_SESSION_CACHE is \"%.32s\"; it takes kernel, file "
		       "or off", setting);
}

int session_open(struct session *s, const struct session_scope *scope, unsigned allowed,
		 struct err *err)
{
	unsigned bits;

	*s = (struct session){ .getenv = scope->in->getenv };
	if (!scope->variables || !chain_has_sessions(scope->choice->provider))
		return 0;
	if (wanted(s->getenv("CODETRAIN_SESSION_CACHE"), &bits, err) < 0)
		return -1;
	if ((allowed & bits) && session_name(scope, s->name) == 0)
		s->places = allowed & bits;
	return 0;
}

/* ---- an entry: "codetrain-session SECONDS", then creds_write_lines' ------------------ */

static const char header[] = "codetrain-session ";

static int write_entry(const struct creds *c, int64_t now, struct buf *text)
{
	struct err ignored;

	buf_addf(text, "%s%lld\n", header, (long long)now);
	return creds_write_lines(c, text, &ignored);
}

static int read_entry(const struct buf *text, int64_t *since, struct creds *out)
{
	const char *s = buf_str(text);
	struct err ignored;
	size_t digits;

	if (strlen(s) != text->len || strncmp(s, header, strlen(header)) != 0)
		return -1;
	s += strlen(header);
	digits = strspn(s, "0123456789");	/* no sign, no space: strtoll would take any number behind one */
	if (digits == 0 || digits > 15 || s[digits] != '\n')
		return -1;
	*since = strtoll(s, NULL, 10);
	return creds_read_lines(s + digits + 1, out, &ignored);
}

/* ---- loading ----------------------------------------------------------------------- */

int64_t session_margin(int64_t life, int64_t most)
{
	return life / 2 < most ? life / 2 : most;
}

/* What was stored in the future was stored before the clock was set back: its
 * end may be nearer than it seems. */
static enum session_state state_of(const struct creds *c, int64_t since, int64_t now)
{
	int64_t left = c->expiration - now;

	if (!c->expiration || left <= 0)
		return SESSION_NONE;
	if (since > now + CLOCK_SLACK ||
	    left < session_margin(c->expiration - since, CREDS_MANDATORY_REFRESH))
		return SESSION_LIVE;
	return SESSION_FRESH;
}

/* An entry that has ended or is torn is left: the next store replaces it, and
 * another process may be doing that now. */
enum session_state session_load(struct session *s, int64_t now, struct creds *out)
{
	struct buf text = BUF_INIT_SECRET(SESSION_TEXT_MAX);
	enum session_state state = SESSION_NONE;

	for (size_t i = 0; i < PLACES && state == SESSION_NONE; i++) {
		buf_clear(&text);
		if (!(s->places & places[i].bit) || places[i].load(s, &text) < 0 ||
		    read_entry(&text, &s->since, out) < 0)
			continue;
		state = state_of(out, s->since, now);
		if (state == SESSION_NONE)
			secret_wipe(out, sizeof(*out));
	}
	buf_free(&text);
	return state;
}

/* ---- storing and forgetting -------------------------------------------------------- */

bool session_store(const struct session *s, const struct creds *c, int64_t now, int64_t most)
{
	struct buf text = BUF_INIT_SECRET(SESSION_TEXT_MAX);
	int64_t left = c->expiration - now;
	bool kept = false;

	if (!s->places || !c->expiration || left <= 0)
		return false;
	if (most && most < left)
		left = most;
	if (write_entry(c, now, &text) == 0)
		for (size_t i = 0; i < PLACES; i++) {
			if (!(s->places & places[i].bit))
				continue;
			if (!kept && places[i].store(s, &text, now, left) == 0)
				kept = true;
			else	/* an older one there is not to be found before this */
				places[i].forget(s);
		}
	buf_free(&text);
	return kept;
}

void session_forget(const struct session *s, const char *access_key_id)
{
	struct buf text = BUF_INIT_SECRET(SESSION_TEXT_MAX);
	struct err ignored;
	struct creds *entry = s->places ? creds_new(&ignored) : NULL;
	int64_t since;

	for (size_t i = 0; entry && i < PLACES; i++) {
		buf_clear(&text);
		if (!(s->places & places[i].bit) || places[i].load(s, &text) < 0)
			continue;
		if (!access_key_id || read_entry(&text, &since, entry) < 0 ||
		    strcmp(entry->access_key_id, access_key_id) == 0)
			places[i].forget(s);
	}
	creds_free(entry);
	buf_free(&text);
}
