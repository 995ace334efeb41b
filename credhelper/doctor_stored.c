/*
 * CodeCommit passwords in the files of git-credential-store.
 */
#include "doctor.h"

#include "lib/base/encode.h"
#include "lib/base/file.h"

#include <string.h>

enum { STORED_MAX = 1 << 20, LINES_SHOWN = 50 };

struct stored {
	const char *path;
	struct buf fix;		/* the sed commands: "3d;7d" */
	int first, kept, lasting;
	bool asked;		/* git has a helper that answers from this file */
};

/* IAM makes such user names for HTTPS git credentials: NAME-at-123456789012. */
static bool is_iam_user(const char *user)
{
	struct buf plain = BUF_INIT(1024);
	const char *at;
	bool is;

	decode_percent(user, strlen(user), &plain);
	at = strstr(buf_str(&plain), "-at-");
	while (at && strstr(at + 1, "-at-"))
		at = strstr(at + 1, "-at-");
	is = at && strlen(at + 4) == 12 && strspn(at + 4, "0123456789") == 12;
	buf_free(&plain);
	return is;
}

static bool is_codecommit(const struct doctor *d, const struct doctor_url *url)
{
	char region[REGION_MAX];

	if (region_codecommit_host(url->host, region))
		return true;
	for (size_t i = 0; i < d->place_count; i++)
		if (strcmp(d->places[i].parts.host, url->host) == 0 &&
		    strcmp(d->places[i].parts.port, url->port) == 0)
			return true;
	return false;
}

static void read_line(const struct doctor *d, const char *line, int number, struct stored *s)
{
	struct doctor_url url;

	if (!doctor_url_parse(line, &url) || !url.password || !is_codecommit(d, &url) ||
	    s->kept + s->lasting == LINES_SHOWN)
		return;
	if (!s->first)
		s->first = number;
	if (is_iam_user(url.user))
		s->lasting++;
	else
		s->kept++;
	buf_addf(&s->fix, "%s%dd", s->fix.len ? ";" : "", number);
}

static void tell(struct doctor *d, const struct stored *s)
{
	struct doctor_finding f = { .severity = s->asked ? DOCTOR_ERROR : DOCTOR_WARNING,
				    .rule = "stored-password", .file = s->path, .line = s->first };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	char shown[PATH_MAX_BYTES];

	if (s->lasting) {
		buf_adds(&fix, "codetrain keyring store --git --profile ");
		encode_shell(d->identity_count ? d->identities[0].label : "default", &fix);
		buf_addc(&fix, '\n');
	}
	buf_addf(&fix, "sed -i '%s' %s", buf_str(&s->fix),
		 doctor_path(d, s->path, shown, sizeof(shown)));
	f.fix = buf_str(&fix);
	if (s->kept)
		doctor_found(d, &f, "%d stored CodeCommit password%s of 15 minutes' life; %s", s->kept,
			     s->kept > 1 ? "s" : "",
			     s->asked ? "git tries it first and gets 403" : "of no use to anybody");
	if (s->lasting) {
		f.severity = DOCTOR_WARNING;
		f.rule = "stored-git-credentials";
		doctor_found(d, &f, "CodeCommit's long-lived git credentials are in plain text; the "
			     "keyring keeps them safe");
	}
	buf_free(&fix);
}

static void read_file(struct doctor *d, const char *path, bool asked)
{
	struct stored s = { .path = path, .fix = BUF_INIT(8192), .asked = asked };
	struct buf text = BUF_INIT_SECRET(STORED_MAX);
	struct file_info info = { 0 };
	struct err unread;
	int number = 0;

	if (file_read(path, &text, &info, &unread) == 0) {
		char *line = text.data, *end;

		for (; line && *line; line = end) {
			end = line + strcspn(line, "\n");
			if (*end)
				*end++ = '\0';
			read_line(d, line, ++number, &s);
		}
	}
	if (s.kept + s.lasting)
		tell(d, &s);
	buf_free(&text);
	buf_free(&s.fix);
}

/* Is a helper asked before ours that answers from there? */
static bool is_asked(const struct doctor *d, const char *file)
{
	for (size_t i = 0; i < d->place_count; i++) {
		const struct doctor_place *p = &d->places[i];
		size_t until = p->ours >= 0 ? (size_t)p->ours : p->helper_count;

		for (size_t k = 0; k < until; k++) {
			const struct doctor_helper *h = &p->helpers[k];

			if (h->kind == DOCTOR_KEEPS && strcmp(h->program, "store") == 0 &&
			    strcmp(h->file, file ? file : "") == 0)
				return true;
		}
	}
	return false;
}

void doctor_stored_passwords(struct doctor *d)
{
	const char *xdg = doctor_env(d, "XDG_CONFIG_HOME");
	char path[PATH_MAX_BYTES];

	if (d->home) {
		snprintf(path, sizeof(path), "%s/.git-credentials", d->home);
		read_file(d, path, is_asked(d, NULL));
		snprintf(path, sizeof(path), "%s/%s", xdg ? xdg : d->home,
			 xdg ? "git/credentials" : ".config/git/credentials");
		read_file(d, path, is_asked(d, NULL));
	}
	for (size_t i = 0; i < d->place_count; i++)
		for (size_t k = 0; k < d->places[i].helper_count; k++) {
			const char *file = d->places[i].helpers[k].file;

			if (!*file || d->places[i].helpers[k].kind != DOCTOR_KEEPS)
				continue;
			snprintf(path, sizeof(path), "%s%s", *file == '~' && d->home ? d->home : "",
				 file + (*file == '~' && d->home));
			read_file(d, path, is_asked(d, file));
		}
}
