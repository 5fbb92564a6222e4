// Package tsne lays points of many dimensions out in the plane so that near
// ones stay near: t-distributed stochastic neighbour embedding (van der Maaten
// and Hinton 2008) with the Barnes-Hut approximation of its gradient (van der
// Maaten 2014). Distances between clusters and the sizes of clusters mean
// nothing in such a map; who is whose neighbour does.
package tsne
