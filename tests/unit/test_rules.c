/*
 * The rules of hooks/secrets/rules: for each, what must be found and what must not.
 * Secrets are put together here, so that this file holds none.
 */
#include "hooks/secrets/scan.h"
#include "lib/base/buf.h"
#include "lib/base/file.h"
#include "lib/spec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "AKIA" "QYLPMN5HHHFPZAM2"
#define SECRET "kT9pQ2xV7mB4nR8wLz3J" "yH6sD1fG5cA0eU+iO/Xq"
#define SAMPLE_ID "AKIAIOSFODNN7EXAMPLE"
#define SAMPLE_SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define BODY "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDAC4AWkdwKYSd8"
#define TOKEN "IQoJb3JpZ2luX2Vj" "ED4aCXVzLWVhc3QtMiJHMEUCIQDx7k2hT9pQ2xV7mB4nR8wLz3JyH6sD1fG5cA0eUiOXq"

static struct scan_rules *rules;
static struct scanner *scanner;

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	return scan_rules_open(&rules, NULL, NULL, &err) < 0 || scan_open(rules, &scanner, &err) < 0;
}

static int teardown(void **state)
{
	(void)state;
	scan_close(scanner);
	scan_rules_close(rules);
	return 0;
}

static int note(void *arg, const struct scan_hit *hit, struct err *err)
{
	(void)err;
	return buf_addf(arg, "%s@%d:%d ", hit->rule->id, hit->line, hit->column);
}

static void expect(const char *text, size_t len, const char *want)
{
	struct buf got = BUF_INIT(65536);
	struct err err = { 0 };

	assert_int_equal(scan_bytes(scanner, &(struct scan_text){ .data = text, .len = len }, note, &got,
				    &err), 0);
	if (strcmp(buf_str(&got), want) != 0)
		print_message("# in: %s\n", text);
	assert_string_equal(buf_str(&got), want);
	buf_free(&got);
}

struct pair {
	const char *text, *want;
};

static void all(const struct pair *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(cases[i].text, strlen(cases[i].text), cases[i].want);
}

#define ALL(cases) all(cases, sizeof(cases) / sizeof(*(cases)))

static void access_key_ids(void **state)
{
	static const struct pair cases[] = {
		{ ID, "aws-access-key-id@1:1 " },
		{ "id: " ID "\n", "aws-access-key-id@1:5 " },
		{ "\n\nx=" ID ",y", "aws-access-key-id@3:3 " },
		{ "ASIA" "QYLPMN5HHHFPZAM2", "aws-access-key-id@1:1 " },
		{ "ABIA" "QYLPMN5HHHFPZAM2", "aws-access-key-id@1:1 " },
		{ "ACCA" "QYLPMN5HHHFPZAM2", "aws-access-key-id@1:1 " },
		{ "A3TX" "QYLPMN5HHHFPZAM2", "aws-access-key-id@1:1 " },
		{ ID "_old", "aws-access-key-id@1:1 " },
		{ SAMPLE_ID, "" },
		{ SAMPLE_ID " " ID, "aws-access-key-id@1:22 " },
		{ "AKIAXXXXXXXXXXXXXXXX", "" },
		{ "X" ID, "" },
		{ ID "7", "" },
		{ "AROA" "QYLPMN5HHHFPZAM2", "" },	/* a role's id is no secret */
		{ "TODAYINASIAASACKOFRICEFELLOVER", "" },
		{ "AKIA" "QYLPMN5HHHFPZAM", "" },
	};

	(void)state;
	ALL(cases);
}

