package experiment

import (
	"fmt"
	"strings"

	"unwarp/graphs/imported"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
)

// checkOutputs refuses classes with names that do not say which outputs they are.
func (s *foreignSource) checkOutputs(c config.Config, src pipelines.Source, k int) ([]string, error) {
	names := pipelines.ClassNames(src)
	switch {
	case c.Data.Order != "" && src.Classes() != k:
		return nil, outputsError(s.path, k, src.Classes())
	case c.Data.Order != "" || names == nil:
		return nil, nil
	case len(names) != k:
		return nil, &ConfigError{fmt.Errorf("%s: want images of its %d classes, got %d classes: say with --classes FILE which outputs they are, a file with %d names, one a line, in the order of the outputs", s.path, k, len(names), k)}
	}
	return []string{fmt.Sprintf("classes: %s are outputs 0 to %d in this order (--classes gives another)", shortList(names), k-1)}, nil
}

// outputsError refuses a list of names that is not one of k outputs.
func outputsError(path string, k, got int) error {
	return &ConfigError{fmt.Errorf("data.order: want a name for each of the %d outputs of %s, got %d: list them in the order of the outputs", k, path, got)}
}

// shortList names the first of some names.
func shortList(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most-1], ", ") + ", … " + names[len(names)-1]
}

// describeNetwork says what was found in the file, a line each.
func describeNetwork(n imported.Network, path string, classes int) []string {
	sign := n.Signature()
	in := sign.Input
	order := "channels last"
	if in.ChannelsFirst {
		order = "channels first"
	}
	text := fmt.Sprintf("%s: %s; input %s, %s, %s, %s; output %s, %d classes, ends in %s", path, sign.Format, in.Name, in.Size(), in.Type, order, sign.Output, classes, sign.End)
	if sign.Name != "" {
		text += "; signature " + sign.Name
	}
	if in.Batch > 0 {
		text += fmt.Sprintf("; the file fixes a batch of %d", in.Batch)
	}
	return append([]string{text}, sign.Remarks...)
}
