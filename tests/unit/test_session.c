/* lib/aws/session*.c: where sessions are kept, for how long, and under which name. */
#include "lib/aws/session.h"
#include "lib/aws/session_place.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define SECRET "CANARYsecret/+0123456789"

/* ---- the world of a test ------------------------------------------------------------- */

static struct {
	char home[64];
	const char *set[16];	/* NAME=VALUE */
	char home_line[80];
	struct awsconfig *config;
	const char *profile;
} world;

static const char *environment(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < 16 && world.set[i]; i++)
		if (strncmp(world.set[i], name, len) == 0 && world.set[i][len] == '=')
			return world.set[i] + len + 1;
	return NULL;
}

static void set(const char *line)
{
	size_t i = 0, len = strcspn(line, "=") + 1;

	while (world.set[i] && strncmp(world.set[i], line, len) != 0)
		i++;
	assert_true(i < 15);
	world.set[i] = line;
}

static const char *path(const char *below)
{
	static char paths[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", world.home, below);
	return paths[turn];
}

static void put(const char *below, const char *text)
{
	struct err err = { 0 };

	if (file_replace(path(below), text, strlen(text), 0600, &err) < 0)
		fail_msg("%s", err.message);
}

#define CONFIG "[profile r]\nrole_arn = arn:r\nsource_profile = base\nservices = s\n"	\
	"[services s]\nsts =\n  endpoint_url = http://a\n"				\
	"[profile sso]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = x\n"		\
	"[sso-session corp]\nsso_start_url = u\nsso_region = us-east-1\n"			\
	"[profile other]\nregion = us-east-2\n"						\
	"[profile in]\nlogin_session = arn:me\n"						\
	"[profile p]\ncredential_process = x\n"
#define CREDENTIALS "[base]\naws_access_key_id = A\naws_secret_access_key = " SECRET "\n"	\
	"[unused]\naws_access_key_id = B\naws_secret_access_key = B\n"

static void load(void)
{
	struct err err = { 0 };

	awsconfig_free(world.config);
	world.config = awsconfig_load(NULL, NULL, world.home, &err);
	if (!world.config)
		fail_msg("%s", err.message);
}

static void configure(const char *config, const char *credentials)
{
	put(".aws/config", config);
	put(".aws/credentials", credentials);
	load();
}

static void open_as(const char *profile, unsigned places, struct session *s)
{
	struct chain_input in = { .getenv = environment, .config = world.config,
				  .profile = profile, .now = clock_now() };
	struct chain_choice choice;
	struct err err = { 0 };

	if (chain_choose(&in, &choice, &err) < 0)
		fail_msg("%s", err.message);
	if (session_open(s, &(struct session_scope){ &in, &choice, world.set, NULL }, places,
			 &err) < 0)
		fail_msg("%s", err.message);
}

/* The name of the session of a profile. */
static const char *name_of(const char *profile)
{
	static char names[2][HASH_HEX_LEN];
	static int turn;
	struct session s;

	turn = !turn;
	open_as(profile, SESSION_ANYWHERE, &s);
	assert_int_equal(s.places, SESSION_ANYWHERE);
	memcpy(names[turn], s.name, HASH_HEX_LEN);
	return names[turn];
}

static int make_world(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	snprintf(world.home, sizeof(world.home), "/tmp/codetrain-session.XXXXXX");
	if (!mkdtemp(world.home))
		return -1;
	snprintf(world.home_line, sizeof(world.home_line), "HOME=%s", world.home);
	set(world.home_line);
	mkdir(path(".aws"), 0700);
	configure(CONFIG, CREDENTIALS);
	return 0;
}

static int remove_world(void **state)
{
	struct err err;

	(void)state;
	awsconfig_free(world.config);
	return file_remove_tree(world.home, &err);
}

static struct creds *session(const char *key, int64_t end)
{
	struct err err = { 0 };
	struct creds *c = creds_new(&err);

	assert_non_null(c);
	assert_int_equal(creds_set(c, key, SECRET, "to/ken==", "a role", &err), 0);
	c->expiration = end;
	return c;
}

static bool store(const struct session *s, const char *key, int64_t now, int64_t end, int64_t most)
{
	struct creds *c = session(key, end);
	bool kept = session_store(s, c, now, most);

	creds_free(c);
	return kept;
}

/* What is found: the state, and the key. */
static enum session_state find(struct session *s, int64_t now, const char *key)
{
	struct creds *c = creds_new(&(struct err){ 0 });
	enum session_state found;

	assert_non_null(c);
	found = session_load(s, now, c);
	assert_string_equal(c->access_key_id, found == SESSION_NONE ? "" : key);
	assert_string_equal(c->secret_access_key, found == SESSION_NONE ? "" : SECRET);
	creds_free(c);
	return found;
}

static bool has_kernel(void)
{
	struct session s = { .name = "probe" };
	struct buf text = BUF_INIT(16);
	bool has;

	buf_adds(&text, "probe");
	has = session_kernel_store(&s, &text, 0, 60) == 0;
	session_kernel_forget(&s);
	buf_free(&text);
	return has;
}

#define needs_kernel()							\
	do {								\
		if (!has_kernel()) {					\
			print_message("# no kernel keyring here\n");	\
			skip();						\
		}							\
	} while (0)

/* ---- names --------------------------------------------------------------------------- */

static void the_same_is_the_same(void **state)
{
	char first[HASH_HEX_LEN];
	const char *line[2] = { "AWS_B=2", "AWS_A=1" };

	(void)state;
	set(line[0]);
	set(line[1]);
	memcpy(first, name_of("r"), HASH_HEX_LEN);
	assert_int_equal(strspn(first, "0123456789abcdef"), HASH_HEX_LEN - 1);
	assert_string_equal(name_of("r"), first);
	world.set[1] = line[1];		/* in another order */
	world.set[2] = line[0];
	assert_string_equal(name_of("r"), first);
	set("PATH=/elsewhere");
	set("GIT_DIR=x");
	assert_string_equal(name_of("r"), first);
	configure(CONFIG "[profile new]\nregion = x\n", CREDENTIALS "[new]\naws_access_key_id = C\n");
	assert_string_equal(name_of("r"), first);
	/* a token that is not this profile's */
	mkdir(path(".aws/sso"), 0700);
	mkdir(path(".aws/sso/cache"), 0700);
	put(".aws/sso/cache/4a7dbb69f55d75e61b5da8f3a4a4a5d10b5a7f2c.json", "{}");
	assert_string_equal(name_of("r"), first);
}

/* TEXT with the first A in it replaced by B. */
static const char *with(const char *text, const char *a, const char *b)
{
	static char out[4096];
	const char *at = strstr(text, a);

	assert_non_null(at);
	snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - text), text, b, at + strlen(a));
	return out;
}

