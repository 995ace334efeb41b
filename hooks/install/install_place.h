/*
 * Where hooks live: as git says (core.hooksPath, worktrees, bare repositories),
 * or in the template that git copies into new repositories.
 */
#ifndef CODETRAIN_INSTALL_PLACE_H
#define CODETRAIN_INSTALL_PLACE_H

#include "install.h"

/* The folder. With `make`, a template of codetrain's own is set as
 * init.templateDir when there is none. ERR_USAGE when this is not the kind of
 * repository that is meant. */
int install_place(const struct install *install, bool make, struct buf *dir, struct err *err);

/* Tells on stderr when the folder is one that other tools write or that is
 * committed. */
void install_place_warn(const struct install *install, const char *dir);

/* After an uninstall --global: forgets a template that is codetrain's own. */
int install_place_forget(const char *dir, struct err *err);

#endif
