-- The upload whose object this one replaces, where an operator seals a file again. Both have the same file id.
ALTER TABLE uploads ADD COLUMN reseals TEXT REFERENCES uploads (upload_id);
CREATE INDEX uploads_resealing ON uploads (reseals) WHERE reseals IS NOT NULL;
-- The high-water mark rises with every object that takes the place of another, as with every deletion.
CREATE TRIGGER high_water_of_reseals AFTER UPDATE OF upload_id ON files BEGIN
    UPDATE deployment SET high_water = high_water + 1;
END;
