/* buildstep/accounts.c, buildstep/grant_documents.c: what is granted to whom, without a network */
#include "buildstep/accounts.h"
#include "buildstep/grant_documents.h"
#include "buildstep/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char file[] =
	"{\"region\": \"us-east-2\", \"repository\": \"iris\", \"bucket\": \"bbb\",\n"
	" \"input\": \"in/\", \"output\": \"out/\", \"secret\": \"mlops/beta\",\n"
	" \"accounts\": {\n"
	"  \"devops\": {\"id\": \"111111111111\", \"profile\": \"d\", \"role\": \"R\", \"build_role\": \"B\"},\n"
	"  \"beta\": {\"id\": \"222222222222\", \"profile\": \"b\", \"role\": \"R\"},\n"
	"  \"production\": {\"id\": \"333333333333\", \"profile\": \"p\", \"role\": \"R\",\n"
	"   \"release_role\": \"L\", \"group\": \"G\", \"user\": \"u\"}}}\n";

static void read_file(struct accounts *a)
{
	struct err err = { 0 };

	if (accounts_read(file, strlen(file), "f", a, &err) < 0)
		fail_msg("%s", err.message);
}

static void read_whole(void **state)
{
	struct accounts a;

	(void)state;
	read_file(&a);
	assert_int_equal(a.n, 3);
	assert_string_equal(a.partition, "aws");
	assert_string_equal(a.devops->build_role, "B");
	assert_string_equal(a.beta->id, "222222222222");
	assert_null(a.beta->user);
	assert_string_equal(a.account[2].user, "u");
	accounts_free(&a);
}

/* Replaces the first `old` in the file; every one must be refused with `told`. */
static void refused(void **state)
{
	static const struct { const char *old, *new, *told; } cases[] = {
		{ "\"us-east-2\"", "\"nowhere\"", "f:1:12: region must be a region such as us-east-2" },
		{ "\"in/\"", "\"/in/\"", "f:2:11: input must be" },
		{ "\"out/\"", "\"out\"", "f:2:28: output must be" },
		{ "\"out/\"", "\"*/\"", "output must be" },
		{ "\"mlops/beta\"", "\"a b\"", "secret must be" },
		{ "\"111111111111\"", "\"1\"", "f:4:20: id must be the 12 digits" },
		{ "\"build_role\"", "\"buildrole\"", "did you mean \"build_role\"?" },
		{ "\"build_role\": \"B\"", "\"group\": \"g\"", "needs the \"build_role\"" },
		{ "\"devops\"", "\"dev\"", "no account \"devops\"" },
		{ "\"beta\": {", "\"bet\": {", "no account \"beta\"" },
		{ "333333333333", "111111111111", "has the same id as devops" },
		{ "\"group\": \"G\", ", "", "needs a \"group\"" },
		{ "\"role\": \"R\"", "\"role\": \"R/*\"", "role must be the name of a role" },
		{ "\"profile\": \"b\", ", "", "f:5:11: this object has no profile" },
		{ "\"bucket\": \"bbb\",", "", "f:1:1: this object has no bucket" },
		{ "{\"region\"", "[{\"region\"", "not JSON" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf text = BUF_INIT(8192);
		const char *at = strstr(file, cases[i].old);
		struct err err = { 0 };
		struct accounts a;

		assert_non_null(at);
		buf_add(&text, file, (size_t)(at - file));
		buf_adds(&text, cases[i].new);
		buf_adds(&text, at + strlen(cases[i].old));
		assert_int_equal(accounts_read(text.data, text.len, "f", &a, &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
		if (!strstr(err.message, cases[i].told))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].told, err.message);
		buf_free(&text);
	}
}

static const struct grant_document *find(const struct grant_list *l, const struct grant_kind *kind,
					 const char *account, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].kind == kind && strcmp(l->v[i].account->name, account) == 0 &&
		    strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	fail_msg("no %s of %s in %s", kind->what, name, account);
	return NULL;
}

static bool has(const cJSON *list, const char *text)
{
	for (size_t i = 0; i < json_count(list, ""); i++)
		if (strcmp(json_string(json_at(list, "", i), "", ""), text) == 0)
			return true;
	return false;
}

