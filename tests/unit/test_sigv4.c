/* lib/aws/sigv4.c and sigv4_canonical.c, on the published test suite and on
 * CodeCommit passwords of the AWS CLI. */
#include "lib/aws/sigv4.h"
#include "lib/base/file.h"

#include <cJSON.h>

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

enum { HEADERS = 16 };

/* One case of the suite, as its files tell it. */
struct vector {
	char dir[4096];
	struct buf context, text;	/* context.json, request.txt */
	cJSON *json;
	struct creds *creds;
	struct sigv4_pair headers[HEADERS];
	struct sigv4_request request;
	struct sigv4_scope scope;
	char payload_hash[HASH_HEX_LEN], time[CLOCK_BASIC_LEN];
	const char *body, *token;
	bool sign_body, token_after;
	long expires;
};

static char *read_part(const char *dir, const char *name, struct buf *out)
{
	struct err err = { 0 };
	char path[4200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(path, out, NULL, &err) < 0)
		fail_msg("%s", err.message);
	return out->data;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return v ? v->valuestring : NULL;
}

static bool true_of(const cJSON *o, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static void add_header(struct vector *v, const char *name, const char *value)
{
	assert_true(v->request.header_count < HEADERS);
	v->headers[v->request.header_count++] = (struct sigv4_pair){ name, value };
}

/* "GET /a b?c HTTP/1.1\nName:value\n\nbody", in place */
static void take_request(struct vector *v, char *s)
{
	char *line = s, *next = strchr(s, '\n'), *version, *query;

	*next++ = '\0';
	v->request.method = line;
	line = strchr(line, ' ');
	*line++ = '\0';
	version = strstr(line, " HTTP/1.1");
	*version = '\0';
	query = strchr(line, '?');
	if (query)
		*query++ = '\0';
	v->request.path = line;
	v->request.query = query ? query : "";
	while (*next && *next != '\n') {
		char *colon;

		line = next;
		next = strchr(line, '\n');
		while (next && (next[1] == ' ' || next[1] == '\t'))	/* folded */
			next = strchr(next + 1, '\n');
		if (next)
			*next++ = '\0';
		else
			next = line + strlen(line);
		colon = strchr(line, ':');
		assert_non_null(colon);
		*colon = '\0';
		add_header(v, line, colon + 1);
	}
	v->body = *next ? next + 1 : "";
}

static void open_vector(struct vector *v, const char *dir)
{
	const cJSON *c;
	struct err err = { 0 };

	memset(v, 0, sizeof(*v));
	snprintf(v->dir, sizeof(v->dir), "%s", dir);
	v->context = v->text = (struct buf)BUF_INIT(1 << 16);
	v->json = cJSON_Parse(read_part(dir, "context.json", &v->context));
	c = cJSON_GetObjectItemCaseSensitive(v->json, "credentials");
	assert_non_null(c);
	v->creds = creds_new(&err);
	v->token = text_of(c, "token");
	assert_int_equal(creds_set(v->creds, text_of(c, "access_key_id"),
				   text_of(c, "secret_access_key"), v->token, "t", &err), 0);
	v->scope.region = text_of(v->json, "region");
	v->scope.service = text_of(v->json, "service");
	assert_int_equal(clock_parse(text_of(v->json, "timestamp"), &v->scope.time), 0);
	clock_basic(v->scope.time, v->time);
	v->request.headers = v->headers;
	v->request.normalize = true_of(v->json, "normalize");
	v->request.encode_path_twice = true;
	v->request.payload_hash = v->payload_hash;
	v->sign_body = true_of(v->json, "sign_body");
	v->token_after = true_of(v->json, "omit_session_token");
	v->expires = cJSON_GetObjectItemCaseSensitive(v->json, "expiration_in_seconds")->valueint;
	take_request(v, read_part(dir, "request.txt", &v->text));
	hash_sha256_hex(v->body, v->sign_body ? strlen(v->body) : 0, v->payload_hash);
}

static void close_vector(struct vector *v)
{
	cJSON_Delete(v->json);
	creds_free(v->creds);
	buf_free(&v->context);
	buf_free(&v->text);
}

static void same(const struct vector *v, const char *file, const char *got)
{
	struct buf want = BUF_INIT(1 << 16);

	read_part(v->dir, file, &want);
	if (strcmp(got, buf_str(&want)) != 0)
		fail_msg("%s/%s:\n%s\nwant:\n%s", v->dir, file, got, buf_str(&want));
	buf_free(&want);
}

/* The first two stages and the signature, against the files of one kind. */
static void check_stages(const struct vector *v, const struct sigv4_request *r, const char *kind)
{
	struct buf request = BUF_INIT(SIGV4_REQUEST_MAX), text = BUF_INIT(SIGV4_REQUEST_MAX);
	char file[64], signature[HASH_HEX_LEN], other[HASH_HEX_LEN];
	unsigned char key[HASH_LEN];
	struct err err = { 0 };

	assert_int_equal(sigv4_canonical_request(r, &request, &err), 0);
	snprintf(file, sizeof(file), "%s-canonical-request.txt", kind);
	same(v, file, buf_str(&request));
	assert_int_equal(sigv4_string_to_sign(&v->scope, request.data, request.len, &text, &err), 0);
	snprintf(file, sizeof(file), "%s-string-to-sign.txt", kind);
	same(v, file, buf_str(&text));
	sigv4_signing_key(&v->scope, v->creds->secret_access_key, key);
	sigv4_signature(key, text.data, text.len, signature);
	snprintf(file, sizeof(file), "%s-signature.txt", kind);
	same(v, file, signature);

	/* One bit more in the key, or in the text, is another signature. */
	key[31] ^= 1;
	sigv4_signature(key, text.data, text.len, other);
	assert_string_not_equal(signature, other);
	key[31] ^= 1;
	text.data[text.len - 1] ^= 1;
	sigv4_signature(key, text.data, text.len, other);
	assert_string_not_equal(signature, other);
	buf_free(&request);
	buf_free(&text);
}

/* The value of "Authorization:" in the signed request. */
static void check_authorization(const struct vector *v, const struct sigv4_request *r)
{
	struct buf got = BUF_INIT(SIGV4_REQUEST_MAX), signed_request = BUF_INIT(1 << 16);
	struct err err = { 0 };
	char *want, *end;

	assert_int_equal(sigv4_authorization(r, &v->scope, v->creds, &got, &err), 0);
	read_part(v->dir, "header-signed-request.txt", &signed_request);
	want = strstr(signed_request.data, "\nAuthorization:");
	assert_non_null(want);
	want += strlen("\nAuthorization:");
	end = strchr(want, '\n');
	if (end)
		*end = '\0';
	assert_string_equal(got.data, want);

	/* A secret with its last character changed signs otherwise. */
	buf_clear(&got);
	v->creds->secret_access_key[strlen(v->creds->secret_access_key) - 1] ^= 1;
	assert_int_equal(sigv4_authorization(r, &v->scope, v->creds, &got, &err), 0);
	v->creds->secret_access_key[strlen(v->creds->secret_access_key) - 1] ^= 1;
	assert_string_not_equal(got.data, want);
	buf_free(&got);
	buf_free(&signed_request);
}

static void check_header_signing(const char *dir)
{
	struct vector v;

	open_vector(&v, dir);
	add_header(&v, "X-Amz-Date", v.time);
	if (v.token && !v.token_after)
		add_header(&v, "X-Amz-Security-Token", v.token);
	if (v.sign_body)
		add_header(&v, "x-amz-content-sha256", v.payload_hash);
	check_stages(&v, &v.request, "header");
	check_authorization(&v, &v.request);
	close_vector(&v);
}

static void check_query_signing(const char *dir)
{
	struct buf query = BUF_INIT(SIGV4_REQUEST_MAX), want = BUF_INIT(1 << 16);
	char *question, *tail, *token;
	struct sigv4_request r;
	struct err err = { 0 };
	struct vector v;

	open_vector(&v, dir);
	assert_int_equal(sigv4_presign(&v.request, &v.scope, v.creds, v.expires, v.token_after,
				       &query, &err), 0);
	read_part(dir, "query-signed-request.txt", &want);
	question = strchr(want.data, '?') + 1;
	*strstr(question, " HTTP/1.1") = '\0';
	assert_string_equal(query.data, question);

	/* What was signed is that query without the signature (and token). */
	tail = strstr(query.data, "&X-Amz-Signature=");
	*tail = '\0';
	token = strstr(query.data, "&X-Amz-Security-Token=");
	if (token && v.token_after)
		*token = '\0';
	r = v.request;
	r.query = query.data;
	check_stages(&v, &r, "query");
	buf_free(&query);
	buf_free(&want);
	close_vector(&v);
}

static void published_suite(void **state)
{
	const char *vectors = getenv("VECTORS");
	struct dirent **cases;
	char dir[4096];
	int n, done = 0;

	(void)state;
	if (!vectors) {
		print_message("# VECTORS is not set: the published suite was not read\n");
		skip();
	}
	snprintf(dir, sizeof(dir), "%s/sigv4", vectors);
	n = scandir(dir, &cases, NULL, alphasort);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		if (cases[i]->d_name[0] != '.') {
			snprintf(dir, sizeof(dir), "%s/sigv4/%s", vectors, cases[i]->d_name);
			check_header_signing(dir);
			check_query_signing(dir);
			done++;
		}
		free(cases[i]);
	}
	free(cases);
	assert_int_equal(done, 38);
}