static void secret_keys(void **state)
{
	static const struct pair cases[] = {
		{ "aws_secret_access_key = " SECRET "\n", "aws-secret-access-key@1:25 " },
		{ "SECRET=" SECRET, "aws-secret-access-key@1:8 " },
		{ "AWS_SECRET_ACCESS_KEY_old=" SECRET, "aws-secret-access-key@1:27 " },
		{ "\"SecretAccessKey\": \"" SECRET "\"", "aws-secret-access-key@1:21 " },
		{ "{\\\"secretKey\\\": \\\"" SECRET "\\\"}", "aws-secret-access-key@1:19 " },
		{ "secret_key: " SECRET "\r\n", "aws-secret-access-key@1:13 " },
		{ "os.environ['AWS_SECRET_ACCESS_KEY'] = '" SECRET "'", "aws-secret-access-key@1:40 " },
		{ "<secretAccessKey>" SECRET "</secretAccessKey>", "aws-secret-access-key@1:18 " },
		{ "export AWS_KEY=" SECRET, "aws-secret-access-key@1:16 " },
		{ "--secret-access-key " SECRET " --x", "aws-secret-access-key@1:21 " },
		{ "secret: kT9pQ2xV7mB4nR8wLz3JyH6sD1fG5cA0eU+iO\\" "/Xq", "aws-secret-access-key@1:9 " },
		{ "AWS_SECRET=" SECRET "\n", "aws-secret-access-key@1:12 " },
		{ "s3_secret: " SECRET, "aws-secret-access-key@1:12 " },
		{ "ENV AWS_SECRET_ACCESS_KEY " SECRET "\n", "aws-secret-access-key@1:27 " },
		{ "docker run -e AWS_SECRET_ACCESS_KEY=" SECRET " x", "aws-secret-access-key@1:37 " },
		{ "secret_key\t= \"" SECRET "\"", "aws-secret-access-key@1:15 " },
		{ "AccessKeySecret:\n  " SECRET "\n", "aws-secret-access-key@2:3 " },
		{ "aws.secretKey=" SECRET, "aws-secret-access-key@1:15 " },
		{ "$env:AWS_SECRET_ACCESS_KEY=\"" SECRET "\"", "aws-secret-access-key@1:29 " },
		{ "setx AWS_SECRET_ACCESS_KEY " SECRET, "aws-secret-access-key@1:28 " },
		{ "new BasicAWSCredentials(accessKey, '" SECRET "')", "aws-secret-access-key@1:37 " },
		{ "SECRET=" SAMPLE_SECRET, "" },
		{ "SECRET=" SAMPLE_SECRET " SECRET=" SECRET, "aws-secret-access-key@1:56 " },
		{ "SECRET=" SECRET "Z", "secret-in-environment@1:8 " },
		{ "SECRET=da39a3ee5e6b4b0d3255bfef95601890afd80709", "" },
		{ "SECRET=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "" },
		{ "SECRET=changeme", "" },
		{ "SecretTest: sun/security/pkcs11/tls/TestMasterSecret", "" },	/* a path */
		{ "checksum = " SECRET, "" },
	};

	(void)state;
	ALL(cases);
}

static void pairs_and_quotes(void **state)
{
	static const struct pair cases[] = {
		{ ID "," SECRET "\n", "aws-access-key-id@1:1 aws-key-pair@1:22 " },
		{ "x = \"" SECRET "\"", "aws-secret-key-quoted@1:6 " },
		{ "['" SECRET "']", "aws-secret-key-quoted@1:3 " },
		{ "x = \"" SECRET "Z\"", "" },
		{ "x = \"" SECRET, "" },
		{ "x = \"" SAMPLE_SECRET "\"", "" },
		{ "x = \"TestAccAwsEc2InstanceBasicWithNetwork123\"", "" },
		{ "x = \"da39a3ee5e6b4b0d3255bfef95601890afd80709\"", "" },
	};

	(void)state;
	ALL(cases);
}

static void tokens(void **state)
{
	static const struct pair cases[] = {
		{ "IQoJb3JpZ2luX2Vj is how they all begin", "" },
		{ TOKEN "7mB4nR8wLz3J" "yH6sD1fG5cA0eU==", "aws-session-token@1:1 " },
		{ "AWS_SESSION_TOKEN=" "Zx8k" SECRET SECRET SECRET, "aws-session-token-named@1:19 " },
		{ "AWS_SESSION_TOKEN=" SECRET, "secret-in-environment@1:19 " },
		{ "bedrock-api-key-" "YmVkcm9jay5hbWF6b25hd3MuY29t", "aws-bedrock-api-key-short@1:1 " },
		{ "bedrock-api-key-", "" },
		{ "amzn.mws." "4ea38b7b-f563-7709-4bae-87aea15c0a3d", "aws-mws-token@1:1 " },
		{ "amzn.mws.00000000-0000-0000-0000-000000000000", "" },
		{ "joe-at-111122223333,\"" "kT9pQ2xV7mB4nR8wLz3JyH6sD1fG5cA0eUiOXqPz1Rs=\"",
		  "aws-codecommit-password@1:22 " },
		{ "user: joe-at-111122223333\npassword: " "kT9pQ2xV7mB4nR8wLz3JyH6sD1fG5cA0eUiOXqPz1Rs=",
		  "aws-codecommit-password@2:11 " },
		{ "joe-at-111122223333, who pushes", "" },
	};

	(void)state;
	ALL(cases);
}

static void private_keys(void **state)
{
	static const struct pair cases[] = {
		{ "-----BEGIN PRIVATE KEY-----\n" BODY "\n-----END PRIVATE KEY-----", "private-key@2:1 " },
		{ "k = \"-----BEGIN RSA PRIVATE KEY-----\\n" BODY "\\n\"", "private-key@1:39 " },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,0\n\n" BODY,
		  "private-key-encrypted@5:1 " },
		{ "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" BODY "\n=8xQN\n", "private-key@3:1 " },
		{ "Private-Lines: 2\n" BODY "\n", "putty-private-key@2:1 " },
		{ "-----BEGIN PRIVATE KEY-----\nanything\n-----END PRIVATE KEY-----", "" },
		{ "-----BEGIN OPENSSH PRIVATE KEY----------END OPENSSH PRIVATE KEY-----", "" },
		{ "-----BEGIN PUBLIC KEY-----\n" BODY "\n-----END PUBLIC KEY-----", "" },
		{ "starts with -----BEGIN PRIVATE KEY----- and so on, as a manual would say it here",
		  "" },
	};

	(void)state;
	ALL(cases);
}

