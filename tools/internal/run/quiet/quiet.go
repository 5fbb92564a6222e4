// Package quiet keeps TensorFlow's own log lines off the terminal, unless -v or
// --verbose is among the arguments. Importing it does most of it. It
// imports the standard library only.
//
// TensorFlow reads TF_CPP_MIN_LOG_LEVEL while its library is initialised,
// before main. On Linux, where nobody has set the variable, a function in the
// executable's .preinit_array, which runs before any library is initialised,
// begins the process anew with it set. Elsewhere tools/tf sets it.
package quiet

/*
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVEL "TF_CPP_MIN_LOG_LEVEL="
static int verbose;

static void before_libraries(int argc, char **argv, char **envp) {
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "-v") || !strcmp(argv[i], "--verbose")) verbose = 1;
	int n = 0;
	for (; envp[n]; n++)
		if (!strncmp(envp[n], LEVEL, strlen(LEVEL)) && !(verbose && strcmp(envp[n], LEVEL "0"))) return;
	char **env = malloc((n + 2) * sizeof *env);
	if (!env) return;
	int m = 0;
	for (int i = 0; i < n; i++)
		if (strncmp(envp[i], LEVEL, strlen(LEVEL))) env[m++] = envp[i];
	env[m++] = verbose ? LEVEL "0" : LEVEL "2";
	env[m] = NULL;
	execve("/proc/self/exe", argv, env); // where it fails there are log lines, no more
	free(env);
}

#ifdef __linux__
__attribute__((section(".preinit_array"), used))
static void (*preinit)(int, char **, char **) = before_libraries;
#endif

static int is_verbose(void) { return verbose; }
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
)

// noise is what TensorFlow's graph passes say through absl's log, which has no
// variable, at the first run of each set of fetches.
var noise = regexp.MustCompile(`^(WARNING: All log messages before absl::InitializeLog\(\)|I\d{4} .*(mlir_graph_optimization_pass|auto_mixed_precision|grpc_server_lib))`)

// During calls f and keeps that noise off standard error; every other line
// written meanwhile follows when f is done.
func During(f func() error) error {
	held, err := os.CreateTemp("", "unwarp-stderr-*")
	if err != nil || C.is_verbose() != 0 {
		return f()
	}
	os.Remove(held.Name())
	defer held.Close()
	before := C.dup(2)
	if before < 0 {
		return f()
	}
	C.dup2(C.int(held.Fd()), 2)
	defer func() { // also when f panics: the trace must be seen
		C.dup2(before, 2)
		C.close(before)
		replay(held)
	}()
	return f()
}

func replay(held *os.File) {
	if _, err := held.Seek(0, 0); err != nil {
		return
	}
	for lines := bufio.NewScanner(held); lines.Scan(); {
		if !noise.Match(lines.Bytes()) {
			fmt.Fprintln(os.Stderr, lines.Text())
		}
	}
}
