// cluster_keep_memory has the C library keep the memory of large blocks that are
// freed, for the next ones. Messages of tensors are such blocks: otherwise the system
// takes each back and clears its pages anew. It holds for the whole process, which
// keeps as much as it once needed. Other libraries than glibc are left as they are.
void cluster_keep_memory(void);
