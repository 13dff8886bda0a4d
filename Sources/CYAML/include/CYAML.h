/* SPDX-License-Identifier: Apache-2.0 */
/* YAML by the system's libyaml, which is loaded with the first document: its events, one after the other. */
#ifndef CYAML_H
#define CYAML_H

#include <stddef.h>
#include <stdint.h>

enum {
    cyaml_document = 1,
    cyaml_alias,
    /* A scalar that is written as it is, and one in quotes or of several lines. */
    cyaml_plain,
    cyaml_quoted,
    cyaml_sequence,
    cyaml_sequence_end,
    cyaml_mapping,
    cyaml_mapping_end,
};

/* Is told an event; the text is of scalars only. Anything but 0 ends the parsing. */
typedef int (*cyaml_handler)(void *context, int event, const uint8_t *text, size_t count);

/* Loads the library. Returns what is wrong, NULL for nothing. */
const char *cyaml_load(void);

/* Parses. Returns 0, the handler's answer, or -1 with a reason and the number of the line, from 1 on. */
int cyaml_parse(const uint8_t *bytes, size_t count, cyaml_handler handler, void *context, char *reason,
                size_t reason_size, size_t *line);

#endif
