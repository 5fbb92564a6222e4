package cluster

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Addresses are those of workers, host:port each, with commas between them as text.
// The zero value is none.
type Addresses struct{ text string }

// ParseAddresses reads host:port,host:port,…; "" is none.
func ParseAddresses(text string) (Addresses, error) {
	var all []string
	for _, a := range splitAddresses(text) {
		host, port, err := net.SplitHostPort(a)
		n, err2 := strconv.Atoi(port)
		if err != nil || err2 != nil || host == "" || n < 1 || n > 65535 {
			return Addresses{}, fmt.Errorf("want workers as host:port,host:port,…, got %q", cmp.Or(a, text))
		}
		if slices.Contains(all, a) {
			return Addresses{}, fmt.Errorf("want each worker once, got %s twice: a worker computes several shares without being named again", a)
		}
		all = append(all, a)
	}
	return Addresses{strings.Join(all, ",")}, nil
}

// splitAddresses splits at commas and spaces. An entry without text is "".
func splitAddresses(text string) (all []string) {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	for entry := range strings.SplitSeq(text, ",") {
		if words := strings.Fields(entry); len(words) > 0 {
			all = append(all, words...)
		} else {
			all = append(all, "")
		}
	}
	return all
}

// List is each of them.
func (a Addresses) List() []string {
	if a.text == "" {
		return nil
	}
	return strings.Split(a.text, ",")
}

// Len is their number.
func (a Addresses) Len() int { return len(a.List()) }

// String is the text that [ParseAddresses] reads.
func (a Addresses) String() string { return a.text }

// MarshalText is String, for configuration files.
func (a Addresses) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is [ParseAddresses], for configuration files.
func (a *Addresses) UnmarshalText(text []byte) error {
	all, err := ParseAddresses(string(text))
	if err == nil {
		*a = all
	}
	return err
}
