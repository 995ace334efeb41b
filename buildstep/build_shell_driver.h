/*
 * The loop that a build's shell runs, in POSIX sh. It reads requests on
 * descriptor 9 and answers on 8, each answer ending with a NUL:
 *
 *	+LINE		a line of a command
 *	.		run the command		-> its exit status
 *	=NAME		a variable		-> "=VALUE", or "" when it is not set
 *	end of file	exit
 *
 * A shell that exits on its own writes "exit", and then commands that bring its
 * variables, options and directory back. The commands have neither descriptor.
 */
#ifndef CODETRAIN_BUILD_SHELL_DRIVER_H
#define CODETRAIN_BUILD_SHELL_DRIVER_H

extern const char build_shell_driver[];

#endif
