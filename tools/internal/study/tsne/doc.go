// Package tsne maps points of many dimensions to the plane so that near ones stay
// near: t-distributed stochastic neighbour embedding (van der Maaten
// and Hinton 2008) with the Barnes-Hut approximation of its gradient (van der
// Maaten 2014). Distances between clusters and the sizes of clusters mean
// nothing in such a map; neighbourhoods do.
//
// It imports pca and gonum.
package tsne
