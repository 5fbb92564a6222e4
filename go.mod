module unwarp

go 1.24.0
