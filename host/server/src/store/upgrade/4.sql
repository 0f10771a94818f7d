-- What can be claimed stands in line; the next claim puts there what was ready before.
ALTER TABLE place ADD COLUMN rank INTEGER;
ALTER TABLE place ADD COLUMN share TEXT;
DROP INDEX place_ready;
CREATE INDEX place_ready ON place (ready, tick) WHERE ready IS NOT NULL AND rank IS NULL;
CREATE INDEX place_line ON place (rank, tick) WHERE rank IS NOT NULL;
CREATE INDEX place_share ON place (share, rank) WHERE rank IS NOT NULL;
