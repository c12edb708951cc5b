#ifndef CARESYNC_CCURL_SHIM_H
#define CARESYNC_CCURL_SHIM_H

/* Types and constants of libcurl. The library itself is not linked but opened when the first mail leaves by SMTP: an idle
   server would otherwise hold some megabytes of it (Documentation/decisions/0017-mail.md). */
#include <curl/curl.h>

/* Swift cannot call functions with a variable number of arguments, hence one function per type of the last one. */
typedef CURLcode (*caresync_setopt)(CURL *, CURLoption, ...);
typedef CURLcode (*caresync_getinfo)(CURL *, CURLINFO, ...);

static inline CURLcode caresync_set_long(void *setopt, CURL *handle, CURLoption option, long value) {
    return ((caresync_setopt)setopt)(handle, option, value);
}

static inline CURLcode caresync_set_large(void *setopt, CURL *handle, CURLoption option, long long value) {
    return ((caresync_setopt)setopt)(handle, option, (curl_off_t)value);
}

static inline CURLcode caresync_set_text(void *setopt, CURL *handle, CURLoption option, const char *value) {
    return ((caresync_setopt)setopt)(handle, option, value);
}

static inline CURLcode caresync_set_pointer(void *setopt, CURL *handle, CURLoption option, void *value) {
    return ((caresync_setopt)setopt)(handle, option, value);
}

static inline CURLcode caresync_set_reader(void *setopt, CURL *handle, curl_read_callback value) {
    return ((caresync_setopt)setopt)(handle, CURLOPT_READFUNCTION, value);
}

static inline CURLcode caresync_response_code(void *getinfo, CURL *handle, long *value) {
    return ((caresync_getinfo)getinfo)(handle, CURLINFO_RESPONSE_CODE, value);
}

#endif
