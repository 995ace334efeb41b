/*
 * codetrain hooks install|uninstall|status: puts codetrain's hooks beside
 * those that are there, and takes them away again.
 */
#include "hooks/install/install.h"
#include "lib/base/opt.h"
#include "lib/base/term.h"

#include <stdio.h>
#include <string.h>

static const char name[] = "codetrain hooks";

static const struct {
	const char *verb;
	install_fn *fn;
} verbs[] = {
	{ "install", install_add },
	{ "uninstall", install_remove },
	{ "status", install_status },
};

static int run(const char *verb, const struct install *install, struct err *err)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			return verbs[i].fn(install, err);
	return err_set(err, ERR_USAGE, "install, uninstall or status is wanted, not \"%s\"", verb);
}

int main(int argc, char **argv)
{
	struct install install = { 0 };
	const struct opt options[] = {
		{ "server", 0, OPT_FLAG, &install.server, NULL,
		  "the hooks of a bare repository that is pushed to" },
		{ "global", 0, OPT_FLAG, &install.global, NULL,
		  "for what this user clones or makes from now on\n(init.templateDir)" },
		OPT_END,
	};
	const struct opt_program program = {
		.name = name,
		.synopsis = "install|uninstall|status [--server | --global]",
		.purpose = "Installs the pre-push hook in this repository (with --server:\n"
			   "reference-transaction and post-receive).\n"
			   "A hook that is there already goes on running, once codetrain's lets the push\n"
			   "through; uninstall puts it back as it was.",
		.notes = "status exits 1 when a hook is missing or broken.",
		.options = options,
		.min_args = 1,
		.max_args = 1,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	if (opt_parse(&program, argv, &args, &err) == OPT_GO) {
		if (install.server && install.global)
			err_set(&err, ERR_USAGE, "--server and --global exclude each other");
		else
			run(args.v[0], &install, &err);
	}
	strs_free(&args);
	return term_finish(name, &err);
}
