"""Clusters as authz knows them: there or not, and whom they belong to at first."""
