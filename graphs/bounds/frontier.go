package bounds

import "container/heap"

// Part is a part of what a search by branch and bound covers.
type Part interface {
	// LeastMargin is what is known so far of the least margin on the part.
	LeastMargin() float64
}

// Frontier are the open parts of a search, a heap: the part of the least margin is
// taken first, and is element 0.
type Frontier[T Part] []T

// Add adds an open part.
func (q *Frontier[T]) Add(part T) { heap.Push((*byMargin[T])(q), part) }

// Take removes the part of the least margin. There must be one.
func (q *Frontier[T]) Take() T { return heap.Pop((*byMargin[T])(q)).(T) }

// byMargin implements [heap.Interface].
type byMargin[T Part] []T

func (q byMargin[T]) Len() int           { return len(q) }
func (q byMargin[T]) Less(i, j int) bool { return q[i].LeastMargin() < q[j].LeastMargin() }
func (q byMargin[T]) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *byMargin[T]) Push(x any)        { *q = append(*q, x.(T)) }
func (q *byMargin[T]) Pop() any {
	last := len(*q) - 1
	part := (*q)[last]
	*q = (*q)[:last]
	return part
}