static void documents(void **state)
{
	struct accounts a;
	struct grant_list list;
	struct err err = { 0 };
	const cJSON *d, *s;

	(void)state;
	read_file(&a);
	assert_int_equal(grant_documents_list(&a, &list, &err), 0);
	assert_int_equal(list.n, 15);
	assert_ptr_equal(list.v[0].kind, &grant_kind_role);	/* before what names it */

	d = find(&list, &grant_kind_repository, "devops", "iris")->wanted;
	assert_int_equal(json_count(d, "Statement"), 3);
	s = policy_find(d, "CodetrainPull333333333333");
	assert_true(has(json_get(s, "Principal.AWS"), "arn:aws:iam::333333333333:role/R"));
	assert_int_equal(json_count(s, "Principal.AWS"), 1);
	assert_null(json_get(s, "Resource"));	/* ECR refuses one */

	d = find(&list, &grant_kind_bucket, "beta", "bbb")->wanted;
	assert_int_equal(json_count(d, "Statement"), 4);
	s = policy_find(d, "CodetrainList111111111111");
	assert_true(has(json_get(s, "Condition.StringLike.s3:prefix"), "out/*"));
	assert_null(policy_find(d, "CodetrainRead222222222222"));	/* beta is at home */

	d = find(&list, &grant_kind_role_policy, "beta", "R")->wanted;
	assert_true(has(json_get(policy_find(d, "CodetrainReadInput"), "Resource"), "arn:aws:s3:::bbb/in/*"));
	assert_true(has(json_get(policy_find(d, "CodetrainWriteOutput"), "Action"), "s3:PutObject"));
	assert_null(policy_find(d, "CodetrainReadArtefact"));
	d = find(&list, &grant_kind_role_policy, "production", "R")->wanted;
	assert_null(policy_find(d, "CodetrainWriteOutput"));
	assert_true(has(json_get(policy_find(d, "CodetrainReadArtefact"), "Resource"), "arn:aws:s3:::bbb/out/*"));

	d = find(&list, &grant_kind_role, "production", "L")->wanted;
	assert_true(has(json_get(policy_find(d, "CodetrainBuild"), "Principal.AWS"), "arn:aws:iam::111111111111:role/B"));
	d = find(&list, &grant_kind_role_policy, "devops", "B")->wanted;
	assert_true(has(json_get(policy_find(d, "CodetrainSecret"), "Resource"),
			"arn:aws:secretsmanager:us-east-2:111111111111:secret:mlops/beta-??????"));
	assert_true(has(json_get(policy_find(d, "CodetrainRelease"), "Resource"), "arn:aws:iam::333333333333:role/L"));
	grant_documents_free(&list);
	accounts_free(&a);
}

/* No "*" where an ARN is known: only calls that have no resource may have it. */
static void least_privilege(void **state)
{
	static const char *const without[] = { "ecr:GetAuthorizationToken", "cloudwatch:PutMetricData",
					       "sagemaker:ListModels" };
	struct accounts a;
	struct grant_list list;
	struct err err = { 0 };

	(void)state;
	read_file(&a);
	assert_int_equal(grant_documents_list(&a, &list, &err), 0);
	for (size_t i = 0; i < list.n; i++) {
		for (size_t k = 0; k < json_count(list.v[i].wanted, "Statement"); k++) {
			const cJSON *s = json_at(list.v[i].wanted, "Statement", k);
			const cJSON *actions = json_get(s, "Action");
			bool allowed = false;

			for (size_t n = 0; n < json_count(actions, ""); n++)
				assert_null(strchr(json_string(json_at(actions, "", n), "", ""), '*'));
			for (size_t n = 0; n < sizeof(without) / sizeof(*without); n++)
				allowed |= json_count(actions, "") == 1 && has(actions, without[n]);
			if (has(json_get(s, "Resource"), "*"))
				assert_true(allowed);
			assert_false(has(json_get(s, "Principal.AWS"), "*"));
		}
	}
	grant_documents_free(&list);
	accounts_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_whole),
		cmocka_unit_test(refused),
		cmocka_unit_test(documents),
		cmocka_unit_test(least_privilege),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
