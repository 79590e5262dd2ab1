// Package systemd answers: does the unit beside it start what it should, shut in as it should be? It holds
// tests only.
package systemd
