package experiment

import (
	"context"
	"fmt"
	"reflect"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// openTeacher opens the run that train.teacher names, with the weights of its
// last checkpoint. It computes in float32, whatever the student does.
func (x *Experiment) openTeacher(ctx context.Context) error {
	dir := x.Config.Train.Teacher
	refuse := func(err error) error { return &ConfigError{fmt.Errorf("train.teacher: %w", err)} }
	src, err := openRun(dir, trainer.Last)
	if err != nil {
		return refuse(err)
	}
	c := src.Config()
	c.Device, c.Threads, c.Precision = x.Config.Device, x.Config.Threads, graphs.Float32
	data := x.Data
	if !sameData(c.Data, x.Config.Data) {
		if data, err = OpenData(ctx, c.Data); err != nil {
			return refuse(fmt.Errorf("data of %s: %w", dir, err))
		}
	}
	if err := checkClasses(dir, src.Known().ClassNames, x.Data.Train); err != nil {
		return refuse(err)
	}
	s, err := newSubject(src, c, data)
	if err != nil {
		return refuse(err)
	}
	if x.teacher, _, err = s.Open(); err != nil {
		return refuse(err)
	}
	x.teacher.Data = pipelines.Splits{} // images and classes are checked below; no more is needed
	if x.Teacher, err = trainer.NewTeacher(x.teacher.Graph, x.teacher.Net); err != nil {
		return err
	}
	if err := x.Graph.CheckTeacher(x.Teacher); err != nil {
		return &ConfigError{err}
	}
	return nil
}

// sameData reports whether two configurations read the same images, wherever
// they lie.
func sameData(a, b pipelines.Data) bool {
	a.Path, b.Path = "", ""
	return reflect.DeepEqual(a, b)
}
