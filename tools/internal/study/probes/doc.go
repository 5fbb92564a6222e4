// Package probes measures what codes hold: how well the class, or a factor that
// an image was drawn with, can be read off a code by its nearest neighbours or
// by a linear map.
package probes
