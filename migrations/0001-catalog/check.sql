-- Every row is a violated expectation.
SELECT 'catalog_state has not one row' AS problem WHERE (SELECT count(*) FROM catalog_state) <> 1;
SELECT 'offer_state has not one row' AS problem WHERE (SELECT count(*) FROM offer_state) <> 1;
