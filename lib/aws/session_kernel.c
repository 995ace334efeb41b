/*
 * The kernel's keyring of the user (keyrings(7)): no file, no daemon, and it
 * forgets by itself when the time has come. By system calls, which is all that
 * libkeyutils would add.
 */
#include "session_place.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The owner may do with it whatever one who possesses it may: a process whose
 * session keyring does not lead to the user's (a container, a service, after
 * `keyctl session`) finds the key and possesses nothing. */
#define PERMISSION 0x3f3f0000u

enum { DESCRIPTION_MAX = HASH_HEX_LEN + 32 };

static void describe(const struct session *s, char out[static DESCRIPTION_MAX])
{
	snprintf(out, DESCRIPTION_MAX, "codetrain:session:%s", s->name);
}

/* -1: there is none, it has ended or was revoked, or the kernel does not let us. */
static long find(const struct session *s)
{
	char description[DESCRIPTION_MAX];

	describe(s, description);
	return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", description, 0);
}

int session_kernel_load(const struct session *s, struct buf *text)
{
	long key = find(s), n;
	char *room;

	if (key < 0)
		return -1;
	room = buf_room(text, SESSION_TEXT_MAX);
	if (!room)
		return -1;
	/* the length of the whole, also when it is more than fits */
	n = syscall(SYS_keyctl, KEYCTL_READ, key, room, SESSION_TEXT_MAX);
	if (n <= 0 || n > SESSION_TEXT_MAX)
		return -1;
	text->len += (size_t)n;
	room[n] = '\0';
	return 0;
}

/* Whom it is made for, and until when; an older key of that name was given both. */
static int finish(long key, long seconds)
{
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, key, PERMISSION) < 0)
		return -1;
	return syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, seconds) < 0 ? -1 : 0;
}

int session_kernel_store(const struct session *s, const struct buf *text, int64_t now,
			 int64_t seconds)
{
	char description[DESCRIPTION_MAX];
	long key;

	(void)now;
	describe(s, description);
	key = syscall(SYS_add_key, "user", description, text->data, text->len,
		      KEY_SPEC_USER_KEYRING);
	if (key < 0)
		return -1;
	if (finish(key, (long)seconds) == 0)
		return 0;
	/* Not possessed, and new: a keyring of this process leads to it. */
	if (errno == EACCES &&
	    syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING) == 0 &&
	    finish(key, (long)seconds) == 0)
		return 0;
	session_kernel_forget(s);
	return -1;
}

void session_kernel_forget(const struct session *s)
{
	long key = find(s);

	if (key < 0)
		return;
	/* at once; a kernel that refuses it may still take it out of the keyring */
	if (syscall(SYS_keyctl, KEYCTL_INVALIDATE, key) < 0)
		syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
}
