"""Ray Serve: the deployment graph, HTTP and DICOMweb."""
