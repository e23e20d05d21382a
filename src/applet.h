/* SPDX-License-Identifier: Apache-2.0 */
/* applet: the programs that the one binary is, each found by the name it was called under, or as
 * the first argument of 'weft'. */
#pragma once

struct applet {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary; /* one line for 'weft help' */
};

/* Ends with a row whose name is NULL. */
extern const struct applet applets[];
