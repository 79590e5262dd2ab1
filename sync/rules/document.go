package rules

// document is quorate.yaml as it is written; see docs/rules.md.
type document struct {
	APIVersion   string                `yaml:"apiVersion"`
	Kind         string                `yaml:"kind"`
	Environments []environmentDocument `yaml:"environments"`
	AtOnce       int                   `yaml:"atOnce"`
	QuorumAtOnce int                   `yaml:"quorumAtOnce"`
	Override     struct {
		By []string `yaml:"by"`
	} `yaml:"override"`
	// Signatures are read by sync/gitrepo's policy.
	Signatures any `yaml:"signatures"`
}

type environmentDocument struct {
	Name      string             `yaml:"name"`
	Paths     []string           `yaml:"paths"`
	After     []string           `yaml:"after"`
	Soak      string             `yaml:"soak"`
	TimeZone  string             `yaml:"timeZone"`
	Windows   []windowDocument   `yaml:"windows"`
	Overrun   string             `yaml:"overrun"`
	Freezes   []freezeDocument   `yaml:"freezes"`
	Approvals []approvalDocument `yaml:"approvals"`
	Destroy   string             `yaml:"destroy"`
	AtOnce    int                `yaml:"atOnce"`
}

type windowDocument struct {
	Days string `yaml:"days"`
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

type freezeDocument struct {
	From   string `yaml:"from"`
	To     string `yaml:"to"`
	Reason string `yaml:"reason"`
}

type approvalDocument struct {
	Risks []string `yaml:"risks"`
	Count int      `yaml:"count"`
	From  []string `yaml:"from"`
}
