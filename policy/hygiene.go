package policy

// hygienePrefix begins the ids of the built-in checks of golden images.
const hygienePrefix = "hygiene-"

// hygiene reads [hygiene], which is another way to name built-in checks, by their names without the prefix: some of them, all, or
// all but some.
func hygiene(c *compiler, n *node) {
	if !c.wantKind(n, kindTable) {
		return
	}
	for _, name := range n.keys {
		v := n.table[name]
		switch {
		case free(name):
		case name == "skip":
			for _, t := range c.texts(v) {
				c.skip(t)
			}
			if all := n.table["all"]; all == nil || all.value != true {
				c.fail(v.key, "hygiene.skip leaves something out of all checks, and all = true does not stand beside it; disable takes away a check of another file")
			}
		case !c.wantKind(v, kindBoolean):
		case name == "all" && v.value == true:
			c.picks = append(c.picks, pick{hygienePrefix + "*", v.key})
		case name == "all":
		case v.value == true:
			c.picks = append(c.picks, pick{hygienePrefix + name, v.key})
		default:
			c.skip(textAt{name, v.key})
		}
	}
}

// skip leaves a check out of those that the file asks for. It is a pick all the same, so that a name that is none is refused.
func (c *compiler) skip(name textAt) {
	id := hygienePrefix + name.text
	c.skipped = append(c.skipped, id)
	c.picks = append(c.picks, pick{id, name.at})
}
