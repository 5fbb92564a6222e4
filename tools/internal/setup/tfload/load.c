#ifndef _GNU_SOURCE
#define _GNU_SOURCE // dladdr
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

// slot is what a stub jumps through.
struct slot {
	void *function;
	const char *name;
};

extern struct slot tfload_slots[] __attribute__((visibility("hidden")));

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *library;

// The names of the library in a wheel and in the C distribution.
#ifdef __APPLE__
static const char *names[] = {"libtensorflow_cc.2.dylib", "libtensorflow.2.dylib", NULL};
static const char framework[] = "libtensorflow_framework.2.dylib";
#else
static const char *names[] = {"libtensorflow_cc.so.2", "libtensorflow.so.2", NULL};
static const char framework[] = "libtensorflow_framework.so.2";
#endif

// open_framework loads the other half from the same folder, whatever run path the
// library has of its own. Where it is not there, the library is whole.
static void open_framework(const char *path) {
	char file[4096];
	const char *end = strrchr(path, '/');
	if (!end || snprintf(file, sizeof file, "%.*s/%s", (int)(end - path), path, framework) >= (int)sizeof file) return;
	dlopen(file, RTLD_LAZY | RTLD_LOCAL);
	dlerror();
}

static void *open_library(const char *path) {
	if (path) {
		open_framework(path);
		return dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	}
	void *found = NULL;
	for (int i = 0; !found && names[i]; i++) found = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
	return found;
}

char *tfload_open(const char *path) {
	char *fault = NULL;
	pthread_mutex_lock(&lock);
	if (!library && !(library = open_library(path))) {
		const char *text = dlerror();
		fault = strdup(text ? text : "dlopen failed");
	}
	for (struct slot *s = tfload_slots; !fault && s->name; s++) {
		void *f = dlsym(library, s->name);
		if (f) __atomic_store_n(&s->function, f, __ATOMIC_RELEASE); // a missing one ends the process when it is called
	}
	pthread_mutex_unlock(&lock);
	return fault;
}

const char *tfload_path(void) {
	Dl_info info;
	void *f = library ? dlsym(library, "TF_Version") : NULL;
	return f && dladdr(f, &info) ? info.dli_fname : NULL;
}

const char *tfload_version(void) {
	const char *(*version)(void) = library ? (const char *(*)(void))dlsym(library, "TF_Version") : NULL;
	return version ? version() : NULL;
}

__attribute__((visibility("hidden"))) void *tfload_resolve(struct slot *s) {
	char *fault = tfload_open(NULL);
	void *f = fault ? NULL : dlsym(library, s->name);
	if (!f) {
		fprintf(stderr, "unwarp: TensorFlow's %s cannot be called: %s\n", s->name, fault ? fault : "the library has no such function");
		exit(1);
	}
	__atomic_store_n(&s->function, f, __ATOMIC_RELEASE);
	return f;
}
