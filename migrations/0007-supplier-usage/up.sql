-- How a supplier's chat completions report usage, where that is not its protocol's own way.
ALTER TABLE supplier ADD COLUMN usage_dialect text;