static void what_counts_is_in_the_name(void **state)
{
	static const struct { const char *a, *b; } changes[] = {
		{ "arn:r", "arn:R" },
		{ "services = s\n", "services = s\nexternal_id = x\n" },
		{ "services = s\n", "services = s\nrole_session_name = me\n" },
		{ "http://a", "http://b" },
		{ "source_profile = base", "source_profile = unused" },
		{ "[services s]", "[profile base]\nregion = x\n[services s]" },
	};
	char first[HASH_HEX_LEN];

	(void)state;
	memcpy(first, name_of("r"), HASH_HEX_LEN);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		configure(with(CONFIG, changes[i].a, changes[i].b), CREDENTIALS);
		assert_string_not_equal(name_of("r"), first);
	}
	configure(CONFIG, with(CREDENTIALS, SECRET, "changed"));
	assert_string_not_equal(name_of("r"), first);
	configure(CONFIG, CREDENTIALS);
	assert_string_equal(name_of("r"), first);
	assert_string_not_equal(name_of("sso"), first);
	set("AWS_PROFILE=r");
	assert_string_not_equal(name_of("r"), first);
	assert_string_not_equal(name_of(NULL), name_of("r"));
	set("AWS_PROFILE=");
	set("AWS_ENDPOINT_URL=http://x");
	assert_string_not_equal(name_of("r"), first);
	set("AWS_ENDPOINT_URL=http://y");
	assert_string_not_equal(name_of("r"), first);
	world.set[1] = world.set[2] = NULL;
	assert_string_equal(name_of("r"), first);
	world.set[0] = "HOME=/elsewhere";
	assert_string_not_equal(name_of("r"), first);
}

