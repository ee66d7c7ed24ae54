"""Several Harks over one PostgreSQL: who of them does what, and work that they share."""
