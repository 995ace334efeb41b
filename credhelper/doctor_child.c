#include "doctor_child.h"

#include "lib/base/proc.h"
#include "lib/base/strs.h"

#include <string.h>

enum { ERRORS_MAX = 4096 };

int doctor_child(const char *const *argv, struct buf *out, struct buf *errors, struct err *err)
{
	static const char *const names[] = {
		"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_*", "TMPDIR", "XDG_*", "GIT_*", NULL
	};
	struct buf complaints = BUF_INIT(ERRORS_MAX);
	struct strs environment = STRS_INIT;
	struct proc child = { .argv = argv, .out = out, .errors = &complaints,
			      .timeout_ms = DOCTOR_CHILD_SECONDS * 1000 };
	struct proc_result result;
	size_t before = out->len;
	int rc = -1;

	if (proc_environment(names, &environment, err) < 0)
		goto out;
	child.envp = (const char *const *)environment.v;
	if (proc_run(&child, &result, err) < 0)
		goto out;
	if (result.timed_out)
		err_set(err, ERR_UNAVAILABLE, "%s did not end within %d seconds", argv[0],
			DOCTOR_CHILD_SECONDS);
	else if (result.truncated && out->len == out->max)
		err_set(err, ERR_USAGE, "%s wrote more than %zu bytes", argv[0], out->max - before);
	else
		rc = result.exit_code;
	if (errors)
		buf_add(errors, buf_str(&complaints), strcspn(buf_str(&complaints), "\n"));
out:
	strs_free(&environment);
	buf_free(&complaints);
	return rc;
}
