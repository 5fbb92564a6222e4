// Package doctor looks at everything that unwarp depends on and says what is
// wrong and how to mend it.
package doctor
