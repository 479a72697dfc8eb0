package facts

// PAM is the domain "pam": the stacks of modules that decide who gets in.
type PAM struct {
	Services map[string]*PAMService `json:"services"` // by name; a service without a file of its own uses "other"
	// The settings of modules' own files. An option of the module in a stack goes before them.
	Pwquality map[string]*Value[string] `json:"pwquality"`
	Faillock  map[string]*Value[string] `json:"faillock"`
	Pwhistory map[string]*Value[string] `json:"pwhistory"`
}

// PAMService is the configuration of one program, with all that it includes in its place.
type PAMService struct {
	Path     string    `json:"path"`
	Auth     []PAMRule `json:"auth"`
	Account  []PAMRule `json:"account"`
	Password []PAMRule `json:"password"`
	Session  []PAMRule `json:"session"`
	// Broken is set when Linux-PAM refuses the configuration: every call fails then.
	Broken bool `json:"broken"`
}

// PAMRule is one module of a stack.
type PAMRule struct {
	Control string `json:"control"` // as it stands: "required", "[success=1 default=ignore]"
	// Jump has the return values that skip the next modules, and how many.
	Jump map[string]int `json:"jump,omitempty"`
	// Module is the name without directories: "pam_unix.so".
	Module  string            `json:"module"`
	Path    string            `json:"module_path"` // as it stands: a path, or the name alone, of a module in the directories for them
	Args    []string          `json:"args"`
	Options map[string]string `json:"options"` // Args by name; a flag has the value ""
	// Optional is set for a leading -: a module that is missing is not even logged.
	Optional bool     `json:"silent"`
	Via      []string `json:"via"` // the files that were included on the way, the outermost first
	// Reachable is set when some outcome of the modules before it lets this one run.
	Reachable bool `json:"reachable"`
	// Grants is set for a module that says yes to everybody, where that lets the stack succeed although no other module that asks
	// for something was content.
	Grants   bool   `json:"grants"`
	Substack int    `json:"substack"` // how many substacks it is in: done and die end the innermost only
	Source   Source `json:"source"`
}