/* A checksum decides between a token and what only looks like one. */
static void checksums(void **state)
{
	static const struct pair cases[] = {
		{ "ghp_" "Ky9Pf34qY6Nb3wWD25RQ4F5ZR3qa7y3gm1IL", "github-token@1:1 " },
		{ "ghp_" "Ky9Pf34qY6Nb3wWD25RQ4F5ZR3qa7y3gm1IM", "github-token-unchecked@1:1 " },
		{ "ghp_" "Ky9Pf34qY6Nb3wWD25RQ4F5ZR3qa7y3gm1ILx", "" },
		{ "npm_" "Ky9Pf34qY6Nb3wWD25RQ4F5ZR3qa7y3gm1IL", "npm-token@1:1 " },
		{ "npm_" "Ky9Pf34qY6Nb3wWD25RQ4F5ZR3qa7z3gm1IL", "npm-token-unchecked@1:1 " },
		{ "t=glpat-" "bzoxCnU6MmFyH8sZcRdElNZJPJ1cNGC-EA.01.0y0g3xfs3",
		  "gitlab-token-routable@1:3 " },
		{ "t=glpat-" "bzoxCnU6MmFyH8sZcRdElNZJPJ1cNGC-EA.01.0y0g3xfs4",
		  "gitlab-token-routable-unchecked@1:3 " },
		{ "glrt-t3_" "bzoxCnU6MmFyH8sZcRdElNZJPJ1cNGC-EA.01.0y1jktyyy",
		  "gitlab-other-token-routable@1:1 " },
		{ "ATATT3" "xFfGF0C87Q-sexwkcVNVAc-hva9FrLhJ_r59ehi-w8BYy87dvani2xjLE-7RaGVoo-ALvpZHtZrj"
		  "mTJAMJTT1_NXa0IrleG6woopoDzp7O8QuKEh6D0JCk39QmJWikyFE_xzzdAIDhXzK2QkI3cBXkLjSgSOUpTP-"
		  "j33ZyXOivikASDTy=7E793EB2", "atlassian-api-token@1:1 " },
		{ "ATATT3" "xFfGF0C87Q-sexwkcVNVAc-hva9FrLhJ_r59ehi-w8BYy87dvani2xjLE-7RaGVoo-ALvpZHtZrj"
		  "mTJAMJTT1_NXa0IrleG6woopoDzp7O8QuKEh6D0JCk39QmJWikyFE_xzzdAIDhXzK2QkI3cBXkLjSgSOUpTP-"
		  "j33ZyXOivikASDTy=7E793EB3", "atlassian-api-token-unchecked@1:1 " },
	};

	(void)state;
	ALL(cases);
}

/* What is inside decides: JSON, a login, a host that others reach. */
static void structure(void **state)
{
	static const struct pair cases[] = {
		{ "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" ".eyJzdWIiOiIxMjM0IiwibmFtZSI6Ik4ifQ."
		  "CLDUdvdr0UwfMpf5rg7wOojmCUuBRoeL5pykPTPly5k", "jwt@1:1 " },
		{ "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" ".eyJzdWIiOiIxMjM0Iiwibm.FtZSI6Ik4ifQ", "" },
		{ "eyJhcGlfYWRkcmVzcyI6" "Imh0dHBzOi8vYXBwLm5lcHR1bmUuYWkiLCJhcGlfdXJsIjoiaHR0cHM6Ly9hcHAubm"
		  "VwdHVuZS5haSIsImFwaV9rZXkiOiJiMWM1YTBkMy0xZjJlLTRjNmItOWE1Ny0wZDJmNmYzZjFiN2MifQ==",
		  "neptune-api-token@1:1 " },
		{ "eyJhcGlfYWRkcmVzcyI6" "Imh0dHBzOi8vYXBwLm5lcHR1bmUuYWkiLCJhcGlfdXJsIjoiaHR0cHM6Ly9hcHAubm"
		  "VwdHVuZS5haSIsImFwaV9rZXkiOiJiMWM1YTBkMy0xZjJl", "" },
		{ "\"auth\": \"am9lOmtROXgyVm1" "UN3A=\"", "docker-config-auth@1:10 " },
		{ "\"auth\": \"am9lOnBhc3N3" "b3Jk\"", "" },
		{ "Authorization: Basic am9lOmtROXgyVm1" "UN3A=", "authorization-header@1:22 " },
		{ "Authorization: Basic am9lOnBhc3N3" "b3Jk", "" },
		{ "postgres://app:kQ9x2VmT7p" "@db.corp.net/x", "database-url@1:16 " },
		{ "mongodb+srv://app:kQ9x2VmT7p" "@c0.ab1.mongodb.net", "database-url@1:19 " },
		{ "postgres://app:kQ9x2VmT7p" "@localhost/x", "" },
		{ "postgres://app:kQ9x2VmT7p" "@db/x", "" },
		{ "postgres://app:password@db.corp.net/x", "" },
		{ "postgres://app:${PASSWORD}@db.corp.net/x", "" },
		{ "postgres://app9x2:app9x2@db.corp.net/x", "" },
		{ "https://joe:kQ9x2VmT7p" "@git.corp.net/x", "url-password@1:13 " },
		{ "https://joe:kQ9x2VmT7p" "@git.example.com/x", "" },
	};

	(void)state;
	ALL(cases);
}

