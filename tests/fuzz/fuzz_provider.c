/* What providers are told: the files that the AWS CLI keeps (roles, SSO, aws login) and
 * the answers of STS, SSO, the sign-in service, containers and metadata. Whatever it is,
 * there are whole credentials or a failure with a message of one line. */
#include "lib/base/file.h"
#include "lib/net/aws_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1709210096 /* 2024-02-29T12:34:56Z */, BODIES = 4, FILES_MAX = 16 };

static char in_memory[] = "/dev/shm/codetrain-fuzz.XXXXXX", on_disk[] = "/tmp/codetrain-fuzz.XXXXXX";
static const char *home;
static char config[64], files[FILES_MAX][192];
static size_t file_count;
static const char *profile;
static struct {
	const uint8_t *data;
	size_t len;
} bodies[BODIES];
static size_t body_count, asked;
static long status;

static const char text[] =
	"[profile role]\nrole_arn = arn:aws:iam::222222222222:role/x\nsource_profile = base\n"
	"[profile base]\naws_access_key_id = AKID\naws_secret_access_key = secret\n"
	"[profile sso]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = r\n"
	"[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-2\n"
	"[profile login]\nlogin_session = arn:aws:iam::111111111111:user/me\n"
	"[profile web]\nrole_arn = arn:aws:iam::222222222222:role/x\nweb_identity_token_file = /etc/hostname\n"
	"[profile container]\nrole_arn = arn:aws:iam::222222222222:role/x\ncredential_source = EcsContainer\n"
	"[profile metadata]\nrole_arn = arn:aws:iam::222222222222:role/x\n"
	"credential_source = Ec2InstanceMetadata\n";
static const char *const profiles[] = { "role", "sso", "login", "web", "container", "metadata" };

/* ---- its world ------------------------------------------------------------------------ */

static const char *environment(const char *name)
{
	const char *const set[][2] = {
		{ "HOME", home }, { "AWS_CONFIG_FILE", config }, { "AWS_SHARED_CREDENTIALS_FILE", "/nonexistent" },
		{ "AWS_REGION", "us-east-2" }, { "AWS_MAX_ATTEMPTS", "1" },
		{ "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/x" },
	};

	for (size_t i = 0; i < sizeof(set) / sizeof(*set); i++)
		if (strcmp(set[i][0], name) == 0)
			return set[i][1];
	return NULL;
}

static int64_t now(void)
{
	return NOW;
}

static void no_pause(int ms, const volatile int *stop)
{
	(void)ms;
	(void)stop;
}

static double chance(void)
{
	return 0.5;
}

static int answer(struct http *h, const struct http_request *q, struct http_response *r, struct err *err)
{
	size_t i = asked < body_count ? asked : body_count - 1;

	(void)h;
	(void)q;
	asked++;
	buf_clear(&r->headers);
	buf_clear(&r->body);
	r->status = asked < body_count ? 200 : status;
	r->sent = true;
	if (!r->status)
		return err_set(err, ERR_UNAVAILABLE, "no connection");
	buf_add(&r->body, bodies[i].data, bodies[i].len);
	return 0;
}

static const char *const *no_variables(void)
{
	return NULL;
}

static const struct aws_world world = { environment, now, no_pause, chance, answer, no_variables };

/* ---- a run ----------------------------------------------------------------------------- */

static void run(void)
{
	const struct aws_settings settings = { .profile = profile };
	const struct creds *c = NULL;
	struct err err = { 0 };
	struct aws *a = aws_open_in(&world, &settings, &err);

	asked = 0;
	if (!a)
		abort();
	c = aws_credentials(a, &err);
	if (c) {
		struct creds *again = creds_new(&(struct err){ 0 });

		if (!again || creds_set(again, c->access_key_id, c->secret_access_key, c->session_token, "x", &err) < 0)
			abort();
		creds_free(again);
		if (c->account_id[0] && strspn(c->account_id, "0123456789") != 12)
			abort();
	} else if (!err.class || !err.message[0] || strchr(err.message, '\n') || strchr(err.message, '\033')) {
		abort();
	}
	aws_close(a);
}

static void put(const char *path, const uint8_t *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
}

static void give(const char *body)
{
	bodies[0].data = (const uint8_t *)body;
	bodies[0].len = strlen(body);
	body_count = 1;
	status = 200;
}

static void add_file(const char *folder, const char *name)
{
	if (file_count < FILES_MAX)
		snprintf(files[file_count++], sizeof(files[0]), "%s/.aws/%s/%s", home, folder, name);
}

static void leave(void)
{
	file_remove_tree(home, &(struct err){ 0 });
}

/* The names of the caches' files: of tokens as the AWS CLI makes them; of sessions by getting some. */
static void begin(void)
{
	static const char sso[] = "a0f1490a20d0211c997b44bc357e1972deab8ae3.json";	/* SHA-1 of "s" */
	/* SHA-256 of the login_session */
	static const char login[] = "f588fbe994a0abe4d250a61f6da847b285b7ffe841c32dc31fbeed4f0bc75d30.json";
	char path[192];
	struct dirent *e;
	DIR *d;

	home = mkdtemp(in_memory);
	if (!home && !(home = mkdtemp(on_disk)))
		abort();
	atexit(leave);
	snprintf(config, sizeof(config), "%s/config", home);
	put(config, (const uint8_t *)text, sizeof(text) - 1);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/.aws/%s/cache", home, i ? "login" : "sso");
		if (file_make_dirs(path, 0700, &(struct err){ 0 }) < 0)
			abort();
	}
	add_file("sso/cache", sso);
	add_file("login/cache", login);
	put(files[0], (const uint8_t *)"{\"accessToken\":\"t\",\"expiresAt\":\"2099-01-01T00:00:00Z\"}", 54);
	profile = "role";
	give("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
	     "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
	     "<Expiration>2024-02-29T13:34:56Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
	run();
	profile = "sso";
	give("{\"roleCredentials\":{\"accessKeyId\":\"ASIA\",\"secretAccessKey\":\"s\",\"sessionToken\":\"t\","
	     "\"expiration\":1709213696000}}");
	run();
	snprintf(path, sizeof(path), "%s/.aws/cli/cache", home);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (strstr(e->d_name, ".json"))
			add_file("cli/cache", e->d_name);
	if (file_count < 4)	/* neither of them was kept: nothing would be read */
		abort();
	closedir(d);
}

/* One byte the profile, one the last status, then parts divided by a line "--": what the
 * cached files hold ("" for none), and the answers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 0, 301, 400, 403, 404, 500, 503 };
	const uint8_t *end = data + size, *s, *next;

	if (!file_count)
		begin();
	if (size < 2)
		return 0;
	profile = profiles[data[0] % (sizeof(profiles) / sizeof(*profiles))];
	status = statuses[data[1] % (sizeof(statuses) / sizeof(*statuses))];
	s = data + 2;
	next = memmem(s, (size_t)(end - s), "\n--\n", 4);
	for (size_t i = 0; i < file_count; i++) {
		unlink(files[i]);
		if (next && next > s)
			put(files[i], s, (size_t)(next - s));
	}
	body_count = 0;
	do {
		s = next ? next + 4 : s;
		next = memmem(s, (size_t)(end - s), "\n--\n", 4);
		bodies[body_count].data = s;
		bodies[body_count++].len = (size_t)((next ? next : end) - s);
	} while (next && body_count < BODIES);
	run();
	return 0;
}
