#include "grant_documents.h"

#include "lib/base/encode.h"
#include "policy.h"

#include <string.h>

enum { DOCUMENT_MAX = 256 << 10 };

static bool is(struct aws *a, const char *code)
{
	return strcmp(aws_error_code(a), code) == 0;
}

/* A request of pairs of names and texts, ended by NULL; NULL: no memory. */
static cJSON *ask(const char *name, const char *value, const char *name2, const char *value2)
{
	cJSON *q = cJSON_CreateObject();

	if (json_set_string(q, name, value) == 0 &&
	    (!name2 || json_set_string(q, name2, value2) == 0))
		return q;
	json_free(q);
	return NULL;
}

/* Calls and frees the request. */
static int call(struct aws *a, const char *operation, cJSON *q, cJSON **answer, struct err *err)
{
	int result = q ? aws_call(a, operation, q, answer, err) :
			 err_set(err, ERR_INTERNAL, "no memory for a request");

	json_free(q);
	return result;
}

/* IAM gives documents as JSON in percent-encoding. */
static int document(const cJSON *answer, const char *path, cJSON **out, struct err *err)
{
	const char *text = json_string(answer, path, "");
	struct buf plain = BUF_INIT(DOCUMENT_MAX);
	int result = -1;

	if (*text == '{' ? buf_adds(&plain, text) < 0 :
			   decode_percent(text, strlen(text), &plain) < 0)
		err_set(err, ERR_UNAVAILABLE, "IAM answered a document that cannot be read");
	else if ((*out = json_parse(buf_str(&plain), plain.len, "policy from IAM", err)))
		result = 0;
	buf_free(&plain);
	return result;
}

/* Adds the text of a document to a request and sends it. */
static int put(struct aws *a, const char *operation, cJSON *q, const char *member,
	       const cJSON *doc, struct err *err)
{
	struct buf text = BUF_INIT(DOCUMENT_MAX);
	int result = -1;

	if (json_print(doc, false, &text, err) < 0 || !q ||
	    json_set_string(q, member, buf_str(&text)) < 0) {
		json_free(q);
		err_set(err, ERR_INTERNAL, "no memory for a policy");
	} else {
		result = call(a, operation, q, NULL, err);
	}
	buf_free(&text);
	return result;
}

/* ---- a role and who may assume it ---- */

static int read_role(struct aws *a, const struct grant_document *d, cJSON **live, struct err *err)
{
	cJSON *answer = NULL;
	int result = call(a, "iam:GetRole", ask("RoleName", d->name, NULL, NULL), &answer, err);

	if (result < 0)
		return is(a, "NoSuchEntity") ? 0 : -1;
	result = document(answer, "Role.AssumeRolePolicyDocument", live, err);
	json_free(answer);
	return result;
}

static int write_role(struct aws *a, const struct grant_document *d, const cJSON *live,
		      const cJSON *merged, struct err *err)
{
	cJSON *q;

	if (live)
		return put(a, "iam:UpdateAssumeRolePolicy", ask("RoleName", d->name, NULL, NULL),
			   "PolicyDocument", merged, err);
	q = ask("RoleName", d->name, "Description", "Made by codetrain grant");
	return put(a, "iam:CreateRole", q, "AssumeRolePolicyDocument", merged, err);
}

static int read_role_policy(struct aws *a, const struct grant_document *d, cJSON **live,
			    struct err *err)
{
	cJSON *answer = NULL;
	int result = call(a, "iam:GetRolePolicy",
			  ask("RoleName", d->name, "PolicyName", GRANT_POLICY_NAME), &answer, err);

	if (result < 0)
		return is(a, "NoSuchEntity") ? 0 : -1;
	result = document(answer, "PolicyDocument", live, err);
	json_free(answer);
	return result;
}

