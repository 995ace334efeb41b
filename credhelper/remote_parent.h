/*
 * The profile of a submodule's URL that names none.
 *
 * git makes the URL of ../OTHER from the URL of the repository around it by
 * taking off all behind the last '/', and with it the profile: of
 * codecommit::us-east-2://devops@app and ../data it makes
 * codecommit::us-east-2://data.
 */
#ifndef CODETRAIN_REMOTE_PARENT_H
#define CODETRAIN_REMOTE_PARENT_H

#include "remote_url.h"

#include <stdbool.h>

/* The git folder of the repository around a submodule, from the submodule's own
 * (…/.git/modules/NAME). False when it is none, or is another user's. */
bool remote_parent_folder(const char *git_dir, char *out, size_t size);

/* When the URL names no profile, nothing in the environment tells whose
 * credentials are meant, and git works in a submodule: takes the profile over
 * from the URL of the repository around it, if that has the same region. */
void remote_parent_profile(const char *(*getenv)(const char *name), struct remote_url *url);

#endif