static void a_sign_out_is_another_name(void **state)
{
	char before[HASH_HEX_LEN], signed_in[HASH_HEX_LEN], hex[HASH_HEX_LEN], file[160];

	(void)state;
	mkdir(path(".aws/sso"), 0700);
	mkdir(path(".aws/sso/cache"), 0700);
	mkdir(path(".aws/login"), 0700);
	mkdir(path(".aws/login/cache"), 0700);
	hash_sha1_hex("corp", 4, hex);
	snprintf(file, sizeof(file), ".aws/sso/cache/%s.json", hex);
	memcpy(before, name_of("sso"), HASH_HEX_LEN);
	put(file, "{1}");
	memcpy(signed_in, name_of("sso"), HASH_HEX_LEN);
	assert_string_not_equal(signed_in, before);
	assert_string_equal(name_of("sso"), signed_in);
	put(file, "{2}");	/* of one size, another file */
	assert_string_not_equal(name_of("sso"), signed_in);
	unlink(path(file));
	assert_string_equal(name_of("sso"), before);

	hash_sha256_hex("arn:me", 6, hex);
	snprintf(file, sizeof(file), ".aws/login/cache/%s.json", hex);
	memcpy(before, name_of("in"), HASH_HEX_LEN);
	put(file, "{}");
	assert_string_not_equal(name_of("in"), before);
	unlink(path(file));
	assert_string_equal(name_of("in"), before);
	mkdir(path("logins"), 0700);
	set("AWS_LOGIN_CACHE_DIRECTORY=~/logins");
	snprintf(file, sizeof(file), "logins/%s.json", hex);
	memcpy(before, name_of("in"), HASH_HEX_LEN);
	put(file, "{}");
	assert_string_not_equal(name_of("in"), before);
	unlink(path(file));
	assert_string_equal(name_of("in"), before);
	put("token", "jwt");
	snprintf(file, sizeof(file), "AWS_WEB_IDENTITY_TOKEN_FILE=%s", path("token"));
	set(file);
	set("AWS_ROLE_ARN=r");
	memcpy(before, name_of(NULL), HASH_HEX_LEN);
	put("token", "JWT");
	assert_string_not_equal(name_of(NULL), before);
}

/* Pods of EKS have one environment, and often one user; the token tells whose. */
static void a_containers_token_is_in_the_name(void **state)
{
	char first[HASH_HEX_LEN], file[160];

	(void)state;
	put("token", "pod A");
	snprintf(file, sizeof(file), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%s", path("token"));
	set("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1/");
	set(file);
	memcpy(first, name_of(NULL), HASH_HEX_LEN);
	assert_string_equal(name_of(NULL), first);
	put("token", "pod B");
	assert_string_not_equal(name_of(NULL), first);
	configure("[profile c]\nrole_arn = r\ncredential_source = EcsContainer\n", CREDENTIALS);
	memcpy(first, name_of("c"), HASH_HEX_LEN);
	put("token", "pod C");
	assert_string_not_equal(name_of("c"), first);
}

/* ACCOUNT=prod git push must not get what ACCOUNT=dev got. */
static void a_programs_environment_is_in_the_name(void **state)
{
	char program[HASH_HEX_LEN], role[HASH_HEX_LEN];

	(void)state;
	configure(CONFIG "[profile pr]\nrole_arn = r\nsource_profile = p\n", CREDENTIALS);
	set("ACCOUNT=dev");
	memcpy(program, name_of("p"), HASH_HEX_LEN);
	memcpy(role, name_of("pr"), HASH_HEX_LEN);
	set("GIT_DIR=x");
	set("_=/usr/bin/git");
	set("SHLVL=2");
	assert_string_equal(name_of("p"), program);
	assert_string_equal(name_of("pr"), role);
	set("ACCOUNT=prod");
	assert_string_not_equal(name_of("p"), program);
	assert_string_not_equal(name_of("pr"), role);
	set("ACCOUNT=dev");
	assert_string_equal(name_of("p"), program);
	set("VAULT_TOKEN=x");
	assert_string_not_equal(name_of("p"), program);
}

/* Where the token is looked for then, this program need not know. */
static void a_sign_in_without_a_home_is_not_kept(void **state)
{
	static const char *const homes[] = { "HOME=", "NOHOME=x" };
	struct session s;

	(void)state;
	for (size_t i = 0; i < sizeof(homes) / sizeof(*homes); i++) {
		world.set[0] = homes[i];
		open_as("sso", SESSION_ANYWHERE, &s);
		assert_int_equal(s.places, 0);
		open_as("in", SESSION_ANYWHERE, &s);
		assert_int_equal(s.places, 0);
		open_as("r", SESSION_ANYWHERE, &s);
		assert_int_equal(s.places, SESSION_ANYWHERE);
	}
}

static void who_has_no_session(void **state)
{
	struct chain_input in = { .getenv = environment, .config = world.config, .profile = "base" };
	struct chain_choice choice = { CHAIN_CREDENTIALS_FILE, "base", false };
	struct session_scope scope = { &in, &choice, world.set, NULL };
	struct err err = { 0 };
	struct session s;

	(void)state;
	assert_int_equal(session_open(&s, &scope, SESSION_ANYWHERE, &err), 0);
	assert_int_equal(s.places, 0);		/* keys do not end */
	choice = (struct chain_choice){ CHAIN_ASSUME_ROLE, "r", false };
	scope.variables = NULL;
	assert_int_equal(session_open(&s, &scope, SESSION_ANYWHERE, &err), 0);
	assert_int_equal(s.places, 0);
	scope.variables = world.set;
	assert_int_equal(session_open(&s, &scope, SESSION_KERNEL, &err), 0);
	assert_int_equal(s.places, SESSION_KERNEL);
	choice.profile = "base";	/* no role: no name either */
	assert_int_equal(session_open(&s, &scope, SESSION_ANYWHERE, &err), 0);
	assert_int_equal(s.places, 0);
	choice.profile = "r";
	set("CODETRAIN_SESSION_CACHE=file");
	assert_int_equal(session_open(&s, &scope, SESSION_ANYWHERE, &err), 0);
	assert_int_equal(s.places, SESSION_FILE);
	assert_int_equal(session_open(&s, &scope, SESSION_KERNEL, &err), 0);
	assert_int_equal(s.places, 0);
	set("CODETRAIN_SESSION_CACHE=off");
	assert_int_equal(session_open(&s, &scope, SESSION_ANYWHERE, &err), 0);
	assert_int_equal(s.places, 0);
	set("CODETRAIN_SESSION_CACHE=Off");
	assert_int_equal(session_open(&s, &scope, SESSION_ANYWHERE, &err), -1);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, "kernel, file or off"));
}

