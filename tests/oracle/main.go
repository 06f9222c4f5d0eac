// Kubernetes' own answers about access: its RBAC authorizer and its measure of escalation, asked by JSON lines.
//
// Each line of standard input is a question, each line of standard output its answer, in the same order:
//
//	{"roles": {"roles": [ClusterRole], "bindings": [ClusterRoleBinding]}}   what all clusters share; forgets everything else
//	{"cluster": {"name": "c", "cluster_role_bindings": [], "role_bindings": [], "roles": []}}   one cluster, added to it
//	{"decide": [request]}                                                   → {"allowed": [bool]}
//	{"covers": [{"owner": [PolicyRule], "wanted": [PolicyRule]}]}           → {"uncovered": [[PolicyRule]]}
//	{"measure": [request]}                                                  → how fast and how big it is
//
// Objects are those of Kubernetes' API. The authorizer reads them through listers, as in a running API server.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type question struct {
	Roles   *shared   `json:"roles"`
	Cluster *cluster  `json:"cluster"`
	Decide  []request `json:"decide"`
	Covers  []pair    `json:"covers"`
	Measure []request `json:"measure"`
}

type answer struct {
	Allowed   []bool    `json:"allowed,omitempty"`
	Uncovered *[][]rule `json:"uncovered,omitempty"`
	Measured  *measured `json:"measured,omitempty"`
	Clusters  int       `json:"clusters"`
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	decoder := json.NewDecoder(input)
	output := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(output)
	world := newWorld()
	for decoder.More() {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			return err
		}
		given, err := world.answer(asked)
		if err != nil {
			return err
		}
		if err := encoder.Encode(given); err != nil {
			return err
		}
		if err := output.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) answer(asked question) (answer, error) {
	given := answer{}
	var err error
	switch {
	case asked.Roles != nil:
		err = w.share(*asked.Roles)
	case asked.Cluster != nil:
		err = w.add(*asked.Cluster)
	case asked.Covers != nil:
		uncovered := allUncovered(asked.Covers)
		given.Uncovered = &uncovered
	case asked.Measure != nil:
		given.Measured, err = w.measure(asked.Measure)
	default:
		given.Allowed, err = w.decide(asked.Decide)
	}
	given.Clusters = len(w.clusters)
	return given, err
}