static struct sigv4_scope codecommit_scope(const char *region)
{
	return (struct sigv4_scope){ region, "codecommit", 1440938160 };
}

static void codecommit_passwords(void **state)
{
	static const struct {
		const char *host, *region, *path, *signature;
	} rows[] = {
		{ "git-codecommit.us-east-1.amazonaws.com", "us-east-1", "v1/repos/MyDemoRepo",
		  "088fec8c788f892e6cb940f22a736b224a5a5de18925fa5f02413a1bb215c389" },
		{ "git-codecommit-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1",
		  "v1/repos/a.b-c_d",
		  "c2d54e47844c67eab29935e8f2dec8dc613a5ac8649d47156e0e24e203b2dbca" },
		{ "git-codecommit.cn-north-1.amazonaws.com.cn", "cn-north-1", "v1/repos/x",
		  "335b30d514b7154cec201acf281ff712fffb1952eda0a3b0a1746682eb6fdb23" },
		{ "vpce-0b47-jkl-us-east-1a.git-codecommit.us-east-1.vpce.amazonaws.com",
		  "us-east-1", "v1/repos/x",
		  "60d2d8fe8e65bb24294ab0f2c22cafa3020862d33197c579c43960b58162852a" },
	};
	char want[128], host[128];
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sigv4_scope s = codecommit_scope(rows[i].region);
		struct buf got = BUF_INIT(256);

		snprintf(want, sizeof(want), "20150830T123600Z%s", rows[i].signature);
		assert_int_equal(sigv4_codecommit_password(rows[i].host, rows[i].path, &s, secret,
							   &got, &err), 0);
		assert_string_equal(got.data, want);

		/* A port and a leading slash are not signed. */
		buf_clear(&got);
		snprintf(host, sizeof(host), "%s:443", rows[i].host);
		snprintf(want + 64, 16, "%s", "");
		assert_int_equal(sigv4_codecommit_password(host, rows[i].path, &s, secret, &got,
							   &err), 0);
		assert_memory_equal(got.data, want, 64);

		/* Another second, path or secret is another password. */
		s.time++;
		buf_clear(&got);
		assert_int_equal(sigv4_codecommit_password(rows[i].host, rows[i].path, &s, secret,
							   &got, &err), 0);
		assert_memory_not_equal(got.data + 16, want + 16, 48);
		s.time--;
		buf_clear(&got);
		assert_int_equal(sigv4_codecommit_password(rows[i].host, "v1/repos/y", &s, secret,
							   &got, &err), 0);
		assert_memory_not_equal(got.data + 16, want + 16, 48);
		buf_clear(&got);
		assert_int_equal(sigv4_codecommit_password(rows[i].host, rows[i].path, &s,
							   secret + 1, &got, &err), 0);
		assert_memory_not_equal(got.data + 16, want + 16, 48);
		buf_free(&got);
	}
}