/* ---- keeping ------------------------------------------------------------------------- */

static void kept_and_found(unsigned places)
{
	int64_t now = clock_now();
	struct session s, other;

	open_as("r", places, &s);
	open_as("sso", places, &other);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_true(store(&s, "ASIAONE", now, now + 3600, 0));
	assert_int_equal(find(&s, now, "ASIAONE"), SESSION_FRESH);
	assert_int_equal(s.since, now);
	assert_int_equal(find(&other, now, ""), SESSION_NONE);
	assert_int_equal(find(&s, now + 3000, "ASIAONE"), SESSION_FRESH);
	assert_int_equal(find(&s, now + 3001, "ASIAONE"), SESSION_LIVE);
	assert_int_equal(find(&s, now + 3599, "ASIAONE"), SESSION_LIVE);
	assert_int_equal(find(&s, now + 3600, ""), SESSION_NONE);
	assert_int_equal(find(&s, now - 60, "ASIAONE"), SESSION_FRESH);
	assert_int_equal(find(&s, now - 3600, "ASIAONE"), SESSION_LIVE);	/* the clock went back */
	assert_true(store(&s, "ASIATWO", now, now + 100, 0));			/* a short one */
	assert_int_equal(find(&s, now + 50, "ASIATWO"), SESSION_FRESH);
	assert_int_equal(find(&s, now + 51, "ASIATWO"), SESSION_LIVE);
	session_forget(&s, "ASIAONE");
	assert_int_equal(find(&s, now, "ASIATWO"), SESSION_FRESH);
	session_forget(&s, "ASIATWO");
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_false(store(&s, "ASIA", now, 0, 0));		/* without an end */
	assert_false(store(&s, "ASIA", now, now, 0));		/* over */
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
}

static void by_the_kernel(void **state)
{
	(void)state;
	needs_kernel();
	kept_and_found(SESSION_KERNEL);
	assert_int_equal(access(path(".cache"), F_OK), -1);
}

