// tfload_open loads the library at path, or by its name where the run path of the
// program has it, unless it is loaded; it returns what went wrong, to be freed, or
// NULL.
char *tfload_open(const char *path);

// tfload_path is the file of the loaded library, NULL without one.
const char *tfload_path(void);

// tfload_version is the version of the loaded library, NULL where it says none.
const char *tfload_version(void);
