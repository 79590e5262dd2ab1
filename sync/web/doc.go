// Package web answers: what does the service show to those who look at it with a browser, a probe or a
// Prometheus?
//
// Start reading at Handler. Health says whether the process lives and can work; a Board keeps what passes did
// and do, and shows it as plain pages: no scripts, nothing from elsewhere, and no field that is not named in
// a template. Plans keeps what pull requests would do. What the pages hold are the fields of the audit trail, and the same while a pass goes on. It
// imports what a pass and its parts come to, and changes nothing.
package web
