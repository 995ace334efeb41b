/* A session that is kept in a file: what is there is whole credentials that have not
 * ended, or nothing. What was stored is found again; a refresh that failed tells those
 * who waited a message of one line. */
#include "lib/aws/session.h"
#include "lib/base/file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1709210096 };

static char in_memory[] = "/dev/shm/codetrain-fuzz.XXXXXX", on_disk[] = "/tmp/codetrain-fuzz.XXXXXX";
static const char *home;
static char path[192];

static const char *environment(const char *name)
{
	return strcmp(name, "HOME") == 0 ? home : NULL;
}

static void leave(void)
{
	file_remove_tree(home, &(struct err){ 0 });
}

static struct session session(void)
{
	struct session s = { .places = SESSION_FILE, .getenv = environment };

	memset(s.name, 'a', sizeof(s.name) - 1);
	return s;
}

static void begin(void)
{
	const struct session s = session();

	home = mkdtemp(in_memory);
	if (!home && !(home = mkdtemp(on_disk)))
		abort();
	atexit(leave);
	snprintf(path, sizeof(path), "%s/.cache", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/.cache/codetrain", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/.cache/codetrain/%s", home, s.name);
}

static void put(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static enum session_state load(struct creds *c)
{
	struct session s = session();

	return session_load(&s, NOW, c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct session s = session();
	struct err err = { 0 };
	struct creds *c = creds_new(&err), *same = creds_new(&err);

	if (!*path)
		begin();
	if (!c || !same)
		abort();
	put(data, size);
	if (load(c) != SESSION_NONE) {
		if (c->expiration <= NOW ||
		    creds_set(same, c->access_key_id, c->secret_access_key, c->session_token, "x", &err) < 0)
			abort();
		if (!session_store(&s, c, NOW, 0) || load(same) == SESSION_NONE ||
		    strcmp(same->secret_access_key, c->secret_access_key) != 0 ||
		    strcmp(same->session_token, c->session_token) != 0 || same->expiration != c->expiration)
			abort();
		session_forget(&s, "another");
		if (load(same) == SESSION_NONE)
			abort();
		session_forget(&s, c->access_key_id);
		if (load(same) != SESSION_NONE)
			abort();
	}
	creds_free(c);
	creds_free(same);
	return 0;
}
