#include <limits.h>
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "memory.h"

void cluster_keep_memory(void) {
#if defined(__GLIBC__)
  // Older releases take at most 32 MB (16 MB of 32 bits) as a threshold. Without one
  // the next call would fix it at 128 kB: worse than not calling at all.
  if (!mallopt(M_MMAP_THRESHOLD, 1 << 30) && !mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024 * (int)sizeof(long))) return;
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}
