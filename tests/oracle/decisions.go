package main

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/component-helpers/auth/rbac/validation"
)

type rule = rbacv1.PolicyRule

type request struct {
	Cluster     string   `json:"cluster"`
	User        string   `json:"user"`
	Groups      []string `json:"groups"`
	Verb        string   `json:"verb"`
	APIGroup    string   `json:"api_group"`
	Resource    string   `json:"resource"`
	Subresource string   `json:"subresource"`
	Name        string   `json:"name"`
	Namespace   string   `json:"namespace"`
	Path        string   `json:"path"`
}

type pair struct {
	Owner  []rule `json:"owner"`
	Wanted []rule `json:"wanted"`
}

func (r request) attributes() authorizer.AttributesRecord {
	return authorizer.AttributesRecord{
		User:            &user.DefaultInfo{Name: r.User, Groups: r.Groups},
		Verb:            r.Verb,
		APIGroup:        r.APIGroup,
		Resource:        r.Resource,
		Subresource:     r.Subresource,
		Name:            r.Name,
		Namespace:       r.Namespace,
		Path:            r.Path,
		ResourceRequest: r.Path == "",
	}
}

func (w *world) decide(requests []request) ([]bool, error) {
	allowed := make([]bool, len(requests))
	for i, asked := range requests {
		authorizes, err := w.authorizer(asked.Cluster)
		if err != nil {
			return nil, err
		}
		// The error tells of missing roles; a decision stands without it.
		decision, _, _ := authorizes.Authorize(context.Background(), asked.attributes())
		allowed[i] = decision == authorizer.DecisionAllow
	}
	return allowed, nil
}

func allUncovered(pairs []pair) [][]rule {
	all := make([][]rule, len(pairs))
	for i, asked := range pairs {
		_, all[i] = validation.Covers(asked.Owner, asked.Wanted)
	}
	return all
}