/* gitleaks' own cases for the same secrets: all found, none too many. */
static void vectors(void **state)
{
	static const char *const ours[] = {
		"aws-access-token", "aws-amazon-bedrock-api-key-long-lived",
		"aws-amazon-bedrock-api-key-short-lived", "private-key",
	};
	const char *folder = getenv("VECTORS");
	struct buf path = BUF_INIT(4096), text = BUF_INIT(8 << 20), got = BUF_INIT(1 << 20);
	struct err err = { 0 };
	size_t seen = 0;
	char *line, *next;

	(void)state;
	if (!folder)
		skip();
	buf_addf(&path, "%s/secrets/gitleaks-cases.jsonl", folder);
	assert_int_equal(file_read(buf_str(&path), &text, NULL, &err), 0);
	for (line = text.data; line && *line; line = next) {
		cJSON *c;
		const char *rule, *sample;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		c = json_parse(line, strlen(line), "case", &err);
		assert_non_null(c);
		rule = json_string(c, "rule", "");
		sample = json_string(c, "text", "");
		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
			if (strcmp(rule, ours[i]) != 0)
				continue;
			buf_clear(&got);
			assert_int_equal(scan_bytes(scanner, &(struct scan_text){ .data = sample,
						    .len = strlen(sample) }, note, &got, &err), 0);
			if ((got.len > 0) != json_bool(c, "expect", false))
				print_message("# %s: %.200s: %s\n", rule, sample, buf_str(&got));
			assert_int_equal(got.len > 0, json_bool(c, "expect", false));
			seen++;
		}
		json_free(c);
	}
	assert_true(seen > 150);
	buf_free(&path);
	buf_free(&text);
	buf_free(&got);
}

static void files_of_rules(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{ "[rule \"a\"]\ndescription = A\nregex = a\nlength = 1\nalphabet = a-z\n", NULL },
		{ "[rule \"a\"]\nregex = a\nlength = 1\nalphabet = a\n", "f:2: rule a: description" },
		{ "[rule \"a\"]\ndescription = A\nregex = a\nlength = 1\n", "alphabet is missing" },
		{ "[rule \"a\"]\nlength = 9-1\n", "f:2: an unknown key or a value" },
		{ "[rule \"a\"]\nlength = 99999999\n", "f:2: an unknown key or a value" },
		{ "[rule \"a\"]\nalphabet = z-a\n", "f:2: an unknown key or a value" },
		{ "[rule \"a\"]\nentropy = 9.5\n", "f:2: an unknown key or a value" },
		{ "[rule \"a\"]\nallow = 12\n", "f:2: an unknown key or a value" },
		{ "[rule \"a\"]\nmixed = maybe\n", "f:2: an unknown key or a value" },
		{ "[rule \"a\"]\ncolour = red\n", "f:2: an unknown key or a value" },
		{ "[rules]\na = b\n", "f:2: a [rule" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rules read = { 0 };
		struct err err = { 0 };
		int rc = rules_read(&read, cases[i].text, strlen(cases[i].text), "f", &err);

		for (size_t k = 0; k < read.n && rc == 0; k++)
			rc = rules_complete(&read.v[k], &err);
		assert_int_equal(rc, cases[i].fault ? -1 : 0);
		if (cases[i].fault)
			assert_non_null(strstr(err.message, cases[i].fault));
		rules_free(&read);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_key_ids), cmocka_unit_test(secret_keys),
		cmocka_unit_test(pairs_and_quotes), cmocka_unit_test(tokens),
		cmocka_unit_test(private_keys), cmocka_unit_test(checksums),
		cmocka_unit_test(structure), cmocka_unit_test(vectors),
		cmocka_unit_test(files_of_rules),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
