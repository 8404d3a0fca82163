-- The list of an owner's tickets, newest first.
CREATE INDEX tickets_of_owner ON tickets (tenant, owner, made_at_ms, ticket_id);
