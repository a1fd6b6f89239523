"""GraphQL: documents read, held to the schema, priced, and answered."""