/* The server signs the path of the URL as sent: what git decoded is encoded. */
static void codecommit_paths_are_encoded(void **state)
{
	struct sigv4_scope s = codecommit_scope("us-east-1");
	struct buf a = BUF_INIT(256), b = BUF_INIT(256);
	static const char host[] = "git-codecommit.us-east-1.amazonaws.com";
	static const char request[] = "GIT\n/v1/repos/a%20b%25%C3%A9\n\nhost:"
		"git-codecommit.us-east-1.amazonaws.com\n\nhost\n";
	char text[256], hash[HASH_HEX_LEN], signature[HASH_HEX_LEN];
	unsigned char key[HASH_LEN];
	struct err err = { 0 };

	(void)state;
	assert_int_equal(sigv4_codecommit_password(host, "v1/repos/a b%\xc3\xa9", &s, secret, &a,
						   &err), 0);
	hash_sha256_hex(request, strlen(request), hash);
	snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n20150830T123600\n"
		 "20150830/us-east-1/codecommit/aws4_request\n%s", hash);
	sigv4_signing_key(&s, secret, key);
	sigv4_signature(key, text, strlen(text), signature);
	assert_string_equal(a.data + 17 - 1, signature);
	assert_int_equal(sigv4_codecommit_password(host, "v1/repos/a%20b%25%C3%A9", &s, secret, &b,
						   &err), 0);
	assert_string_not_equal(a.data, b.data);
	buf_free(&a);
	buf_free(&b);
}

