package trainer

import (
	"sync"
	"time"
)

// replicaClocks measure what devices and workers do, by name. The zero value is
// ready.
type replicaClocks struct {
	mu     sync.Mutex
	all    []*replicaClock // in the order in which they were first asked for
	before time.Duration   // at the last reading
}

// replicaClock counts the images and the time that one of them has computed.
type replicaClock struct {
	clocks *replicaClocks
	name   string
	images int
	busy   time.Duration
}

// of is the clock with that name.
func (c *replicaClocks) of(name string) *replicaClock {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.all {
		if x.name == name {
			return x
		}
	}
	x := &replicaClock{clocks: c, name: name}
	c.all = append(c.all, x)
	return x
}

func (x *replicaClock) add(images int, busy time.Duration) {
	x.clocks.mu.Lock()
	defer x.clocks.mu.Unlock()
	x.images += images
	x.busy += busy
}

// read is what each has done since the last reading; taken is the time of training
// so far.
func (c *replicaClocks) read(taken time.Duration) []ReplicaProgress {
	c.mu.Lock()
	defer c.mu.Unlock()
	seconds := (taken - c.before).Seconds()
	c.before = taken
	if seconds <= 0 {
		return nil
	}
	var all []ReplicaProgress
	for _, x := range c.all {
		waiting := max(0, 1-x.busy.Seconds()/seconds)
		all = append(all, ReplicaProgress{Name: x.name, ImagesPerSecond: float64(x.images) / seconds, Waiting: waiting})
		x.images, x.busy = 0, 0
	}
	return all
}
