#include "provider.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"
#include "lib/base/stop.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MFA_WAIT_MS = 120 * 1000, MFA_TRIES = 2, ANSWER_MAX = 256, STOP_POLL_MS = 200 };

/* A line from the terminal, without its end. */
static int read_line(int tty, const volatile int *stop, deadline_t end, struct buf *out,
		     struct err *err)
{
	buf_clear(out);
	for (;;) {
		struct pollfd p = { .fd = tty, .events = POLLIN };
		int left = deadline_left(end);
		char c;

		if (stop_is_set(stop))
			return err_set(err, ERR_ACCESS, "the question for the MFA code was interrupted");
		if (left == 0)
			return err_set(err, ERR_ACCESS, "no MFA code was typed in %d seconds",
				       MFA_WAIT_MS / 1000);
		if (poll(&p, 1, left < STOP_POLL_MS ? left : STOP_POLL_MS) <= 0)
			continue;
		if (read(tty, &c, 1) != 1)
			return err_set(err, ERR_ACCESS, "no MFA code was typed");
		if (c == '\n')
			return 0;
		buf_addc(out, c);
	}
}

/* Six digits; spaces between them are how people write them down. */
static int take_code(const struct buf *answer, char out[static PROVIDER_MFA_LEN], struct err *err)
{
	size_t n = 0;

	for (const char *s = buf_str(answer); *s; s++) {
		if (strchr(" \t\r\n", *s))
			continue;
		if (*s < '0' || *s > '9' || n + 1 == PROVIDER_MFA_LEN) {
			n = 0;
			break;
		}
		out[n++] = *s;
	}
	if (n + 1 != PROVIDER_MFA_LEN || answer->failed)
		return err_set(err, ERR_ACCESS, "an MFA code has six digits; run the command again");
	out[n] = '\0';
	return 0;
}

/* On the terminal itself: standard input belongs to git, or to a pipe. The
 * code is good once, so it may be seen. */
static int ask_terminal(int tty, const volatile int *stop, const char *prompt,
			char out[static PROVIDER_MFA_LEN], struct err *err)
{
	static const char again[] = "An MFA code has six digits. ";
	struct buf answer = BUF_INIT_SECRET(ANSWER_MAX);
	deadline_t end = deadline_in(MFA_WAIT_MS);
	struct err why;
	int result = -1;

	for (int try = 0; try < MFA_TRIES && result < 0; try++) {
		if ((try && file_write_fd(tty, again, strlen(again), "the terminal", &why) < 0) ||
		    file_write_fd(tty, prompt, strlen(prompt), "the terminal", &why) < 0 ||
		    read_line(tty, stop, end, &answer, &why) < 0)
			break;
		result = take_code(&answer, out, &why);
	}
	buf_free(&answer);
	if (result < 0)
		*err = why;
	return result;
}

/* The environment without what names or is an AWS identity. */
static int own_environment(struct strs *out, struct err *err)
{
	for (char **e = environ; *e; e++)
		if (strncmp(*e, "AWS_", 4) != 0)
			strs_add(out, *e);
	return out->failed ? err_set(err, ERR_INTERNAL, "the environment is too large") : 0;
}

static int ask_program(const struct aws *a, const char *program, const char *prompt,
		       char out[static PROVIDER_MFA_LEN], struct err *err)
{
	struct buf answer = BUF_INIT_SECRET(ANSWER_MAX);
	const char *const argv[] = { program, prompt, NULL };
	struct strs envp = STRS_INIT;
	struct proc_result ran = { 0 };
	int result = -1;

	if (own_environment(&envp, err) == 0) {
		const struct proc p = {
			.argv = argv,
			.envp = (const char *const *)envp.v,
			.out = &answer,
			.asks = true,
			.timeout_ms = MFA_WAIT_MS,
			.stop = a->shared->stop,
		};

		result = proc_run(&p, &ran, err);
	}
	if (result == 0 && ran.timed_out)
		result = err_set(err, ERR_ACCESS, "%s gave no MFA code in %d seconds", program,
				 MFA_WAIT_MS / 1000);
	else if (result == 0 && (ran.exit_code || ran.stopped))
		result = err_set(err, ERR_ACCESS, "%s gave no MFA code (exit code %d)", program,
				 ran.exit_code);
	else if (result == 0)
		result = take_code(&answer, out, err);
	else
		err->class = ERR_ACCESS;
	buf_free(&answer);
	aws_wipe_lines(&envp);
	return result;
}

/* GIT_TERMINAL_PROMPT, as git reads it. */
static bool may_use_terminal(const struct aws *a)
{
	static const char *const no[] = { "0", "false", "no", "off" };
	const char *value = a->shared->world->getenv("GIT_TERMINAL_PROMPT");

	if (value && !*value)
		return false;
	for (size_t i = 0; value && i < sizeof(no) / sizeof(*no); i++)
		if (strcasecmp(value, no[i]) == 0)
			return false;
	return true;
}

int provider_ask_mfa(const struct aws *a, const char *serial, char out[static PROVIDER_MFA_LEN],
		     struct err *err)
{
	const char *program = aws_getenv(a, "GIT_ASKPASS");
	bool may = may_use_terminal(a);
	int tty = may ? open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	char prompt[512];
	int result;

	snprintf(prompt, sizeof(prompt), "MFA code of %.300s: ", serial);
	err_tidy(prompt);
	if (tty >= 0) {
		result = ask_terminal(tty, a->shared->stop, prompt, out, err);
		close(tty);
		return result;
	}
	if (!program)
		program = aws_getenv(a, "SSH_ASKPASS");
	if (program)
		return ask_program(a, program, prompt, out, err);
	return err_set(err, ERR_ACCESS, "the role wants a code of the MFA device %s, and %s; run codetrain "
		       "credentials --profile %s -- true in a terminal, and the session serves until it "
		       "ends, or set GIT_ASKPASS", serial, may ? "there is no terminal to ask on"
		       : "GIT_TERMINAL_PROMPT forbids to ask on the terminal", aws_label(a));
}
