#include "provider.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MFA_WAIT_MS = 120 * 1000 };

/* A line from the terminal, without its end. */
static int read_line(int tty, char *out, size_t cap, struct err *err)
{
	deadline_t end = deadline_in(MFA_WAIT_MS);
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = tty, .events = POLLIN };
		char c;

		if (deadline_over(end))
			return err_set(err, ERR_ACCESS, "no MFA code was typed in %d seconds",
				       MFA_WAIT_MS / 1000);
		if (poll(&p, 1, deadline_left(end)) <= 0)
			continue;
		if (read(tty, &c, 1) != 1)
			return err_set(err, ERR_ACCESS, "no MFA code was typed");
		if (c == '\n')
			break;
		if (len + 1 < cap && c != '\r' && c != ' ')
			out[len++] = c;
	}
	out[len] = '\0';
	return 0;
}

/* On the terminal itself: standard input belongs to git, or to a pipe. The
 * code is good once, so it may be seen. */
int provider_ask_mfa(const char *serial, char *out, size_t cap, struct err *err)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct buf prompt = BUF_INIT(512);
	int result = -1;

	if (tty < 0)
		return err_set(err, ERR_ACCESS, "the role wants a code of the MFA device %s and there "
			       "is no terminal to ask on", serial);
	buf_addf(&prompt, "MFA code of %.300s: ", serial);
	if (file_write_fd(tty, buf_str(&prompt), prompt.len, "the terminal", err) == 0 &&
	    read_line(tty, out, cap, err) == 0) {
		size_t len = strlen(out);

		if (len == 6 && strspn(out, "0123456789") == len)
			result = 0;
		else
			err_set(err, ERR_ACCESS, "an MFA code has six digits");
	}
	buf_free(&prompt);
	close(tty);
	return result;
}
