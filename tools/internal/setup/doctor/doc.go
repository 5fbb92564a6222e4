// Package doctor examines everything that unwarp depends on, and reports problems
// with their remedies.
//
// It imports graphs and graft for a first session, tflib for the search of the
// library, and the configuration (tools/internal/run/config).
package doctor
