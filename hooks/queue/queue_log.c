#include "queue_log.h"
#include "queue_db.h"
#include "queue_place.h"
#include "queue_text.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char file_name[] = "drainer.log", older_name[] = "drainer.log.1";

struct queue_log {
	char *gitdir;
	int journal;		/* -1: a file, or nothing */
	bool file;
};

static int log_new(const char *gitdir, struct queue_log **out, struct err *err)
{
	struct queue_log *log = calloc(1, sizeof(*log));

	if (log)
		log->gitdir = strdup(gitdir);
	if (!log || !log->gitdir) {
		free(log);
		return err_set(err, ERR_INTERNAL, "no memory for the log");
	}
	log->journal = -1;
	*out = log;
	return 0;
}

int queue_log_open_journal(const char *gitdir, const char *socket_path, struct queue_log **out,
			   struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct queue_log *log;

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path) >=
	    sizeof(address.sun_path))
		return err_set(err, ERR_USAGE, "the path of the journal is too long: %s", socket_path);
	if (log_new(gitdir, &log, err) < 0)
		return -1;
	log->journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log->journal < 0 ||
	    connect(log->journal, (struct sockaddr *)&address, sizeof(address)) < 0) {
		err_errno(err, "cannot reach the journal at %s", socket_path);
		queue_log_free(log);
		return -1;
	}
	*out = log;
	return 0;
}

int queue_log_open(const char *gitdir, const char *kind, struct queue_log **out, struct err *err)
{
	struct err none = { 0 };

	if (kind && strcmp(kind, "journal") == 0)
		return queue_log_open_journal(gitdir, QUEUE_LOG_JOURNAL, out, err);
	if (kind && strcmp(kind, "file") != 0 && strcmp(kind, "none") != 0)
		return err_set(err, ERR_USAGE, "codetrain.log is \"%s\"; it is journal, file or none",
			       kind);
	if (!kind && queue_log_open_journal(gitdir, QUEUE_LOG_JOURNAL, out, &none) == 0)
		return 0;
	if (log_new(gitdir, out, err) < 0)
		return -1;
	(*out)->file = !kind || strcmp(kind, "file") == 0;
	return 0;
}

/* Each field is one line, for which the text was cleaned. */
static void to_journal(const struct queue_log *log, int64_t event, const char *target,
		       const char *text)
{
	struct buf datagram = BUF_INIT(PATH_MAX_BYTES + QUEUE_LOG_LINE_MAX * 4 + 4096);

	buf_addf(&datagram, "MESSAGE=%s\nPRIORITY=6\nSYSLOG_IDENTIFIER=codetrain-queue\n", text);
	buf_adds(&datagram, "CODETRAIN_REPOSITORY=");
	queue_text_clean(log->gitdir, ' ', 0, &datagram);
	buf_adds(&datagram, "\n");
	if (event)
		buf_addf(&datagram, "CODETRAIN_EVENT=%lld\n", (long long)event);
	if (target && *target) {
		buf_adds(&datagram, "CODETRAIN_TARGET=");
		queue_text_clean(target, ' ', 0, &datagram);
		buf_adds(&datagram, "\n");
	}
	if (!datagram.failed)
		send(log->journal, datagram.data, datagram.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_free(&datagram);
}

/* What is full becomes the older one; there is one writer, who has the drainer's lock. */
static int open_file(const struct queue_log *log)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), older = BUF_INIT(PATH_MAX_BYTES);
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
	struct err ignored;
	struct stat st;
	int fd = -1;

	if (queue_place_path(log->gitdir, file_name, &path, &ignored) == 0 &&
	    queue_place_path(log->gitdir, older_name, &older, &ignored) == 0)
		fd = open(buf_str(&path), flags, 0600);
	if (fd >= 0 && fstat(fd, &st) == 0 &&
	    st.st_size > QUEUE_LOG_FILE_MAX - (QUEUE_LOG_LINE_MAX + 512) &&
	    rename(buf_str(&path), buf_str(&older)) == 0) {
		close(fd);
		fd = open(buf_str(&path), flags, 0600);
	}
	buf_free(&older);
	buf_free(&path);
	return fd;
}

static void to_file(const struct queue_log *log, int64_t event, const char *target,
		    const char *text)
{
	struct buf line = BUF_INIT(QUEUE_LOG_LINE_MAX + 512);
	char when[CLOCK_EXTENDED_LEN];
	struct err ignored;
	int fd = open_file(log);

	if (fd < 0)
		return;
	clock_extended(clock_now(), when);
	buf_addf(&line, "%s ", when);
	if (event)
		buf_addf(&line, "event %lld ", (long long)event);
	if (target && *target) {
		queue_text_clean(target, ' ', 64, &line);
		buf_adds(&line, ": ");
	}
	buf_addf(&line, "%s\n", text);
	if (!line.failed)
		file_write_fd(fd, line.data, line.len, file_name, &ignored);
	close(fd);
	buf_free(&line);
}

void queue_log_line(struct queue_log *log, int64_t event, const char *target, const char *fmt, ...)
{
	struct buf text = BUF_INIT(QUEUE_LOG_LINE_MAX);
	char raw[QUEUE_LOG_LINE_MAX];
	va_list ap;

	if (!log || (log->journal < 0 && !log->file))
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	/* a character that was cut in two becomes a '?' of one byte each */
	queue_text_clean(raw, ' ', 0, &text);
	if (log->journal >= 0)
		to_journal(log, event, target, buf_str(&text));
	else
		to_file(log, event, target, buf_str(&text));
	buf_free(&text);
}

/* systemd says in JOURNAL_STREAM which device and inode are its own. */
bool queue_log_is_stderr(const struct queue_log *log)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!log || log->journal < 0 || !stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void queue_log_free(struct queue_log *log)
{
	if (!log)
		return;
	if (log->journal >= 0)
		close(log->journal);
	free(log->gitdir);
	free(log);
}