static void in_a_file(void **state)
{
	struct stat st;

	(void)state;
	kept_and_found(SESSION_FILE);
	assert_int_equal(stat(path(".cache/codetrain"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void by_the_kernel_before_a_file(void **state)
{
	int64_t now = clock_now();
	struct session both, kernel, file;

	(void)state;
	needs_kernel();
	open_as("r", SESSION_ANYWHERE, &both);
	open_as("r", SESSION_KERNEL, &kernel);
	open_as("r", SESSION_FILE, &file);
	assert_true(store(&file, "ASIAOLD", now, now + 3600, 0));
	assert_int_equal(find(&both, now, "ASIAOLD"), SESSION_FRESH);
	assert_true(store(&both, "ASIANEW", now, now + 3600, 0));
	assert_int_equal(find(&kernel, now, "ASIANEW"), SESSION_FRESH);
	assert_int_equal(find(&file, now, ""), SESSION_NONE);	/* in one place */
	session_forget(&both, "ASIANEW");
	assert_int_equal(find(&both, now, ""), SESSION_NONE);
}

static void the_kernel_forgets_by_itself(void **state)
{
	int64_t now = clock_now();
	struct session s;

	(void)state;
	needs_kernel();
	open_as("p", SESSION_KERNEL, &s);
	assert_true(store(&s, "ASIA", now, now + 3600, 1));
	assert_int_equal(find(&s, now, "ASIA"), SESSION_FRESH);
	for (int i = 0; i < 100 && find(&s, now, "ASIA") == SESSION_FRESH; i++)
		usleep(50000);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_true(store(&s, "ASIANEXT", now, now + 3600, 900));	/* over the dead one */
	assert_int_equal(find(&s, now, "ASIANEXT"), SESSION_FRESH);
	session_forget(&s, "ASIANEXT");
}

/* In a process whose session keyring leads nowhere: a container, a service. */
static void not_possessed(void **state)
{
	int64_t now = clock_now();
	struct session s;
	int status;
	pid_t pid;

	(void)state;
	needs_kernel();
	open_as("r", SESSION_KERNEL, &s);
	assert_true(store(&s, "ASIAOURS", now, now + 3600, 0));
	pid = fork();
	if (pid == 0) {
		int bad = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0;

		if (!bad && find(&s, now, "ASIAOURS") != SESSION_FRESH)
			bad = 2;
		session_forget(&s, "ASIAOURS");
		if (!bad && find(&s, now, "") != SESSION_NONE)
			bad = 3;
		if (!bad && !store(&s, "ASIATHEIRS", now, now + 3600, 0))
			bad = 4;
		if (!bad && !store(&s, "ASIATHEIRS", now, now + 1800, 0))
			bad = 5;
		_exit(bad);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(find(&s, now, "ASIATHEIRS"), SESSION_FRESH);
	session_forget(&s, "ASIATHEIRS");
}

/* From then on both calls of the keyring fail so, as in a container. */
static int refuse_the_kernel(int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_add_key, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_keyctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : -1;
}

static void a_kernel_that_refuses(void **state)
{
	static const int errors[] = { EPERM, ENOSYS, EDQUOT, EACCES };
	int64_t now = clock_now();

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		struct session s, kernel;
		int status;
		pid_t pid;

		open_as("r", SESSION_ANYWHERE, &s);
		open_as("r", SESSION_KERNEL, &kernel);
		pid = fork();
		if (pid == 0) {
			if (refuse_the_kernel(errors[i]) < 0)
				_exit(77);
			if (store(&kernel, "ASIA", now, now + 3600, 900))
				_exit(1);
			if (!store(&s, "ASIAFILE", now, now + 3600, 0))
				_exit(2);
			_exit(find(&s, now, "ASIAFILE") == SESSION_FRESH ? 0 : 3);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			skip();
		assert_int_equal(status, 0);
		assert_int_equal(find(&s, now, "ASIAFILE"), SESSION_FRESH);	/* for one it lets in, too */
		session_forget(&s, NULL);
		assert_int_equal(find(&s, now, ""), SESSION_NONE);
	}
}

static void a_token_of_any_size(void **state)
{
	struct creds *c = session("ASIA", clock_now() + 3600), *back = creds_new(&(struct err){ 0 });
	struct session s;

	(void)state;
	memset(c->session_token, 't', CREDS_TOKEN_MAX);
	open_as("r", SESSION_ANYWHERE, &s);
	assert_true(session_store(&s, c, clock_now(), 0));
	assert_int_equal(session_load(&s, clock_now(), back), SESSION_FRESH);
	assert_memory_equal(c, back, sizeof(*c));
	session_forget(&s, "ASIA");
	creds_free(c);
	creds_free(back);
}

/* ---- refusals of the file -------------------------------------------------------------- */

static const char *entry(const struct session *s)
{
	static char file[256];

	snprintf(file, sizeof(file), "%s/.cache/codetrain/%s", world.home, s->name);
	return file;
}

static void what_is_planted_is_refused(void **state)
{
	int64_t now = clock_now();
	struct session s;
	const char *file;

	(void)state;
	open_as("r", SESSION_FILE, &s);
	file = entry(&s);
	assert_true(store(&s, "ASIA", now, now + 3600, 0));
	assert_int_equal(chmod(file, 0640), 0);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(find(&s, now, "ASIA"), SESSION_FRESH);
	assert_int_equal(link(file, path("second")), 0);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink(path("second"), file), 0);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);	/* nobody writes: no wait */
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_true(store(&s, "ASIA", now, now + 3600, 0));
	assert_int_equal(find(&s, now, "ASIA"), SESSION_FRESH);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 12345, 0), 0);
		assert_int_equal(find(&s, now, ""), SESSION_NONE);
		assert_int_equal(chown(file, 0, 0), 0);
		assert_int_equal(chown(path(".cache/codetrain"), 12345, 0), 0);
		assert_int_equal(find(&s, now, ""), SESSION_NONE);
		assert_false(store(&s, "ASIA", now, now + 3600, 0));
		assert_int_equal(chown(path(".cache/codetrain"), 0, 0), 0);
	}
	assert_int_equal(chmod(path(".cache/codetrain"), 0755), 0);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_false(store(&s, "ASIA", now, now + 3600, 0));
	assert_int_equal(chmod(path(".cache/codetrain"), 0700), 0);
	assert_int_equal(rename(path(".cache/codetrain"), path("moved")), 0);
	assert_int_equal(symlink(path("moved"), path(".cache/codetrain")), 0);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	assert_false(store(&s, "ASIA", now, now + 3600, 0));
}

