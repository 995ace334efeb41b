#include "keyring.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* To the end of a line, byte by byte: what follows belongs to the next question. */
static int read_line(int fd, struct buf *out, struct err *err)
{
	deadline_t end = deadline_in(KEYRING_ASK_SECONDS * 1000);

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char c = '\n';
		ssize_t n;

		if (interrupted)
			return err_set(err, ERR_USAGE, "interrupted; nothing was stored");
		if (deadline_over(end))
			return err_set(err, ERR_USAGE, "nothing was typed in %d seconds; nothing was "
				       "stored", KEYRING_ASK_SECONDS);
		if (poll(&p, 1, deadline_left(end)) <= 0)
			continue;
		n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot read the answer");
		if (n == 0 || c == '\n')
			break;
		buf_addc(out, c);
	}
	if (out->len && out->data[out->len - 1] == '\r')
		out->data[--out->len] = '\0';
	return buf_check(out, "the answer", err);
}

/* The terminal is as it was afterwards, also when somebody presses Ctrl-C. */
static int ask_terminal(int tty, const char *prompt, bool secret, struct buf *out, struct err *err)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction action = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };
	struct sigaction old[sizeof(caught) / sizeof(*caught)], old_stop;
	struct termios was, silent;
	bool hide = secret;
	int rc = -1;

	if (hide && tcgetattr(tty, &was) < 0)
		return err_errno(err, "cannot switch off the terminal's echo");
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaction(caught[i], &action, &old[i]);
	sigaction(SIGTSTP, &ignore, &old_stop);
	if (hide) {
		silent = was;
		silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
		tcsetattr(tty, TCSAFLUSH, &silent);
	}
	if (file_write_fd(tty, prompt, strlen(prompt), "the terminal", err) == 0)
		rc = read_line(tty, out, err);
	if (hide) {
		tcsetattr(tty, TCSAFLUSH, &was);
		if (write(tty, "\n", 1) != 1)
			rc = rc < 0 ? rc : err_errno(err, "cannot write to the terminal");
	}
	sigaction(SIGTSTP, &old_stop, NULL);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaction(caught[i], &old[i], NULL);
	return rc;
}

int keyring_ask(const char *prompt, bool secret, struct buf *out, struct err *err)
{
	int tty, rc;

	if (!isatty(STDIN_FILENO))
		return read_line(STDIN_FILENO, out, err);
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return err_errno(err, "cannot ask on the terminal");
	rc = ask_terminal(tty, prompt, secret, out, err);
	close(tty);
	return rc;
}
