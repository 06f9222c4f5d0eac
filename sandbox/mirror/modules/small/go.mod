module brb/mirror/small

go 1.26.0
