#include "provider.h"

#include "lib/aws/session.h"

#include <stdio.h>
#include <string.h>

enum { REFRESH_AGAIN_AFTER = 60 };	/* seconds between tries */

static int fetch(struct aws *a, struct creds *out, int64_t *since, struct err *err)
{
	struct chain_input in = aws_chain_input(a);
	struct chain_choice choice;

	if (chain_choose(&in, &choice, err) < 0)
		return -1;
	return aws_session_fetch(a, &choice, out, since, err);
}

/* When it is time to look for newer ones: well before the end, but a short
 * session is not fetched again and again. */
static int64_t time_to_refresh(const struct creds *c, int64_t since, int64_t now)
{
	int64_t due;

	if (!c->expiration)
		return INT64_MAX;
	due = c->expiration - session_margin(c->expiration - since, CREDS_ADVISORY_REFRESH);
	return due > now + REFRESH_AGAIN_AFTER ? due : now + REFRESH_AGAIN_AFTER;
}

/* What is there stays when there is no better. */
static int refresh(struct aws *a, struct err *err)
{
	struct creds *fresh = creds_new(err);
	int64_t began = a->shared->world->now(), since;

	if (!fresh || fetch(a, fresh, &since, err) < 0) {
		creds_free(fresh);
		return -1;
	}
	/* the same again: there is no newer, and `refresh_after` stands */
	if (!a->creds || strcmp(a->creds->access_key_id, fresh->access_key_id) != 0)
		a->refresh_after = time_to_refresh(fresh, since, aws_now(a));
	creds_free(a->creds);
	a->creds = fresh;
	a->kept = since < began;
	return 0;
}

const struct creds *aws_credentials(struct aws *a, struct err *err)
{
	int64_t now = aws_now(a);
	struct err kept;

	if (a->given)
		return a->creds;
	if (!a->creds)
		return refresh(a, err) == 0 ? a->creds : NULL;
	if (now < a->refresh_after && !creds_expires_within(a->creds, now, 0))
		return a->creds;
	a->refresh_after = now + REFRESH_AGAIN_AFTER;
	if (refresh(a, &kept) == 0 || !creds_expires_within(a->creds, now, 0))
		return a->creds;
	*err = kept;
	return NULL;
}

bool aws_forget_credentials(struct aws *a)
{
	if (a->given)
		return false;
	if (a->creds) {
		snprintf(a->refused, sizeof(a->refused), "%s", a->creds->access_key_id);
		aws_session_forget(a, a->refused);
	}
	creds_free(a->creds);
	a->creds = NULL;
	a->account[0] = '\0';
	return true;
}

int aws_account(struct aws *a, const char **account, struct err *err)
{
	cJSON *answer = NULL;
	const char *id;

	if (!a->account[0]) {
		if (aws_call(a, "sts:GetCallerIdentity", NULL, &answer, err) < 0)
			return -1;
		id = json_string(answer, "Account", "");
		if (strlen(id) != 12 || strspn(id, "0123456789") != 12) {
			json_free(answer);
			return err_set(err, ERR_UNAVAILABLE,
				       "GetCallerIdentity in %s: the answer names no account",
				       a->label);
		}
		snprintf(a->account, sizeof(a->account), "%s", id);
		json_free(answer);
	}
	*account = a->account;
	return 0;
}
