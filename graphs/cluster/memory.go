package cluster

// #include "memory.h"
import "C"

// keepMemory makes the messages between driver and workers cheaper, see memory.h.
func keepMemory() { C.cluster_keep_memory() }
