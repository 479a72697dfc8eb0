package main

import (
	"fmt"
	"strings"
)

// parseLabels reads the values of --label, each as KEY=VALUE.
func parseLabels(given []string) (map[string]string, error) {
	labels := map[string]string{}
	for _, text := range given {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \t") {
			return nil, fmt.Errorf("--label %q, want KEY=VALUE", text)
		}
		if old, twice := labels[key]; twice && old != value {
			return nil, fmt.Errorf("--label %s is given as %q and as %q", key, old, value)
		}
		labels[key] = value
	}
	return labels, nil
}