static void a_torn_entry_is_none(void **state)
{
	static const char *const times[] = { "-9223372036854775808", "+1", " 1", "", "1 ", "1000000000000000" };
	struct buf text = BUF_INIT(8192);
	int64_t now = clock_now();
	struct err err = { 0 };
	struct session s;

	(void)state;
	open_as("r", SESSION_FILE, &s);
	assert_true(store(&s, "ASIA", now, now + 3600, 0));
	assert_int_equal(file_read(entry(&s), &text, NULL, &err), 0);
	assert_non_null(strstr(buf_str(&text), "\nexpiration="));
	for (size_t len = 0; len < text.len; len++) {
		const char *end = strstr(buf_str(&text), "\nsource=");

		assert_int_equal(file_replace(entry(&s), text.data, len, 0600, &err), 0);
		if (text.data + len != end + 1)		/* all that counts is there */
			assert_int_equal(find(&s, now, ""), SESSION_NONE);
	}
	text.data[text.len - 3] = '\0';
	assert_int_equal(file_replace(entry(&s), text.data, text.len, 0600, &err), 0);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	memset(text.data, '9', text.len);
	memcpy(text.data, "codetrain-session ", 18);
	assert_int_equal(file_replace(entry(&s), text.data, text.len, 0600, &err), 0);
	assert_int_equal(find(&s, now, ""), SESSION_NONE);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		buf_clear(&text);
		buf_addf(&text, "codetrain-session %s\ncodetrain-credentials 1\naccess_key_id=ASIA\n"
			 "secret_access_key=" SECRET "\nexpiration=%lld\n", times[i], (long long)now + 3600);
		assert_int_equal(file_replace(entry(&s), text.data, text.len, 0600, &err), 0);
		assert_int_equal(find(&s, now, ""), SESSION_NONE);
	}
	assert_true(store(&s, "ASIA", now, now + 3600, 0));
	assert_int_equal(find(&s, now, "ASIA"), SESSION_FRESH);
	buf_free(&text);
}

static void folders(void **state)
{
	char runtime[96], cache[96];
	int64_t now = clock_now();
	struct session s;

	(void)state;
	snprintf(runtime, sizeof(runtime), "XDG_RUNTIME_DIR=%s", path("run"));
	snprintf(cache, sizeof(cache), "XDG_CACHE_HOME=%s", path("elsewhere"));
	set(cache);
	open_as("r", SESSION_FILE, &s);
	assert_true(store(&s, "ASIACACHE", now, now + 3600, 0));
	assert_int_equal(access(path("elsewhere/codetrain"), F_OK), 0);
	set(runtime);		/* not there */
	assert_int_equal(find(&s, now, "ASIACACHE"), SESSION_FRESH);
	assert_int_equal(mkdir(path("run"), 0700), 0);
	assert_true(store(&s, "ASIARUN", now, now + 3600, 0));
	assert_int_equal(access(path("run/codetrain"), F_OK), 0);
	assert_int_equal(find(&s, now, "ASIARUN"), SESSION_FRESH);
	session_forget(&s, "ASIARUN");
	assert_int_equal(access(path("elsewhere/codetrain"), F_OK), 0);
	if (geteuid() == 0) {	/* another user's */
		assert_int_equal(chown(path("run"), 12345, 0), 0);
		assert_true(store(&s, "ASIAOWN", now, now + 3600, 0));
		assert_int_equal(find(&s, now, "ASIAOWN"), SESSION_FRESH);
		world.set[2] = NULL;
		assert_int_equal(find(&s, now, "ASIAOWN"), SESSION_FRESH);
	}
	set("XDG_RUNTIME_DIR=run");
	set("XDG_CACHE_HOME=relative");
	world.set[0] = "HOME=relative";
	assert_false(store(&s, "ASIA", now, now + 3600, 0));
	world.set[0] = "HOME=";
	assert_false(store(&s, "ASIA", now, now + 3600, 0));
	world.set[0] = "HOME=/proc/1/nowhere";
	assert_false(store(&s, "ASIA", now, now + 3600, 0));
}

