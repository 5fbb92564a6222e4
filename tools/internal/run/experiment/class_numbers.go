package experiment

import (
	"fmt"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
)

// classesOfNumbers is the number of classes of a network f whose output is the number of one:
// what the options of its encoder say, else that of the data. It is written into c.
func classesOfNumbers(c *config.Config, f graphs.FileEncoder, data int) (k int, err error) {
	if f.Classes == 0 {
		f.Classes = max(data, 2)
		c.Model.Encoder, err = f.Text()
	}
	return f.Classes, err
}

// namedClasses is the number of classes of such a network where there are no data: what the
// options of its encoder say, or how many are named.
func namedClasses(c config.Config, f graphs.FileEncoder) (int, error) {
	switch {
	case f.Classes > 0:
		return f.Classes, nil
	case c.Data.Order != "":
		names, err := pipelines.ReadOrder(c.Data.Order)
		if err != nil {
			return 0, &ConfigError{err}
		}
		return len(names), nil
	}
	return 0, &ConfigError{fmt.Errorf("%s: want the classes with --classes, since its output is the number of one and the file does not say of how many", f.Path)}
}