static int write_role_policy(struct aws *a, const struct grant_document *d, const cJSON *live,
			     const cJSON *merged, struct err *err)
{
	int result = put(a, "iam:PutRolePolicy",
			 ask("RoleName", d->name, "PolicyName", GRANT_POLICY_NAME),
			 "PolicyDocument", merged, err);

	(void)live;
	if (result < 0 && is(a, "NoSuchEntity"))
		return err_set(err, ERR_NO, "there is no role %s in %s (account %s); make what it "
			       "belongs to first (for a build role: the CodeBuild project)", d->name,
			       d->account->name, d->account->id);
	return result;
}

/* ---- a group, its policy, and its member ---- */

/* A part of a document that is made with its first one. */
static int part(cJSON **live, const char *name, const char *value, struct err *err)
{
	if (!*live)
		*live = policy_new();
	return policy_part(*live, name, value) == 0 ?
		       0 : err_set(err, ERR_INTERNAL, "no memory for a document");
}

static int read_group(struct aws *a, const struct grant_document *d, cJSON **live,
		      struct err *err)
{
	if (call(a, "iam:GetGroup", ask("GroupName", d->name, NULL, NULL), NULL, err) < 0)
		return is(a, "NoSuchEntity") ? 0 : -1;
	return part(live, "Group", d->name, err);
}

static int write_group(struct aws *a, const struct grant_document *d, const cJSON *live,
		       const cJSON *merged, struct err *err)
{
	(void)live;
	(void)merged;
	return call(a, "iam:CreateGroup", ask("GroupName", d->name, NULL, NULL), NULL, err);
}

static int read_group_policy(struct aws *a, const struct grant_document *d, cJSON **live,
			     struct err *err)
{
	cJSON *answer = NULL;
	int result = call(a, "iam:GetGroupPolicy",
			  ask("GroupName", d->name, "PolicyName", GRANT_POLICY_NAME), &answer, err);

	if (result < 0)
		return is(a, "NoSuchEntity") ? 0 : -1;
	result = document(answer, "PolicyDocument", live, err);
	json_free(answer);
	return result;
}

static int write_group_policy(struct aws *a, const struct grant_document *d, const cJSON *live,
			      const cJSON *merged, struct err *err)
{
	(void)live;
	return put(a, "iam:PutGroupPolicy",
		   ask("GroupName", d->name, "PolicyName", GRANT_POLICY_NAME), "PolicyDocument",
		   merged, err);
}

static int read_user(struct aws *a, const struct grant_document *d, cJSON **live, struct err *err)
{
	cJSON *answer = NULL;
	int result = 0;

	if (call(a, "iam:GetUser", ask("UserName", d->name, NULL, NULL), NULL, err) < 0)
		return is(a, "NoSuchEntity") ? 0 : -1;
	if (part(live, "User", d->name, err) < 0 ||
	    call(a, "iam:ListGroupsForUser", ask("UserName", d->name, NULL, NULL), &answer, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < json_count(answer, "Groups"); i++) {
		const char *group = json_string(json_at(answer, "Groups", i), "GroupName", "");

		/* other groups of theirs are nobody's business here */
		if (strcmp(group, d->account->group) == 0)
			result = part(live, "MemberOf", group, err);
	}
	json_free(answer);
	return result;
}

static int write_user(struct aws *a, const struct grant_document *d, const cJSON *live,
		      const cJSON *merged, struct err *err)
{
	(void)merged;
	if (!live &&
	    call(a, "iam:CreateUser", ask("UserName", d->name, NULL, NULL), NULL, err) < 0)
		return -1;
	return call(a, "iam:AddUserToGroup",
		    ask("UserName", d->name, "GroupName", d->account->group), NULL, err);
}

const struct grant_kind grant_kind_role = { "iam", "role", read_role, write_role };
const struct grant_kind grant_kind_role_policy = { "iam", "policy of role", read_role_policy,
						   write_role_policy };
const struct grant_kind grant_kind_group = { "iam", "group", read_group, write_group };
const struct grant_kind grant_kind_group_policy = { "iam", "policy of group", read_group_policy,
						    write_group_policy };
const struct grant_kind grant_kind_user = { "iam", "user", read_user, write_user };