static bool is_there(const char *file)
{
	return access(path(file), F_OK) == 0;
}

static void what_is_over_is_swept(void **state)
{
	static const char old[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	const struct timespec long_ago[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	int64_t now = clock_now();
	struct session s, dead;
	char file[3][160];

	(void)state;
	open_as("r", SESSION_FILE, &s);
	dead = s;
	memcpy(dead.name, old, sizeof(old));
	assert_true(store(&dead, "ASIADEAD", now - 100, now - 10, 0));
	snprintf(file[0], sizeof(file[0]), ".cache/codetrain/%s", old);
	snprintf(file[1], sizeof(file[1]), ".cache/codetrain/%s.0011223344556677", old);
	snprintf(file[2], sizeof(file[2]), ".cache/codetrain/a-file-of-someone-else");
	put(file[1], SECRET);
	put(file[2], "x");
	assert_true(is_there(file[0]));
	assert_true(store(&s, "ASIA", now, now + 3600, 0));
	assert_false(is_there(file[0]));
	assert_true(is_there(file[1]));		/* somebody may be writing it */
	assert_int_equal(utimensat(AT_FDCWD, path(file[1]), long_ago, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, path(file[2]), long_ago, 0), 0);
	assert_true(store(&s, "ASIA", now, now + 3600, 0));
	assert_false(is_there(file[1]));
	assert_true(is_there(file[2]));
	assert_int_equal(find(&s, now, "ASIA"), SESSION_FRESH);
}

/* ---- the lock -------------------------------------------------------------------------- */

/* In a process of its own, which waits for the lock: its turn, and the class.
 * `held`: what it must not inherit. */
static pid_t waiter(const struct session *s, const struct session_lock *held, int ready)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct session_lock lock;
		struct err err = { 0 };
		enum session_turn turn;

		if (held) {
			close(held->fd);
			close(held->folder);
		}
		turn = session_lock(s, 0, NULL, &lock, &err);
		if (turn == SESSION_BUSY) {
			if (write(ready, "x", 1) != 1)
				_exit(99);
			turn = session_lock(s, 20000, NULL, &lock, &err);
		}
		if (turn == SESSION_REFUSED && strcmp(err.message, "the reason"))
			_exit(98);
		if (turn == SESSION_MINE)
			session_unlock(&lock, NULL);
		_exit((int)turn * 10 + (int)err.class);
	}
	return pid;
}

static int ended(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Does the process hold the lock file open by now? The second session_lock has no
 * other sign. */
static void until_waiting(pid_t pid, int ready)
{
	char link[64], target[256], c;

	assert_int_equal(read(ready, &c, 1), 1);
	for (int i = 0; i < 2000; i++) {
		for (int fd = 3; fd < 16; fd++) {
			ssize_t n;

			snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
			n = readlink(link, target, sizeof(target) - 1);
			if (n > 5 && memcmp(target + n - 5, ".lock", 5) == 0)
				return;
		}
		usleep(1000);
	}
	fail_msg("it does not wait");
}

static void those_who_wait_see_how_it_went(void **state)
{
	static const struct {
		const struct err failure;
		bool failed;
		int want;
	} rows[] = {
		{ { ERR_NONE, "" }, false, SESSION_OVER * 10 },
		{ { ERR_ACCESS, "the reason" }, true, SESSION_REFUSED * 10 + ERR_ACCESS },
		{ { ERR_UNAVAILABLE, "the reason" }, true, SESSION_REFUSED * 10 + ERR_UNAVAILABLE },
		{ { ERR_NONE, "" }, true, SESSION_ALONE * 10 },
	};
	struct session_lock lock;
	struct err err = { 0 };
	struct session s;
	int ready[2];

	(void)state;
	open_as("r", SESSION_ANYWHERE, &s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		pid_t pid;

		assert_int_equal(pipe(ready), 0);
		assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_MINE);
		pid = waiter(&s, &lock, ready[1]);
		until_waiting(pid, ready[0]);
		session_unlock(&lock, rows[i].failed ? &rows[i].failure : NULL);
		assert_int_equal(ended(pid), rows[i].want);
		/* and one who comes later knows nothing of it */
		pid = waiter(&s, NULL, ready[1]);
		assert_int_equal(ended(pid), SESSION_MINE * 10);
		close(ready[0]);
		close(ready[1]);
	}
	assert_int_equal(access(path(".cache/codetrain"), F_OK), 0);
	assert_int_equal(rmdir(path(".cache/codetrain")), 0);	/* nothing is left in it */
}