static void s3_paths_stay(void **state)
{
	const struct sigv4_pair host = { "Host", "b.s3.amazonaws.com" };
	struct sigv4_request r = { .method = "GET", .path = "/a//b/../c%20d", .query = "",
				   .headers = &host, .header_count = 1, .payload_hash = "H" };
	struct buf out = BUF_INIT(SIGV4_REQUEST_MAX);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), 0);
	assert_string_equal(out.data,
			    "GET\n/a//b/../c%20d\n\nhost:b.s3.amazonaws.com\n\nhost\nH");
	r.normalize = r.encode_path_twice = true;
	buf_clear(&out);
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), 0);
	assert_string_equal(out.data, "GET\n/a/c%2520d\n\nhost:b.s3.amazonaws.com\n\nhost\nH");
	buf_free(&out);
}

static void what_is_too_much_is_refused(void **state)
{
	struct sigv4_pair headers[SIGV4_HEADERS_MAX + 1];
	struct sigv4_request r = { .method = "GET", .path = "", .query = "", .headers = headers,
				   .header_count = SIGV4_HEADERS_MAX, .payload_hash = "H" };
	struct buf out = BUF_INIT(SIGV4_REQUEST_MAX), query = BUF_INIT(1 << 17);
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < SIGV4_HEADERS_MAX + 1; i++)
		headers[i] = (struct sigv4_pair){ "a", "1" };
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), 0);
	r.header_count++;
	buf_clear(&out);
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), -1);
	assert_int_equal(err.class, ERR_USAGE);

	r.header_count = 1;
	for (int i = 0; i < SIGV4_PARAMETERS_MAX; i++)
		buf_adds(&query, "&a");
	r.query = query.data;
	buf_clear(&out);
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), 0);
	buf_adds(&query, "&a");
	r.query = query.data;
	buf_clear(&out);
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), -1);

	buf_clear(&query);
	while (query.len <= SIGV4_REQUEST_MAX)
		buf_adds(&query, "0123456789abcdef");
	r.query = query.data;
	buf_clear(&out);
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), -1);
	r.query = "";
	r.path = query.data;
	buf_clear(&out);
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), -1);
	r.normalize = true;
	buf_clear(&out);
	assert_int_equal(sigv4_canonical_request(&r, &out, &err), -1);
	assert_int_equal(err.class, ERR_USAGE);
	buf_free(&out);
	buf_free(&query);
}

static void queries_sort_by_name_then_value(void **state)
{
	static const struct {
		const char *wire, *canonical;
	} rows[] = {
		{ "b=2&a=1", "a=1&b=2" },
		{ "a=2&a=1&a", "a=&a=1&a=2" },
		{ "a-b=1&a=2", "a=2&a-b=1" },	/* '-' sorts before '=' */
		{ "a=%7e%2B+", "a=~%2B%2B" },
		{ "&&a=b=c&", "a=b%3Dc" },
		{ "policy", "policy=" },
		{ "x=%zz", "x=%25zz" },
	};
	struct sigv4_request r = { .method = "G", .path = "/", .payload_hash = "H" };
	struct err err = { 0 };
	char want[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = BUF_INIT(1024);

		r.query = rows[i].wire;
		assert_int_equal(sigv4_canonical_request(&r, &out, &err), 0);
		snprintf(want, sizeof(want), "G\n/\n%s\n\n\nH", rows[i].canonical);
		assert_string_equal(out.data, want);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_suite),
		cmocka_unit_test(codecommit_passwords),
		cmocka_unit_test(codecommit_paths_are_encoded),
		cmocka_unit_test(s3_paths_stay),
		cmocka_unit_test(what_is_too_much_is_refused),
		cmocka_unit_test(queries_sort_by_name_then_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
