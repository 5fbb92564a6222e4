package graphs

import (
	"fmt"
	"strconv"
	"strings"
)

// Devices are the devices of one machine that compute replicas. The zero value is
// auto: the one that [Device] says.
type Devices struct {
	kind    string // "cpu", "gpu" or ""
	numbers []int
}

// ParseDevices reads auto, cpu:N (N devices on the processor), or gpu:0,gpu:1,….
func ParseDevices(text string) (Devices, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == string(Auto) {
		return Devices{}, nil
	}
	if count, ok := strings.CutPrefix(text, "cpu:"); ok {
		if n, err := strconv.Atoi(count); err == nil && n >= 1 && n <= 64 {
			d := Devices{kind: "cpu"}
			for i := range n {
				d.numbers = append(d.numbers, i)
			}
			return d, nil
		}
	}
	d, seen := Devices{kind: "gpu"}, map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		number, ok := strings.CutPrefix(strings.TrimSpace(part), "gpu:")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 || n > 1023 || seen[n] {
			return Devices{}, fmt.Errorf("want auto, cpu:N with N from 1 to 64, or gpu:0,gpu:1,… with each number once, got %q", text)
		}
		seen[n] = true
		d.numbers = append(d.numbers, n)
	}
	return d, nil
}

// Len is the number of devices, 1 of auto.
func (d Devices) Len() int { return max(1, len(d.numbers)) }

// Names are the devices as TensorFlow names them; nil of auto.
func (d Devices) Names() []string {
	var names []string
	for _, n := range d.numbers {
		names = append(names, fmt.Sprintf("/device:%s:%d", strings.ToUpper(d.kind), n))
	}
	return names
}

// Configure makes o have the devices.
func (d Devices) Configure(o *Options) error {
	switch {
	case d.kind == "":
		return nil
	case o.Device != "" && o.Device != Auto && string(o.Device) != d.kind:
		return fmt.Errorf("devices: want %s devices or auto beside device=%s, got %s", o.Device, o.Device, d)
	case d.kind == "cpu":
		o.CPUs = len(d.numbers)
	}
	o.Device = Device(d.kind)
	return nil
}

// String is the text that [ParseDevices] reads.
func (d Devices) String() string {
	switch d.kind {
	case "":
		return string(Auto)
	case "cpu":
		return fmt.Sprintf("cpu:%d", len(d.numbers))
	}
	var all []string
	for _, n := range d.numbers {
		all = append(all, fmt.Sprintf("gpu:%d", n))
	}
	return strings.Join(all, ",")
}

// MarshalText is String, for configuration files.
func (d Devices) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is [ParseDevices], for configuration files.
func (d *Devices) UnmarshalText(text []byte) error {
	read, err := ParseDevices(string(text))
	if err == nil {
		*d = read
	}
	return err
}
