/*
 * The files of a tree that none of some other trees has.
 *
 * Trees are compared as the bytes that they are: most entries are the same in
 * both, and need not be taken apart. What is out of order in one that git would
 * not write is told as new.
 */
#ifndef CODETRAIN_RANGE_TREE_H
#define CODETRAIN_RANGE_TREE_H

#include "range.h"

/* Tells the visitor's `file` of every file of `tree` that is in none of the
 * parents' trees at its path. Parents that are not here hide nothing. */
int range_tree_walk(struct range *range, const struct range_visitor *visitor,
		    const git_oid *commit, const git_oid *tree, const git_oid *parents,
		    size_t n_parents, struct err *err);

/* One blob, if it was not told of before. */
int range_tree_blob(struct range *range, const struct range_visitor *visitor,
		    const git_oid *commit, const char *path, const git_oid *blob, struct err *err);

/* Adds every blob of a tree to the set; `trees` are those that were looked at. */
int range_tree_collect(struct range *range, const git_oid *tree, struct range_set *set,
		       struct range_set *trees, struct err *err);

/* 0; -1 with ERR_TIMEOUT when the range's deadline is over. */
int range_tree_in_time(const struct range *range, struct err *err);

#endif
