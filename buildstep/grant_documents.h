/*
 * Everything that the accounts must grant each other: a table of documents,
 * each with an owner, what it hangs on, what it must say, and how it is read
 * and written. To add a grant is to add a row (and its builder).
 */
#ifndef CODETRAIN_GRANT_DOCUMENTS_H
#define CODETRAIN_GRANT_DOCUMENTS_H

#include "accounts.h"
#include "lib/net/aws.h"

#include <stdbool.h>

#define GRANT_DOCUMENTS_MAX (ACCOUNTS_MAX * 10)
#define GRANT_POLICY_NAME "codetrain"	/* of the inline policies */

struct grant_document;

/* How documents of a kind are read and written. What is no policy (a group, a
 * setting) is told as a document too: its parts are statements with a Sid. */
struct grant_kind {
	const char *service;	/* "iam" */
	const char *what;	/* "role", "policy of role" */
	/* *live stays NULL when there is none yet. */
	int (*read)(struct aws *a, const struct grant_document *d, cJSON **live, struct err *err);
	/* Creates what is missing when `live` is NULL. */
	int (*write)(struct aws *a, const struct grant_document *d, const cJSON *live,
		     const cJSON *merged, struct err *err);
};

struct grant_document {
	const struct grant_kind *kind;
	const struct account *account;
	const struct accounts *accounts;
	const char *name;	/* of the role, repository, bucket …; borrowed */
	cJSON *wanted;		/* the statements that must be there */
};

struct grant_list {
	struct grant_document v[GRANT_DOCUMENTS_MAX];
	size_t n;
};

/* All documents in an order in which they can be made: roles before what names
 * them. No network. `accounts` must outlive the list. */
int grant_documents_list(const struct accounts *accounts, struct grant_list *out,
			 struct err *err);
void grant_documents_free(struct grant_list *l);

extern const struct grant_kind grant_kind_role, grant_kind_role_policy, grant_kind_group,
	grant_kind_group_policy, grant_kind_user, grant_kind_repository, grant_kind_ownership,
	grant_kind_bucket;

#endif
