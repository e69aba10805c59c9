-- totals: how much is stored, and who is here
select (select count(*) from identity where merged_into is null) as visitors,
       (select count(*) from visit) as visits,
       (select count(*) from visit where identity_id is null) as unidentified,
       (select count(*) from sighting) as sightings,
       (select count(*) from sighting where identity_id is null) as pending,
       (select count(*) from present_now) as present
