#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

// The functions' names are macros that depend on the width, which Swift does not see.
static inline pcre2_code *segler_pcre2_compile(const unsigned char *pattern, size_t length, unsigned options, int *error, size_t *offset) {
    return pcre2_compile(pattern, length, options, error, offset, NULL);
}
static inline void segler_pcre2_free(pcre2_code *code) { pcre2_code_free(code); }

// 1: matches, 0: does not, below: too much work (`limit` steps) or another error.
static inline int segler_pcre2_matches(const pcre2_code *code, const unsigned char *text, size_t length, unsigned limit) {
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    if (!data || !context) { pcre2_match_data_free(data); pcre2_match_context_free(context); return -1; }
    pcre2_set_match_limit(context, limit);
    int result = pcre2_match(code, text, length, 0, 0, data, context);
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    return result >= 0 ? 1 : result == PCRE2_ERROR_NOMATCH ? 0 : result;
}
