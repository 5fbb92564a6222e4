package pipelines

import (
	"fmt"
	"slices"

	"unwarp/pipelines/npz"
)

// factoredArrays are arrays of images with the factors that they were drawn with.
type factoredArrays struct {
	images string
	scale  float64 // of pixels to bytes; 0: what the values tell
	labels string  // array of the class numbers [N]; "": column class of the first table
	class  int
	tables []factorTable
}

// factorTable is an array of factors, [N,F]. Columns without a name are left out.
type factorTable struct {
	array   string
	columns []factorColumn
}

// factorColumn is a factor, and by what a value is multiplied to become the number of
// its category; 0 of numbers.
type factorColumn struct {
	Factor
	unit float64
}

// dSprites (Matthey et al. 2017) has its shapes as classes. Its colour is constant.
// An orientation is a circle, and so a category.
var dSprites = factoredArrays{images: "imgs", scale: 255, class: 1, tables: []factorTable{{"latents_classes", []factorColumn{
	{}, {}, {Factor{"scale", GeometryFactor, 0}, 0}, {Factor{"orientation", GeometryFactor, 40}, 1},
	{Factor{"position x", GeometryFactor, 0}, 0}, {Factor{"position y", GeometryFactor, 0}, 0},
}}}}

// shapes3D is 3D Shapes (Burgess and Kim 2018) as images and labels of an .npz file.
// Hues, 0 to .9 in steps of .1, are a circle.
var shapes3D = factoredArrays{images: "images", class: 4, tables: []factorTable{{"labels", []factorColumn{
	{Factor{"floor hue", AppearanceFactor, 10}, 10}, {Factor{"wall hue", AppearanceFactor, 10}, 10}, {Factor{"object hue", AppearanceFactor, 10}, 10},
	{Factor{"scale", GeometryFactor, 0}, 0}, {}, {Factor{"orientation", GeometryFactor, 0}, 0},
}}}}

// ownFactors are arrays of numbers beside images and labels.
var ownFactors = map[string]FactorGroup{"appearance_factors": AppearanceFactor, "geometry_factors": GeometryFactor}

// factoredOf recognises arrays with factors in an .npz file; nil for others.
func factoredOf(path string, names []string) (*factoredArrays, error) {
	has := func(all ...string) bool {
		return !slices.ContainsFunc(all, func(n string) bool { return !slices.Contains(names, n) })
	}
	if has(dSprites.images, dSprites.tables[0].array) {
		return &dSprites, nil
	}
	if !has("images", "labels") {
		return nil, nil
	}
	shape, err := shapeOf(path, "labels")
	if err != nil {
		return nil, err
	}
	if len(shape) == 2 && shape[1] == len(shapes3D.tables[0].columns) {
		return &shapes3D, nil
	}
	f := &factoredArrays{images: "images", labels: "labels"}
	for _, array := range []string{"appearance_factors", "geometry_factors"} {
		if !has(array) {
			continue
		}
		shape, err := shapeOf(path, array)
		if err != nil {
			return nil, err
		}
		if len(shape) != 2 || shape[1] < 1 || shape[1] > mostFactors {
			return nil, fmt.Errorf("%s: want numbers [N,F], F from 1 to %d, got the shape %v", array, mostFactors, shape)
		}
		t := factorTable{array: array}
		for k := range shape[1] {
			t.columns = append(t.columns, factorColumn{Factor: Factor{Name: fmt.Sprintf("%s %d", ownFactors[array], k+1), Group: ownFactors[array]}})
		}
		f.tables = append(f.tables, t)
	}
	if f.tables == nil {
		return nil, nil
	}
	return f, nil
}

// mostFactors bounds what a header can ask for.
const mostFactors = 100

// shapeOf is the shape of an array of an .npz file.
func shapeOf(path, name string) ([]int, error) {
	n, err := npz.OpenNumbers(path, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer n.Close()
	return n.Shape(), nil
}
