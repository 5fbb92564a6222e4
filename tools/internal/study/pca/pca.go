// Package pca projects points onto their principal components.
//
// It imports gonum alone.
package pca

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Project returns the rows of x [N,D], less their mean, in the coordinates of the
// first k principal components, [N, min(k,N,D)]: the directions in which
// they vary most, that of the largest variance first. The sign of each is such
// that its largest coefficient is positive. Values that are not finite are an
// error.
func Project(x *mat.Dense, k int) (*mat.Dense, error) {
	n, d := x.Dims()
	k = min(k, n, d)
	centred := mat.NewDense(n, d, nil)
	for j := range d {
		mean := 0.
		for i := range n {
			mean += x.At(i, j) / float64(n)
		}
		if mean-mean != 0 {
			return nil, fmt.Errorf("pca: want finite numbers, got %g as the mean of column %d", mean, j)
		}
		for i := range n {
			centred.Set(i, j, x.At(i, j)-mean)
		}
	}
	axes, err := principalDirections(centred, k)
	if err != nil {
		return nil, err
	}
	out := new(mat.Dense)
	out.Mul(centred, axes)
	return out, nil
}

// fullDimensions is the largest number of dimensions for which all eigenvectors are
// computed, which takes cubic time. For more, block power iteration finds the
// first ones.
const fullDimensions = 128

// principalDirections returns the first k principal directions of centred rows, [D,k].
func principalDirections(centred *mat.Dense, k int) (*mat.Dense, error) {
	_, d := centred.Dims()
	scatter := mat.NewSymDense(d, nil)
	scatter.SymOuterK(1, centred.T())
	axes, err := leadingEigenvectors(scatter, k)
	if err != nil {
		return nil, err
	}
	for c := range k {
		largest := 0.
		for r := range d {
			if v := axes.At(r, c); math.Abs(v) > math.Abs(largest) {
				largest = v
			}
		}
		for r := range d {
			axes.Set(r, c, math.Copysign(1, largest)*axes.At(r, c))
		}
	}
	return axes, nil
}

// leadingEigenvectors returns the eigenvectors of the k largest eigenvalues of s,
// largest first, [D,k].
func leadingEigenvectors(s *mat.SymDense, k int) (*mat.Dense, error) {
	d := s.SymmetricDim()
	if d <= fullDimensions || 2*k > d {
		return eigenvectors(s, k)
	}
	wide := min(d, 2*k+8) // more than needed: the last ones converge slowly
	r := rand.New(rand.NewPCG(1, uint64(d)))
	basis := mat.NewDense(d, wide, nil)
	for i := range d {
		for j := range wide {
			basis.Set(i, j, r.NormFloat64())
		}
	}
	before := 0.
	for range 500 {
		basis = orthonormalise(basis)
		var image mat.Dense
		image.Mul(s, basis)
		var inner mat.Dense
		inner.Mul(basis.T(), &image)
		small := mat.NewSymDense(wide, nil)
		for i := range wide {
			for j := range i + 1 {
				small.SetSym(i, j, (inner.At(i, j)+inner.At(j, i))/2)
			}
		}
		turn, err := eigenvectors(small, wide)
		if err != nil {
			return nil, err
		}
		// The Ritz vectors, multiplied by s once more.
		next := new(mat.Dense)
		next.Mul(&image, turn)
		captured := 0.
		for j := range k {
			captured += mat.Inner(turn.ColView(j), small, turn.ColView(j))
		}
		if math.Abs(captured-before) <= 1e-12*captured {
			out := new(mat.Dense)
			out.Mul(basis, turn.Slice(0, wide, 0, k))
			return out, nil
		}
		before, basis = captured, next
	}
	out := new(mat.Dense)
	out.CloneFrom(orthonormalise(basis).Slice(0, d, 0, k))
	return out, nil
}

// orthonormalise returns an orthonormal basis of the space that the columns of x span.
func orthonormalise(x *mat.Dense) *mat.Dense {
	d, wide := x.Dims()
	var qr mat.QR
	qr.Factorize(x)
	q := new(mat.Dense)
	qr.QTo(q)
	return q.Slice(0, d, 0, wide).(*mat.Dense)
}

// eigenvectors returns those of the k largest eigenvalues of s, [D,k].
func eigenvectors(s *mat.SymDense, k int) (*mat.Dense, error) {
	d := s.SymmetricDim()
	var eigen mat.EigenSym
	if !eigen.Factorize(s, true) {
		return nil, fmt.Errorf("pca: no eigenvectors found for %d dimensions", d)
	}
	var all mat.Dense
	eigen.VectorsTo(&all) // by ascending value
	out := mat.NewDense(d, k, nil)
	for c := range k {
		for r := range d {
			out.Set(r, c, all.At(r, d-1-c))
		}
	}
	return out, nil
}
