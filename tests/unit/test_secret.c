/* lib/base/secret.c, and that what holds secrets wipes them: every block is looked at
 * when it goes back to the system. */
#include "lib/aws/awsconfig.h"
#include "lib/aws/creds.h"
#include "lib/base/buf.h"
#include "lib/base/file.h"
#include "lib/base/secret.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define WATCHED 0	/* the sanitizer has a munmap of its own, and an mlock that does nothing */
#else
#define WATCHED 1

static size_t unmapped, dirty;

/* Stands before the C library's. */
int munmap(void *p, size_t len)
{
	unmapped++;
	for (size_t i = 0; i < len; i++)
		if (((const char *)p)[i]) {
			dirty++;
			break;
		}
	return (int)syscall(SYS_munmap, p, len);
}
#endif

/* The flags of the mapping that holds p: "rd wr ... lo dd wf". */
static void flags_of(const void *p, char out[static 256])
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to;
	bool here = false;
	char line[512];

	out[0] = '\0';
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(out, 256, "%.255s", line + 8);
	}
	fclose(f);
}

static void a_block_is_locked_and_left_out_of_dumps(void **state)
{
	void *p = secret_alloc(100), *plain = malloc(100);
	char flags[256];

	(void)state;
	assert_non_null(p);
	flags_of(p, flags);
	assert_non_null(strstr(flags, " dd"));	/* MADV_DONTDUMP */
	assert_non_null(strstr(flags, " wf"));	/* MADV_WIPEONFORK */
	if (WATCHED)
		assert_non_null(strstr(flags, " lo"));	/* mlock */
	flags_of(plain, flags);
	assert_null(strstr(flags, " dd"));
	free(plain);
	secret_free(p, 100);
}

static int ended_well(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_forked_child_finds_nothing(void **state)
{
	char *p = secret_alloc(100);
	pid_t pid;

	(void)state;
	assert_non_null(p);
	p[0] = 's';
	pid = fork();
	if (pid == 0)
		_exit(p[0]);
	assert_true(ended_well(pid));
	assert_int_equal(p[0], 's');
	secret_free(p, 100);
}

static void memory_that_cannot_be_locked_is_used(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };
		char *p;

		setrlimit(RLIMIT_MEMLOCK, &none);
		if (getuid() == 0 && setuid(65534) < 0)
			_exit(1);
		p = secret_alloc(100);
		if (p)
			p[0] = 's';
		_exit(p && p[0] == 's' && (!WATCHED || mlock(p, 100) < 0) ? 0 : 1);
	}
	assert_true(ended_well(pid));
}

static void a_process_gives_no_core(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct rlimit limit;
		int fd;

		close(STDIN_FILENO);
		close(STDERR_FILENO);
		secret_process_init();
		fd = open("/dev/null", O_RDONLY);
		_exit(prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &limit) == 0 &&
		      limit.rlim_cur == 0 && limit.rlim_max == 0 && fd > STDERR_FILENO ? 0 : 1);
	}
	assert_true(ended_well(pid));
}

#if WATCHED
/* Calls that give blocks back, at least `least` of them and none with a byte left in it. */
static void wiped(size_t least)
{
	if (dirty || unmapped < least)
		fail_msg("%zu blocks unmapped, %zu not wiped", unmapped, dirty);
	unmapped = dirty = 0;
}

static void what_is_freed_is_wiped(void **state)
{
	struct buf b = BUF_INIT_SECRET(1 << 20);
	struct err err = { 0 };
	struct creds *c;
	char *p = secret_alloc(10000);

	(void)state;
	unmapped = dirty = 0;
	memset(p, 's', 10000);
	secret_free(p, 10000);
	wiped(1);
	for (int i = 0; i < 100000; i++)	/* it grows many times */
		buf_addc(&b, 's');
	buf_free(&b);
	wiped(8);
	c = creds_new(&err);
	assert_int_equal(creds_set(c, "AKID", "secret", "token", "test", &err), 0);
	creds_free(c);
	wiped(1);
}

static void files_are_wiped(void **state)
{
	static const char text[] = "[default]\naws_access_key_id = AKID\naws_secret_access_key = secret\n",
			  broken[] = "[default]\naws_secret_access_key = secret\nbroken\n";
	char path[] = "/tmp/codetrain-secret.XXXXXX";
	struct err err = { 0 };

	(void)state;
	close(mkstemp(path));
	assert_int_equal(file_replace(path, text, strlen(text), 0600, &err), 0);
	unmapped = dirty = 0;
	awsconfig_free(awsconfig_load("/nonexistent", path, NULL, &err));
	wiped(1);
	assert_int_equal(file_replace(path, broken, strlen(broken), 0600, &err), 0);
	assert_null(awsconfig_load("/nonexistent", path, NULL, &err));
	wiped(1);
	unlink(path);
}

/* The twin: memory that goes back as it is would be seen. */
static void dirty_memory_would_be_seen(void **state)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	p[4095] = 's';
	munmap(p, 4096);
	assert_int_equal(dirty, 1);
	unmapped = dirty = 0;
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_locked_and_left_out_of_dumps),
		cmocka_unit_test(a_forked_child_finds_nothing),
		cmocka_unit_test(memory_that_cannot_be_locked_is_used),
		cmocka_unit_test(a_process_gives_no_core),
#if WATCHED
		cmocka_unit_test(what_is_freed_is_wiped),
		cmocka_unit_test(files_are_wiped),
		cmocka_unit_test(dirty_memory_would_be_seen),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
