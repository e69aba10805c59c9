-- Thresholds follow from how well people are told apart, and from how many are known.

-- Those chosen before were for other scores (not centred) and one size of gallery, and nothing of them carries over:
-- visitorctl calibrate measures anew, and until then what is known of the pack holds.
delete from visitord.calibration;
alter table visitord.calibration drop column match, drop column new;
alter table visitord.calibration add column dims double precision not null check (dims between 2 and 4096);
comment on table visitord.calibration is 'How well people are told apart at a site, as visitorctl calibrate --apply measured it; a match in the configuration file goes before what follows from it.';
comment on column visitord.calibration.site is 'Where it holds.';
comment on column visitord.calibration.pack is 'Fingerprint of the recogniser it is for.';
comment on column visitord.calibration.dims is 'Cosine similarities of two people are spread as those of random directions in so many dimensions; thresholds follow from it.';
comment on column visitord.calibration.applied_by is 'The account that applied it.';
comment on column visitord.calibration.applied_at is 'When it was applied.';

comment on table visitord.suggestion is 'Pairs that may be one person, which is left to a person to decide: as of the last merge job, and whoever was enrolled though nearly like another since.';
comment on column visitord.suggestion.reason is 'Why it is not decided, in words.';
comment on column visitord.suggestion.made_at is 'When that was first said.';
