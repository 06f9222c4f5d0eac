"""What every cluster gets right after init: pod network and cloud integration, from the upstream manifests."""