static void a_killed_holder_is_followed(void **state)
{
	struct session s;
	int ready[2];
	pid_t holder, next;
	char c;

	(void)state;
	open_as("r", SESSION_ANYWHERE, &s);
	assert_int_equal(pipe(ready), 0);
	holder = fork();
	if (holder == 0) {
		struct session_lock lock;
		struct err err;

		if (session_lock(&s, 0, NULL, &lock, &err) == SESSION_MINE &&
		    write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	next = waiter(&s, NULL, ready[1]);
	until_waiting(next, ready[0]);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	assert_int_equal(ended(next), SESSION_MINE * 10);
	close(ready[0]);
	close(ready[1]);
}

/* Killed between its note and the end of its turn, a holder leaves a file with a name. */
static void the_note_of_a_killed_holder_is_nobodys(void **state)
{
	struct session_lock lock;
	struct err err = { 0 };
	struct session s;
	char file[160];
	int ready[2];
	pid_t next;

	(void)state;
	open_as("r", SESSION_ANYWHERE, &s);
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_MINE);
	session_unlock(&lock, NULL);
	snprintf(file, sizeof(file), ".cache/codetrain/%s.lock", s.name);
	put(file, "6\nthe reason");
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_MINE);
	next = waiter(&s, &lock, ready[1]);
	until_waiting(next, ready[0]);
	session_unlock(&lock, NULL);
	assert_int_equal(ended(next), SESSION_OVER * 10);
	close(ready[0]);
	close(ready[1]);
}

static void a_wait_has_an_end(void **state)
{
	struct session_lock lock, second;
	volatile int stop = 1;
	struct err err = { 0 };
	struct session s;
	int64_t began;

	(void)state;
	open_as("r", SESSION_ANYWHERE, &s);
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_MINE);
	began = clock_now_ms();
	assert_int_equal(session_lock(&s, 0, NULL, &second, &err), SESSION_BUSY);
	assert_int_equal(session_lock(&s, 100, NULL, &second, &err), SESSION_BUSY);
	assert_int_equal(session_lock(&s, 600000, &stop, &second, &err), SESSION_BUSY);
	assert_true(clock_now_ms() - began < 10000);
	session_unlock(&second, NULL);		/* nothing */
	session_unlock(&lock, NULL);
}

static void where_no_lock_can_be(void **state)
{
	struct session_lock lock;
	struct err err = { 0 };
	struct session s;
	char file[160];

	(void)state;
	open_as("r", SESSION_ANYWHERE, &s);
	set("CODETRAIN_CREDENTIAL_PROCESS=1");	/* whoever began us may hold it */
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_ALONE);
	set("CODETRAIN_CREDENTIAL_PROCESS=");
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_MINE);
	session_unlock(&lock, NULL);
	snprintf(file, sizeof(file), ".cache/codetrain/%s.lock", s.name);
	assert_int_equal(symlink("/dev/null", path(file)), 0);
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_ALONE);
	unlink(path(file));
	assert_int_equal(mkdir(path(file), 0700), 0);
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_ALONE);
	rmdir(path(file));
	world.set[0] = "HOME=/nonexistent";
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_ALONE);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_world, remove_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_same_is_the_same),
		CASE(what_counts_is_in_the_name),
		CASE(a_sign_out_is_another_name),
		CASE(a_containers_token_is_in_the_name),
		CASE(a_programs_environment_is_in_the_name),
		CASE(a_sign_in_without_a_home_is_not_kept),
		CASE(who_has_no_session),
		CASE(by_the_kernel),
		CASE(in_a_file),
		CASE(by_the_kernel_before_a_file),
		CASE(the_kernel_forgets_by_itself),
		CASE(not_possessed),
		CASE(a_kernel_that_refuses),
		CASE(a_token_of_any_size),
		CASE(what_is_planted_is_refused),
		CASE(a_torn_entry_is_none),
		CASE(folders),
		CASE(what_is_over_is_swept),
		CASE(those_who_wait_see_how_it_went),
		CASE(a_killed_holder_is_followed),
		CASE(the_note_of_a_killed_holder_is_nobodys),
		CASE(a_wait_has_an_end),
		CASE(where_no_lock_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
