package doctor

// The C headers declare no version; the C++ ones beside them, which a plain C
// distribution may lack, do in macros.

/*
#if __has_include("tensorflow/core/public/release_version.h")
#include "tensorflow/core/public/release_version.h"
#elif __has_include("tensorflow/core/public/version.h")
#include "tensorflow/core/public/version.h"
#endif

#ifdef TF_VERSION_STRING
static const char *headers(void) { return TF_VERSION_STRING; }
#else
static const char *headers(void) { return ""; }
#endif
*/
import "C"

// Headers returns the version of the TensorFlow headers that this program was
// built with, "" if they do not state it.
func Headers() string { return C.GoString(C.headers()) }
