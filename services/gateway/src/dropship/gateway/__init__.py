"""Who may ask, and what they wait for: HTTP, tenants and jobs. It knows no product by itself."""
