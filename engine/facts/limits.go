package facts

// Limits is the domain "limits": the rules of pam_limits in the order in which it reads them.
type Limits []Limit

// Limit is one rule of limits.conf(5).
type Limit struct {
	Domain string `json:"domain"` // a user, "@group", "*" and so on
	Type   string `json:"type"`   // "hard", "soft" or "-" for both
	Item   string `json:"item"`   // "core"; "" for a domain that is free of limits
	Value  string `json:"value"`
	Source Source `json:"source"`
}
