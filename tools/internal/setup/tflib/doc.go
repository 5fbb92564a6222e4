// Package tflib finds the TensorFlow C library that graft links against, or fetches it.
//
// It is pure Go, so that it runs before the library is there: it imports ctxio, flock and what belongs to the system.
// Find looks, in this order, and takes the
// first that fits:
//
//  1. the folder named by the environment variable UNWARP_TENSORFLOW (set but unusable is an error),
//  2. the project's cache (UNWARP_CACHE, else the user's cache folder),
//  3. a Python TensorFlow that is already installed, as in the TensorFlow container,
//  4. the usual library folders.
//
// Ensure does the same and, where nothing fits, takes the Python wheel with pip's own client into the
// cache: download only, pinned by SHA-256, nothing installed into anybody's Python. A wheel holds the
// whole C API in libtensorflow_cc and its headers.
//
// Only TensorFlow 2.18 fits: graft v0.10.0 is generated from it.
package tflib
