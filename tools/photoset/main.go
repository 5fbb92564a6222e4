// Photoset writes a set of drawn image files that is like a person's photos, for
// trials and comparisons:
//
//	go run ./tools/photoset photos
//	go run ./tools/photoset -images 340 -clutter 4 -least 40 -most 120 hard
package main

import (
	"flag"
	"fmt"
	"os"

	"unwarp/tools/internal/study/photoset"
)

func main() {
	var s photoset.Set
	flag.Uint64Var(&s.Seed, "seed", 1, "of what is drawn")
	flag.IntVar(&s.PerClass, "images", 100, "of each class")
	flag.IntVar(&s.Least, "least", 28, "the shortest side of the smallest image, in pixels")
	flag.IntVar(&s.Most, "most", 1000, "the longest side of the largest image, in pixels")
	flag.IntVar(&s.Clutter, "clutter", 0, "things of no class around each shape, which is then smaller, paler and turned farther")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "photoset: want a new folder to write into")
		os.Exit(2)
	}
	if err := s.Write(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
