/* SPDX-License-Identifier: Apache-2.0 */
#include "CYAML.h"

#include <dlfcn.h>
#include <stdio.h>
#include <yaml.h>

static struct {
    int (*initialize)(yaml_parser_t *);
    void (*delete)(yaml_parser_t *);
    void (*set_input_string)(yaml_parser_t *, const unsigned char *, size_t);
    int (*parse)(yaml_parser_t *, yaml_event_t *);
    void (*event_delete)(yaml_event_t *);
} lib;

const char *cyaml_load(void) {
    static int is_loaded;
    if (is_loaded) return NULL;
    void *handle = dlopen("libyaml-0.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define LOAD(member, name)                                                                                        \
    if (!(*(void **)&lib.member = dlsym(handle, name))) return dlerror();
    LOAD(initialize, "yaml_parser_initialize")
    LOAD(delete, "yaml_parser_delete")
    LOAD(set_input_string, "yaml_parser_set_input_string")
    LOAD(parse, "yaml_parser_parse")
    LOAD(event_delete, "yaml_event_delete")
#undef LOAD
    is_loaded = 1;
    return NULL;
}

static int tell(const yaml_event_t *event, cyaml_handler handler, void *context) {
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT: return handler(context, cyaml_document, NULL, 0);
    case YAML_ALIAS_EVENT: return handler(context, cyaml_alias, NULL, 0);
    case YAML_SCALAR_EVENT: {
        int is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return handler(context, is_plain ? cyaml_plain : cyaml_quoted, event->data.scalar.value,
                       event->data.scalar.length);
    }
    case YAML_SEQUENCE_START_EVENT: return handler(context, cyaml_sequence, NULL, 0);
    case YAML_SEQUENCE_END_EVENT: return handler(context, cyaml_sequence_end, NULL, 0);
    case YAML_MAPPING_START_EVENT: return handler(context, cyaml_mapping, NULL, 0);
    case YAML_MAPPING_END_EVENT: return handler(context, cyaml_mapping_end, NULL, 0);
    default: return 0;
    }
}

int cyaml_parse(const uint8_t *bytes, size_t count, cyaml_handler handler, void *context, char *reason,
                size_t reason_size, size_t *line) {
    yaml_parser_t parser;
    if (!lib.initialize(&parser)) {
        snprintf(reason, reason_size, "no memory");
        *line = 0;
        return -1;
    }
    lib.set_input_string(&parser, bytes, count);
    int answer = 0;
    while (!answer) {
        yaml_event_t event;
        if (!lib.parse(&parser, &event)) {
            snprintf(reason, reason_size, "%s", parser.problem ? parser.problem : "is no YAML");
            *line = parser.problem_mark.line + 1;
            answer = -1;
            break;
        }
        int is_end = event.type == YAML_STREAM_END_EVENT || event.type == YAML_NO_EVENT;
        answer = tell(&event, handler, context);
        lib.event_delete(&event);
        if (is_end) break;
    }
    lib.delete(&parser);
    return answer;
}
