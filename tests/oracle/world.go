package main

import (
	"fmt"
	"strconv"

	rbacv1 "k8s.io/api/rbac/v1"
	listers "k8s.io/client-go/listers/rbac/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
)

type shared struct {
	Roles    []rbacv1.ClusterRole        `json:"roles"`
	Bindings []rbacv1.ClusterRoleBinding `json:"bindings"`
}

type cluster struct {
	Name                string                      `json:"name"`
	Roles               []rbacv1.Role               `json:"roles"`
	RoleBindings        []rbacv1.RoleBinding        `json:"role_bindings"`
	ClusterRoleBindings []rbacv1.ClusterRoleBinding `json:"cluster_role_bindings"`
}

// world has an authorizer for each cluster, as each has its own API server; cluster roles are kept once.
type world struct {
	shared       shared
	clusterRoles cache.Indexer
	clusters     map[string]*rbac.RBACAuthorizer
}

func newWorld() *world {
	return &world{clusterRoles: indexer(), clusters: map[string]*rbac.RBACAuthorizer{}}
}

func (w *world) share(what shared) error {
	*w = *newWorld()
	w.shared = what
	for i := range what.Roles {
		if err := w.clusterRoles.Add(&what.Roles[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) add(what cluster) error {
	roles, roleBindings, clusterRoleBindings := indexer(), indexer(), indexer()
	for i := range what.Roles {
		if err := roles.Add(&what.Roles[i]); err != nil {
			return err
		}
	}
	for i := range what.RoleBindings {
		named(&what.RoleBindings[i].Name, "r", i)
		if err := roleBindings.Add(&what.RoleBindings[i]); err != nil {
			return err
		}
	}
	for i := range what.ClusterRoleBindings {
		named(&what.ClusterRoleBindings[i].Name, "c", i)
		if err := clusterRoleBindings.Add(&what.ClusterRoleBindings[i]); err != nil {
			return err
		}
	}
	for i := range w.shared.Bindings {
		named(&w.shared.Bindings[i].Name, "s", i)
		if err := clusterRoleBindings.Add(&w.shared.Bindings[i]); err != nil {
			return err
		}
	}
	w.clusters[what.Name] = rbac.New(
		&rbac.RoleGetter{Lister: listers.NewRoleLister(roles)},
		&rbac.RoleBindingLister{Lister: listers.NewRoleBindingLister(roleBindings)},
		&rbac.ClusterRoleGetter{Lister: listers.NewClusterRoleLister(w.clusterRoles)},
		&rbac.ClusterRoleBindingLister{Lister: listers.NewClusterRoleBindingLister(clusterRoleBindings)},
	)
	return nil
}

func (w *world) authorizer(name string) (*rbac.RBACAuthorizer, error) {
	found, ok := w.clusters[name]
	if !ok {
		return nil, fmt.Errorf("there is no cluster %q", name)
	}
	return found, nil
}

// named gives a binding without a name one that no other has: listers keep objects by name.
func named(name *string, prefix string, number int) {
	if *name == "" {
		*name = prefix + strconv.Itoa(number)
	}
}

func indexer() cache.Indexer {
	return cache.NewIndexer(
		cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
	)
}
