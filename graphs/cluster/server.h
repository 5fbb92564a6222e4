// cluster_narrow has the library's sockets that are bound to all interfaces from now
// on be bound to the one with this address alone, until cluster_widen.
void cluster_narrow(const char *ipv4);
void cluster_widen(void);
