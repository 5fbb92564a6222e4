#ifdef __linux__
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server.h"

static int narrow;
static struct in_addr only; // where to, if so

void cluster_narrow(const char *ipv4) { narrow = inet_pton(AF_INET, ipv4, &only) == 1; }

void cluster_widen(void) { narrow = 0; }

// TensorFlow's server listens on all interfaces and takes no other address. Its
// library calls bind by way of the dynamic linker, which looks into the program
// first: so this is called in place of the C library's. Go's own sockets do not
// come here.
__attribute__((visibility("default"))) int bind(int fd, const struct sockaddr *address, socklen_t n) {
	struct sockaddr_in6 copy; // the larger of both kinds
	if (!narrow || !address || n > sizeof copy) return syscall(SYS_bind, fd, address, n);
	memcpy(&copy, address, n);
	struct sockaddr_in *v4 = (struct sockaddr_in *)&copy;
	if (address->sa_family == AF_INET && n >= sizeof *v4 && v4->sin_addr.s_addr == htonl(INADDR_ANY)) {
		v4->sin_addr = only;
	}
	if (address->sa_family == AF_INET6 && n == sizeof copy && IN6_IS_ADDR_UNSPECIFIED(&copy.sin6_addr)) {
		copy.sin6_addr.s6_addr[10] = copy.sin6_addr.s6_addr[11] = 0xff; // ::ffff:a.b.c.d
		memcpy(&copy.sin6_addr.s6_addr[12], &only, sizeof only);
	}
	return syscall(SYS_bind, fd, &copy, n);
}
#endif
